"""Seeded regressions: what can be made wrong in a message, one place at a time."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import NO_MASKS
from ci_gate.diff.messages import compare
from ci_gate.diff.regressions import (
    CALL_KINDS,
    RESPONSE_KINDS,
    Seed,
    argument_seeds,
    response_seeds,
    tweaked,
)
from ci_gate.model.message import Headers, Part, Piece, Pieces

HEADERS: Headers = (
    (b"Content-Type", b"application/json"),
    (b"Date", b"Mon, 01 Jan 2026 00:00:00 GMT"),
    (b"Content-Length", b"2"),
    (b"X-Request-Id", b"abc"),
    (b"Cache-Control", b"max-age=60"),
)
BODY = b'{"id": 7, "name": "ada", "tags": ["a", "b"], "on": true, "none": null}'


def response(body: Any = BODY, media: str = "json") -> tuple[Part, ...]:
    """The parts of a response."""
    return (
        Part("status", 200),
        Part("headers", HEADERS, "headers"),
        Part("body", body, media),
    )


def seeds(parts: tuple[Part, ...]) -> dict[tuple[str, str], Seed]:
    """Seeds of a response by kind and place."""
    return {(one.kind, one.place): one for one in response_seeds(parts)}


def differs(parts: tuple[Part, ...], seed: Seed, side: str = "response") -> bool:
    """Whether strict comparing sees it."""
    new = seed.make()
    changed = tuple(new if part.place == new.place else part for part in parts)
    found = compare(side, parts, changed, NO_MASKS, Equality())
    return any(not one.notice for one in found)


def test_every_kind_has_its_seed() -> None:
    """A JSON answer can get wrong in all the ways that the kinds name, but for being late."""
    assert {kind for kind, _ in seeds(response())} == set(RESPONSE_KINDS) - {"delayed"}


def test_strict_comparing_sees_every_seed() -> None:
    """None of them is equivalent: without rules each is a difference."""
    parts = response()
    assert [key for key, seed in seeds(parts).items() if not differs(parts, seed)] == []


def test_what_is_never_compared_is_not_seeded() -> None:
    """Framing and Date are left alone; of ids only the presence is."""
    places = Counter(place for _, place in seeds(response()))
    assert "response.headers.date" not in places
    assert "response.headers.content-length" not in places
    assert ("header-changed", "response.headers.x-request-id") not in seeds(response())
    assert ("header-removed", "response.headers.x-request-id") in seeds(response())


@pytest.mark.parametrize(
    ("kind", "place", "expected"),
    [
        ("value-changed", "$.id", {"id": 8}),
        ("value-changed", "$.name", {"name": "adb"}),
        ("value-changed", "$.on", {"on": False}),
        ("type-changed", "$.id", {"id": "7"}),
        ("type-changed", "$.name", {"name": ["ada"]}),
        ("field-null", "$.tags", {"tags": None}),
        ("array-reordered", "$.tags", {"tags": ["b", "a"]}),
        ("field-added", "$", {"seeded": True}),
    ],
)
def test_one_place_changes(kind: str, place: str, expected: dict[str, Any]) -> None:
    """The rest of the body stays as it is."""
    part = seeds(response())[kind, f"response.body.{place}"].make()
    assert isinstance(part.value, bytes)
    assert json.loads(part.value) == {**json.loads(BODY), **expected}


def test_fields_go_and_are_renamed() -> None:
    """The value of a renamed field is there under another name."""
    gone = seeds(response())["field-removed", "response.body.$.id"].make().value
    named = seeds(response())["field-renamed", "response.body.$.id"].make().value
    assert isinstance(gone, bytes)
    assert isinstance(named, bytes)
    assert "id" not in json.loads(gone)
    assert json.loads(named)["id_seeded"] == 7


@pytest.mark.parametrize("body", [b"plain text", b"\x00\xff\x01", b"{broken"])
def test_bodies_that_are_no_json(body: bytes) -> None:
    """One byte changes, or half of it is missing."""
    parts = response(body, "text")
    found = {kind: seed for (kind, _), seed in seeds(parts).items() if "body" in seed.place}
    assert set(found) == {"value-changed", "body-truncated"}
    assert all(differs(parts, seed) for seed in found.values())


def test_nothing_is_seeded_into_nothing() -> None:
    """An empty body has no value and no half; an array that reads the same backwards no order."""
    assert not any("body" in place for _, place in seeds(response(b"", "binary")))
    assert not any(kind == "array-reordered" for kind, _ in seeds(response(b"[1, 1]")))


def test_a_stream_that_ends_early() -> None:
    """The last piece of a stream is not sent."""
    stream = Pieces((Piece(0.0, b"data: 1\n\n"), Piece(5.0, b"data: 2\n\n")))
    part = seeds(response(stream, "text"))["body-truncated", "response.body"].make()
    assert isinstance(part.value, Pieces)
    assert len(part.value.items) == 1


def test_arguments_of_a_call() -> None:
    """Path, query and body of a request, and what other protocols have; headers aside."""
    parts = (
        Part("method", "POST"),
        Part("path", b"/charges/17", "path"),
        Part("query", b"dry=1&for=ada", "query"),
        Part("headers", HEADERS, "headers"),
        Part("body", b'{"amount": 100, "to": {"id": "x9"}}', "json"),
        Part("statement", "select 1"),
        Part("limit", 20),
    )
    found = {seed.place: seed for seed in argument_seeds(parts)}
    assert set(found) == {
        "request.path[0]", "request.path[1]", "request.query.dry", "request.query.for",
        "request.body.$.amount", "request.body.$.to.id", "request.statement",
        "request.limit",
    }  # fmt: skip
    assert {one.kind for one in found.values()} == {"argument-changed"}
    assert all(differs(parts, seed, "request") for seed in found.values())
    assert found["request.query.dry"].make().value == b"dry=2&for=ada"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7", "8"), ("9", "0"), ("a1b", "a2b"), ("ada", "adb"), ("AZ", "AA"), ("", "x"), ("ü", "üx")],
)
def test_values_keep_their_shape(text: str, expected: str) -> None:
    """The last digit, else the last letter, is the next one."""
    assert tweaked(text) == expected


@given(st.text())
def test_a_changed_value_is_another_one(text: str) -> None:
    """Whatever the text."""
    assert tweaked(text) != text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_body_can_be_seeded(value: Any) -> None:
    """No body raises, and every seed is a difference."""
    parts = response(json.dumps(value).encode())
    for seed in response_seeds(parts):
        assert differs(parts, seed), (seed.kind, seed.place)


def test_kinds_are_told_apart() -> None:
    """A kind is one of a response or one of calls."""
    assert not set(RESPONSE_KINDS) & set(CALL_KINDS)
