"""Files as they are at a revision, read out of git's own store: nothing is checked out.

Only plumbing is called: no hook, filter, pager or textconv of the repository runs, nothing is
fetched, and the repository may belong to somebody else, as it does in a container.
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from collections.abc import Sequence

import msgspec

from ci_gate.errors import CannotRun, UsageError
from ci_gate.report.text import one_line

LIMIT = 500_000_000
"""Bytes of all files of one folder at one revision."""
MOST_FILES = 100_000
_SECONDS = 60
_REVISION = re.compile(r"[A-Za-z0-9_@][^\s\x00-\x1f:?*\[\\]*")
_ENTRY = re.compile(rb"(\d{6}) (blob|commit) ([0-9a-f]{40,64}) +(\d+|-)\t(.+)", re.DOTALL)
_REGULAR = (b"100644", b"100755")
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}


class Entry(msgspec.Struct, frozen=True):
    """A regular file of a revision."""

    path: str
    """From the top of the repository."""
    blob: str
    size: int


class Repository:
    """The repository around a folder. Methods raise UsageError for what is not in the clone."""

    def __init__(self, folder: str = ".") -> None:
        self._folder = folder
        self._prefix: str | None = None

    def commit(self, revision: str) -> str:
        """The full hash of the commit that `revision` names; UsageError when there is none."""
        if not _REVISION.fullmatch(revision):
            raise UsageError(f"{one_line(revision, 80)!r} is no revision")
        found = self._try(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        if not found:
            if not self._try("rev-parse", "--git-dir"):
                raise UsageError(
                    f"{one_line(revision, 80)}: {self._folder} is in no git repository; run this in "
                    "a clone of the project"
                )
            raise UsageError(
                f"{one_line(revision, 80)} is not in this clone; fetch it first (GitHub: "
                "actions/checkout with fetch-depth: 0; GitLab: GIT_DEPTH: 0)"
            )
        return found

    def knows(self, revision: str) -> bool:
        """True when the clone has the commit that `revision` names."""
        try:
            return bool(self.commit(revision))
        except UsageError:
            return False

    def merge_base(self, one: str, other: str) -> str:
        """The newest common ancestor, or "" when the clone does not reach back to it."""
        return self._try("merge-base", one, other)

    def parents(self, commit: str) -> list[str]:
        """The parents of a commit that the clone has."""
        return self._try("rev-list", "--parents", "-n", "1", commit).split()[1:]

    def changed(self, one: str, other: str) -> list[str]:
        """The paths, from the top, of the files that differ between two commits."""
        listed = self._run("diff-tree", "-r", "-z", "--name-only", "--no-renames", one, other)
        return [name.decode("utf-8", "replace") for name in listed.split(b"\0") if name]

    def short(self, commit: str) -> str:
        """A commit as people write it."""
        return self._try("rev-parse", "--short", commit) or commit[:12]

    def path(self, path: str) -> str:
        """A path as the user names it, from the top of the repository; UsageError outside of it."""
        if self._prefix is None:
            if not self._try("rev-parse", "--is-inside-work-tree"):
                raise UsageError(f"{self._folder}: not inside a clone of a git repository")
            self._prefix = self._try("rev-parse", "--show-prefix")
        if os.path.isabs(path):
            top = self._try("rev-parse", "--show-toplevel")
            path = os.path.relpath(path, top) if top else path
            whole = path.replace(os.sep, "/")
        else:
            whole = posixpath.join(self._prefix, path.replace(os.sep, "/"))
        whole = posixpath.normpath(whole)
        if whole.startswith(("../", "/")) or whole == "..":
            raise UsageError(f"{one_line(path, 200)}: outside of the repository")
        return whole

    def files(self, commit: str, folder: str) -> list[Entry]:
        """The regular files below `folder` (from the top), or the file of that name.

        Links and submodules are left out.
        """
        listed = self._run("ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", folder)
        found = []
        for line in listed.split(b"\0"):
            match = _ENTRY.fullmatch(line)
            if match and match[1] in _REGULAR and match[4] != b"-":
                path = match[5].decode("utf-8", "surrogateescape")
                found.append(Entry(path, match[3].decode(), int(match[4])))
        if len(found) > MOST_FILES:
            raise UsageError(f"{folder}: more than {MOST_FILES:,} files")
        return found

    def read(self, entries: Sequence[Entry]) -> list[bytes]:
        """The contents of files, in their order; together at most LIMIT bytes."""
        if sum(one.size for one in entries) > LIMIT:
            raise UsageError(f"more than {LIMIT:,} bytes at one revision; that is no snapshot")
        if not entries:
            return []
        wanted = "".join(f"{one.blob}\n" for one in entries).encode()
        data = self._run("cat-file", "--batch", given=wanted)
        contents, at = [], 0
        for one in entries:
            end = data.find(b"\n", at)
            said = data[at:end].split(b" ")
            if end < 0 or len(said) != 3 or said[1] != b"blob":
                raise UsageError(f"{one_line(one.path, 200)}: its content is not in this clone")
            size = int(said[2])
            contents.append(data[end + 1 : end + 1 + size])
            at = end + 1 + size + 1
        return contents

    def text(self, commit: str, path: str) -> str | None:
        """The text of one file at a revision, or None when it has no such file."""
        entries = [one for one in self.files(commit, path) if one.path == path]
        if not entries:
            return None
        try:
            return self.read(entries)[0].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} at {commit[:12]}: not UTF-8 at byte {error.start}") from error

    def _try(self, *arguments: str) -> str:
        """One line of output, "" when git says no."""
        done = self._git(arguments, b"")
        return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""

    def _run(self, *arguments: str, given: bytes = b"") -> bytes:
        done = self._git(arguments, given)
        if done.returncode != 0:
            said = one_line(done.stderr.decode("utf-8", "replace").strip(), 200)
            raise UsageError(f"git {arguments[0]}: {said}")
        return done.stdout

    def _git(self, arguments: Sequence[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "--no-pager", "-c", "safe.directory=*", *arguments]
        try:
            return subprocess.run(
                command,
                cwd=self._folder,
                input=given,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
                env={**os.environ, **_QUIET},
            )
        except FileNotFoundError as error:
            raise CannotRun("git is not installed, so revisions cannot be read") from error
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotRun(f"git {arguments[0]}: {type(error).__name__}") from error
