"""Heads: what is accepted, what is refused, what is remembered."""

from __future__ import annotations

import pytest

from ci_gate.codecs.http1 import head as heads
from ci_gate.codecs.http1.framing import CHUNKED, UNTIL_CLOSE
from ci_gate.codecs.http1.head import head_end, raw_request, request_head, response_head
from ci_gate.codecs.http1.malformed import Malformed


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"", -1),
        (b"GET / HTTP/1.1\r\n", -1),
        (b"GET / HTTP/1.1\r\n\r", -1),
        (b"A\r\n\r\n", 5),
        (b"A\n\n", 3),
        (b"A\n\r\n", 4),
        (b"A\r\n\n", 4),
        (b"A\r\nB: c\n\nbody\r\n\r\n", 9),
        (b"A\r\nB: c\r\n\r\nbody\n\n", 11),
    ],
)
def test_the_end_of_a_head(data: bytes, end: int) -> None:
    """The first empty line ends a head, with or without CR; asked again, searched bytes are not."""
    assert head_end(data) == end
    for searched in range(len(data)):
        if head_end(data[:searched]) < 0:
            assert head_end(data, 0, searched) == end


def test_a_request() -> None:
    """Method, target, version and fields come as they were spelled, repeated fields apart."""
    head = request_head(
        b"POST /a?b HTTP/1.1\r\nX-A: 1\r\nx-a:\t2 \r\nX-E:\r\nContent-Length: 3\r\n\r\n"
    )
    message = head.message
    assert (message.method, message.target, message.version) == ("POST", b"/a?b", "1.1")
    assert message.headers == (
        (b"X-A", b"1"),
        (b"x-a", b"2"),
        (b"X-E", b""),
        (b"Content-Length", b"3"),
    )
    assert (head.length, head.close, head.common, head.expects) == (3, False, True, False)


@pytest.mark.parametrize(
    ("raw", "target"),
    [
        (b"GET /caf\xc3\xa9 HTTP/1.1\r\n\r\n", b"/caf\xc3\xa9"),
        (b"GET /\xff\xfe?\xe9 HTTP/1.1\r\nHost: x\r\n\r\n", b"/\xff\xfe?\xe9"),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", b"*"),
        (b"CONNECT a:443 HTTP/1.1\r\n\r\n", b"a:443"),
        (b'GET /|{}^`" HTTP/1.1\n\n', b'/|{}^`"'),
        (b"GET //double HTTP/1.0\r\n\r\n", b"//double"),
    ],
)
def test_targets_are_bytes(raw: bytes, target: bytes) -> None:
    """Non-ASCII paths, requests with no Host and bare line feeds are accepted."""
    assert request_head(raw).message.target == target


def test_values_need_not_be_utf8() -> None:
    """Header values are kept byte by byte."""
    head = request_head(b"GET / HTTP/1.1\r\nX: \xff\xe9\x01z\r\n\r\n")
    assert head.message.headers == ((b"X", b"\xff\xe9\x01z"),)


def test_absolute_form_becomes_origin_form() -> None:
    """The target's authority becomes Host, whatever Host said (RFC 9112 section 3.2.2)."""
    raw = b"GET http://u@api.example:81/a?b HTTP/1.1\r\nHost: other\r\nX: y\r\n\r\n"
    message = request_head(raw).message
    assert message.target == b"/a?b"
    assert message.headers == ((b"Host", b"api.example:81"), (b"X", b"y"))
    _, target, fields = raw_request(raw)
    assert target == b"http://u@api.example:81/a?b"
    assert fields == ((b"Host", b"other"), (b"X", b"y"))


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET / a HTTP/1.1\r\n\r\n", 400),
        (b"GET /\x01 HTTP/1.1\r\n\r\n", 400),
        (b"G(T / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1 \r\n\r\n", 400),
        (b"GET / http/1.1\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\xc3\xa9: c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 257 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ],
)
def test_requests_that_are_refused(raw: bytes, status: int) -> None:
    """What is not HTTP/1.x, or could be read in two ways, is refused with the status for it."""
    with pytest.raises(Malformed) as error:
        request_head(raw)
    assert error.value.status == status


@pytest.mark.parametrize(
    ("fields", "close", "common", "expects"),
    [
        (b"HTTP/1.1\r\nConnection: Close\r\n", True, False, False),
        (b"HTTP/1.1\r\nConnection: x, close\r\n", True, False, False),
        (b"HTTP/1.1\r\nConnection: x\r\nConnection: close\r\n", True, False, False),
        (b"HTTP/1.1\r\nConnection: keep-alive\r\n", False, True, False),
        (b"HTTP/1.0\r\n", True, False, False),
        (b"HTTP/1.0\r\nConnection: Keep-Alive\r\n", False, False, False),
        (b"HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n", False, True, True),
        (b"HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n", True, False, False),
        (b"HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\nContent-Length: 1\r\n", True, False, False),
        (b"HTTP/1.9\r\n", False, True, False),
    ],
)
def test_what_a_request_says_of_the_connection(
    fields: bytes, close: bool, common: bool, expects: bool
) -> None:
    """Version, Connection, Expect and doubtful framing decide what the connection does next."""
    head = request_head(b"PUT / " + fields + b"\r\n")
    assert (head.close, head.common, head.expects) == (close, common, expects)


def test_transfer_encoding_is_case_insensitive() -> None:
    """Chunked is chunked in any case."""
    assert request_head(b"PUT / HTTP/1.1\r\ntransfer-ENCODING: ChunkeD\r\n\r\n").length == CHUNKED


@pytest.mark.parametrize(
    ("raw", "status", "reason", "length", "close"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 200, b"OK", 2, False),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n", 200, b"", 2, False),
        (b"HTTP/1.1 200 \r\n\r\n", 200, b"", UNTIL_CLOSE, False),
        (b"HTTP/1.1 404 Nicht da \xe4\r\n\r\n", 404, b"Nicht da \xe4", UNTIL_CLOSE, False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", 200, b"OK", 2, True),
        (b"HTTP/1.1 204 No\r\nContent-Length: x\r\n\r\n", 204, b"No", 0, False),
        (b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n", 304, b"Same", 0, False),
        (
            b"HTTP/1.1 999 Odd\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            999,
            b"Odd",
            0,
            True,
        ),
    ],
)
def test_responses(raw: bytes, status: int, reason: bytes, length: int, close: bool) -> None:
    """Status, reason and framing of a response."""
    head = response_head(raw)
    assert (head.message.status, head.message.reason) == (status, reason)
    assert (head.length, head.close) == (length, close)


def test_a_folded_response_field_becomes_one_line() -> None:
    """Old servers fold lines; a recipient of responses replaces the fold by a space."""
    head = response_head(b"HTTP/1.1 200 OK\r\nX: a\r\n  b\r\n\tc\r\nContent-Length: 0\r\n\r\n")
    assert head.message.headers[0] == (b"X", b"a b c")


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: first\r\n\r\n",
    ],
)
def test_responses_that_are_refused(raw: bytes) -> None:
    """What is not a response's head raises the codec's own error."""
    with pytest.raises(Malformed):
        response_head(raw)


@pytest.mark.parametrize(
    ("content_type", "stream"),
    [
        (b"text/event-stream", True),
        (b"Text/Event-Stream; charset=utf-8", True),
        (b"multipart/x-mixed-replace;boundary=x", True),
        (b"text/event-streaming", False),
        (b"application/json", False),
    ],
)
def test_streams_are_known_by_their_media_type(content_type: bytes, stream: bool) -> None:
    """Only the two media types without a natural end are streams."""
    head = response_head(b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type + b"\r\n\r\n")
    assert head.stream is stream


def test_a_head_is_parsed_once() -> None:
    """The same bytes give the same object, so that what is derived from it can be kept by it."""
    raw = b"GET /once HTTP/1.1\r\n\r\n"
    assert request_head(raw) is request_head(bytes(bytearray(raw)))


def test_the_memo_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long-lived process forgets heads instead of growing, and never keeps large ones."""
    monkeypatch.setattr(heads, "MEMO_ENTRIES", 8)
    heads.REQUESTS.clear()
    heads.RESPONSES.clear()
    for number in range(100):
        request_head(b"GET /%d HTTP/1.1\r\n\r\n" % number)
        response_head(b"HTTP/1.1 200 %d\r\n\r\n" % number)
        assert len(heads.REQUESTS) <= 8
        assert len(heads.RESPONSES) <= 8
    large = b"GET / HTTP/1.1\r\nX: " + b"x" * heads.MEMO_BYTES + b"\r\n\r\n"
    assert request_head(large).message.target == b"/"
    assert large not in heads.REQUESTS
