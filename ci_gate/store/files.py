"""Writing files so that a reader sees the old or the new one, never half of one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from ci_gate.errors import CannotRun

FILE_MODE = 0o644
FOLDER_MODE = 0o755
TEMPORARY = ".tmp"
"""Ending of files that are not finished; a killed writer leaves them, the next one removes them."""


@contextlib.contextmanager
def writing(folder: str) -> Iterator[None]:
    """Turn operating-system errors while writing below `folder` into CannotRun naming it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotRun(
            f"cannot write in {folder}: {reason}; free space or choose another"
        ) from error


def make_folder(path: str) -> None:
    """Make a folder and its parents. Raises CannotRun naming it."""
    with writing(path):
        os.makedirs(path, mode=FOLDER_MODE, exist_ok=True)


def write_file(path: str, data: bytes, mode: int = FILE_MODE) -> bool:
    """Replace a file atomically (temporary file, fsync, rename); its folder must exist.

    Returns False, and touches nothing, when the file holds `data` already. Raises CannotRun.
    """
    folder = os.path.dirname(path) or "."
    if read_or_none(path) == data:
        return False
    temporary = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}{TEMPORARY}")
    with writing(folder):
        try:
            with open(
                os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), "wb"
            ) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    return True


def sync_folder(path: str) -> None:
    """Make renames in a folder durable, where the platform can."""
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_or_none(path: str) -> bytes | None:
    """A file's bytes, or None when there is no such file or it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
