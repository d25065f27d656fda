"""`fmt`: a snapshot's files as we write them, and two edits of one file settled for git."""

from __future__ import annotations

import os
import subprocess

import msgspec

from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate.events import Sink
from ci_gate.gate.recording.folding import fold_leftover
from ci_gate.store.files import write_file
from ci_gate.store.layout import Layout
from ci_gate.store.snapshot import read_snapshot, write_snapshot
from ci_gate.store.threeway import merge

DRIVER = "ci-gate fmt --merge %O %A %B %P"


class Formatted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one snapshot."""

    snapshot: str
    changed: tuple[str, ...] = ()
    """Files that are not, or were not, as we write them."""


def format_snapshot(folder: str, sink: Sink, *, check: bool) -> Formatted:
    """Write the files of a snapshot as we write them; with `check` only name them. Raises
    UsageError for a snapshot that cannot be read."""
    fold_leftover(folder, (), sink)
    snapshot = read_snapshot(folder)
    files = dict(Layout(snapshot).files())
    there = {path for path in _files(folder) if path.endswith(".json")}
    changed = sorted(there - files.keys())
    for path, data in files.items():
        if path not in there or _read(os.path.join(folder, path)) != data:
            changed.append(path)
    if changed and not check:
        write_snapshot(folder, snapshot)
    return Formatted(snapshot=folder, changed=tuple(sorted(changed)))


def _files(folder: str) -> list[str]:
    found = []
    for inside, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if not one.startswith(".") and one != "bodies"]
        found += [
            os.path.relpath(os.path.join(inside, name), folder).replace(os.sep, "/")
            for name in names
        ]
    return found


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def merge_files(base: str, ours: str, theirs: str) -> tuple[str, ...]:
    """git's merge driver: `ours` becomes the merged file. Returns the places of conflicts, where
    it has ours; what is no JSON is one, and stays as it was."""
    versions = [_read(path) for path in (base, ours, theirs)]
    try:
        merged = merge(*versions)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return ("the whole file, which is no JSON",)
    write_file(ours, merged.data)
    return merged.conflicts


def install(folder: str) -> None:
    """Tell git of the driver, in the repository of `folder`. Raises CannotRun."""
    for key, value in (("name", "snapshots of ci-gate"), ("driver", DRIVER)):
        try:
            done = subprocess.run(
                ["git", "config", f"merge.ci-gate.{key}", value],
                cwd=folder or ".",
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise CannotRun(f"git cannot be run: {error.strerror}") from error
        if done.returncode:
            raise CannotRun(f"{folder}: no git repository ({done.stderr.strip()[:200]})")
