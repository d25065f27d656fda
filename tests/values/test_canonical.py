"""Canonical forms: what is the same, and what only looks it."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.message import Opaque, Part, Piece, Pieces
from ci_gate.values.canonical import canonical
from ci_gate.values.places import walk


def keep(place: str, value: object) -> str | None:
    """Keep every value."""
    return None


def body(data: bytes, media: str = "json") -> Part:
    """A body of that medium."""
    return Part("body", data, media, "B")


SAME = [
    (body(b'{"a":1,"b":2}'), body(b' {"b" : 2, "a" : 1} ')),
    (body(b'{"a":"\\u00e9"}'), body('{"a":"é"}'.encode())),
    (body(b"[1.50]"), body(b"[1.5]")),
    (body(b"[1e2]"), body(b"[100.0]")),
    (body(b"{}"), body(b"\xef\xbb\xbf{}")),
    (Part("query", b"a=1&b=2&a=3", "query"), Part("query", b"b=2&a=1&a=3", "query")),
    (Part("query", b"a=%41+b", "query"), Part("query", b"a=A%20b", "query")),
    (body(b"a=1&b=2", "form"), body(b"b=2&a=1", "form")),
    (Part("body", Pieces((Piece(0, b'{"a"'), Piece(1, b":1}"))), "json"), body(b'{"a":1}')),
]
DIFFERENT = [
    (body(b"[1]"), body(b"[1.0]")),
    (body(b"[1]"), body(b'["1"]')),
    (body(b"[1]"), body(b"[true]")),
    (body(b"[0]"), body(b"[false]")),
    (body(b"[null]"), body(b"[]")),
    (body(b"{}"), body(b"[]")),
    (body(b'{"a":null}'), body(b"{}")),
    (body(b"[1,2]"), body(b"[2,1]")),
    (body(b'{"a":1,"a":2}'), body(b'{"a":2}')),
    (body(b'{"a":1,"a":2}'), body(b'{"a":2,"a":1}')),
    (body(b"[0.1000000000000000055]"), body(b"[0.1]")),
    (body(b"[1e400]"), body(b"[1e500]")),
    (body(b"[123456789012345678901]"), body(b"[123456789012345678902]")),
    (body(b'"x"'), body(b"x")),
    (body(b"[NaN]"), body(b'["NaN"]')),
    (Part("query", b"a=1&a=2", "query"), Part("query", b"a=2&a=1", "query")),
    (Part("query", b"a=1", "query"), Part("query", b"a=1&a=1", "query")),
    (Part("path", b"/a/b", "path"), Part("path", b"/a/b/c", "path")),
    (Part("body", b"\x00", "binary"), Part("body", b"\x01", "binary")),
    (Part("body", Opaque(1, "a"), "json"), Part("body", Opaque(1, "b"), "json")),
    (Part("status", 200), Part("status", 201)),
    (body(b"x", "text"), body(b"y", "text")),
    (body(b"a", "multipart"), body(b"b", "multipart")),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same_meaning(one: Part, other: Part) -> None:
    """Key order, whitespace, escapes and the spelling of numbers do not matter."""
    assert canonical(one, keep) == canonical(other, keep)
    assert hash(canonical(one, keep)) == hash(canonical(other, keep))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_meaning(one: Part, other: Part) -> None:
    """Types, array order, duplicates and every digit matter."""
    assert canonical(one, keep) != canonical(other, keep)


def test_blanks() -> None:
    """A blanked value is equal to any value blanked alike, and to no text that looks like it."""

    def blank(place: str, value: object) -> str | None:
        return "‹id›" if place == "body.$.items[1].id" else None

    one = canonical(body(b'{"items":[{"id":1},{"id":2}]}'), blank)
    assert one == canonical(body(b'{"items":[{"id":1},{"id":"x"}]}'), blank)
    assert one != canonical(body(b'{"items":[{"id":2},{"id":2}]}'), blank)
    assert one != canonical(body('{"items":[{"id":1},{"id":"‹id›"}]}'.encode()), keep)


@pytest.mark.parametrize(
    "part",
    [
        body(b'{"a":[1,2.5,{"b c":null}],"d":true}'),
        Part("query", b"a=1&b=2&a=3", "query"),
        Part("headers", ((b"Cookie", b"a=1"), (b"X-A", b"1"), (b"X-A", b"2")), "headers"),
        Part("path", b"/orders/17", "path"),
        body(b"text", "text"),
    ],
)
def test_blank_is_asked_about_what_walk_gives(part: Part) -> None:
    """Places and values are those that rules see."""
    asked: list[tuple[str, object]] = []
    canonical(part, lambda place, value: asked.append((place, value)))
    assert asked == list(walk(part))


def test_headers_by_name() -> None:
    """Only the given headers count, cookies being one."""
    part = Part("headers", ((b"Accept", b"a"), (b"Cookie", b"x=1"), (b"Date", b"now")), "headers")
    other = Part(
        "headers", ((b"Cookie", b"x=1"), (b"accept", b"a"), (b"Date", b"later")), "headers"
    )
    names = frozenset(("accept", "cookie"))
    assert canonical(part, keep, names) == canonical(other, keep, names)
    assert canonical(part, keep) != canonical(other, keep)


@pytest.mark.parametrize("count", [150, 201, 5000, 200_000])
def test_deep_documents(count: int) -> None:
    """Deep nesting is read up to the limit and is a text beyond it, without a recursion error."""
    deep = b"[" * count + b"]" * count
    spaced = b"[ " * count + b"]" * count
    assert (canonical(body(deep), keep) == canonical(body(spaced), keep)) is (count <= 200)


def test_wide_is_not_deep() -> None:
    """Many brackets beside one another, or in strings, do not count as depth."""
    document = [{"a": ['[[[\\"{{{']}] * 300
    text = json.dumps(document)
    assert canonical(body(text.encode()), keep) == canonical(
        body(text.replace(" ", "").encode()), keep
    )


MEDIA = ["json", "form", "query", "path", "multipart", "text", "binary"]
DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(DOCUMENTS, st.integers())
def test_key_order_never_matters(document: object, seed: int) -> None:
    """However the members of a document are shuffled, its form is the same and hashable."""

    def shuffled(value: object) -> object:
        if isinstance(value, dict):
            members = list(value.items())
            random.Random(seed).shuffle(members)
            return {key: shuffled(inner) for key, inner in members}
        return [shuffled(inner) for inner in value] if isinstance(value, list) else value

    one = canonical(body(json.dumps(document).encode()), keep)
    other = canonical(body(json.dumps(shuffled(document), indent=1).encode()), keep)
    assert one == other
    assert hash(one) == hash(other)


@given(
    st.binary(max_size=50),
    st.sampled_from(MEDIA),
)
def test_any_bytes_have_a_form(data: bytes, media: str) -> None:
    """Whatever the bytes, the form exists and can be a key."""
    assert hash(canonical(Part("body", data, media, "B"), keep)) is not None
