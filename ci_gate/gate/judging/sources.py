"""The files of the repository that the frames of a stack trace name, and no others.

A trace names files as the program saw them: absolutely, relative to where it was started, inside a
container, or by package. What lies outside of the repository, or in what it installs, is nobody's
file here.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable

from ci_gate.diff.causes.traces import Frame

SHOWN = 5
_FILES = 50_000
"""Files of a repository that are looked at."""
_INSTALLED = frozenset(
    {
        "node_modules", "site-packages", "dist-packages", "vendor", "venv", "env", "gems",
        "__pycache__", "target", "build", "dist",
    }
)  # fmt: skip
_SYSTEM = ("/usr/", "/opt/", "/lib/", "/home/")


class Sources:
    """The repository that holds `folder` (where there is none, `folder` itself)."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.realpath(folder or ".")
        self._root = _root(self._folder)

    def files(self, frames: Iterable[Frame]) -> tuple[str, ...]:
        """ "orders/shop.py:88 create" for each frame in a file of the repository, innermost first,
        at most `SHOWN`, relative to the repository."""
        found: dict[str, None] = {}
        for frame in frames:
            path = self._path(frame.path)
            if path:
                found[f"{path}:{frame.line} {frame.function}".rstrip()] = None
            if len(found) == SHOWN:
                break
        return tuple(found)

    def _path(self, path: str) -> str:
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if not parts or ".." in parts or "\0" in path or _INSTALLED & set(parts[:-1]):
            return ""
        if path.startswith("/") and os.path.lexists(path):
            return self._inside(path)
        here = "" if path.startswith("/") else self._inside(os.path.join(self._folder, *parts))
        return here or self._by_name(tuple(parts), inside=not path.startswith("/"))

    def _inside(self, path: str) -> str:
        real = os.path.realpath(path)
        inside = os.path.commonpath((real, self._root)) == self._root
        return os.path.relpath(real, self._root) if inside and os.path.isfile(real) else ""

    def _by_name(self, parts: tuple[str, ...], *, inside: bool) -> str:
        """The one file that shares the most last steps with a path of another machine. Its name
        alone is enough only for a path that has no more, or outside of what a system installs."""
        whole_path = "/" + "/".join(parts)
        if not inside and (whole_path.startswith(_SYSTEM) or "/go/pkg/mod/" in whole_path):
            return ""
        best: list[str] = []
        most = 0
        for path in self._known.get(parts[-1], ()):
            shared = _shared(parts, tuple(path.split("/")))
            if shared > most:
                best, most = [], shared
            if shared == most:
                best.append(path)
        if len(best) != 1:
            return ""
        enough = most >= min(2, len(parts)) or most == len(best[0].split("/"))
        return best[0] if enough else ""

    @functools.cached_property
    def _known(self) -> dict[str, list[str]]:
        """Paths by file name; hidden folders, and those that others have filled, are left out."""
        found: dict[str, list[str]] = {}
        count = 0
        for folder, folders, names in os.walk(self._root):
            folders[:] = sorted(
                name for name in folders if not name.startswith(".") and name not in _INSTALLED
            )
            for name in sorted(names):
                found.setdefault(name, []).append(
                    os.path.relpath(os.path.join(folder, name), self._root)
                )
            count += len(names)
            if count > _FILES:
                break
        return found


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    count = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        count += 1
    return count


def _root(folder: str) -> str:
    """The folder above that git calls its own; without one `folder`."""
    at = folder
    while True:
        if os.path.lexists(os.path.join(at, ".git")):
            return at
        above = os.path.dirname(at)
        if above == at:
            return folder
        at = above
