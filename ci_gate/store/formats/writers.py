"""The formats that can be exported: one row, one small module each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from ci_gate.errors import UsageError
from ci_gate.store.formats import (
    curlwriter,
    harwriter,
    openapiwriter,
    rrpairwriter,
    wiremockwriter,
)
from ci_gate.store.formats.outgoing import Outgoing
from ci_gate.store.formats.table import ALIASES


class Writer(msgspec.Struct, frozen=True):
    """One row of the table."""

    name: str
    """As `--format` takes it."""
    write: Callable[[Outgoing], Iterator[tuple[str, bytes]]]
    """Relative paths and contents; a path of "" is the one file there is."""
    folder: bool = False
    """It writes more than one file."""


WRITERS = (
    Writer("har", harwriter.write),
    Writer("wiremock", wiremockwriter.write, True),
    Writer("proxymock", rrpairwriter.write, True),
    Writer("curl", curlwriter.write),
    Writer("openapi", openapiwriter.write),
)


def writer(name: str) -> Writer:
    """The writer of `--format`; its pairs are a name of proxymock's. Raises UsageError."""
    for one in WRITERS:
        if one.name == ALIASES.get(name, name):
            return one
    known = ", ".join(one.name for one in WRITERS)
    raise UsageError(f"--format {name}: not known; formats are: {known}")
