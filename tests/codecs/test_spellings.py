"""Which protocols have several ways to write one request."""

from __future__ import annotations

from ci_gate.codecs.registry import PROTOCOLS
from ci_gate.codecs.spellings import spellings


def test_sql_has() -> None:
    """The others are compared as they are written."""
    assert [name for name in PROTOCOLS if spellings(name) is not None] == ["postgres"]
