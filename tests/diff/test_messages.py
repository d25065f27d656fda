"""Comparing whole messages: status, headers, and what counts in requests."""

from __future__ import annotations

from typing import Any

import pytest


def _said(found: Any) -> list[tuple[str, str, str, str]]:
    return [(one.change, one.place, one.expected, one.actual) for one in found]


def test_status_is_one_difference(diff: Any, answer: Any) -> None:
    """A changed status is named with both values."""
    found = diff(answer(status=200), answer(status=500))
    assert _said(found) == [("status", "response.status", "200", "500")]


def test_headers_changed_added_removed(diff: Any, answer: Any) -> None:
    """Each header has its own difference at its own place, in lower case."""
    old = answer({}, "application/json", (b"Cache-Control", b"no-store"), (b"X-Old", b"1"))
    new = answer({}, "application/json", (b"cache-control", b"public"), (b"X-New", b"2"))
    assert _said(diff(old, new)) == [
        ("header", "response.headers.cache-control", "no-store", "public"),
        ("removed", "response.headers.x-old", "1", ""),
        ("added", "response.headers.x-new", "", "2"),
    ]


def test_listed_headers_by_presence_only(diff: Any, answer: Any) -> None:
    """Server may say another version; that it is gone is a difference."""
    old = answer({}, "application/json", (b"Server", b"a"), (b"X-Request-Id", b"1"))
    assert (
        diff(old, answer({}, "application/json", (b"Server", b"b"), (b"x-request-id", b"2"))) == ()
    )
    found = diff(old, answer({}, "application/json", (b"Server", b"b")))
    assert _said(found) == [("removed", "response.headers.x-request-id", "1", "")]


def test_nominated_header_is_still_compared(diff: Any, answer: Any) -> None:
    """`Connection: x-total` does not hide a change of X-Total."""
    old = answer({}, "application/json", (b"X-Total", b"1"))
    new = answer({}, "application/json", (b"X-Total", b"2"), (b"Connection", b"x-total"))
    assert [one.place for one in diff(old, new)] == ["response.headers.x-total"]


def test_repeated_headers_keep_their_order(diff: Any, answer: Any) -> None:
    """Two fields of one name swapped are two differences with indices."""
    old = answer({}, "application/json", (b"Link", b"<a>"), (b"Link", b"<b>"))
    new = answer({}, "application/json", (b"Link", b"<b>"), (b"Link", b"<a>"))
    assert [one.place for one in diff(old, new)] == [
        "response.headers.link[0]",
        "response.headers.link[1]",
    ]


def test_cookies_by_name_and_attribute(diff: Any, answer: Any) -> None:
    """Set-Cookie is compared cookie by cookie; a lost flag is seen, a value is never shown."""
    old = answer({}, "", (b"Set-Cookie", b"sid=abc; Path=/; HttpOnly"), (b"Set-Cookie", b"t=1"))
    new = answer({}, "", (b"Set-Cookie", b"t=1"), (b"Set-Cookie", b"sid=xyz; Path=/"))
    assert _said(diff(old, new)) == [
        ("header", "response.headers.set-cookie.sid", "‹secret›", "‹secret›"),
        ("removed", "response.headers.set-cookie.sid.httponly", "", ""),
    ]


def test_multipart_boundary_is_not_a_difference(diff: Any, ask: Any) -> None:
    """A boundary drawn anew for each request changes neither the type nor the body."""

    def form(boundary: bytes, content: bytes, file: bytes = b"\x00\x01") -> Any:
        body = (
            b'--%b\r\nContent-Disposition: form-data; name="a"\r\n\r\n%b\r\n'
            b'--%b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n%b\r\n--%b--\r\n"
            % (boundary, content, boundary, file, boundary)
        )
        media = b"multipart/form-data; boundary=" + boundary
        return ask(b"/up", body, (b"Content-Type", media))

    assert diff(form(b"one", b"1"), form(b"two", b"1")) == ()
    found = diff(form(b"one", b"1"), form(b"two", b"2"))
    assert _said(found) == [("value", "request.body.a", "1", "2")]
    found = diff(form(b"one", b"1"), form(b"two", b"1", b"\x00\x02"))
    assert [one.place for one in found] == ["request.body"]


def test_trailers_are_compared(diff: Any, answer: Any) -> None:
    """A trailer that changes or comes is a difference."""
    import msgspec

    old = answer({})
    new = msgspec.structs.replace(old, trailers=((b"X-Sum", b"1"),))
    assert _said(diff(old, new)) == [("added", "response.trailers.x-sum", "", "1")]


def test_request_method_path_query(diff: Any, ask: Any) -> None:
    """Method, path segments and query parameters each have their place."""
    found = diff(ask(b"/a/1?x=1&y=2"), ask(b"/a/2?y=3&z=4", method="PUT"))
    assert _said(found) == [
        ("value", "request.method", "POST", "PUT"),
        ("value", "request.path[1]", "1", "2"),
        ("removed", "request.query.x", "1", ""),
        ("value", "request.query.y", "2", "3"),
        ("added", "request.query.z", "", "4"),
    ]
    assert _said(diff(ask(b"/a"), ask(b"/a?x=1"))) == [("added", "request.query.x", "", "1")]
    assert _said(diff(ask(b"/a/b"), ask(b"/a%2Fb"))) == [
        ("value", "request.path", "/a/b", "/a%2Fb")
    ]


def test_query_order_of_names_does_not_count(diff: Any, ask: Any) -> None:
    """Parameters are compared by name; those of one name keep their order."""
    assert diff(ask(b"/a?x=1&y=2"), ask(b"/a?y=2&x=1")) == ()
    assert len(diff(ask(b"/a?x=1&x=2"), ask(b"/a?x=2&x=1"))) == 2


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ((b"Authorization", b"Bearer a"), None, "removed"),
        (None, (b"Authorization", b"Bearer a"), "added"),
        ((b"Authorization", b"Bearer a"), (b"Authorization", b"Basic a"), "header"),
        ((b"Idempotency-Key", b"1"), None, "removed"),
        ((b"Accept", b"text/html"), (b"Accept", b"*/*"), "header"),
        ((b"Content-Type", b"text/a"), (b"Content-Type", b"text/b"), "header"),
        ((b"If-None-Match", b'"1"'), None, "removed"),
        ((b"If-None-Match", b'"1"'), (b"If-None-Match", b'"2"'), "header"),
        ((b"If-Match", b'"1"'), None, "removed"),
        ((b"Range", b"bytes=0-3"), (b"Range", b"bytes=0-4"), "header"),
        ((b"If-Modified-Since", b"Mon, 05 Jan 2026 10:00:00 GMT"), None, "removed"),
        (None, (b"If-Unmodified-Since", b"Mon, 05 Jan 2026 10:00:00 GMT"), "added"),
    ],
)
def test_request_headers_that_count(diff: Any, ask: Any, old: Any, new: Any, change: str) -> None:
    """Presence and scheme of authorization, an idempotency key, content type, accept, conditions
    and ranges are red."""
    found = diff(ask(b"/", b"", *filter(None, [old])), ask(b"/", b"", *filter(None, [new])))
    assert [(one.change, one.notice) for one in found] == [(change, False)]
    assert "Bearer a" not in str(found)


def test_another_date_of_a_condition_is_a_notice(diff: Any, ask: Any) -> None:
    """Mocks move Last-Modified with the clock, and the service asks with what it was told."""
    old = ask(b"/", b"", (b"If-Modified-Since", b"Mon, 05 Jan 2026 10:00:00 GMT"))
    new = ask(b"/", b"", (b"If-Modified-Since", b"Tue, 06 Jan 2026 10:00:00 GMT"))
    (found,) = diff(old, new)
    assert (found.notice, found.detail) == (True, "client changed: if-modified-since")


def test_other_request_headers_are_one_notice(diff: Any, ask: Any) -> None:
    """A new client library is one line, never red; credentials and keys may have other values."""
    old = ask(
        b"/", b"", (b"User-Agent", b"a/1"), (b"X-Api", b"k1"), (b"Authorization", b"Bearer a"),
        (b"Idempotency-Key", b"1"), (b"Host", b"a"), (b"traceparent", b"1"),
    )  # fmt: skip
    new = ask(
        b"/", b"", (b"User-Agent", b"a/2"), (b"X-Api", b"k2"), (b"Authorization", b"Bearer b"),
        (b"Idempotency-Key", b"2"), (b"Host", b"b"), (b"traceparent", b"2"),
    )  # fmt: skip
    (found,) = diff(old, new)
    assert found.notice
    assert found.detail == "client changed: user-agent, x-api"
    assert "k2" not in str(found)


def test_header_that_a_rule_names_is_compared_by_kind(diff: Any, ask: Any) -> None:
    """Naming a header in a rule makes it count: a value of another kind is red."""
    opened = ("request.headers.x-id", "integer")
    old, same, other = (ask(b"/", b"", (b"X-Id", v)) for v in (b"1", b"2", b"two"))
    assert diff(old, same, opened) == ()
    assert _said(diff(old, other, opened)) == [("header", "request.headers.x-id", "1", "two")]
    assert _said(diff(old, ask(b"/"), opened)) == [("removed", "request.headers.x-id", "1", "")]


def test_status_and_header_rules(diff: Any, answer: Any) -> None:
    """A rule may open the status or one header; nothing else becomes open by it."""
    old = answer({}, "application/json", (b"X-At", b"2026-01-01T00:00:00Z"))
    new = answer({}, "application/json", (b"X-At", b"2026-01-02T00:00:00Z"), status=201)
    assert (
        diff(old, new, ("response.status", "integer"), ("response.headers.x-at", "timestamp")) == ()
    )
    assert [one.place for one in diff(old, new, ("response.status", "any"))] == [
        "response.headers.x-at"
    ]
