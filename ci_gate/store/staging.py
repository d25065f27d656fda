"""Many files replaced as one: after a kill -9 in the middle the next reader or writer finishes.

What is new is written to `.next/` first, then a plan that says where each file belongs and which
ones go. Once the plan is there the change has happened; carrying it out may be repeated.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterable

import msgspec

from ci_gate.errors import UsageError
from ci_gate.store.files import make_folder, read_or_none, sync_folder, write_file, writing

STAGE = ".next"
_PLAN = "plan.json"
_NAME = r"(?!\.\.?/)[^/\\\x00]+"
_PATH = re.compile(
    rf"(?:[a-z]+|inbound/{_NAME}|outbound/{_NAME}/{_NAME})\.json|bodies/[0-9a-f]{{64}}"
)
"""What a plan may name: a plan from a stranger's repository must not reach elsewhere."""


class _Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    moves: dict[str, str]
    """Name in `.next/` -> path."""
    removals: list[str]


def replace_files(
    folder: str,
    files: Iterable[tuple[str, bytes]],
    removals: Callable[[set[str]], Iterable[str]],
) -> None:
    """Write `files` (relative path with slashes, content) below `folder` and remove others, all or
    none.

    Each is written as it comes, so that only one is held. `removals` is asked when all have come,
    with their paths, for the files to remove; what it raises undoes all. `finish` comes first.
    Files whose content stays are not touched. Raises CannotRun; then nothing has changed, or
    `finish` will complete it.
    """
    _clear(folder)
    stage = os.path.join(folder, STAGE)
    moves: dict[str, str] = {}
    paths: set[str] = set()
    try:
        for path, data in files:
            paths.add(path)
            if read_or_none(_at(folder, path)) == data:
                continue
            if not moves:
                make_folder(stage)
                write_file(os.path.join(stage, ".gitignore"), b"*\n")
            name = str(len(moves))
            moves[name] = path
            write_file(os.path.join(stage, name), data)
        plan = _Plan(moves, sorted(removals(paths)))
        if not plan.moves and not plan.removals:
            return
        make_folder(stage)
        write_file(os.path.join(stage, _PLAN), msgspec.json.encode(plan))
    except BaseException:
        _clear(folder)
        raise
    _carry_out(folder, plan)


def is_unfinished(folder: str) -> bool:
    """True when a replacement was cut off after its plan had been written."""
    return os.path.isfile(os.path.join(folder, STAGE, _PLAN))


def finish(folder: str) -> None:
    """Complete a replacement that was cut off; harmless when there is none.

    Raises UsageError for a plan that no writer of ours made, CannotRun.
    """
    path = os.path.join(folder, STAGE, _PLAN)
    data = read_or_none(path)
    if data is None:
        return
    try:
        plan = msgspec.json.decode(data, type=_Plan)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: {error}; remove the folder {STAGE}") from error
    for named in (*plan.moves.values(), *plan.removals):
        if not _PATH.fullmatch(named):
            raise UsageError(f"{path}: names {named!r}, no file of ours; remove the folder {STAGE}")
    _carry_out(folder, plan)


def _carry_out(folder: str, plan: _Plan) -> None:
    stage = os.path.join(folder, STAGE)
    touched = set()
    with writing(folder):
        for name, path in plan.moves.items():
            make_folder(os.path.dirname(_at(folder, path)))
            # Absent: moved already, before the kill that this repeats after.
            with contextlib.suppress(FileNotFoundError):
                os.replace(os.path.join(stage, os.path.basename(name)), _at(folder, path))
            touched.add(os.path.dirname(_at(folder, path)))
        for path in plan.removals:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(_at(folder, path))
            with contextlib.suppress(OSError):
                os.removedirs(os.path.dirname(_at(folder, path)))
    for path in touched:
        sync_folder(path)
    _clear(folder)


def _clear(folder: str) -> None:
    """Remove the stage, its plan first: without a plan the rest means nothing."""
    stage = os.path.join(folder, STAGE)
    with writing(folder):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(stage, _PLAN))
        if os.path.isdir(stage):
            shutil.rmtree(stage)


def _at(folder: str, path: str) -> str:
    return os.path.join(folder, *path.split("/"))
