"""Where messages begin and end."""

from __future__ import annotations

from collections.abc import Callable
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.frames import (
    FRAMED,
    LIMIT,
    MANY,
    Malformed,
    Payload,
    Reader,
    frame,
    frames,
    joined,
    outline,
    value,
)

FRAMES = st.lists(
    st.tuples(st.sampled_from([b"Q", b"D", b"Z"]), st.binary(max_size=20)), max_size=6
)


@given(FRAMES, st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_messages_are_cut_where_they_end(said: list[tuple[bytes, bytes]], sizes: list[int]) -> None:
    """However the bytes arrive, each message comes out once and whole."""
    data = b"".join(frame(*one) for one in said)
    assert list(frames(data)) == said
    reader = Reader(startup=False)
    found: list[tuple[bytes, bytes]] = []
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        found += reader.feed(data[:size])
        data, turn = data[size:], turn + 1
    assert found == said
    assert reader.at_rest


@given(FRAMES)
def test_an_outline_tells_what_messages_do(said: list[tuple[bytes, bytes]]) -> None:
    """Types in order, that of neighbours once, and where the last message begins."""
    data = joined(said)
    told = outline(data)
    kinds = [kind for kind, _ in said]
    changes = [one for one, before in zip(kinds, [b"", *kinds], strict=False) if one != before]
    assert told.kinds == b"".join(changes)
    assert list(frames(data[told.last :])) == said[-1:]
    assert joined([(FRAMED, data), *said[:1]]) == data + joined(said[:1])


@given(FRAMES, st.integers(1, 24))
def test_what_is_cut_off_has_no_outline(said: list[tuple[bytes, bytes]], less: int) -> None:
    """Nor has it messages: both say so, of the same bytes."""
    data = joined([*said, (b"D", b"x" * 20)])[:-less]
    for read in (outline, lambda one: list(frames(one))):
        with pytest.raises(Malformed):
            read(data)


def test_the_outline_of_many_messages_is_remembered() -> None:
    """They are looked through once."""
    data = joined([(b"D", b"x" * 100)] * (MANY // 100))
    assert outline(data) is outline(data)


def test_a_client_begins_without_types() -> None:
    """Packets have none until the startup message is over."""
    reader = Reader(startup=True)
    said = reader.feed(pack("!II", 8, 80877103) + pack("!II", 8, 196608) + frame(b"Q", b"x\0"))
    assert next(said) == (b"", pack("!I", 80877103))
    assert next(said) == (b"", pack("!I", 196608))
    reader.started()
    assert list(said) == [(b"Q", b"x\0")]


@pytest.mark.parametrize("length", [0, 3, LIMIT + 1])
def test_an_impossible_length_is_malformed(length: int) -> None:
    """A length is never believed beyond its limit."""
    with pytest.raises(Malformed, match="bytes"):
        list(Reader(startup=False).feed(b"Q" + pack("!I", length) + b"x" * 8))


def read_all(data: bytes, ask: Callable[[Payload], object]) -> None:
    """Ask a payload for more than it can hold."""
    payload = Payload(data)
    for _ in range(40):
        ask(payload)


@given(st.binary(max_size=30))
def test_a_payload_ends_in_malformed(data: bytes) -> None:
    """Whatever is asked of a short payload, it is an error of ours and no other."""
    for ask in (Payload.string, Payload.short, Payload.long, Payload.value, Payload.byte):
        with pytest.raises(Malformed):
            read_all(data, ask)


def test_values_know_null() -> None:
    """NULL is not the empty string."""
    payload = Payload(value(None) + value(b"") + value(b"abc"))
    assert [payload.value() for _ in range(3)] == [None, b"", b"abc"]
    assert payload.rest == b""
