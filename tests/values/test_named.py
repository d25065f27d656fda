"""Whole messages with addresses as names."""

from ci_gate.model.message import HttpRequest, HttpResponse, Piece, Pieces, Stored
from ci_gate.values.addresses import Addresses
from ci_gate.values.named import with_live, with_names

RECORDED = Addresses({"service": ("127.0.0.1:4143", "localhost:4143")})
NOW = Addresses({"service": ("127.0.0.1:9000",)})


def test_a_request_travels_to_another_port() -> None:
    """What was recorded on one port is replayed on another, in target, header and body."""
    request = HttpRequest(
        "POST",
        b"/cb?to=http://localhost:4143/x",
        ((b"Host", b"localhost:4143"),),
        b'{"self": "http://127.0.0.1:4143/me"}',
    )
    live = with_live(with_names(request, RECORDED), NOW)
    assert live.target == b"/cb?to=http://127.0.0.1:9000/x"
    assert live.headers == ((b"Host", b"127.0.0.1:9000"),)
    assert live.body == b'{"self": "http://127.0.0.1:9000/me"}'


def test_streams_are_changed_part_by_part_and_files_not_at_all() -> None:
    """A body that lies in a file cannot be changed here; a stream's parts can."""
    stream = HttpResponse(200, body=Pieces((Piece(0.0, b"data: 127.0.0.1:4143\n"),)))
    assert with_names(stream, RECORDED).body == Pieces((Piece(0.0, b"data: {service}\n"),))
    stored = HttpResponse(200, body=Stored("ab", 2))
    assert with_names(stored, RECORDED) == stored
