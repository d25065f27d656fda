"""Bodies in files of their own, named by the SHA-256 of their content: `<folder>/bodies/<sha256>`."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from ci_gate.errors import CannotRun, UsageError
from ci_gate.model.message import Stored
from ci_gate.store.files import FILE_MODE, TEMPORARY, make_folder, write_file, writing


def body_path(folder: str, sha256: str) -> str:
    """Where a body lies below the folder of a snapshot or of a journal."""
    return os.path.join(folder, "bodies", sha256)


class BodyWriter:
    """One body on its way to disk: hashed as it is written, named when it is finished.

    `folder` is that of a snapshot or a journal. Every method raises CannotRun naming it when the
    disk is full; the half-written file is then gone.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._hash = hashlib.sha256()
        self._file: BinaryIO | None = None
        self._path = ""
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append to the body."""
        with self._cleaning():
            if self._file is None:
                self._open()
            assert self._file is not None
            self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    def finish(self) -> Stored:
        """Close the file under its final name; equal bodies share one file."""
        sha256 = self._hash.hexdigest()
        with self._cleaning():
            if self._file is None:
                self._open()
            assert self._file is not None
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            # Not replaced when it is there: content of that name cannot differ.
            os.replace(self._path, body_path(self._folder, sha256))
        self._file = None
        return Stored(sha256, self.size)

    def abort(self) -> None:
        """Forget the body; harmless after `finish`."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            os.unlink(self._path)
        self._file = None

    def _open(self) -> None:
        folder = os.path.join(self._folder, "bodies")
        make_folder(folder)
        handle, self._path = tempfile.mkstemp(suffix=TEMPORARY, prefix=".", dir=folder)
        os.chmod(self._path, FILE_MODE)
        self._file = open(handle, "wb")  # noqa: SIM115 - closed by finish or abort

    @contextlib.contextmanager
    def _cleaning(self) -> Iterator[None]:
        try:
            with writing(self._folder):
                yield
        except CannotRun:
            self.abort()
            raise


def write_body(folder: str, data: bytes) -> Stored:
    """Store a whole body; nothing is written when it is there already. Raises CannotRun."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = body_path(folder, sha256)
    make_folder(os.path.dirname(path))
    write_file(path, data)
    return Stored(sha256, len(data))


def body_chunks(folder: str, stored: Stored, size: int = 65536) -> Iterator[bytes]:
    """The body in chunks of at most `size` bytes. Raises UsageError when it is not there or its
    length is not what was recorded."""
    path = body_path(folder, stored.sha256)
    left = stored.size
    try:
        with open(path, "rb") as file:
            while chunk := file.read(size):
                left -= len(chunk)
                yield chunk
    except OSError as error:
        raise missing(path, error) from error
    if left:
        raise wrong_size(path, stored, stored.size - left)


def read_body(folder: str, stored: Stored) -> bytes:
    """The whole body; for bodies known to be small. Raises UsageError as `body_chunks` does."""
    return b"".join(body_chunks(folder, stored, 1 << 20))


def check_body(folder: str, stored: Stored) -> None:
    """Raise UsageError unless the body's file is there with its length."""
    path = body_path(folder, stored.sha256)
    try:
        size = os.stat(path).st_size
    except OSError as error:
        raise missing(path, error) from error
    if size != stored.size:
        raise wrong_size(path, stored, size)


def missing(path: str, error: OSError) -> UsageError:
    """The error for a body whose file cannot be read."""
    reason = error.strerror or str(error)
    return UsageError(f"{path}: {reason}; restore it from version control or record again")


def wrong_size(path: str, stored: Stored, size: int) -> UsageError:
    """The error for a body whose file has another length than its exchange says."""
    return UsageError(
        f"{path}: {size} bytes, {stored.size} expected: the file is cut off or was changed; "
        "restore it from version control or record again"
    )
