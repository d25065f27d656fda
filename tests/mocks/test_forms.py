"""Canonical forms: what is compared by kind, and what nothing excuses."""

from __future__ import annotations

import msgspec
import pytest

from ci_gate.codecs.registry import codec
from ci_gate.mocks.forms import absent_too, canonical_form
from ci_gate.model.message import HttpRequest

HTTP = codec("http")
JSON = (b"Content-Type", b"application/json")
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")


def same(opened: tuple[tuple[str, str], ...], one: HttpRequest, other: HttpRequest) -> bool:
    """Whether both have the same form with these places opened."""
    form = canonical_form(HTTP, opened)
    return form(one) == form(other)


def post(body: bytes, *headers: tuple[bytes, bytes]) -> HttpRequest:
    """A request with a body."""
    return HttpRequest("POST", b"/a?x=1", headers, body)


def test_an_opened_place_is_compared_by_kind() -> None:
    """Another value of the kind is the same call; a value of another kind is not."""
    opened = (("request.body.$.at", "timestamp"),)
    first = post(b'{"at": "2026-01-01T00:00:00Z", "n": 1}', JSON)
    assert same(opened, first, post(b'{"at": "2027-05-05T05:05:05Z", "n": 1}', JSON))
    assert not same(opened, first, post(b'{"at": "soon", "n": 1}', JSON))
    assert not same(opened, first, post(b'{"at": "2027-05-05T05:05:05Z", "n": 2}', JSON))
    assert not same((), first, post(b'{"at": "2027-05-05T05:05:05Z", "n": 1}', JSON))


def test_any_excuses_any_value_but_not_its_absence() -> None:
    """A field that is gone is a change."""
    opened = (("request.body.token", "any"),)
    first = post(b"token=abc&n=1", FORM)
    assert same(opened, first, post(b"token=xyz&n=1", FORM))
    assert not same(opened, first, post(b"n=1", FORM))


def test_a_kind_of_stand_ins_only() -> None:
    """What was redacted and has no check of its own takes any value, but not nothing."""
    opened = (("request.body.$.password", "secret"),)
    first = post(b'{"password": "Xk3-redacted-91"}', JSON)
    assert same(opened, first, post(b'{"password": "hunter2"}', JSON))
    assert not same(opened, first, post(b'{"password": ""}', JSON))
    assert not same(opened, first, post(b'{"password": null}', JSON))


@pytest.mark.parametrize(
    ("at", "kind", "expected"),
    [
        *(("request.body", "any", True), ("request.query.*", "any", True)),
        *(("request.headers.*", "any", True), ("request.headers.accept", "any", True)),
        *(("request.body", "json", False), ("request.body.$.id", "any", False)),
        *(("request.headers.x-own", "any", False), ("request.query.q", "any", False)),
    ],
)
def test_what_may_be_absent(at: str, kind: str, expected: bool) -> None:
    """What is told of a rule holds for the form: with the place and without it are one, or two."""
    assert absent_too(at, kind) is expected
    full = HttpRequest("POST", b"/a?q=1", ((b"Accept", b"x"), (b"X-Own", b"y"), JSON), b'{"id": 1}')
    bare = {
        "request.body": {"body": b""},
        "request.body.$.id": {"body": b"{}"},
        "request.query.*": {"target": b"/a"},
        "request.query.q": {"target": b"/a"},
    }.get(at, {"headers": full.headers[1:]})
    if at != "request.headers.x-own":  # never compared, and so the same without any rule
        assert same(((at, kind),), full, msgspec.structs.replace(full, **bare)) is expected


def test_query_and_path() -> None:
    """Places outside the body are opened alike."""
    one = HttpRequest("GET", b"/a?q=x&at=8f14e45f-ceea-467f-a0e6-3c5b5d1c1b1a")
    assert same(
        (("request.query.at", "uuid"),),
        one,
        HttpRequest("GET", b"/a?q=x&at=0f14e45f-ceea-467f-a0e6-3c5b5d1c1b1f"),
    )
    assert not same(
        (("request.query.at", "uuid"),),
        one,
        HttpRequest("GET", b"/b?q=x&at=0f14e45f-ceea-467f-a0e6-3c5b5d1c1b1f"),
    )


def test_compared_headers() -> None:
    """Of the headers only those that a key compares count, and each can be opened."""
    plain = post(b"{}", JSON)
    assert same((), plain, post(b"{}", JSON, (b"X-Id", b"7"), (b"User-Agent", b"x")))
    other = post(b"{}", JSON, (b"Accept", b"text/html"))
    assert not same((), plain, other)
    assert same((("request.headers.accept", "any"),), plain, other)
    assert same((("request.headers.*", "any"),), plain, post(b"{}"))


def test_a_body_that_is_open_for_anything() -> None:
    """All of it, its absence, and its type where that is open, too; but not for one kind alone."""
    opened = (("request.body", "any"), ("request.headers.content-type", "any"))
    first, other = post(b""), post(b'{"a": 1}', JSON)
    assert same(opened, first, other)
    assert not same((("request.body", "text"), *opened[1:]), first, other)
    assert not same(opened[:1], first, other)


def test_a_query_that_is_open_for_anything() -> None:
    """More fields, and none at all."""
    first, other = HttpRequest("GET", b"/a"), HttpRequest("GET", b"/a?x=1&y=2")
    for place in ("request.query", "request.query.*"):
        assert same(((place, "any"),), first, other)
    assert not same((("request.query.x", "any"),), first, other)
