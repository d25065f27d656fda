"""Remembered secrets: which are kept, how they are found again, and that memory is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.redaction import remembered
from ci_gate.values.redaction.remembered import Remembered, occurrences


@pytest.mark.parametrize(
    ("text", "sure", "kept"),
    [
        ("a1B2c3D4", True, True),
        ("correcthorse", True, True),
        ("a1B2c3D", True, False),
        ("accepted", True, False),
        ("two words 123", True, False),
        ("x" * 5000, True, False),
        ("a1B2c3D4", False, False),
        ("a1B2c3D4e5F6g7H8", False, True),
        ("alllowercaseletters", False, False),
        ("!a!b!c!d!e", True, True),
    ],
)
def test_what_is_kept(text: str, sure: bool, kept: bool) -> None:
    """Only what could not stand somewhere by chance is looked for elsewhere."""
    memory = Remembered()
    memory.add(text, sure)
    assert memory.within(f'x "{text}" y'.encode()) == ([text.encode()] if kept else [])
    assert memory.added == int(kept)


def test_words_show_where_to_look() -> None:
    """Words are found where JSON has escaped the rest of the secret."""
    memory = Remembered()
    memory.add("abcdef12/xyz", True)
    assert memory.words(b'"abcdef12\\/xyz abcdef12"') == [(1, 9), (15, 23)]
    assert memory.words(b"abcdef123") == []


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the oldest secret is forgotten, the others stay."""
    monkeypatch.setattr(remembered, "MOST", 3)
    memory = Remembered()
    for number in range(5):
        memory.add(f"shared-prefix.{number}abcdefgh", True)
        memory.add(f"shared-prefix.{number}abcdefgh", True)
    data = b" ".join(f"shared-prefix.{number}abcdefgh".encode() for number in range(5))
    assert sorted(memory.within(data)) == [f"shared-prefix.{n}abcdefgh".encode() for n in (2, 3, 4)]


def test_longer_secrets_win() -> None:
    """Of two secrets at one position the longer is replaced, and nothing overlaps."""
    data = b"abcdefgh1-more abcdefgh1"
    found = occurrences(data, [b"abcdefgh1-more", b"abcdefgh1"], [])
    assert [(start, end) for start, end, _ in found] == [(0, 14), (15, 24)]
    assert occurrences(data, [b"abcdefgh1"], [(0, 3)]) == [(15, 24, b"abcdefgh1")]


@given(st.lists(st.text(min_size=8, max_size=20), max_size=5), st.text())
def test_any_text_is_found_again(secrets: list[str], around: str) -> None:
    """Whatever was kept is found wherever it stands as words of its own."""
    memory = Remembered()
    for secret in secrets:
        memory.add(secret, True)
        if memory.within(secret.encode()):
            assert secret.encode() in memory.within(f"{around} {secret} {around}".encode())
