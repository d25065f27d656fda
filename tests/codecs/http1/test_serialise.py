"""Messages as bytes, and h11's opinion of them."""

from __future__ import annotations

import h11
import pytest

from ci_gate.codecs.http1.serialise import (
    as_recorded,
    chunk,
    head_bytes,
    is_chunked,
    last_chunk,
    prepare,
    refusal,
    streamed_length,
    until_close,
    whole,
)
from ci_gate.model.message import Headers, HttpRequest, HttpResponse, Opaque, Pieces, Stored

CHUNKED = (b"Transfer-Encoding", b"Chunked")


@pytest.mark.parametrize(
    ("fields", "body", "expected"),
    [
        ((), b"", b"Content-Length: 0\r\n\r\n"),
        ((), b"hi", b"Content-Length: 2\r\n\r\nhi"),
        (((b"content-LENGTH", b"7"), (b"A", b"b")), b"hi", b"content-LENGTH: 2\r\nA: b\r\n\r\nhi"),
        (((b"Content-Length", b"2"),) * 2, b"hi", b"Content-Length: 2\r\n\r\nhi"),
        ((CHUNKED,), b"hi", b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
        ((CHUNKED,), b"", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (
            (CHUNKED, (b"Content-Length", b"2")),
            b"hi",
            b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        ),
        (
            ((b"Connection", b"close"), (b"Keep-Alive", b"x"), (b"Proxy-Connection", b"y")),
            b"",
            b"Content-Length: 0\r\n\r\n",
        ),
        (
            ((b"Connection", b"Keep-Alive, X-Hop, close"), (b"X-Hop", b"1")),
            b"",
            b"Connection: X-Hop\r\nX-Hop: 1\r\nContent-Length: 0\r\n\r\n",
        ),
        (((b"X", b"\xff"),), b"", b"X: \xff\r\nContent-Length: 0\r\n\r\n"),
    ],
)
def test_responses(fields: Headers, body: bytes, expected: bytes) -> None:
    """The framing fields follow the bytes that are sent, in the recorded place and spelling; all
    others go out as they were."""
    expected = expected.replace(b"Transfer-Encoding: c", CHUNKED[0] + b": c")
    message = HttpResponse(200, b"OK", fields, body)
    assert prepare(message) == b"HTTP/1.1 200 OK\r\n" + expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (HttpRequest("GET", b"/\xc3\xa9?x"), b"GET /\xc3\xa9?x HTTP/1.1\r\n\r\n"),
        (HttpRequest("POST", b"/"), b"POST / HTTP/1.1\r\n\r\n"),
        (
            HttpRequest("POST", b"/", ((b"Content-Length", b"0"),)),
            b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        ),
        (HttpRequest("PUT", b"/", (), b"x"), b"PUT / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"),
        (
            HttpRequest("GET", b"/", ((b"Connection", b"Keep-Alive"),), version="1.0"),
            b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        ),
        (HttpRequest("GET", b"/", ((b"Connection", b"close"),)), b"GET / HTTP/1.1\r\n\r\n"),
    ],
)
def test_requests(message: HttpRequest, expected: bytes) -> None:
    """A request without a body and without framing fields gets none; its version stays."""
    assert prepare(message) == expected


def test_trailers_need_chunks() -> None:
    """Trailers go out after the last chunk, also when nothing says chunked."""
    message = HttpResponse(200, b"OK", (), b"hi", ((b"X", b"1"), (b"X", b"2")))
    assert is_chunked(message)
    assert prepare(message).endswith(b"\r\n\r\n2\r\nhi\r\n0\r\nX: 1\r\nX: 2\r\n\r\n")


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_body(status: int) -> None:
    """204 and 304 keep their fields and send no body."""
    fields = ((b"Content-Length", b"9"),)
    assert prepare(HttpResponse(status, b"", fields, b"ignored")) == (
        b"HTTP/1.1 %d \r\nContent-Length: 9\r\n\r\n" % status
    )


def test_other_states() -> None:
    """HEAD gets the head, the connection's option is added once, an old client gets a length."""
    message = HttpResponse(200, b"OK", (CHUNKED, (b"Connection", b"x")), b"hi")
    assert whole(message, connection=b"", head_only=True, chunks=True) == (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nConnection: x\r\n\r\n"
    )
    assert whole(message, connection=b"close", head_only=False, chunks=False) == (
        b"HTTP/1.1 200 OK\r\nConnection: x, close\r\nContent-Length: 2\r\n\r\nhi"
    )


def test_a_coded_body_is_coded_again() -> None:
    """The body goes out in its coding and the length is that of what goes out."""
    fields = ((b"Content-Encoding", b"gzip"), (b"Content-Length", b"999"))
    data = prepare(HttpResponse(200, b"OK", fields, b"x" * 500, coding="gzip"))
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
    assert len(body) < 100


def test_only_bytes_are_prepared() -> None:
    """Bodies that are not at hand are streamed, not prepared."""
    with pytest.raises(TypeError):
        prepare(HttpResponse(200, b"OK", (), Stored("ab", 1)))


def test_pieces_of_a_streamed_message() -> None:
    """Heads, chunks and the last one, for callers that stream."""
    message = HttpResponse(200, b"OK", ((b"Content-Length", b"9"), CHUNKED))
    assert head_bytes(message, 3) == b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
    assert head_bytes(message, None) == b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert as_recorded(message) == (
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: Chunked\r\n\r\n"
    )
    assert until_close(message) == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert last_chunk() == b"0\r\n\r\n"
    assert last_chunk(((b"A", b"b"),)) == b"0\r\nA: b\r\n\r\n"


@pytest.mark.parametrize(
    ("message", "length"),
    [
        (HttpResponse(200, b"", (), Stored("a", 7)), 7),
        (HttpResponse(200, b"", (CHUNKED,), Stored("a", 7)), None),
        (HttpResponse(200, b"", (), Stored("a", 7), coding="br"), None),
        (HttpResponse(200, b"", (), Pieces(())), None),
        (HttpResponse(200, b"", (), Opaque(7, "a")), None),
        (HttpResponse(200, b"", (), b"1234567"), 7),
        (HttpResponse(200, b"", (), b"1234567", coding="br"), None),
    ],
)
def test_the_length_of_a_streamed_message(message: HttpResponse, length: int | None) -> None:
    """Only what is sent as it is stored has a length that is known before."""
    assert streamed_length(message) == length


def test_a_refusal() -> None:
    """What cannot be read gets a short JSON answer and the end."""
    data = refusal(431, 'too "much"')
    assert data.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert b"Connection: close\r\n" in data
    assert data.endswith(b'{"error":"ci-gate: not HTTP/1.1","reason":"too \\"much\\""}\n')


def test_h11_reads_what_we_say() -> None:
    """Somebody else's parser finds the same request in our bytes."""
    client = h11.Connection(h11.SERVER)
    fields = ((b"Host", b"x"), CHUNKED)
    client.receive_data(prepare(HttpRequest("PUT", b"/a", fields, b"body", ((b"T", b"1"),))))
    request = client.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method, request.target) == (b"PUT", b"/a")
    data = client.next_event()
    assert isinstance(data, h11.Data)
    assert bytes(data.data) == b"body"
    end = client.next_event()
    assert isinstance(end, h11.EndOfMessage)
    assert list(end.headers) == [(b"t", b"1")]
