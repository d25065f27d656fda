"""Shapes of bodies."""

from __future__ import annotations

import pytest

from ci_gate.values.outline import outline


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b'{"a": 1, "b": "x"}', b'{"b": "", "a": 2.5}', True),
        (b'{"a": 1}', b'{"a": null}', False),
        (b'{"a": 1}', b'{"a": 1, "b": 1}', False),
        (b"[1, 2, 3]", b"[4]", True),
        (b"[1]", b'["a"]', False),
        (b'[{"a": 1}, {"a": 2}]', b'[{"a": 3}]', True),
        (b'{"u17": 1, "u18": 2}', b'{"u99": 3}', True),
        (b"hello", b"other", True),
        (b"hello", b"", False),
        (b"{broken", b"text", True),
        (b"[" * 5000, b"text", True),
        (None, b"", False),
    ],
)
def test_what_is_the_same(one: bytes | None, other: bytes | None, same: bool) -> None:
    """Values do not count; names, types and what is in a list do; a map by id is one shape."""
    assert (outline(one) == outline(other)) is same
