"""The quick look at a live response."""

from __future__ import annotations

from ci_gate.diff.expectation import Expectation
from ci_gate.model.message import HttpResponse, Piece, Pieces, Raw, Stored


def _response(*headers: tuple[bytes, bytes], body: bytes = b"x", status: int = 200) -> HttpResponse:
    return HttpResponse(status, b"OK", headers, body)


def test_equal_response_matches_when_only_uncompared_headers_differ() -> None:
    """Date, Content-Length, framing, the case of names and the order of names do not count."""
    expected = Expectation(
        _response((b"Date", b"a"), (b"X-A", b"1"), (b"Server", b"s/1"), (b"X-B", b"2"))
    )
    live = _response(
        (b"x-b", b" 2 "), (b"server", b"s/2"), (b"Connection", b"close"), (b"X-a", b"1")
    )
    assert expected.matches(live)


def test_each_compared_thing_is_seen() -> None:
    """Status, header values, presence, repeated fields' order, body and trailers each count."""
    recorded = HttpResponse(
        200, b"", ((b"A", b"1"), (b"C", b"x"), (b"C", b"y"), (b"Via", b"p")), b"b"
    )
    expected = Expectation(recorded)
    assert expected.matches(recorded)
    for status, headers, body, trailers in (
        (201, recorded.headers, b"b", ()),
        (200, recorded.headers[1:], b"b", ()),
        (200, ((b"A", b"2"), *recorded.headers[1:]), b"b", ()),
        (200, (*recorded.headers, (b"New", b"1")), b"b", ()),
        (200, recorded.headers[:3], b"b", ()),
        (
            200,
            (recorded.headers[0], recorded.headers[2], recorded.headers[1], recorded.headers[3]),
            b"b",
            (),
        ),
        (200, recorded.headers, b"c", ()),
        (200, recorded.headers, b"b", ((b"T", b"1"),)),
    ):
        assert not expected.matches(HttpResponse(status, b"", headers, body, trailers))


def test_stream_matches_whatever_its_pieces() -> None:
    """An event stream is compared by its data, not by where the network cut it."""
    pieces = Pieces((Piece(0, b"data: 1\n\n"), Piece(5, b"data: 2\n\n")))
    expected = Expectation(HttpResponse(200, b"", (), pieces))
    assert expected.matches(
        HttpResponse(200, b"", (), Pieces((Piece(1, b"data: 1\n\ndata: 2\n\n"),)))
    )
    assert expected.matches(HttpResponse(200, b"", (), b"data: 1\n\ndata: 2\n\n"))
    assert not expected.matches(HttpResponse(200, b"", (), b"data: 1\n\n"))
    cut = Pieces((Piece(1, b"data: 1\n\ndata: 2\n\n"),), complete=False)
    assert not expected.matches(HttpResponse(200, b"", (), cut))


def test_stored_body_matches_by_hash() -> None:
    """A body of over a megabyte of equal length and other content does not match."""
    expected = Expectation(HttpResponse(200, b"", (), Stored("a" * 64, 2_000_000)))
    assert expected.matches(HttpResponse(200, b"", (), Stored("a" * 64, 2_000_000)))
    assert not expected.matches(HttpResponse(200, b"", (), Stored("b" * 64, 2_000_000)))


def test_raw_never_matches_http() -> None:
    """An answer that is not HTTP is no match for one that is, and the other way round."""
    assert Expectation(Raw(b"x")).matches(Raw(b"x"))
    assert not Expectation(Raw(b"x")).matches(HttpResponse(200, b"", (), b"x"))
    assert not Expectation(_response()).matches(Raw(b"x"))
