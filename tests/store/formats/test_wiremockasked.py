"""The requests that WireMock's stubs answer, and what they leave open."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.codecs.http1.keys import FIELDS
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.wiremockasked import Asked


def target(**request: Any) -> tuple[str, list[str]]:
    """Where the request of a stub goes, and what the stub leaves open of its URL."""
    asked = Asked({"method": "GET"} | request)
    assert asked.address is not None
    places = [one for one in asked.open if one.startswith(("request.path", "request.query"))]
    return asked.address.target.decode(), places


@pytest.mark.parametrize(
    ("request_", "url", "places"),
    [
        ({"url": "/a?b=1"}, "/a?b=1", []),
        ({"urlPath": "/a"}, "/a", ["request.query.*"]),
        ({"urlPathTemplate": "/a/{id}/b"}, "/a/1/b", ["request.path[1]", "request.query.*"]),
        ({"urlPathPattern": "/v1\\.0/[0-9]+"}, "/v1.0/1", ["request.path[1]", "request.query.*"]),
        ({"urlPattern": "/a/\\d+"}, "/a/1", ["request.path[1]"]),
        ({"urlPath": "/a", "queryParameters": {"q": {"matches": "x+"}}}, "/a?q=any",
         ["request.query.q"]),
        ({"urlPath": "/a", "queryParameters": {"q": {"absent": True}}}, "/a", ["request.query.*"]),
        ({"urlPath": "/a", "queryParameters": {"q": {"hasExactly": [{"equalTo": "1"},
         {"contains": "2"}]}}}, "/a?q=1&q=2", ["request.query.q"]),
        ({}, "/", ["request.query.*"]),
    ],
)  # fmt: skip
def test_urls(request_: dict[str, Any], url: str, places: list[str]) -> None:
    """Named, by template or by pattern; what is not named is an example at an open place."""
    assert target(**request_) == (url, places)


@pytest.mark.parametrize("pattern", ["(?=/a).*", "a+", "[", "/a(b|c)d", "/" + "(a*)*" * 50 + "$b"])
def test_patterns_that_name_no_url(pattern: str) -> None:
    """What no example of ours fits is told, whatever the pattern would cost another engine."""
    assert Asked({"urlPattern": pattern}).address is None


def test_a_stub_without_matchers_leaves_headers_and_body_open() -> None:
    """Any client's headers, and any body where the method has one."""
    assert Asked({"url": "/a"}).open == ["request.headers.*"]
    assert Asked({"url": "/a", "method": "PUT"}).open == ["request.headers.*", "request.body"]


def test_named_headers_leave_the_other_compared_ones_open() -> None:
    """A header that is named, or must not be there, stays as it is."""
    asked = Asked({"url": "/a", "headers": {"Accept": {"equalTo": "x"}, "X": {"absent": True}}})
    assert asked.headers == [("Accept", "x")]
    assert asked.open == [f"request.headers.{name}" for name in FIELDS if name != "accept"]


def test_forms() -> None:
    """A form's fields are a body of its type."""
    fields = {"a": {"equalTo": "1 2"}, "b": {"matches": "[0-9]"}}
    asked = Asked({"url": "/a", "method": "POST", "formParameters": fields})
    assert asked.body == b"a=1+2&b=any"
    assert ("Content-Type", "application/x-www-form-urlencoded") in asked.headers
    assert "request.body.b" in asked.open
    assert "request.body" not in asked.open


@pytest.mark.parametrize(
    ("pattern", "body", "is_open"),
    [
        ({"equalTo": "x"}, b"x", False),
        ({"equalToXml": "<a/>"}, b"<a/>", False),
        ({"binaryEqualTo": "AP8="}, b"\x00\xff", False),
        ({"equalToJson": '{"a":1}'}, b'{"a":1}', False),
        ({"contains": "x"}, b"x", True),
        ({"matchesJsonPath": "$.a"}, b"any", True),
        ({"matchesXPath": "//a"}, b"any", True),
        ({"not": {"equalTo": "x"}}, b"any", True),
    ],
)
def test_bodies(pattern: dict[str, Any], body: bytes, is_open: bool) -> None:
    """What a pattern names is the body; of the others any body is let pass, which is told."""
    asked = Asked({"url": "/a", "method": "POST", "bodyPatterns": [pattern]})
    assert asked.body == body
    assert ("request.body" in asked.open) is is_open
    assert bool(asked.lost) is (body == b"any")


@pytest.mark.parametrize("patterns", [["x"], [{"binaryEqualTo": "!"}]])
def test_bodies_that_are_none(patterns: list[Any]) -> None:
    """Refused with a reason."""
    with pytest.raises(Bad):
        Asked({"url": "/a", "bodyPatterns": patterns})


def test_what_is_told() -> None:
    """Matchers that nothing of ours stands for."""
    asked = Asked(
        {"url": "/a", "method": "ANY", "host": {"matches": "x"}, "customMatcher": {"a": 1}}
    )
    assert asked.verb == "GET"
    assert len(asked.lost) == 3
