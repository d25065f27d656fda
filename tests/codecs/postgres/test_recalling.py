"""Bytes heard before: known by themselves only where they mean the same."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from ci_gate.codecs.base import Bytes, Side, Whole
from ci_gate.codecs.postgres.mocking import Mocking
from ci_gate.codecs.postgres.recalling import LONGEST, Recalling
from ci_gate.model.message import PgResult, PgStatement
from tests.codecs.postgres.said_as_bytes import (
    BATCH,
    CHUNKS,
    DESCRIBE,
    DONE,
    STARTUP,
    SYNC,
    T,
    answer,
    bind,
    execute,
    prepare,
    query,
)

C, S = Side.CLIENT, Side.SERVER


class Client:
    """A client of a server; `memory` is shared with others."""

    def __init__(self, server: Mocking, memory: dict[bytes, tuple[PgStatement, object]]) -> None:
        self.server = server
        self.memory = memory
        self.asked: list[PgStatement] = []
        self.heard: list[bytes] = []
        self.known = 0
        self._take(server.feed(C, STARTUP, 0))

    def say(self, data: bytes) -> None:
        """Say something in one piece, as `mocks.connection` hears it."""
        server, known = self.server, self.memory.get(data)
        if isinstance(server, Recalling) and known is not None and server.reusable:
            statement, premise = known
            said = server.again(premise, answer(statement)) if server.holds(premise) else b""
            if said:
                self.known += 1
                now = server.asked(statement)
                assert isinstance(now, PgStatement)
                self.asked.append(now)
                self.heard.append(said)
                return
        fresh, began = server.reusable, len(self.heard)
        questions = self._take(server.feed(C, data, 0))
        alone = fresh and len(questions) == 1 and len(self.heard) == began
        asked = len(self.asked)
        while questions:
            statement = questions.pop(0)
            self.asked.append(statement)
            questions += self._take(server.say(S, answer(statement)))
        alone = alone and len(self.asked) == asked + 1
        if alone and isinstance(server, Recalling) and server.reusable:
            said = b"".join(self.heard[began:])
            premise = server.premise(data, answer(self.asked[-1]), said)
            if premise is not None:
                self.memory[data] = self.asked[-1], premise

    def _take(self, actions: object) -> list[PgStatement]:
        assert isinstance(actions, list | tuple)
        self.heard += [one.data for one in actions if isinstance(one, Bytes)]
        whole = [one.message for one in actions if isinstance(one, Whole)]
        return [one for one in whole if isinstance(one, PgStatement)]


def pair(said: list[tuple[int, bytes]]) -> tuple[list[Client], list[Client]]:
    """Two connections of which what is said is remembered, and two that read it each time."""
    memory: dict[bytes, tuple[PgStatement, object]] = {}
    clients = [Client(Recalling({}), memory) for _ in range(2)]
    readers = [Client(Mocking({}), {}) for _ in range(2)]
    for who, data in said:
        clients[who].say(data)
        readers[who].say(data)
    return clients, readers


@given(
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(CHUNKS)), max_size=60).map(
        lambda one: one + one
    )
)
@example([(0, CHUNKS[11]), (0, BATCH), (0, BATCH), (0, CHUNKS[12]), (0, BATCH)])
@example([(0, CHUNKS[2]), (0, CHUNKS[21]), (0, CHUNKS[21]), (0, execute() + SYNC)])
def test_what_is_known_is_said_as_if_it_was_read(said: list[tuple[int, bytes]]) -> None:
    """Whatever two clients say in whatever order, what they hear and what is asked for them is to
    the byte what it is when nothing is remembered."""
    for client, reader in zip(*pair(said), strict=True):
        assert client.asked == reader.asked
        assert b"".join(client.heard) == b"".join(reader.heard)


def test_the_common_shapes_are_known() -> None:
    """A query, a batch of a named statement and one that prepares its own: from the second time
    on, inside of a transaction as outside, and on the other connection, too."""
    own = prepare(b"select $1") + bind(b"7") + DESCRIBE + execute() + SYNC
    for data in (query(b"select 1"), BATCH, own):
        begun = [(who, prepare(b"select $1", b"s") + SYNC) for who in (0, 1)]
        begun += [(who, query(b"select 0")) for who in (0, 1)]
        told = [(0, data), (0, data), (1, data), (0, query(b"begin")), (0, data), (0, data)]
        # Another connection has to hear the description once, too; `select 0` it knows already.
        clients, _ = pair([*begun, (1, BATCH), *told])
        assert (clients[0].known, clients[1].known) == (2, 2)


def test_what_changes_the_connection_is_read() -> None:
    """Cursors, channels, errors, names that stay, and very long answers are none of it."""
    server = Recalling({})
    client = Client(server, {})
    client.say(query(b"select 1"))
    for data in (
        prepare(b"select $1", b"n") + bind(b"7", name=b"n") + execute() + SYNC,
        query(b"select pg_notify('here', 'x')"),
        query(b"fetch 1 from c"),
        query(b"select broken"),
        bind(b"9", portal=b"p", name=b"n") + execute(portal=b"p") + SYNC,
        bind(b"9", name=b"n") + execute(3) + SYNC,
    ):
        client.say(data)
        assert data not in client.memory
    last = answer(client.asked[-1])
    assert server.premise(query(b"select 1"), last, b"x" * (LONGEST + 1)) is None


def test_another_answer_is_read() -> None:
    """The bytes of an answer stand for that answer only."""
    server = Recalling({})
    client = Client(server, {})
    client.say(query(b"select 1"))
    client.say(query(b"select 1"))
    _, premise = client.memory[query(b"select 1")]
    assert server.again(premise, PgResult(T + DONE)) == b""
    assert server.again(premise, answer(client.asked[-1])) == client.heard[-1]
