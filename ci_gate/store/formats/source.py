"""The files of a recording to import: one file, or a folder with all below it.

Only regular files inside of the folder are read: a recording may come from anywhere, and a link in
it must not reach what lies elsewhere.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import zlib
from collections.abc import Iterator
from functools import cached_property

from ci_gate.errors import UsageError

FILES = 200_000
"""Files that a folder may have."""
LARGEST = 4 << 30
"""Bytes that one file may have, unpacked."""
HEAD = 4096
_PACKED = b"\x1f\x8b"
_MARK = b"\xef\xbb\xbf"
_STEP = 1 << 20


class Source:
    """A file or a folder by its path. Every method raises UsageError naming the file."""

    def __init__(self, path: str) -> None:
        self.path = path.rstrip("/") or path
        self.is_folder = os.path.isdir(path)
        if not self.is_folder and not os.path.isfile(path):
            raise UsageError(f"{path}: there is no such file or folder to import")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Relative paths with slashes, sorted; the one file by its own name."""
        if not self.is_folder:
            return (os.path.basename(self.path),)
        found: list[str] = []
        inside = os.path.realpath(self.path)
        for folder, folders, files in os.walk(self.path):
            folders.sort()
            for name in files:
                full = os.path.join(folder, name)
                real = os.path.realpath(full)
                if os.path.commonpath((inside, real)) == inside and os.path.isfile(real):
                    found.append(os.path.relpath(full, self.path).replace(os.sep, "/"))
            if len(found) > FILES:
                raise UsageError(f"{self.path}: more than {FILES} files; import a part of them")
        return tuple(sorted(found))

    def having(self, *endings: str) -> tuple[str, ...]:
        """The names with one of these endings, in lower case."""
        return tuple(name for name in self.names if name.lower().endswith(endings))

    def where(self, name: str = "", line: int = 0) -> str:
        """ "folder/file:line", for people."""
        path = f"{self.path}/{name}" if self.is_folder and name else self.path
        return f"{path}:{line}" if line else path

    def head(self, name: str, size: int = HEAD) -> bytes:
        """The first bytes, unpacked; b"" when they cannot be read."""
        with contextlib.suppress(OSError, EOFError, zlib.error, UsageError):
            return next(self.chunks(name, size), b"")[:size]
        return b""

    def read(self, name: str) -> bytes:
        """All of a file, unpacked; a byte order mark is left out."""
        # In one piece: the pieces and their sum would be the file twice.
        whole = b"".join(self.chunks(name, LARGEST + 1 if self._is_plain(name) else _STEP))
        return whole.removeprefix(_MARK)

    def _is_plain(self, name: str) -> bool:
        try:
            with open(self._path(name), "rb") as file:
                return file.read(2) != _PACKED
        except OSError:
            return False  # told where it is read

    def chunks(self, name: str, step: int = _STEP) -> Iterator[bytes]:
        """A file in pieces of at most `step` bytes; one that is gzip'd is unpacked."""
        if name not in self.names:
            raise UsageError(f"{self.where(name)}: there is no such file in the recording")
        total = 0
        try:
            with open(self._path(name), "rb") as plain:
                packed = plain.read(2) == _PACKED
                plain.seek(0)
                with contextlib.ExitStack() as stack:
                    file = stack.enter_context(gzip.open(plain)) if packed else plain
                    while chunk := file.read(step):
                        total += len(chunk)
                        if total > LARGEST:
                            raise UsageError(f"{self.where(name)}: more than {LARGEST} bytes")
                        yield chunk
        except (OSError, EOFError, zlib.error) as error:
            raise UsageError(f"{self.where(name)}: cannot be read: {error}") from error

    def _path(self, name: str) -> str:
        return os.path.join(self.path, *name.split("/")) if self.is_folder else self.path


def line_at(data: bytes, offset: int) -> int:
    """The line, from 1, of a byte."""
    return data.count(b"\n", 0, offset) + 1
