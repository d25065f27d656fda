"""What every codec promises, checked for each one that is registered.

A new codec adds a `Sample`: exchanges of its protocol, and a way to make more of them. Everything
else here is the same for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci_gate.codecs.base import (
    Action,
    Begun,
    Bytes,
    Close,
    Conversation,
    Ended,
    More,
    Role,
    Side,
    Undecodable,
    Whole,
)
from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.redis.resp import command, dump
from ci_gate.codecs.registry import PROTOCOLS, codec
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    HttpRequest,
    HttpResponse,
    Message,
    PgResult,
    PgStatement,
    Raw,
    RedisCommand,
    RedisReply,
)

C, S = Side.CLIENT, Side.SERVER

Pair = tuple[Message, Message]
Said = tuple[Side, int, Message, bool]
"""Who, in which exchange, what, and whether all of it came."""


class Sample(NamedTuple):
    """What the contract needs to know of a protocol."""

    connections: list[list[Pair]]
    """Exchanges of some connections, as they are heard again when they were said."""
    pairs: st.SearchStrategy[Pair]
    trailing: bytes
    """The beginning of another request; b"" = a side says only one message."""


TOKEN = st.text("abcXYZ019-_", min_size=1, max_size=8).map(str.encode)
VALUE = st.binary(max_size=12).map(
    lambda raw: bytes(byte for byte in raw if byte not in b"\r\n\0").strip(b" \t")
)
FIELDS = st.lists(st.tuples(TOKEN.map(lambda name: b"X-" + name), VALUE), max_size=4)
CODED = st.sampled_from(["", "", "gzip", "br", "zstd", "deflate"])
TARGET = st.binary(max_size=12).map(
    lambda raw: b"/" + bytes(byte for byte in raw if byte > 0x20 and byte != 0x7F)
)


def framed(
    fields: list[tuple[bytes, bytes]],
    body: bytes,
    trailers: list[tuple[bytes, bytes]],
    *,
    chunks: bool,
    coding: str,
) -> dict[str, object]:
    """The fields, body, trailers and coding of a message, framed as its sender would."""
    coding = coding if body else ""
    if coding:
        fields = [*fields, (b"Content-Encoding", coding.encode())]
        chunks = True
    if chunks:
        frame = (b"Transfer-Encoding", b"chunked")
    else:
        frame, trailers = (b"Content-Length", b"%d" % len(body)), []
    return {
        "headers": (*fields, frame),
        "body": body,
        "trailers": tuple(trailers),
        "coding": coding,
    }


FRAMED = st.builds(
    framed, FIELDS, st.binary(max_size=80), FIELDS, chunks=st.booleans(), coding=CODED
)
HTTP_PAIRS = st.tuples(
    st.builds(
        lambda method, target, parts: HttpRequest(method, target, **parts),
        st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "PURGE"]),
        TARGET,
        FRAMED,
    ),
    st.builds(
        lambda status, reason, parts: HttpResponse(status, reason, **parts),
        st.sampled_from([200, 201, 302, 404, 500, 599]),
        VALUE,
        FRAMED,
    ),
)

JSON = (b"Content-Type", b"application/json")
CHUNKED = (b"Transfer-Encoding", b"chunked")
COOKIES = ((b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=\xff"), CHUNKED)


def spoken(*args: bytes) -> RedisCommand:
    """A command as a client says it."""
    return RedisCommand(command(args))


REDIS_VALUES = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=12),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)
REDIS_PAIRS = st.tuples(
    st.builds(
        lambda args, database: RedisCommand(command(tuple(args)), database),
        st.lists(st.binary(max_size=8), max_size=4).map(lambda rest: [b"LPUSH", *rest]),
        st.integers(0, 3),
    ),
    REDIS_VALUES.map(lambda value: RedisReply(dump(value))),
)


ROWS = b"".join(
    (
        frame(b"T", write_columns([Column("id", 23, size=4), Column("name", 25)])),
        frame(b"D", write_row([b"1", "Adé".encode()])),
        frame(b"D", write_row([b"2", None])),
    )
)
PG_VALUES = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
PG_PAIRS = st.tuples(
    st.builds(
        lambda table, params: PgStatement(
            f"select * from {table} where a = $1", tuple(params), "execute"
        ),
        st.sampled_from(["t", '"odd name"', "s.t"]),
        st.lists(PG_VALUES, max_size=3),
    ),
    st.lists(st.binary(max_size=6), max_size=3).map(
        lambda rows: PgResult(
            b"".join(frame(b"D", write_row([row])) for row in rows)
            + frame(b"C", b"SELECT %d\0" % len(rows))
        )
    ),
)

SAMPLES = {
    "postgres": Sample(
        connections=[
            [
                (
                    PgStatement("select id, name from users"),
                    PgResult(ROWS + frame(b"C", b"SELECT 2\0")),
                ),
                (
                    PgStatement("insert into t (a) values ($1)", ("x",), "execute"),
                    PgResult(frame(b"C", b"INSERT 0 1\0")),
                ),
                (
                    PgStatement("select a from t where b = $1", step="describe"),
                    PgResult(
                        frame(b"t", b"\0\1\0\0\0\x17")
                        + frame(b"T", write_columns([Column("a", 25)]))
                    ),
                ),
                (
                    PgStatement("select 1/$1", ("0",), "execute"),
                    PgResult(frame(b"E", b"SERROR\0C22012\0Mdivision by zero\0\0")),
                ),
            ],
        ],
        pairs=PG_PAIRS,
        trailing=b"Q\0\0\0",
    ),
    "http": Sample(
        connections=[
            [
                (
                    HttpRequest("GET", b"/orders/17?x=1", ((b"Host", b"api.example"),)),
                    HttpResponse(200, b"OK", (JSON, (b"Content-Length", b"8")), b'{"a": 1}'),
                ),
                (
                    HttpRequest("POST", b"/caf\xc3\xa9", (JSON, (b"Content-Length", b"2")), b"{}"),
                    HttpResponse(
                        201,
                        b"Created",
                        COOKIES,
                        b"x" * 3000,
                        ((b"X-Sum", b"1"),),
                    ),
                ),
                (
                    HttpRequest("HEAD", b"/"),
                    HttpResponse(200, b"OK", ((b"Content-Length", b"1234"),)),
                ),
                (HttpRequest("DELETE", b"/x"), HttpResponse(204, b"No Content")),
                (
                    HttpRequest("GET", b"/same"),
                    HttpResponse(304, b"Not Modified", ((b"ETag", b'"1"'),)),
                ),
            ],
            [
                (
                    HttpRequest("GET", b"/", version="1.0"),
                    HttpResponse(
                        200, b"OK", ((b"Connection", b"close"), (b"Content-Length", b"2")), b"hi"
                    ),
                )
            ],
        ],
        pairs=HTTP_PAIRS,
        trailing=b"GET /next HT",
    ),
    "raw": Sample(
        connections=[[(Raw(b"\x00hello\r\n"), Raw(b"bytes \xff back"))]],
        pairs=st.tuples(
            st.binary(min_size=1, max_size=50).map(Raw), st.binary(min_size=1).map(Raw)
        ),
        trailing=b"",
    ),
    "redis": Sample(
        connections=[
            [
                (spoken(b"SET", b"user:17", b"\xff\r\n"), RedisReply(b"+OK\r\n")),
                (spoken(b"GET", b"user:17"), RedisReply(dump(b"\xff\r\n"))),
                (spoken(b"HGETALL", b"h"), RedisReply(dump([b"a", b"1"]), paired=True)),
                (spoken(b"GET", b"nope"), RedisReply(b"$-1\r\n")),
                (spoken(b"LPUSH", b"s", b"x"), RedisReply(b"-WRONGTYPE no list\r\n")),
                (
                    RedisCommand(
                        command((b"MULTI",)) + command((b"INCR", b"n")) + command((b"EXEC",))
                    ),
                    RedisReply(dump([1])),
                ),
            ],
            [(RedisCommand(command((b"GET", b"d")), database=3), RedisReply(dump(b"three")))],
        ],
        pairs=REDIS_PAIRS,
        trailing=b"*2\r\n$3\r\nGE",
    ),
}

MAY_BE_QUEUED = RedisCommand(command((b"INCR", b"n")), queued=True)

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
each = pytest.mark.parametrize("protocol", PROTOCOLS)


def joined(actions: Iterable[Action]) -> list[Said]:
    """The messages among the actions; parts are put together."""
    found: list[Said] = []
    begun: dict[Side, tuple[Begun, list[bytes]]] = {}
    for action in actions:
        if isinstance(action, Whole):
            found.append((action.side, action.number, action.message, True))
        elif isinstance(action, Begun):
            assert action.side not in begun
            begun[action.side] = (action, [])
        elif isinstance(action, More):
            assert action.data
            begun[action.side][1].append(action.data)
        elif isinstance(action, Ended):
            head, pieces = begun.pop(action.side)
            message = msgspec.structs.replace(head.message, body=b"".join(pieces))
            found.append((action.side, head.number, message, action.complete))
    return found


class Line:
    """A client and a server of ours, joined by bytes alone."""

    def __init__(self, protocol: str, prepared: bool = False) -> None:
        self.codec = codec(protocol)
        self.client = self.codec.converse(Role.REPLAY)
        self.server = self.codec.converse(Role.MOCK)
        self.prepared = prepared
        self.wire: list[tuple[Side, bytes]] = []
        """Everything that was said, by whom, in order; b"" = that side closed."""
        self._permitted = 0

    def exchange(self, request: Message, response: Message) -> list[Said]:
        """What the server heard of the request and the client of the response."""
        heard = self._permit(self._carry(C, self._say(self.client, C, request), self.server))
        assert [side for side, *_ in joined(heard)] == [C]
        own = [action for action in heard if isinstance(action, Bytes)]
        assert not self._carry(S, own, self.client)  # what a server says of the connection itself
        heard += self._carry(S, self._say(self.server, S, response), self.client)
        return joined(heard)

    def _permit(self, heard: list[Action]) -> list[Action]:
        """What was heard, without what only asks whether a command may be queued: it may."""
        left: list[Action] = []
        for action in heard:
            if isinstance(action, Whole) and action.message == MAY_BE_QUEUED:
                self._permitted += 1
                left += self.server.say(S, RedisReply(b"+QUEUED\r\n"))
            elif isinstance(action, Whole):
                left.append(msgspec.structs.replace(action, number=action.number - self._permitted))
            else:
                left.append(action)
        return left

    def _say(self, who: Conversation, side: Side, message: Message) -> Sequence[Action]:
        return who.say(side, message, self.codec.prepare(message) if self.prepared else None)

    def _carry(self, side: Side, said: Sequence[Action], hearer: Conversation) -> list[Action]:
        heard: list[Action] = []
        for action in said:
            data = action.data if isinstance(action, Bytes) else b""
            assert isinstance(action, Bytes | Close)
            assert action.side is not side
            self.wire.append((side, data))
            heard += hearer.feed(side, data, 0)
        return heard


def expected(exchanges: list[Pair]) -> list[Said]:
    """The exchanges as they must be heard."""
    return [
        (side, number, message, True)
        for number, pair in enumerate(exchanges)
        for side, message in zip((C, S), pair, strict=True)
    ]


def wire_of(protocol: str, exchanges: list[Pair]) -> list[tuple[Side, bytes]]:
    """A connection's bytes, made by our own two sides."""
    line = Line(protocol)
    for pair in exchanges:
        line.exchange(*pair)
    return line.wire


def record(protocol: str, wire: Iterable[tuple[Side, bytes]]) -> list[Action]:
    """What a tap makes of a connection's bytes."""
    tap = codec(protocol).converse(Role.RECORD)
    actions: list[Action] = []
    for at, (side, data) in enumerate(wire):
        actions += tap.feed(side, data, at)
    return actions


connections = pytest.mark.parametrize(
    ("protocol", "exchanges"),
    [(name, connection) for name, sample in SAMPLES.items() for connection in sample.connections],
)


def test_every_codec_is_here() -> None:
    """A codec that is registered has its sample."""
    assert set(SAMPLES) == set(PROTOCOLS)


@connections
def test_mock_and_replay_reproduce_the_recording(protocol: str, exchanges: list[Pair]) -> None:
    """What one side says, the other hears, through nothing but bytes."""
    line = Line(protocol)
    assert [s for pair in exchanges for s in line.exchange(*pair)] == expected(exchanges)


@connections
def test_a_tap_hears_what_was_said(protocol: str, exchanges: list[Pair]) -> None:
    """Recording the bytes of a connection gives its exchanges, whole and byte by byte."""
    wire = wire_of(protocol, exchanges)
    assert joined(record(protocol, wire)) == expected(exchanges)
    cut = [(side, data[at : at + 1]) for side, data in wire for at in range(len(data) or 1)]
    assert joined(record(protocol, cut)) == expected(exchanges)


@connections
def test_trailing_bytes_change_nothing(protocol: str, exchanges: list[Pair]) -> None:
    """The beginning of the next message does not touch the ones before it."""
    wire = wire_of(protocol, exchanges)
    trailing = SAMPLES[protocol].trailing
    if trailing:
        side, data = next(said for said in reversed(wire) if said[0] is C and said[1])
        wire[wire.index((side, data))] = (side, data + trailing)
    else:
        wire.append((C, b"late"))
    assert joined(record(protocol, wire)) == expected(exchanges)


@each
@patient
@given(data=st.data())
def test_round_trips(protocol: str, data: st.DataObject) -> None:
    """Any exchange survives being said and heard, prepared or not, cut anywhere."""
    sample = SAMPLES[protocol]
    pairs = data.draw(st.lists(sample.pairs, min_size=1, max_size=3 if sample.trailing else 1))
    line = Line(protocol, prepared=bool(sample.trailing) and data.draw(st.booleans()))
    heard = [said for pair in pairs for said in line.exchange(*pair)]
    assert heard == expected(pairs)
    cut = []
    for side, said in line.wire:
        places = data.draw(st.lists(st.integers(0, len(said)), max_size=4).map(sorted))
        edges = [0, *places, len(said)]
        pieces = [said[a:b] for a, b in pairwise(edges) if a < b]
        cut += [(side, piece) for piece in pieces or [b""]]
    assert joined(record(protocol, cut)) == expected(pairs)


@each
@patient
@given(data=st.data())
def test_mutated_bytes_never_raise(protocol: str, data: st.DataObject) -> None:
    """Whatever a peer sends, a conversation answers with actions; what it gave up stays silent."""
    exchanges = data.draw(st.sampled_from(SAMPLES[protocol].connections))
    wire = wire_of(protocol, exchanges)
    index = data.draw(st.integers(0, len(wire) - 1))
    side, said = wire[index]
    start = data.draw(st.integers(0, len(said)))
    end = data.draw(st.integers(start, min(len(said), start + 8)))
    wire[index] = (side, said[:start] + data.draw(st.binary(max_size=8)) + said[end:])
    actions = record(protocol, [*wire, (C, b""), (S, b"")])
    joined(actions)
    assert not any(isinstance(action, Undecodable) for action in actions[:-1])
    for role, side in ((Role.MOCK, C), (Role.REPLAY, S)):
        playing = codec(protocol).converse(role)
        if role is Role.REPLAY:
            for request, _ in exchanges:
                playing.say(C, request)
        for whose, said in [*wire, (side, b"")]:
            if whose is side:
                playing.feed(side, said, 0)


@each
@patient
@given(data=st.data())
def test_garbage_never_raises(protocol: str, data: st.DataObject) -> None:
    """Bytes that were never this protocol do no harm either."""
    for role in Role:
        playing = codec(protocol).converse(role)
        for _ in range(data.draw(st.integers(0, 3))):
            side = (
                S
                if role is Role.REPLAY
                else C
                if role is Role.MOCK
                else data.draw(st.sampled_from(Side))
            )
            playing.feed(side, data.draw(st.binary(max_size=60)), 0)


@connections
def test_closing_anywhere_is_heard_once(protocol: str, exchanges: list[Pair]) -> None:
    """A connection cut after any byte ends everything that was begun, and the rest is silence."""
    wire = wire_of(protocol, exchanges)
    client = b"".join(data for side, data in wire if side is C)
    for length in range(len(client)):
        tap = codec(protocol).converse(Role.RECORD)
        actions = [*tap.feed(C, client[:length], 0), *tap.feed(C, b"", 1)] if length else []
        begun = [action.number for action in actions if isinstance(action, Begun)]
        assert begun == [action.number for action in actions if isinstance(action, Ended)]


@each
@patient
@given(data=st.data())
def test_parts_put_back_make_the_message(protocol: str, data: st.DataObject) -> None:
    """with_places is the inverse of places, and each part bears its own name."""
    ours = codec(protocol)
    for message in data.draw(SAMPLES[protocol].pairs):
        parts = ours.places(message)
        named = {part.place: part for part in parts}
        assert len(named) == len(parts)
        assert ours.with_places(message, named) == message
        assert ours.with_places(message, {}) == message


@each
@patient
@given(data=st.data())
def test_keys_and_names(protocol: str, data: st.DataObject) -> None:
    """Equal requests have equal, hashable keys; names are one printable line."""
    ours = codec(protocol)
    request, response = data.draw(SAMPLES[protocol].pairs)
    again = msgspec.structs.replace(request)
    key = ours.key(request)
    assert key == ours.key(again)
    assert hash((key.coarse, key.full)) == hash((ours.key(again).coarse, ours.full(again)))
    for name in (ours.route(request), ours.label(request)):
        assert name.isprintable()
        assert name.isascii()
    exchange = Exchange(id="o1", dependency="d", route="", request=request, response=response)
    assert ours.facts(exchange).effect in ("read", "write", "session")
    assert ours.fit(response, request) == response


@connections
def test_a_miss_can_be_said(protocol: str, exchanges: list[Pair]) -> None:
    """The protocol's own error is an answer like any other, and its reason is in it or it ends."""
    line = Line(protocol)
    request = exchanges[0][0]
    miss = line.codec.miss(request, "nothing like it")
    line.exchange(request, miss)
    answered = b"".join(data for side, data in line.wire if side is S)
    assert b"nothing like it" in answered or line.wire[-1] == (S, b"")
