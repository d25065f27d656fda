"""What a tap hears: conversations as scripts, each whole and byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ci_gate.codecs.base import Side, Undecodable
from ci_gate.model.message import HttpRequest

C, S = Side.CLIENT, Side.SERVER
Record = Callable[[str], list[Any]]

GET = "C> GET / HTTP/1.1\nC>\n"


def request_of(heard: Any) -> HttpRequest:
    """The request in a Heard."""
    assert isinstance(heard.message, HttpRequest)
    return heard.message


def bodies(found: list[Any]) -> list[tuple[Side, int, bytes]]:
    """Who said what in which exchange."""
    return [(heard.side, heard.number, heard.body) for heard in found]


def test_an_exchange(record: Record) -> None:
    """A request and its response, and nothing else."""
    found = record("""
        C> POST /orders?x=1 HTTP/1.1
        C> Host: api.example
        C> Content-Length: 5
        C>
        C> hello|
        S> HTTP/1.1 201 Created
        S> Content-Type: application/json
        S> Content-Length: 9
        S>
        S> {"id": 7}|
        C.
        S.
    """)
    assert bodies(found) == [(C, 0, b"hello"), (S, 0, b'{"id": 7}')]
    assert request_of(found[0]).target == b"/orders?x=1"
    assert (found[1].message.status, found[1].message.reason) == (201, b"Created")


def test_keep_alive_numbers_exchanges(record: Record) -> None:
    """Each request of a connection has the next number, and so has its response."""
    answer = "S> HTTP/1.1 200 OK\nS> Content-Length: 1\nS>\nS> {}|\n"
    text = "".join(f"C> GET /{index} HTTP/1.1\nC>\n" + answer.format(index) for index in range(3))
    found = record(text)
    assert [(heard.side, heard.number) for heard in found] == [
        (side, number) for number in range(3) for side in (C, S)
    ]
    assert [heard.body for heard in found if heard.side is S] == [b"0", b"1", b"2"]


def test_pipelining(record: Record) -> None:
    """Requests sent in one go are separate, and their answers pair in order."""
    found = record("""
        C> GET /a HTTP/1.1
        C>
        C> POST /b HTTP/1.1
        C> Content-Length: 2
        C>
        C> hiGET /c HTTP/1.1
        C>
        S> HTTP/1.1 200 OK
        S> Content-Length: 1
        S>
        S> aHTTP/1.1 200 OK
        S> Transfer-Encoding: chunked
        S>
        S> 1
        S> b
        S> 0
        S>
        S> HTTP/1.1 204 No Content
        S>
    """)
    assert bodies(found) == [
        (C, 0, b""),
        (C, 1, b"hi"),
        (C, 2, b""),
        (S, 0, b"a"),
        (S, 1, b"b"),
        (S, 2, b""),
    ]


def test_an_answer_before_the_request_ended(record: Record) -> None:
    """An early 4xx belongs to the request that is still being sent."""
    found = record("""
        C> GET /first HTTP/1.1
        C>
        S> HTTP/1.1 200 OK
        S> Content-Length: 0
        S>
        C> POST /upload HTTP/1.1
        C> Content-Length: 10
        C>
        C> half.|
        S> HTTP/1.1 413 Too Large
        S> Content-Length: 0
        S>
        C> other|
    """)
    assert bodies(found)[2:] == [(S, 1, b""), (C, 1, b"half.other")]
    assert found[2].message.status == 413


def test_head_has_no_body(record: Record) -> None:
    """The answer to HEAD ends with its head, whatever length it announces."""
    found = record("""
        C> HEAD / HTTP/1.1
        C>
        C> GET / HTTP/1.1
        C>
        S> HTTP/1.1 200 OK
        S> Content-Length: 1000
        S>
        S> HTTP/1.1 200 OK
        S> Content-Length: 2
        S>
        S> hi|
    """)
    assert bodies(found)[2:] == [(S, 0, b""), (S, 1, b"hi")]


@pytest.mark.parametrize(
    "fields", ["Transfer-Encoding: chunked", "Content-Type: text/event-stream"]
)
def test_head_of_something_without_length(record: Record, fields: str) -> None:
    """HEAD of a chunked or endless resource is answered by a head alone."""
    found = record(f"C> HEAD / HTTP/1.1\nC>\nS> HTTP/1.1 200 OK\nS> {fields}\nS>\n")
    assert bodies(found) == [(C, 0, b""), (S, 0, b"")]
    assert not found[1].parts


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_statuses_without_body(record: Record, status: str) -> None:
    """204 and 304 end with their head."""
    found = record(f"""
        C> GET / HTTP/1.1
        C>
        C> GET / HTTP/1.1
        C>
        S> HTTP/1.1 {status}
        S> Content-Length: 7
        S>
        S> HTTP/1.1 200 OK
        S> Content-Length: 2
        S>
        S> hi|
    """)
    assert bodies(found)[2:] == [(S, 0, b""), (S, 1, b"hi")]


def test_interim_responses_are_no_messages(record: Record) -> None:
    """100 and 103 are passed over; the final response counts."""
    found = record("""
        C> PUT / HTTP/1.1
        C> Expect: 100-continue
        C> Content-Length: 2
        C>
        S> HTTP/1.1 100 Continue
        S>
        C> hi|
        S> HTTP/1.1 103 Early Hints
        S> Link: </a>
        S>
        S> HTTP/1.1 200 OK
        S> Content-Length: 2
        S>
        S> ok|
    """)
    assert bodies(found) == [(C, 0, b"hi"), (S, 0, b"ok")]


def test_close_delimited(record: Record) -> None:
    """A body without length ends when the server closes."""
    found = record(GET + "S> HTTP/1.0 200 OK\nS>\nS> some\nS> thing|\nS.\n")
    assert bodies(found) == [(C, 0, b""), (S, 0, b"some\r\nthing")]
    assert not found[1].parts


def test_chunked_with_extensions_and_trailers(record: Record) -> None:
    """Chunks are joined, extensions dropped, trailers kept apart from headers."""
    found = record("""
        C> GET / HTTP/1.1
        C>
        S> HTTP/1.1 200 OK
        S> transfer-encoding: Chunked
        S>
        S> 5;name="v"
        S> hello
        S> 1
        S> !
        S> 0
        S> X-Sum: 1
        S> X-Sum: 2
        S>
        C> GET /next HTTP/1.1
        C>
    """)
    assert found[1].body == b"hello!"
    assert found[1].trailers == ((b"X-Sum", b"1"), (b"X-Sum", b"2"))
    assert found[1].message.headers == ((b"transfer-encoding", b"Chunked"),)
    assert found[2].number == 1


def test_repeated_fields_stay_apart(record: Record) -> None:
    """Set-Cookie, and any field that is repeated or comma-folded, is kept as it was sent."""
    found = record("""
        C> GET / HTTP/1.1
        C> Accept: a
        C> Accept: b, c
        C>
        S> HTTP/1.1 200 OK
        S> Set-Cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT
        S> Vary: x, y
        S> Set-Cookie: b=2
        S> Content-Length: 0
        S>
    """)
    assert found[0].message.headers == ((b"Accept", b"a"), (b"Accept", b"b, c"))
    assert [value for name, value in found[1].message.headers if name == b"Set-Cookie"] == [
        b"a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
        b"b=2",
    ]


def test_odd_but_real_requests(record: Record) -> None:
    """Empty lines in front, bare line feeds, no Host, non-ASCII path, value that is not UTF-8."""
    found = record("""
        C>
        C>
        C> GET /caf\\xc3\\xa9/\\xff HTTP/1.1
        C> X: \\xff\\xfe
        C>
        C> GET /bare HTTP/1.1\\nX: y\\n\\n|
    """)
    assert [heard.message.target for heard in found] == [b"/caf\xc3\xa9/\xff", b"/bare"]
    assert found[0].message.headers == ((b"X", b"\xff\xfe"),)


def test_a_coded_body_is_decoded(record: Record) -> None:
    """The body comes decoded and names its coding; the field stays."""
    coded = (
        "\\x1f\\x8b\\x08\\0\\0\\0\\0\\0\\0\\x03\\xcbH\\xcd\\xc9"
        "\\xc9\\x07\\0\\x86\\xa6\\x106\\x05\\0\\0\\0"
    )
    found = record(
        "C> POST / HTTP/1.1\nC> Content-Encoding: X-GZip\nC> Content-Length: 25\nC>\n"
        f"C> {coded}|\n"
        "S> HTTP/1.1 200 OK\nS> Content-Encoding: gzip\nS> Transfer-Encoding: chunked\nS>\n"
        f"S> 19\nS> {coded}\nS> 0\nS>\n"
    )
    assert bodies(found) == [(C, 0, b"hello"), (S, 0, b"hello")]
    assert [heard.message.coding for heard in found] == ["gzip", "gzip"]
    assert found[1].message.headers[0] == (b"Content-Encoding", b"gzip")


@pytest.mark.parametrize("coding", ["gzip", "gzip, br", "unheard-of"])
def test_a_body_that_cannot_be_decoded_stays_as_sent(record: Record, coding: str) -> None:
    """Broken, several or unknown codings: the bytes are kept and no coding is named."""
    found = record(
        GET
        + f"S> HTTP/1.1 200 OK\nS> Content-Encoding: {coding}\nS> Content-Length: 5\nS>\nS> plain|"
    )
    assert (found[1].body, found[1].message.coding) == (b"plain", "")


def test_an_event_stream_comes_in_parts(record: Record) -> None:
    """A stream begins with its head and goes on until somebody ends it."""
    found = record("""
        C> GET / HTTP/1.1
        C>
        S> HTTP/1.1 200 OK
        S> Content-Type: text/event-stream
        S> Transfer-Encoding: chunked
        S>
        S> 6
        S> data:1
        S> 6
        S> data:2
        S> 0
        S>
    """)
    assert (found[1].body, found[1].parts, found[1].stream) == (b"data:1data:2", True, True)
    assert found[1].complete


def test_a_sender_that_goes_away(record: Record) -> None:
    """Half a message is begun and ended incomplete, never whole."""
    found = record("""
        C> POST / HTTP/1.1
        C> Content-Length: 10
        C>
        C> half|
        S> HTTP/1.1 200 OK
        S> Transfer-Encoding: chunked
        S>
        S> 3
        S> abc
        S.
        C.
    """)
    assert [(heard.side, heard.body, heard.complete) for heard in found] == [
        (S, b"abc", False),
        (C, b"half", False),
    ]


def test_an_upgrade_ends_the_decoding(record: Record) -> None:
    """101 is a message; what follows is somebody else's protocol."""
    found = record("""
        C> GET /chat HTTP/1.1
        C> Upgrade: websocket
        C> Connection: Upgrade
        C>
        S> HTTP/1.1 101 Switching Protocols
        S> Upgrade: websocket
        S>
        S> \\x81\\x05hello|
        C> \\x81\\x85|
        C.
        S.
    """)
    assert [heard.message.status for heard in found[1:2]] == [101]
    assert found[2:] == [Undecodable(S, "upgraded to websocket", upgrade=True)]


def test_an_upgrade_that_is_declined(record: Record) -> None:
    """Without 101 the connection goes on as HTTP."""
    found = record(
        "C> GET / HTTP/1.1\nC> Upgrade: h2c\nC>\nS> HTTP/1.1 200 OK\nS> Content-Length: 0\nS>\n"
        + GET
        + "S> HTTP/1.1 200 OK\nS> Content-Length: 0\nS>\n"
    )
    assert [heard.number for heard in found] == [0, 0, 1, 1]


def test_connect(record: Record) -> None:
    """A tunnel that is opened ends the decoding, one that is refused does not."""
    found = record("""
        C> CONNECT a:443 HTTP/1.1
        C>
        S> HTTP/1.1 407 Authenticate
        S> Content-Length: 2
        S>
        S> no|
        C> CONNECT a:443 HTTP/1.1
        C>
        S> HTTP/1.1 200 OK
        S>
        S> \\x16\\x03|
    """)
    assert bodies(found[:4]) == [(C, 0, b""), (S, 0, b"no"), (C, 1, b""), (S, 1, b"")]
    assert found[4:] == [Undecodable(S, "a tunnel was opened with CONNECT", upgrade=True)]


def test_an_idle_connection_that_times_out(record: Record) -> None:
    """A 408 that answers nothing is how servers leave; it is no message and no error."""
    found = record("S> HTTP/1.1 408 Request Timeout\nS> Connection: close\nS>\nS.\nC.\n")
    assert found == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("C> \\x16\\x03\\x01\\x02|\nC.", "TLS where a request was to begin"),
        ("C> \\x00|", "where a request was to begin"),
        (GET + "S> SSH-2.0-x|", "where a response was to begin"),
        ("S> HTTP/1.1 200 OK\nS>", "a response (200) to no request"),
        ("C> PRI * HTTP/2.0\nC>", "HTTP/2 without negotiation"),
        ("C> GET / HTTP/1.1\nC> Host : x\nC>", "is not a field line"),
        ("C> GET / HTTP/1.1\nC> X: half|\nC.", "closed in the middle of a head"),
        (GET + "S> HTTP/1.1 200|\nS.", "closed in the middle of a head"),
        ("C> PUT / HTTP/1.1\nC> Transfer-Encoding: chunked\nC>\nC> zz\nC>", "is not a chunk size"),
    ],
)
def test_garbage_makes_the_connection_undecodable(record: Record, text: str, reason: str) -> None:
    """A protocol error ends the decoding with one line that says what it was."""
    found = record(text + "\n--\nC> GET /after HTTP/1.1\nC>")
    errors = [item for item in found if isinstance(item, Undecodable)]
    assert len(errors) == 1
    assert found[-1] is errors[0]
    assert reason in errors[0].reason
    assert not errors[0].upgrade
