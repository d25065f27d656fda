"""Connections to mocks on real sockets: order, latency, streams, uploads, and failing closed."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import time
from typing import Any

import pytest

from ci_gate.codecs.http1.coding import encode
from ci_gate.codecs.registry import codec
from ci_gate.mocks.matcher import MISS, WINDOW, Matcher
from ci_gate.mocks.mock import Mock
from ci_gate.model.exchange import CLOSED, GAVE_UP
from ci_gate.model.message import HttpRequest, HttpResponse, Piece, Pieces, Stored

GET = b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n"
EVENTS = (b"Content-Type", b"text/event-stream")
CHUNKED = (b"Transfer-Encoding", b"chunked")


async def body(reader: Any) -> bytes:
    """The body of the next answer, by its Content-Length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    data: bytes = await reader.readexactly(int(length))
    return data


def test_answers_and_misses(play: Any, make_mock: Any, answered: Any) -> None:
    """What was recorded is answered, anything else gets 501 and is never forwarded."""
    one = make_mock("api", [("GET /a", answered(b"first"))])

    async def act(scene: Any) -> None:
        reader, _ = await scene.client(await scene.listen(one), GET % b"/a" + GET % b"/b")
        assert await body(reader) == b"first"
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 501 ")

    scene = play(act)
    assert [(call.dependency, call.tier) for call in scene.server.calls] == [
        ("api", WINDOW),
        ("api", MISS),
    ]
    assert (one.answered, one.missed) == (1, 1)


def test_bytes_heard_before_are_answered_by_the_same_rules(
    play: Any, make_mock: Any, answered: Any
) -> None:
    """A request that is known byte for byte is not read again, and still consumes, misses, is
    logged, and gives way to one that came in pieces."""
    one = make_mock("api", [("GET /a", answered(b"first")), ("GET /a", answered(b"second"))])

    async def act(scene: Any) -> None:
        port = await scene.listen(one)
        reader, writer = await scene.client(port, GET % b"/a")
        assert await body(reader) == b"first"
        assert list(one.known) == [GET % b"/a"]
        writer.write(GET % b"/a")
        assert await body(reader) == b"second"
        writer.write(GET % b"/a" + GET % b"/b")
        await body(reader)
        assert b"nothing was recorded" in await body(reader)

    scene = play(act)
    assert [call.tier for call in scene.server.calls][:2] == [WINDOW, WINDOW]
    assert (one.answered + one.missed, len(scene.server.calls)) == (4, 4)


def test_the_end_of_a_request_is_not_the_request(play: Any, make_mock: Any, answered: Any) -> None:
    """Bytes that ended what other bytes began are not known as all of it: a transaction's EXEC."""
    one = make_mock("api", [("GET /a", answered(b"first"))])
    whole = GET % b"/a"

    async def act(scene: Any) -> None:
        reader, writer = await scene.client(await scene.listen(one), whole[:9])
        await asyncio.sleep(0.05)  # read together, they are known together
        writer.write(whole[9:])
        assert await body(reader) == b"first"
        assert set(one.known) <= {whole}

    play(act)


def test_recorded_latency_counts_from_the_request(play: Any, make_mock: Any, answered: Any) -> None:
    """Pipelined answers leave in order, each after its own recorded time, not after the sum."""
    names = [b"%d" % number for number in range(8)]
    one = make_mock("api", [(f"GET /{n.decode()}", answered(n), "", 400.0) for n in names])

    async def act(scene: Any) -> None:
        scene.server.recorded_latency = True
        port = await scene.listen(one)
        began = time.monotonic()
        asked = b"".join(GET % (b"/" + name) for name in (*names, b"x"))
        reader, _ = await scene.client(port, asked)
        assert [await body(reader) for _ in names] == names
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 501 ")
        took = time.monotonic() - began
        assert 0.399 <= took < 0.5 * len(names) * 0.4

    play(act)


def test_a_body_from_a_file_waits_for_its_reader(play: Any, make_mock: Any, answered: Any) -> None:
    """A large answer is read from its file as fast as the client takes it, and what comes behind it
    waits; a client that has shut its side gets all of it."""
    size = 64 << 20
    stored = Stored("a" * 64, size)
    one = make_mock("api", [("GET /big", answered(stored)), ("GET /a", answered(b"behind"))])

    async def act(scene: Any) -> None:
        scene.bodies["a" * 64] = [b"x" * 65536] * (size >> 16)
        reader, writer = await scene.client(await scene.listen(one), GET % b"/big" + GET % b"/a")
        writer.write_eof()
        await asyncio.sleep(0.2)
        assert scene.read < size // 2
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Content-Length: %d" % size in head
        left = size
        while left:
            left -= len(await reader.read(min(left, 1 << 20)))
        assert await body(reader) == b"behind"
        assert await reader.read() == b""

    play(act)


def test_hundreds_of_pipelined_answers(play: Any, make_mock: Any, answered: Any) -> None:
    """However many wait behind a stream, they leave in order and cost no stack."""
    pieces = Pieces((Piece(0, b"a"), Piece(1, b"b")))
    calls = [("GET /s", answered(pieces, CHUNKED)), ("GET /a", answered(b"z"))]
    one = make_mock("api", calls)

    async def act(scene: Any) -> None:
        data = (GET % b"/s") * 2000 + GET % b"/a"
        reader, _ = await scene.client(await scene.listen(one), data)
        everything = await reader.readuntil(b"\r\n\r\nz")
        assert everything.count(b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n") == 2000

    play(act)


def test_who_does_not_read_is_not_read(play: Any, make_mock: Any, answered: Any) -> None:
    """A client that asks on and on and reads nothing is stopped before much piles up."""
    one = make_mock("api", [("GET /a", answered(b"x" * 100_000))])

    async def act(scene: Any) -> None:
        _, writer = await scene.client(await scene.listen(one))
        for _ in range(2000):
            writer.write(GET % b"/a")
        await asyncio.sleep(0.3)
        (connection,) = scene.server.connections
        assert connection.transport.get_write_buffer_size() < 20 << 20

    play(act)


def test_streams(play: Any, make_mock: Any, answered: Any) -> None:
    """A complete stream ends; an endless one stays open and silent; any other answer without an end
    breaks off as it did."""
    pieces = (Piece(0, b"data: 1\n\n"),)
    trailers = ((b"X-Sum", b"1"),)
    one = make_mock(
        "api",
        [
            ("GET /whole", answered(Pieces(pieces), EVENTS, CHUNKED, trailers=trailers)),
            ("GET /endless", answered(Pieces(pieces, complete=False), EVENTS)),
            ("GET /cut", answered(Pieces(pieces, complete=False), CHUNKED)),
        ],
    )

    async def act(scene: Any) -> None:
        port = await scene.listen(one)
        reader, writer = await scene.client(port, GET % b"/whole")
        assert (await reader.readuntil(b"\n\n\r\n0\r\nX-Sum: 1\r\n\r\n")).count(b"data: 1") == 1
        writer.write(GET % b"/cut")
        assert (await reader.read()).endswith(b"9\r\ndata: 1\n\n\r\n")
        reader, _ = await scene.client(port, GET % b"/endless")
        await reader.readuntil(b"data: 1\n\n\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)

    play(act)


def test_calls_that_had_no_answer(play: Any, make_mock: Any) -> None:
    """A connection that was closed is closed again, who was given up on stays silent."""
    one = make_mock("api", [("GET /closed", None, CLOSED), ("GET /silent", None, GAVE_UP)])

    async def act(scene: Any) -> None:
        port = await scene.listen(one)
        reader, _ = await scene.client(port, GET % b"/closed")
        assert await reader.read() == b""
        reader, _ = await scene.client(port, GET % b"/silent")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)

    scene = play(act)
    assert [call.tier for call in scene.server.calls] == [WINDOW, WINDOW]


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_large_uploads_are_known_by_their_hash(
    play: Any, make_mock: Any, answered: Any, coding: str
) -> None:
    """A body of more than a megabyte is decoded and hashed, not kept, and matches the recorded one."""
    data = hashlib.shake_128(b"seed").digest(3 << 20)
    stored = Stored(hashlib.sha256(data).hexdigest(), len(data))
    one = make_mock("api", [("POST /u", answered(b"taken"))])
    (entry,) = one.matcher.entries
    request = HttpRequest("POST", b"/u", ((b"Host", b"x"),), stored, (), coding)
    one.matcher._exact = {codec("http").full(request): next(iter(one.matcher._exact.values()))}
    sent = encode(data, coding) if coding else data
    field = b"Content-Encoding: gzip\r\n" if coding else b""
    head = b"POST /u HTTP/1.1\r\n%bContent-Length: %d\r\n\r\n" % (field, len(sent))

    async def act(scene: Any) -> None:
        port = await scene.listen(one)
        reader, writer = await scene.client(port, head)
        writer.write(sent)
        assert await body(reader) == b"taken"
        reader, writer = await scene.client(port, head + b"half of it")
        writer.close()
        reader, writer = await scene.client(port, head)
        writer.write(b"other" + sent[5:])
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 501 ")

    play(act)
    assert entry.uses == 1


def test_expect_continue_head_and_old_clients(play: Any, make_mock: Any, answered: Any) -> None:
    """The conversation's business, through the whole server."""
    one = make_mock("api", [("GET /a", answered(b"hello")), ("HEAD /a", answered(b"hello"))])

    async def act(scene: Any) -> None:
        port = await scene.listen(one)
        waiting = b"PUT /p HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        reader, writer = await scene.client(port, waiting)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ok" + b"HEAD /a HTTP/1.1\r\n\r\n" + GET % b"/a")
        assert (await reader.readuntil(b"}\n")).startswith(b"HTTP/1.1 501 ")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 200 OK\r\n\r\n"
        assert await body(reader) == b"hello"
        reader, _ = await scene.client(port, b"GET /a HTTP/1.0\r\n\r\n")
        assert (await reader.read()).endswith(b"hello")

    play(act)


def test_the_proxy(play: Any, make_mock: Any, answered: Any) -> None:
    """Absolute-form requests find their mock; unknown hosts are refused and told as new."""
    one = make_mock("api", [("GET /a", answered(b"hello"))])
    mocks = {("http", "api.test", 80): one}

    async def act(scene: Any) -> None:
        port = await scene.listen(None)
        reader, writer = await scene.client(port, GET % b"http://api.test/a")
        assert await body(reader) == b"hello"
        writer.write(GET % b"http://new.test:81/a")
        assert b"new.test:81 is not in the snapshot" in await body(reader)
        reader, _ = await scene.client(port, b"GET /a HTTP/1.1\r\n\r\n")
        assert b"this is a proxy" in await body(reader)
        reader, _ = await scene.client(port, b"CONNECT new.test:443 HTTP/1.1\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 501 ")

    scene = play(act, mocks)
    assert [call.dependency for call in scene.server.calls if call.new_host] == [
        "new.test:81",
        "new.test",
    ]


def test_https(play: Any, make_mock: Any, answered: Any) -> None:
    """A tunnel with TLS in it, and one without whose first request came with the CONNECT."""
    one = make_mock("api", [("GET /a", answered(b"hello"))])
    mocks = {("https", "api.test", 443): one, ("http", "api.test", 80): one}

    async def act(scene: Any) -> None:
        port = await scene.listen(None)
        reader, writer = await scene.client(port, b"CONNECT api.test:443 HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        await writer.start_tls(scene.context(), server_hostname="api.test")
        writer.write(GET % b"/a")
        assert await body(reader) == b"hello"
        pipelined = b"CONNECT api.test:80 HTTP/1.1\r\n\r\n" + GET % b"/a"
        reader, _ = await scene.client(port, pipelined)
        await reader.readuntil(b"established\r\n\r\n")
        assert await body(reader) == b"hello"

    play(act, mocks)


def test_the_wrong_protocol_in_a_tunnel(play: Any, make_mock: Any) -> None:
    """Only https was recorded: plain HTTP to it is a new host, and nothing is answered."""
    mocks = {("https", "api.test", 443): make_mock("api", [])}

    async def act(scene: Any) -> None:
        port = await scene.listen(None)
        reader, writer = await scene.client(port, b"CONNECT api.test:443 HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.write(GET % b"/a")
        assert await reader.read() == b""

    scene = play(act, mocks)
    assert [call.new_host for call in scene.server.calls] == [True]


def test_a_service_that_does_not_trust_us(play: Any, make_mock: Any) -> None:
    """It is noted, for nothing else tells why a call is missing."""
    mocks = {("https", "api.test", 443): make_mock("api", [])}

    async def act(scene: Any) -> None:
        port = await scene.listen(None)
        reader, writer = await scene.client(port, b"CONNECT api.test:443 HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        with pytest.raises(ssl.SSLError):
            await writer.start_tls(ssl.create_default_context(), server_hostname="api.test")
        await asyncio.sleep(0.05)

    assert "TLS with the service failed" in str(play(act, mocks).server.notes)


def test_telemetry(play: Any, make_mock: Any, answered: Any) -> None:
    """Answered with an empty success in its turn, never logged."""
    silent = make_mock("otel", [], telemetry=True)
    slow = make_mock("api", [("GET /a", answered(b"first", (b"X", b"1")), "", 100.0)])
    mocks = {("http", "otel.test", 4318): silent, ("http", "api.test", 80): slow}

    async def act(scene: Any) -> None:
        scene.server.recorded_latency = True
        port = await scene.listen(None)
        both = GET % b"http://api.test/a" + GET % b"http://otel.test:4318/v1/traces"
        reader, _ = await scene.client(port, both)
        assert await body(reader) == b"first"
        assert await body(reader) == b"{}"

    scene = play(act, mocks)
    assert [call.dependency for call in scene.server.calls] == ["api"]


def test_garbage(play: Any, make_mock: Any) -> None:
    """It gets 400, and a note."""

    async def act(scene: Any) -> None:
        reader, _ = await scene.client(
            await scene.listen(make_mock("api", [])), b"\x00\x01\r\n\r\n"
        )
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")

    assert len(play(act).server.notes) == 1


def test_raw_dependencies_fail_closed(play: Any) -> None:
    """Bytes nobody understands cannot be answered: the connection closes and the call is missed."""
    raw = Mock("queue", codec("raw"), Matcher((), lambda opened: hash, set(), alone=True))

    async def act(scene: Any) -> None:
        reader, _ = await scene.client(await scene.listen(raw))
        assert await reader.read() == b""

    assert [(one.dependency, one.tier) for one in play(act).server.calls] == [("queue", MISS)]


def test_a_body_that_is_gone(play: Any, make_mock: Any, answered: Any) -> None:
    """A file that cannot be read any more costs one connection, and is noted."""
    one = make_mock("api", [("GET /big", answered(Stored("b" * 64, 5)))])

    async def act(scene: Any) -> None:
        reader, _ = await scene.client(await scene.listen(one), GET % b"/big")
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readuntil(b"never")

    assert len(play(act).server.notes) == 1


def test_answers_with_statuses_of_their_own(play: Any, make_mock: Any) -> None:
    """204 has no body and the next answer follows; 101 ends the connection: what came then was not
    recorded."""
    calls = [("GET /204", HttpResponse(204)), ("GET /101", HttpResponse(101, b"Switching"))]
    one = make_mock("api", calls)

    async def act(scene: Any) -> None:
        reader, _ = await scene.client(await scene.listen(one), GET % b"/204" + GET % b"/101")
        everything = await reader.read()
        assert everything.startswith(b"HTTP/1.1 204 ")
        assert b"HTTP/1.1 101 Switching\r\n" in everything

    play(act)
