"""Bodies described for people."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.bodytext import decoded, describe, excerpts, same_bytes, size_of
from ci_gate.diff.render import LIMIT
from ci_gate.model.message import Body, Opaque, Piece, Pieces, Stored

_ABC = hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize(
    ("body", "media", "text", "size"),
    [
        (b"", "json", "no body", 0),
        (b"a", "text", "text, 1 byte: a", 1),
        (b"\x00\xff", "text", "binary, 2 bytes, sha256 ", 2),
        (b"abc", "binary", f"binary, 3 bytes, sha256 {_ABC[:12]}", 3),
        (Stored("f" * 64, 9), "json", "json, 9 bytes, sha256 ffffffffffff", 9),
        (Opaque(9, "e" * 64), "", "not kept, 9 bytes, keyed hash eeeeeeeeeeee", 9),
        (Pieces((Piece(0, b"a"), Piece(1, b"b"))), "text", "text, 2 bytes: ab", 2),
    ],
)
def test_descriptions(body: Body, media: str, text: str, size: int) -> None:
    """Every form of a body is told in one line."""
    assert describe(body, media).startswith(text)
    assert size_of(body) == size


def test_same_bytes_wherever_they_lie() -> None:
    """A stored body equals bytes by their hash; what was not kept equals only itself."""
    assert same_bytes(b"abc", Stored(_ABC, 3))
    assert same_bytes(Stored(_ABC, 3), b"abc")
    assert not same_bytes(b"abd", Stored(_ABC, 3))
    assert not same_bytes(Opaque(3, "x"), b"abc")
    assert same_bytes(Opaque(3, "x"), Opaque(3, "x"))


@given(st.text(max_size=300), st.text(max_size=300))
def test_excerpts_of_any_texts(old: str, new: str) -> None:
    """Excerpts are bounded and printable, whatever the texts."""
    before, after, lines = excerpts(old, new)
    assert len(before) <= LIMIT + 2
    assert len(after) <= LIMIT + 2
    (before + after + lines).encode()


def test_secret_that_differs_is_not_shown() -> None:
    """When only secrets differ, the excerpts say so instead of showing them."""
    one, other = "mail ann.lee@acme-corp.com!", "mail tom.fox@acme-corp.com!"
    before, after, lines = excerpts(one * 3, other * 3)
    assert "ann" not in before + lines
    assert "tom" not in after + lines
    assert lines == "they differ only in what is masked here"


def test_secret_at_a_window_edge_is_not_halved() -> None:
    """Far into a large text, what is cut out begins and ends between words."""
    text = " ".join(["ann.lee@acme-corp.com"] * 20_000)
    before, after, lines = excerpts(text + " old " + text, text + " new " + text)
    assert "ann" not in before + after + lines
    assert "old" in before


def test_decoded() -> None:
    """Bytes that are no text, or of an unknown charset, have none."""
    assert decoded(b"\xe9", "latin-1") == "é"
    assert decoded(b"\xe9") is None
    assert decoded(b"a", "no-such-charset") is None
