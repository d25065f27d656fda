"""h11 as the oracle: what we say it reads, what it says we read, with equal fields."""

from __future__ import annotations

from typing import Any

import h11
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.codecs.base import Side, Whole
from ci_gate.codecs.http1.conversation import Mocking, Replaying
from ci_gate.codecs.http1.serialise import prepare
from ci_gate.model.message import HttpRequest, HttpResponse

C, S = Side.CLIENT, Side.SERVER
TOKEN = st.text("abcXYZ019-_.!", min_size=1, max_size=8).map(str.encode)
VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=12).map(str.encode)
FIELDS = st.lists(st.tuples(TOKEN.map(lambda name: b"X-" + name), VALUE), max_size=5)
TARGET = VALUE.map(lambda rest: b"/" + rest)
METHOD = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"])
STATUS = st.sampled_from([200, 201, 204, 304, 404, 500])
BODY = st.binary(max_size=60)
HOST = (b"Host", b"x")
CHUNKED = (b"Transfer-Encoding", b"chunked")


def lower(fields: Any) -> list[tuple[bytes, bytes]]:
    """Fields with names in lower case, without the framing ones."""
    framing = (b"content-length", b"transfer-encoding")
    return [
        (bytes(name).lower(), bytes(value))
        for name, value in fields
        if bytes(name).lower() not in framing
    ]


def events(connection: h11.Connection, data: bytes) -> tuple[Any, bytes, list[Any]]:
    """Head, body and trailers h11 finds."""
    connection.receive_data(data)
    head = connection.next_event()
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    return head, body, list(event.headers)


@settings(deadline=None)
@given(
    method=METHOD, target=TARGET, fields=FIELDS, body=BODY, trailers=FIELDS, chunks=st.booleans()
)
def test_h11_hears_our_requests(
    method: str, target: bytes, fields: Any, body: bytes, trailers: Any, chunks: bool
) -> None:
    """The request we say is the one h11 hears."""
    headers = (HOST, *fields, CHUNKED) if chunks else (HOST, *fields)
    said = HttpRequest(method, target, headers, body, tuple(trailers) if chunks else ())
    head, heard, after = events(h11.Connection(h11.SERVER), prepare(said))
    assert (head.method, head.target, heard) == (method.encode(), target, body)
    assert lower(head.headers) == lower(headers)
    assert lower(after) == lower(said.trailers)


@settings(deadline=None)
@given(status=STATUS, fields=FIELDS, body=BODY, trailers=FIELDS, chunks=st.booleans())
def test_h11_hears_our_responses(
    status: int, fields: Any, body: bytes, trailers: Any, chunks: bool
) -> None:
    """The response we say is the one h11 hears, bodiless where it must be."""
    headers = (*fields, CHUNKED) if chunks and status not in (204, 304) else tuple(fields)
    said = HttpResponse(status, b"Reason", headers, body, tuple(trailers) if chunks else ())
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[HOST]))
    client.send(h11.EndOfMessage())
    head, heard, after = events(client, prepare(said))
    assert (head.status_code, bytes(head.reason)) == (status, b"Reason")
    assert heard == (b"" if status in (204, 304) else body)
    assert lower(head.headers) == lower(headers)
    assert lower(after) == (lower(said.trailers) if status not in (204, 304) else [])


def said_by(connection: h11.Connection, head: Any, body: bytes, trailers: Any) -> bytes:
    """What h11 sends for a message; its body in two parts."""
    data = connection.send(head) or b""
    for part in (body[:7], body[7:]):
        if part:
            data += connection.send(h11.Data(data=part)) or b""
    return data + (connection.send(h11.EndOfMessage(headers=trailers)) or b"")


@settings(deadline=None)
@given(
    method=METHOD, target=TARGET, fields=FIELDS, body=BODY, trailers=FIELDS, chunks=st.booleans()
)
def test_we_hear_h11s_requests(
    method: str, target: bytes, fields: Any, body: bytes, trailers: Any, chunks: bool
) -> None:
    """The request h11 says is the one we hear."""
    frame = CHUNKED if chunks else (b"Content-Length", b"%d" % len(body))
    request = h11.Request(method=method, target=target, headers=[HOST, *fields, frame])
    trailers = trailers if chunks else []
    data = said_by(h11.Connection(h11.CLIENT), request, body, trailers)
    (whole,) = Mocking().feed(C, data, 0)
    assert isinstance(whole, Whole)
    heard = whole.message
    assert isinstance(heard, HttpRequest)
    assert (heard.method, heard.target, heard.body) == (method, target, body)
    assert lower(heard.headers) == lower([HOST, *fields])
    assert lower(heard.trailers) == lower(trailers)


@settings(deadline=None)
@given(
    status=STATUS,
    fields=FIELDS,
    body=BODY,
    chunks=st.booleans(),
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_we_hear_h11s_responses(
    status: int, fields: Any, body: bytes, chunks: bool, method: str
) -> None:
    """The response h11 says is the one we hear, to HEAD and bodiless statuses too."""
    silent = method == "HEAD" or status in (204, 304)
    body = b"" if silent else body
    frame = CHUNKED if chunks else (b"Content-Length", b"%d" % len(body))
    server = h11.Connection(h11.SERVER)
    events(server, prepare(HttpRequest(method, b"/", (HOST,))))
    response = h11.Response(
        status_code=status, reason="Reason", headers=[*fields] if silent else [*fields, frame]
    )
    data = said_by(server, response, body, [])
    replay = Replaying()
    replay.say(C, HttpRequest(method, b"/", (HOST,)))
    (whole,) = replay.feed(S, data, 0)
    assert isinstance(whole, Whole)
    heard = whole.message
    assert isinstance(heard, HttpResponse)
    assert (heard.status, heard.reason, heard.body) == (status, b"Reason", body)
    assert lower(heard.headers) == lower(fields)
