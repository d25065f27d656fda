"""The formats that can be imported: one row, one small module each."""

from __future__ import annotations

from typing import Any

from ci_gate.errors import UsageError
from ci_gate.store.formats import (
    goreplay,
    har,
    hoverfly,
    keploy,
    mitmproxy,
    postman,
    proxymock,
    wiremock,
)
from ci_gate.store.formats.found import Format
from ci_gate.store.formats.source import Source


def _row(name: str, title: str, module: Any, *, directed: bool = False) -> Format:
    return Format(
        name=name,
        title=title,
        recognises=module.recognises,
        read=module.read,
        directed=directed,
    )


FORMATS = (
    _row("har", "HAR 1.2", har),
    _row("proxymock", "proxymock", proxymock, directed=True),
    _row("keploy", "Keploy", keploy, directed=True),
    _row("goreplay", "GoReplay", goreplay),
    _row("wiremock", "WireMock", wiremock, directed=True),
    _row("mitmproxy", "mitmproxy", mitmproxy),
    _row("postman", "Postman", postman),
    _row("hoverfly", "Hoverfly", hoverfly, directed=True),
)


ALIASES = {"rrpair": "proxymock"}
"""Other names of formats."""


def named(name: str) -> Format:
    """The format of `--format`. Raises UsageError."""
    for one in FORMATS:
        if one.name == ALIASES.get(name, name):
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
