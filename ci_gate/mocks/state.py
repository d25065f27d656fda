"""A Redis that keeps state, for services that count and lock: `mode: stateful`.

Strict mocks answer what was recorded; a service whose counters, locks or rate limits depend on the
order of its threads needs a server. fakeredis is one, in memory. It starts with what the recording
tells of the time before it: values that were read before anything was written to their key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import fakeredis
from redis.exceptions import ExecAbortError, NoScriptError, RedisError

from ci_gate.codecs.redis.commands import BLOCKING, READS, keys
from ci_gate.codecs.redis.reply import plain
from ci_gate.codecs.redis.resp import Malformed, Reader, Typed, arguments, dump, parse
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, RedisCommand, RedisReply

VERSION = (7, 2)
_BARE: dict[type[RedisError], str] = {NoScriptError: "NOSCRIPT ", ExecAbortError: "EXECABORT "}
"""Errors whose code the client takes out of their text."""
_CODES = ("ERR", "WRONGTYPE", "NOSCRIPT", "NOAUTH", "BUSY", "EXECABORT", "OOM", "READONLY")
_STEPS = {b"INCR": 1, b"DECR": -1}
_BY = {b"INCRBY": 1, b"DECRBY": -1}

Args = Sequence[bytes]


class RedisState:
    """All databases of one server, for one boot of the service."""

    def __init__(self, recorded: Sequence[Exchange]) -> None:
        self._server = fakeredis.FakeServer(version=VERSION)
        self._connections: dict[int, Any] = {}
        written: set[tuple[int, bytes]] = set()
        for exchange in recorded:
            for database, args, reply in _done(exchange):
                named = [(database, key) for key in keys(args)]
                if not written.intersection(named):
                    for first in _before(args, reply):
                        self._run(database, first)
                written.update(named)  # what is told again later is not of the time before

    def answer(self, request: Message) -> Message:
        """What a server in this state answers; the state goes on."""
        assert isinstance(request, RedisCommand)
        assert isinstance(request.body, bytes)
        commands = [arguments(one) for one in Reader(inline=False).feed(request.body)]
        if request.queued:
            tried = [(b"MULTI",), *commands, (b"DISCARD",)]
            reply = [self._run(request.database, args) for args in tried][1]
            return RedisReply(dump(Typed("+", reply) if isinstance(reply, bytes) else reply))
        if len(commands) > 1:
            return RedisReply(dump([self._run(request.database, args) for args in commands][-1]))
        reply = self._alone(request.database, commands[0])
        name = commands[0][0]
        if name == b"TYPE" or (reply == b"OK" and name not in READS):
            reply = Typed("+", reply)
        return RedisReply(dump(reply), name == b"HGETALL" and isinstance(reply, list))

    def _alone(self, database: int, args: Args) -> object:
        if args[0] not in BLOCKING:
            return self._run(database, args)
        # In a transaction nothing waits: there is something at once, or there is nothing.
        replies = [self._run(database, one) for one in ((b"MULTI",), args, (b"EXEC",))]
        done = replies[-1]
        reply = done[0] if isinstance(done, list) and len(done) == 1 else done
        moves = args[0] in (b"BLMOVE", b"BRPOPLPUSH")
        return Typed("*") if reply is None and not moves else reply

    def _run(self, database: int, args: Args) -> object:
        connection = self._connections.get(database)
        if connection is None:
            client = fakeredis.FakeRedis(server=self._server, db=database, protocol=2)
            connection = self._connections[database] = client.connection_pool.get_connection()
        connection.send_command(*args)
        try:
            return _value(connection.read_response(disable_decoding=True))
        except RedisError as error:
            return _value(error)


def _value(reply: object) -> object:
    if isinstance(reply, list | tuple):
        return [_value(one) for one in reply]
    if isinstance(reply, RedisError):
        text = _BARE.get(type(reply), "") + str(reply)
        return Typed("-", (text if text.startswith(_CODES) else f"ERR {text}").encode())
    if isinstance(reply, float):
        return repr(reply).encode()
    return reply.encode() if isinstance(reply, str) else reply


def _done(exchange: Exchange) -> Iterator[tuple[int, Args, object]]:
    """(database, arguments, reply) of every command of a recorded exchange, plain values."""
    request, response = exchange.request, exchange.response
    if not isinstance(request, RedisCommand) or not isinstance(response, RedisReply):
        return
    if request.queued:
        return
    if not isinstance(request.body, bytes) or not isinstance(response.body, bytes):
        return
    try:
        commands = [arguments(one) for one in Reader(inline=False).feed(request.body)]
        reply = plain(parse(response.body))
    except Malformed:
        return
    if len(commands) == 1:
        yield request.database, commands[0], reply
    elif isinstance(reply, list) and len(reply) == len(commands) - 2:
        for args, one in zip(commands[1:-1], reply, strict=True):
            yield request.database, args, one


def _before(args: Args, reply: object) -> Iterator[Args]:
    """The commands that make what a reply tells of the time before its command."""
    name, rest = args[0], args[1:]
    if not rest or name in BLOCKING:
        return
    key = rest[0]
    if isinstance(reply, bytes):
        yield from _value_before(name, rest, reply)
    elif isinstance(reply, int) and not isinstance(reply, bool):
        yield from _number_before(name, rest, reply)
    elif isinstance(reply, list):
        texts = [one if isinstance(one, bytes) else None for one in reply]
        yield from _list_before(name, rest, texts)
    elif reply is None and name == b"SET" and b"NX" in [one.upper() for one in rest[2:]]:
        yield b"SET", key, b""  # somebody holds it; nobody has told what it is


def _value_before(name: bytes, rest: Args, reply: bytes) -> Iterator[Args]:
    options = [one.upper() for one in rest[2:]]
    if name in (b"GET", b"GETSET", b"GETDEL", b"GETEX") or (name == b"SET" and b"GET" in options):
        yield b"SET", rest[0], reply
    elif name == b"HGET" and len(rest) == 2:
        yield b"HSET", *rest, reply
    elif name == b"ZSCORE" and len(rest) == 2:
        yield b"ZADD", rest[0], reply, rest[1]


def _number_before(name: bytes, rest: Args, reply: int) -> Iterator[Args]:
    key = rest[0]
    step = _STEPS.get(name, 0)
    if name in _BY and len(rest) == 2 and rest[1].lstrip(b"-").isdigit():
        step = _BY[name] * int(rest[1])
    if step and reply != step:
        yield b"SET", key, b"%d" % (reply - step)
    elif name == b"HINCRBY" and len(rest) == 3 and rest[2].lstrip(b"-").isdigit():
        if reply != int(rest[2]):
            yield b"HSET", key, rest[1], b"%d" % (reply - int(rest[2]))
    elif name == b"SISMEMBER" and reply == 1 and len(rest) == 2:
        yield b"SADD", *rest
    elif name in (b"RPUSH", b"LPUSH") and 0 < reply - len(rest) + 1 <= 10_000:
        yield b"RPUSH", key, *[b""] * (reply - len(rest) + 1)
    elif name in (b"EXISTS", b"DEL", b"UNLINK") and reply == len(rest):
        for one in rest:
            yield b"SET", one, b""


def _list_before(name: bytes, rest: Args, reply: Sequence[bytes | None]) -> Iterator[Args]:
    key, whole = rest[0], rest[1:3] == (b"0", b"-1")
    known = [one for one in reply if one is not None]
    if name in (b"MGET", b"HMGET"):
        named = rest if name == b"MGET" else rest[1:]
        for one, value in zip(named, reply, strict=False):
            if value is not None:
                yield (b"SET", one, value) if name == b"MGET" else (b"HSET", key, one, value)
    elif not known or len(known) != len(reply):
        return
    elif name == b"HGETALL" and len(known) % 2 == 0:
        yield b"HSET", key, *known
    elif name == b"SMEMBERS":
        yield b"SADD", key, *known
    elif name == b"LRANGE" and whole:
        yield b"RPUSH", key, *known
    elif name == b"ZRANGE" and whole and len(rest) == 4 and len(known) % 2 == 0:
        yield (
            b"ZADD",
            key,
            *[one for pair in zip(known[1::2], known[::2], strict=True) for one in pair],
        )
