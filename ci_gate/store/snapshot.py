"""Snapshots on disk: reading with errors that name file, place and remedy; writing without ever
leaving half a file behind."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator

from ci_gate.codecs.base import LARGE
from ci_gate.errors import UsageError
from ci_gate.model.message import Body, Stored
from ci_gate.model.snapshot import FORMAT, Snapshot
from ci_gate.store.bodies import body_path, check_body, read_body
from ci_gate.store.decode import Decoder
from ci_gate.store.files import (
    TEMPORARY,
    make_folder,
    read_or_none,
    write_file,
    writing,
)
from ci_gate.store.journal import journal_folder
from ci_gate.store.layout import ATTRIBUTES, BINDINGS, Layout
from ci_gate.store.migrations import Files, migrate
from ci_gate.store.parse import Parsed, format_of, parse
from ci_gate.store.staging import finish, is_unfinished, replace_files

HEAD = "snapshot.json"
LIMIT = 1_000_000_000
"""Bytes that a snapshot may have: it is refused beyond, never cut. It is meant for a repository."""

_BODY_NAME = re.compile(r"[0-9a-f]{64}")


def exists(folder: str) -> bool:
    """True when there is a snapshot in the folder, or one whose writing is to be finished."""
    return os.path.isfile(os.path.join(folder, HEAD)) or is_unfinished(folder)


def read_snapshot(folder: str) -> Snapshot:
    """The snapshot in a folder; exchanges in recorded order.

    Bodies up to a megabyte are loaded, and those of databases whatever their size; larger ones
    stay `Stored` and lie below `folder`.
    Raises UsageError naming the file, the place in it and the remedy.
    """
    return read_with_places(folder).snapshot


def read_with_places(folder: str) -> Parsed:
    """The snapshot, and the file (relative path) of each exchange by id. Raises UsageError."""
    finish(folder)
    if not exists(folder):
        raise UsageError(
            f"{folder}: no snapshot here ({HEAD} is missing); record one with "
            f"`ci-gate record --out {folder}`"
        )
    files: Files = _read_files(folder)
    version = format_of(folder, files[HEAD])
    if version != FORMAT:
        try:
            files = migrate(files, version)
        except UsageError as error:
            raise UsageError(f"{os.path.join(folder, HEAD)}: {error}") from error
    loader = _Loader(folder)
    return parse(folder, files, Decoder(loader.load, loader.whole))


def _read_files(folder: str) -> dict[str, bytes]:
    """The JSON files of a snapshot in a fixed order, parts of a split file in theirs."""
    paths = [HEAD]
    if os.path.isfile(os.path.join(folder, BINDINGS)):
        paths.append(BINDINGS)
    paths += _json_files(folder, "inbound")
    for name in _entries(os.path.join(folder, "outbound")):
        paths += _json_files(folder, f"outbound/{name}")
    files = {}
    for path in paths:
        try:
            with open(os.path.join(folder, *path.split("/")), "rb") as file:
                files[path] = file.read()
        except OSError as error:
            raise UsageError(f"{os.path.join(folder, path)}: {error.strerror}") from error
    return files


def _json_files(folder: str, inside: str) -> list[str]:
    names = _entries(os.path.join(folder, *inside.split("/")))
    kept = [name for name in names if name.endswith(".json") and not name.startswith(".")]
    return [f"{inside}/{name}" for name in sorted(kept, key=lambda name: (len(name), name))]


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from error


class _Loader:
    """Bodies from files: each into memory once; large ones that can be streamed are left there."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._loaded: dict[str, bytes] = {}

    def load(self, stored: Stored) -> Body:
        """The body, or where it lies when it is large."""
        if stored.size <= LARGE:
            return self.whole(stored)
        check_body(self._folder, stored)
        return stored

    def whole(self, stored: Stored) -> Body:
        """The body."""
        found = self._loaded.get(stored.sha256)
        if found is None:
            found = self._loaded[stored.sha256] = self._read(stored)
        return found

    def _read(self, stored: Stored) -> bytes:
        check_body(self._folder, stored)
        data = read_body(self._folder, stored)
        if hashlib.sha256(data).hexdigest() != stored.sha256:
            raise UsageError(
                f"{body_path(self._folder, stored.sha256)}: its content was changed; restore it, "
                'or put the changed body into the exchange as "json" or "text"'
            )
        return data


def write_snapshot(folder: str, snapshot: Snapshot, limit: int = LIMIT) -> None:
    """Write a snapshot into a folder, replacing the one that is there.

    Bodies that are `Stored` are looked for below `snapshot.folder`, `folder` and its journal.
    Files no longer needed are removed and a file whose content stays is not touched; all of it
    happens or nothing does (see `store.staging`). Raises CannotRun (disk) or UsageError (a body
    that is nowhere; more than `limit` bytes, and then nothing was written).
    """
    plan = Layout(snapshot)
    made = not os.path.isdir(folder)
    make_folder(folder)
    finish(folder)

    def removals(paths: set[str]) -> list[str]:
        kept = {f"bodies/{sha256}" for sha256 in plan.bodies}
        for sha256, data in plan.bodies.items():
            _write(folder, f"bodies/{sha256}", data)
        for stored in plan.stored:
            _bring(folder, stored, (snapshot.folder, folder, journal_folder(folder)))
            kept.add(f"bodies/{stored.sha256}")
        attributes = os.path.join(folder, ".gitattributes")
        if read_or_none(attributes) is None:
            write_file(attributes, ATTRIBUTES)
        return _others(folder, kept | paths)

    try:
        replace_files(folder, _within(limit, folder, plan), removals)
    except BaseException:
        if made:
            with contextlib.suppress(OSError):  # what a body's writer has left stays
                os.rmdir(folder)
        raise


def _within(limit: int, folder: str, plan: Layout) -> Iterator[tuple[str, bytes]]:
    """The files of a snapshot that has no more than `limit` bytes. Raises UsageError."""
    size = sum(stored.size for stored in plan.stored)
    for path, data in plan.files():
        size += len(data)
        _check_size(folder, size, limit)
        yield path, data
    _check_size(folder, size + sum(map(len, plan.bodies.values())), limit)


def _check_size(folder: str, size: int, limit: int) -> None:
    if size > limit:
        raise UsageError(
            f"{folder}: the snapshot would have more than the {limit} bytes allowed; "
            "record fewer exchanges (--max) or leave out what has the large bodies"
        )


def _write(folder: str, path: str, data: bytes) -> None:
    full = os.path.join(folder, *path.split("/"))
    make_folder(os.path.dirname(full))
    write_file(full, data)


def _bring(folder: str, stored: Stored, sources: tuple[str, ...]) -> None:
    """Make sure that a stored body lies below `folder`."""
    target = body_path(folder, stored.sha256)
    for source in sources:
        path = body_path(source, stored.sha256)
        if not source or not os.path.isfile(path):
            continue
        check_body(source, stored)
        if os.path.abspath(path) == os.path.abspath(target):
            return
        make_folder(os.path.dirname(target))
        temporary = f"{os.path.join(os.path.dirname(target), '.' + stored.sha256)}{TEMPORARY}"
        with writing(folder):
            shutil.copyfile(path, temporary)
            os.replace(temporary, target)
        return
    raise UsageError(
        f"{target}: the body of {stored.size} bytes is missing; restore it from version control "
        "or record again"
    )


def _others(folder: str, kept: set[str]) -> list[str]:
    """Files of a snapshot that no longer belong to it; what is not ours is left alone."""
    outbound = [f"outbound/{name}" for name in _entries(os.path.join(folder, "outbound"))]
    found = [BINDINGS] if os.path.isfile(os.path.join(folder, BINDINGS)) else []
    for inside in ("inbound", "bodies", *outbound):
        here = os.path.join(folder, *inside.split("/"))
        for name in _entries(here):
            if name.startswith(".") and name.endswith(TEMPORARY):  # of a killed writer
                with writing(folder):
                    os.unlink(os.path.join(here, name))
            elif inside == "bodies":
                found += [f"bodies/{name}"] if _BODY_NAME.fullmatch(name) else []
            elif name.endswith(".json"):
                found.append(f"{inside}/{name}")
    return [path for path in found if path not in kept]


def digest(snapshot: Snapshot | str) -> str:
    """SHA-256 (hex) over the files of a snapshot, given as its folder or in memory.

    Both are equal when the folder was written from the snapshot and not touched since. Bodies
    enter by their names. Raises UsageError when the folder cannot be read.
    """
    if isinstance(snapshot, str):
        files = _read_files(snapshot)
        bodies = [
            name
            for name in _entries(os.path.join(snapshot, "bodies"))
            if _BODY_NAME.fullmatch(name)
        ]
    else:
        plan = Layout(snapshot)
        files = dict(plan.files())
        bodies = sorted({*plan.bodies, *(stored.sha256 for stored in plan.stored)})
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path}\0{len(files[path])}\0".encode())
        total.update(files[path])
    for name in sorted(bodies):
        total.update(f"bodies/{name}\0".encode())
    return total.hexdigest()
