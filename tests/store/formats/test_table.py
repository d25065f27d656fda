"""The table of formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.store.formats.source import Source
from ci_gate.store.formats.table import FORMATS, named, recognised


def test_by_name() -> None:
    """Each format by its name; another is refused with the names there are."""
    for one in FORMATS:
        assert named(one.name) is one
    assert named("rrpair") is named("proxymock")
    with pytest.raises(UsageError, match="formats are: har"):
        named("x")


def test_what_is_of_no_format(tmp_path: Path) -> None:
    """An empty folder, a text, an image: told, and what to say."""
    for name, data in (("a.txt", b"hello\n"), ("b.png", b"\x89PNG\r\n"), ("c", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UsageError, match="no format that can be imported"):
            recognised(Source(str(tmp_path / name)))
    with pytest.raises(UsageError, match="no format that can be imported"):
        recognised(Source(str(tmp_path)))
