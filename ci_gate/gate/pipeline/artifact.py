"""The result of another job, as its run directory or the archive of it that a CI system made.

Both come from a job that ran a change's code, so nothing in them is believed to be of our making:
one file is read, up to its limit, and nothing is unpacked.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib

from ci_gate.errors import UsageError
from ci_gate.model.result import Result
from ci_gate.report.document import LIMIT, decode
from ci_gate.report.text import one_line

NAME = "result.json"
MOST_BYTES = 200_000_000
"""Of an archive; its directory alone may take as much memory."""


def read_result(run: str) -> Result:
    """The result in a run directory or a .zip of one. Raises UsageError naming what is wrong."""
    path = os.path.join(run, NAME)
    try:
        data = _of_archive(run) if os.path.isfile(run) else _of_folder(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"{path}: {reason}; is this a run directory?") from error
    try:
        return decode(data)
    except UsageError as error:
        raise UsageError(f"{path}: {one_line(str(error), 400)}") from error


def _of_folder(path: str) -> bytes:
    if os.path.islink(path):
        # It could lead out of an unpacked archive.
        raise UsageError(f"{path}: a symbolic link, which no run directory of ours holds")
    with open(path, "rb") as file:
        return file.read(LIMIT + 1)


def _of_archive(path: str) -> bytes:
    """The one result.json nearest to the archive's top."""
    if os.path.getsize(path) > MOST_BYTES:
        raise UsageError(f"{path}: more than {MOST_BYTES:,} bytes; that is no run directory")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            for entry in entries:
                _refuse_leaving(path, entry)
            found = [one for one in entries if one.filename.rpartition("/")[2] == NAME]
            nearest = min((one.filename.count("/") for one in found), default=0)
            found = [one for one in found if one.filename.count("/") == nearest]
            if len(found) != 1:
                raise UsageError(f"{path}: holds {len(found) or 'no'} {NAME}, and not one")
            with archive.open(found[0]) as file:
                return file.read(LIMIT + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        text = f"{path}: neither a run directory nor a .zip of one that can be read"
        raise UsageError(f"{text} ({type(error).__name__})") from error


def _refuse_leaving(path: str, entry: zipfile.ZipInfo) -> None:
    """Raise UsageError for an entry that would be written outside of the archive's folder."""
    steps = entry.filename.replace("\\", "/").split("/")
    link = stat.S_ISLNK(entry.external_attr >> 16)
    if link or ".." in steps or not steps[0] or ":" in steps[0]:
        name = one_line(entry.filename, 100)
        raise UsageError(f"{path}: {name!r} leaves the archive's folder: not one of ours")
