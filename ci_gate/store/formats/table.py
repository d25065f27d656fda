"""The formats that can be imported: one row, one small module each."""

from __future__ import annotations

from ci_gate.errors import UsageError
from ci_gate.store.formats import har
from ci_gate.store.formats.found import Format
from ci_gate.store.formats.source import Source

FORMATS = (Format(name="har", title="HAR 1.2", recognises=har.recognises, read=har.read),)


def named(name: str) -> Format:
    """The format of `--format`. Raises UsageError."""
    for one in FORMATS:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in FORMATS)
    raise UsageError(f"--format {name}: not known; formats are: {known}")


def recognised(source: Source) -> Format:
    """The format of what is there. Raises UsageError where none is recognised, or several are."""
    found = [one for one in FORMATS if one.recognises(source)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(one.name for one in found or FORMATS)
    what = "may be of several formats" if found else "is of no format that can be imported"
    raise UsageError(f"{source.path}: {what}; say which it is: --format {known}")
