"""A tap that knows by its bytes what was said before."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ci_gate.codecs.base import Action, Bytes, Side, Whole
from ci_gate.codecs.postgres import tapping
from ci_gate.codecs.postgres.mocking import Mocking
from ci_gate.codecs.postgres.recording import Recording
from ci_gate.codecs.postgres.tapping import Memory, Tapping
from ci_gate.model.message import PgStatement
from tests.codecs.postgres.said_as_bytes import (
    BATCH,
    CHUNKS,
    DESCRIBE,
    STARTUP,
    SYNC,
    answer,
    bind,
    execute,
    prepare,
    query,
)

C, S = Side.CLIENT, Side.SERVER
Wire = list[tuple[Side, bytes]]


class Server:
    """A server, and what is heard of one connection to it."""

    def __init__(self) -> None:
        self.server = Mocking({})
        self.wire: Wire = []
        self.say(STARTUP)

    def say(self, data: bytes, cut: int = 0) -> None:
        """A client says something; the answer comes in two pieces where `cut` is inside of it."""
        self.wire.append((C, data))
        said = b""
        actions = list(self.server.feed(C, data, 0))
        while actions:
            action = actions.pop(0)
            if isinstance(action, Bytes):
                said += action.data
            elif isinstance(action, Whole) and isinstance(action.message, PgStatement):
                actions += self.server.say(S, answer(action.message))
        pieces = [said[:cut], said[cut:]] if 0 < cut < len(said) else [said]
        self.wire += [(S, piece) for piece in pieces if piece]


def wholes(tap: Recording, wire: Wire) -> list[Action]:
    """What is made of it."""
    return [one for at, (side, data) in enumerate(wire) for one in tap.feed(side, data, at)]


piece = st.tuples(st.sampled_from(CHUNKS), st.sampled_from((0, 0, 0, 3, 9, 30)))


@given(st.lists(st.lists(piece, max_size=30), min_size=1, max_size=3))
@example([[(CHUNKS[11], 0)] + [(BATCH, 0)] * 4 + [(CHUNKS[12], 0)] + [(BATCH, 0)] * 4])
@example([[(CHUNKS[2], 0)] + [(CHUNKS[21], 0)] * 4 + [(execute() + SYNC, 0)]])
def test_what_is_known_is_told_as_if_it_was_read(
    connections: list[list[tuple[bytes, int]]],
) -> None:
    """Whatever several clients say, and however the answers are cut, the messages, their numbers
    and their times are what they are when nothing is remembered."""
    memory = Memory()
    for said in connections:
        server = Server()
        for data, cut in said * 3:
            server.say(data, cut)
        assert wholes(Tapping(memory=memory), server.wire) == wholes(Recording(), server.wire)


def test_what_came_twice_is_known() -> None:
    """A query and both kinds of batches, on this connection and the next; what is answered in
    another way than before is read."""
    own = prepare(b"select $1") + bind(b"7") + DESCRIBE + execute() + SYNC
    memory = Memory()
    server = Server()
    for _ in range(2):
        for data in (CHUNKS[11], query(b"select 1"), BATCH, own, query(b"select broken")):
            server.say(data)
    wholes(Tapping(memory=memory), server.wire)
    assert set(memory.known) == {query(b"select 1"), BATCH, own}
    tap = Tapping(memory=memory)
    wholes(tap, server.wire)
    tap.feed(C, query(b"select 1"), 0)
    other = answer(PgStatement("select 1", ("other",))).body
    assert isinstance(other, bytes)
    (told,) = tap.feed(S, other + server.wire[-1][1][-6:], 1)
    assert isinstance(told, Whole)
    assert told.message.body == other


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what came once nor what is known grows beyond its limit."""
    monkeypatch.setattr(tapping, "ONCE", 50)
    monkeypatch.setattr(tapping, "TOTAL", 4000)
    memory = Memory()
    server = Server()
    for number in range(200):
        server.say(query(b"select %d" % number))
        server.say(query(b"select %d" % number))
    wholes(Tapping(memory=memory), server.wire)
    assert 0 < len(memory.known) < 50
    assert not memory.is_again(b"new")
    assert memory.is_again(b"new")
