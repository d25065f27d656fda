"""What makes two requests the same call."""

from __future__ import annotations

import pytest

from ci_gate.codecs.http1 import keys
from ci_gate.codecs.http1.keys import facts, full, key, label, route
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    Body,
    Headers,
    HttpRequest,
    Opaque,
    Piece,
    Pieces,
    Stored,
)


def request(*headers: tuple[bytes, bytes], body: Body = b"{}") -> HttpRequest:
    """A request."""
    return HttpRequest("POST", b"/charges/7?dry=1", headers, body)


MONDAY = b"Mon, 05 Jan 2026 10:00:00 GMT"
TUESDAY = b"Tue, 06 Jan 2026 10:00:00 GMT"


def test_a_key() -> None:
    """coarse folds the path, full holds every compared place."""
    headers = (
        (b"Content-Type", b"Application/JSON; charset=utf-8"),
        (b"Accept", b"*/*"),
        (b"authorization", b"Bearer secret"),
        (b"Idempotency-Key", b"1"),
        (b"User-Agent", b"x"),
    )
    made = key(request(*headers))
    assert made.coarse == ("http", "POST", "/charges/{id}")
    compared = (b"application/json", b"*/*", b"bearer", True, None, None, None, False, False)
    assert made.full == ("POST", b"/charges/7?dry=1", b"{}", compared)
    assert full(request(*headers)) == made.full
    assert made.fields == compared
    assert hash(made.full)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (((b"User-Agent", b"a"),), ((b"User-Agent", b"b"), (b"X-Id", b"1"))),
        (((b"Authorization", b"Bearer a"),), ((b"AUTHORIZATION", b"bearer b"),)),
        (((b"Idempotency-Key", b"a"),), ((b"idempotency-key", b"b"),)),
        (
            ((b"Content-Type", b"multipart/form-data; boundary=a"),),
            ((b"Content-Type", b"multipart/form-data; boundary=b"),),
        ),
        (((b"Host", b"a:1"),), ((b"Host", b"a:2"),)),
        (((b"If-Modified-Since", MONDAY),), ((b"if-modified-since", TUESDAY),)),
        (((b"If-Unmodified-Since", MONDAY),), ((b"if-unmodified-since", TUESDAY),)),
    ],
)
def test_what_is_not_compared(one: Headers, other: Headers) -> None:
    """Values of authorization and idempotency key, parameters of the media type, dates of
    conditions, which mocks move with the clock, and other headers."""
    assert key(request(*one)) == key(request(*other))


@pytest.mark.parametrize(
    "headers",
    [
        ((b"Authorization", b"Basic a"),),
        ((b"Authorization", b"Bearer a"),),
        ((b"Idempotency-Key", b"a"),),
        ((b"Content-Type", b"text/plain"),),
        ((b"Accept", b"text/plain"),),
        ((b"If-Match", b'"1"'),),
        ((b"If-None-Match", b'"1"'),),
        ((b"Range", b"bytes=0-3"),),
        ((b"If-Modified-Since", MONDAY),),
        ((b"If-Unmodified-Since", MONDAY),),
    ],
)
def test_what_is_compared(headers: Headers) -> None:
    """Presence and scheme, presence, media type, Accept and conditions make another call."""
    assert key(request(*headers)).full != key(request()).full


def test_another_entity_tag_is_another_call() -> None:
    """Who asks whether something else is still good must not hear that it is."""
    one, other = (request((b"If-None-Match", tag)) for tag in (b'"1"', b'"2"'))
    assert key(one).full != key(other).full


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"a", b"b"),
        (Stored("aa", 1), Stored("bb", 1)),
        (Opaque(1, "a"), Opaque(1, "b")),
        (Pieces((Piece(0, b"a"),)), Pieces((Piece(0, b"b"),))),
        (b"a", Stored("aa", 1)),
    ],
)
def test_bodies(one: Body, other: Body) -> None:
    """Every kind of body is hashable and tells itself apart."""
    assert key(request(body=one)) == key(request(body=one))
    assert hash(key(request(body=one)).full)
    assert key(request(body=one)).full != key(request(body=other)).full


def test_pieces_are_compared_without_their_cuts() -> None:
    """How a stream was cut is not part of the call."""
    one = Pieces((Piece(0, b"ab"),))
    other = Pieces((Piece(0, b"a"), Piece(5, b"b")))
    assert key(request(body=one)) == key(request(body=other))


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (b"/charges/7?dry=1", "POST /charges/7?dry=1"),
        (b"/caf\xc3\xa9?a=b?c&d=%41", "POST /caf%C3%A9?a=b?c&d=A"),
        (b"/a?", "POST /a?"),
        (b"/a", "POST /a"),
    ],
)
def test_labels(target: bytes, text: str) -> None:
    """A call as people write it, in ASCII."""
    assert label(HttpRequest("POST", target)) == text


def test_routes() -> None:
    """The route leaves out the query."""
    assert route(HttpRequest("GET", b"/a/7?b=8")) == "GET /a/{id}"


@pytest.mark.parametrize(
    ("method", "effect"),
    [(method, "read") for method in ("GET", "HEAD", "OPTIONS", "TRACE")]
    + [(method, "write") for method in ("POST", "PUT", "DELETE", "PATCH", "PURGE")],
)
def test_facts(method: str, effect: str) -> None:
    """Safe methods read, all others write, and the dependency is the target."""
    exchange = Exchange(id="o1", dependency="payments", route="", request=HttpRequest(method, b"/"))
    found = facts(exchange)
    assert (found.effect, found.targets, found.order) == (effect, ("payments",), "")


def test_the_memo_is_bounded_and_not_fooled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered by identity belongs to exactly that headers object."""
    monkeypatch.setattr(keys, "_MEMO_ENTRIES", 8)
    keys._memo.clear()
    for number in range(100):
        accept = b"%d" % number
        assert key(request((b"Accept", accept))).fields[1] == accept
        assert len(keys._memo) <= 8
