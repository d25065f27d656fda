"""Alphabets, and what looks drawn at random."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.alphabets import (
    bits,
    common_prefix,
    differ,
    is_of,
    look_random,
    narrowest,
)


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (["0123", "45"], "digits"),
        (["0123", "4f"], "hex"),
        (["0123", "4F"], "HEX"),
        (["0x"], "base36"),
        (["aZ-_"], "base64"),
        (["aZ=="], "base64"),
        (["a.Z"], "token"),
        (["a Z"], ""),
        (["a", ""], ""),
        (["é"], ""),
    ],
)
def test_narrowest(texts: list[str], name: str) -> None:
    """The narrowest alphabet of all texts."""
    assert narrowest(texts) == name
    assert all(is_of(text, name) for text in texts) == bool(name)


@pytest.mark.parametrize(
    ("texts", "random"),
    [
        (["8f3a01c2", "77b0e4d9", "01d2aa9f"], True),
        (["eyJhYmMi8f3a01c2", "eyJhYmMi77b0e4d9"], True),
        (["alice123", "alice124"], False),
        (["pineapple", "raspberry"], False),
        (["8f3a", "77b0"], False),
        (["8f3a01c2", "8f3a01c2"], False),
    ],
)
def test_random_looks(texts: list[str], random: bool) -> None:
    """Tokens look random, also behind a common beginning; words, counters and short codes do not."""
    assert look_random(texts, narrowest(texts)) is random


@given(st.lists(st.text(), min_size=1))
def test_common_prefix(texts: list[str]) -> None:
    """Every text begins with it, and with no more."""
    size = common_prefix(texts)
    assert len({text[:size] for text in texts}) == 1
    assert any(len(text) == size for text in texts) or len({text[size] for text in texts}) > 1


def test_bits() -> None:
    """How much a text could tell."""
    assert bits("0f") == 8
    assert bits("a b") == 0
    assert differ(["abcd", "wxyz"])
    assert not differ(["abcd", "abce"])
