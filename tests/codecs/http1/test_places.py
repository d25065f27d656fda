"""Parts of messages, and messages with other parts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.codecs.http1.places import places, with_places
from ci_gate.model.message import (
    Headers,
    HttpRequest,
    HttpResponse,
    Part,
    Pieces,
    Stored,
)

FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
JSON = (b"content-type", b"application/json")


def test_a_request() -> None:
    """Method, path, query, headers, body, trailers, in reading order."""
    message = HttpRequest("POST", b"/a?b=c?d", (JSON,), b"{}", ((b"T", b"1"),))
    assert places(message) == (
        Part("method", "POST"),
        Part("path", b"/a", "path"),
        Part("query", b"b=c?d", "query"),
        Part("headers", (JSON,), "headers"),
        Part("body", b"{}", "json"),
        Part("trailers", ((b"T", b"1"),), "headers"),
    )


def test_an_absent_query_is_no_empty_one() -> None:
    """ "/a" and "/a?" differ."""
    assert [part.place for part in places(HttpRequest("GET", b"/a"))] == [
        "method",
        "path",
        "headers",
        "body",
    ]
    assert Part("query", b"", "query") in places(HttpRequest("GET", b"/a?"))


def test_a_response() -> None:
    """Status, headers, body."""
    assert places(HttpResponse(404, b"No", (), b"x")) == (
        Part("status", 404),
        Part("headers", (), "headers"),
        Part("body", b"x", "binary"),
    )


@pytest.mark.parametrize(
    ("content_type", "media", "parameter"),
    [
        (b"application/json", "json", ""),
        (b"Application/JSON ; charset=utf-8", "json", ""),
        (b"application/problem+json", "json", ""),
        (b"application/x-www-form-urlencoded", "form", ""),
        (b"multipart/form-data; boundary=ab1", "multipart", "ab1"),
        (b'multipart/form-data; x=y; BOUNDARY="a b"', "multipart", "a b"),
        (b"multipart/form-data", "multipart", ""),
        (b"text/xml", "xml", ""),
        (b"application/xml", "xml", ""),
        (b"image/svg+xml", "xml", ""),
        (b"text/plain;charset=latin-1", "text", "latin-1"),
        (b"text/html", "text", ""),
        (b"application/javascript", "text", ""),
        (b"image/png", "binary", ""),
        (b"", "binary", ""),
        (b";;;", "binary", ""),
    ],
)
def test_media(content_type: bytes, media: str, parameter: str) -> None:
    """Content-Type says how to go into a body."""
    message = HttpResponse(200, b"", ((b"Content-Type", content_type),), b"\x00")
    assert places(message)[-1] == Part("body", b"\x00", media, parameter)


@pytest.mark.parametrize(
    ("headers", "body", "media"),
    [
        ((), b'{"a": 1}', "json"),
        ((), b" [1]", "json"),
        (((b"Content-Type", b"application/octet-stream"),), b"{}", "json"),
        ((FORM,), b'{"a": [1]}', "json"),
        ((FORM,), b"{not=json", "form"),
        ((FORM,), b"a=1&b=2", "form"),
        ((), b"{not json", "binary"),
        ((), b'["\xff"]', "binary"),
        ((), b"[" * 100_000, "binary"),
        ((), b"17", "binary"),
        ((), b"", "binary"),
        ((), Stored("ab", 2), "binary"),
        ((JSON,), Stored("ab", 2), "json"),
        ((JSON,), Pieces(()), "json"),
    ],
)
def test_json_that_does_not_say_so(headers: Headers, body: object, media: str) -> None:
    """An object or array that parses is JSON also without a Content-Type for it."""
    message = HttpResponse(200, b"", headers, body)  # type: ignore[arg-type]  # any Body
    assert places(message)[-1].media == media


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"method": Part("method", "PUT")}, HttpRequest("PUT", b"/a?b", (JSON,), b"{}")),
        ({"path": Part("path", b"/x")}, HttpRequest("POST", b"/x?b", (JSON,), b"{}")),
        ({"path": Part("path", "/é")}, HttpRequest("POST", b"/\xc3\xa9?b", (JSON,), b"{}")),
        ({"query": Part("query", b"")}, HttpRequest("POST", b"/a?", (JSON,), b"{}")),
        ({"headers": Part("headers", ())}, HttpRequest("POST", b"/a?b", (), b"{}")),
        ({"body": Part("body", b"[]")}, HttpRequest("POST", b"/a?b", (JSON,), b"[]")),
        (
            {"trailers": Part("trailers", ((b"T", b"1"),))},
            HttpRequest("POST", b"/a?b", (JSON,), b"{}", ((b"T", b"1"),)),
        ),
    ],
)
def test_other_parts(parts: dict[str, Part], expected: HttpRequest) -> None:
    """Each part can be replaced, the others stay."""
    assert with_places(HttpRequest("POST", b"/a?b", (JSON,), b"{}"), parts) == expected


@pytest.mark.parametrize(
    ("body", "coding", "length"),
    [
        (b"longer", "", b"6"),
        (Stored("ab", 7), "", b"7"),
        (b"longer", "gzip", b"2"),
        (b"{}", "", b"2"),
        (Pieces(()), "", b"2"),
    ],
)
def test_the_recorded_length_follows_the_body(body: object, coding: str, length: bytes) -> None:
    """Content-Length is that of the new body, unless that is only known when it is coded."""
    fields = ((b"CONTENT-length", b"2"), JSON)
    message = HttpResponse(200, b"", fields, b"{}", coding=coding)
    changed = with_places(message, {"body": Part("body", body)})  # type: ignore[arg-type]  # any Body
    assert changed.headers == ((b"CONTENT-length", length), JSON)


def test_a_status_can_be_replaced() -> None:
    """Responses have a status to replace."""
    changed = with_places(HttpResponse(200), {"status": Part("status", 500)})
    assert changed == HttpResponse(500)


@settings(deadline=None)
@given(
    target=st.binary(max_size=30),
    body=st.binary(max_size=50),
    fields=st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9))),
)
def test_putting_the_parts_back_changes_nothing(
    target: bytes, body: bytes, fields: list[tuple[bytes, bytes]]
) -> None:
    """with_places is the inverse of places."""
    for message in (
        HttpRequest("GET", target, tuple(fields), body),
        HttpResponse(200, b"", tuple(fields), body),
    ):
        assert with_places(message, {part.place: part for part in places(message)}) == message
