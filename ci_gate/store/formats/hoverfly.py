"""Hoverfly's simulations: recognised, so that nobody has to guess why they are not read yet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_gate.errors import UsageError
from ci_gate.store.formats.found import Item, ReadOptions
from ci_gate.store.formats.source import Source

_VERSION = re.compile(rb'"schemaVersion"\s*:\s*"(v[0-9.]{1,10})"')
_PAIRS = re.compile(rb'"pairs"\s*:\s*\[')
_LIMIT = 64 << 20


def recognises(source: Source) -> bool:
    """A JSON object with pairs and the version of their schema."""
    if source.is_folder:
        return False
    head = source.head(source.names[0], 1 << 16)
    if head.lstrip()[:1] != b"{" or not (_PAIRS.search(head) or _VERSION.search(head)):
        return False
    return _VERSION.search(_start(source)) is not None


def read(source: Source, options: ReadOptions) -> Iterator[Item]:
    """Nothing: refused."""
    found = _VERSION.search(_start(source))
    version = f" {found[1].decode()}" if found else ""
    raise UsageError(
        f"{source.path}: recognised as a Hoverfly simulation{version}, which is not yet supported; "
        "record the service with `ci-gate record`, or import a HAR of the same traffic"
    )


def _start(source: Source) -> bytes:
    """The version stands at the end of the file."""
    data = b""
    for chunk in source.chunks(source.names[0]):
        data += chunk
        if len(data) > _LIMIT:
            break
    return data
