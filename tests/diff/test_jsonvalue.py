"""Decoding for comparing: nothing that was written differently becomes equal unless it means the same."""

from __future__ import annotations

import pytest

from ci_gate.diff.jsonvalue import NotJson, decode


def test_numbers_are_their_lexemes() -> None:
    """1, 1.0, 1e0, true and "1" are five different values."""
    values = [decode(text) for text in (b"1", b"1.0", b"1e0", b"true", b'"1"')]
    assert all(a != b for i, a in enumerate(values) for b in values[i + 1 :])
    assert decode(b"[1]") != decode(b'["1"]')
    assert decode(b"1" * 10_000) == decode(b"1" * 10_000)


def test_meaning_not_writing() -> None:
    """Whitespace, escapes and the order of keys are not kept."""
    assert decode(b'{"a":"\\u00e9","b":1}') == decode(b' { "b" : 1, "a" : "\xc3\xa9" } ')


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a":1,"a":1}', b"\xff", b"[" * 100_000, b"\xef\xbb\xbf{}", b"1 2"]
)
def test_what_cannot_be_compared_by_structure(body: bytes) -> None:
    """Broken, ambiguous or hostile bodies are refused, never half read."""
    with pytest.raises(NotJson):
        decode(body)
