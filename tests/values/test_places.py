"""Places: walking, rewriting without touching anything else, folding and covering."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.message import Opaque, Part, Piece, Pieces, Stored
from ci_gate.values.places import covers, edit, fold, leaves, rewrite, walk

DISPOSITION = b"Content-Disposition: form-data; "
MULTIPART = (
    b"preamble\r\n--B\r\n" + DISPOSITION + b'name="a"\r\n\r\nhello\r\n'
    b"--B\r\n" + DISPOSITION + b'name="j"\r\n'
    b'Content-Type: application/json\r\n\r\n{"k": [1, 2]}\r\n'
    b"--B\r\n" + DISPOSITION + b'name="f"; filename="x.png"\r\n'
    b"Content-Type: image/png\r\n\r\n\x89PNG\r\n"
    b"--B\r\n" + DISPOSITION + b'name="a"\r\n\r\nagain\r\n--B--\r\nepilogue'
)
HEADERS = (
    (b"Host", b"api.example"),
    (b"Cookie", b"a=1; session=xyz; flag"),
    (b"Set-Cookie", b"sid=1; Path=/; HttpOnly"),
    (b"Set-Cookie", b"lang=de"),
    (b"X-Tag", b"one"),
    (b"x-tag", b"two"),
    (b"X-Latin", b"caf\xe9"),
)

CASES = [
    (Part("status", 200), [("status", 200)]),
    (Part("method", "GET"), [("method", "GET")]),
    (
        Part("path", b"/orders/17/a%2Fb//x", "path"),
        [("path[0]", "orders"), ("path[1]", "17"), ("path[2]", "a/b"), ("path[4]", "x")],
    ),
    (
        Part("query", b"page=2&tag=a&tag=b+c&q=%C3%BC&bare&&x[y]=1", "query"),
        [
            ("query.page", "2"),
            ("query.tag[0]", "a"),
            ("query.tag[1]", "b c"),
            ("query.q", "ü"),
            ("query.bare", ""),
            ('query["x[y]"]', "1"),
        ],
    ),
    (
        Part("headers", HEADERS, "headers"),
        [
            ("headers.host", "api.example"),
            ("headers.cookie.a", "1"),
            ("headers.cookie.session", "xyz"),
            ('headers.cookie[""]', "flag"),
            ("headers.set-cookie.sid", "1"),
            ("headers.set-cookie.sid.path", "/"),
            ("headers.set-cookie.sid.httponly", ""),
            ("headers.set-cookie.lang", "de"),
            ("headers.x-tag[0]", "one"),
            ("headers.x-tag[1]", "two"),
            ("headers.x-latin", "café"),
        ],
    ),
    (
        Part("body", b'{"a": [1, 2.50, true], "b": {"c": null}}', "json"),
        [("body.$.a[0]", 1), ("body.$.a[1]", 2.5), ("body.$.a[2]", True), ("body.$.b.c", None)],
    ),
    (Part("body", b'"top"', "json"), [("body.$", "top")]),
    (Part("body", b"{broken", "json"), [("body", "{broken")]),
    (
        Part("body", MULTIPART, "multipart", "B"),
        [
            ("body.a[0]", "hello"),
            ("body.j.$.k[0]", 1),
            ("body.j.$.k[1]", 2),
            ("body.a[1]", "again"),
        ],
    ),
    (Part("body", b"no boundary", "multipart", "B"), [("body", "no boundary")]),
    (Part("body", b"a=1&b=%7B", "form"), [("body.a", "1"), ("body.b", "{")]),
    (Part("body", "grüße".encode("latin-1"), "text", "iso-8859-1"), [("body", "grüße")]),
    (Part("body", b"\xff\xfe", "text"), [("body", "ÿþ")]),
    (Part("body", b"<a/>", "xml"), [("body", "<a/>")]),
    (Part("body", b"\x00\x01", "binary"), []),
    (Part("body", b"", "json"), []),
    (Part("body", Stored("0" * 64, 5), "json"), []),
    (Part("body", Opaque(5, "x"), "text"), []),
    (Part("body", Pieces((Piece(0, b"da"), Piece(1, b"ta"))), "text"), [("body", "data")]),
]


@pytest.mark.parametrize(("part", "expected"), CASES)
def test_walk(part: Part, expected: list[tuple[str, object]]) -> None:
    """Every value of each medium is there under its place, and the medium decides which."""
    assert list(walk(part)) == expected


@pytest.mark.parametrize(("part", "expected"), CASES)
def test_rewriting_nothing_changes_nothing(part: Part, expected: list[tuple[str, object]]) -> None:
    """A rewrite that keeps every value returns the very part."""
    assert rewrite(part, lambda place, text: None) is part
    assert rewrite(part, lambda place, text: text) is part


@pytest.mark.parametrize(
    ("part", "expected"), [case for case in CASES if case[0].place != "status"]
)
def test_rewritten_values_are_read_back(part: Part, expected: list[tuple[str, object]]) -> None:
    """What was written into a place is what stands there afterwards, in every medium."""
    new = 'Zz 9&=/%"'
    for place, value in expected:
        if value in ("", None, True) or place == "body" or "cookie" in place:
            continue
        changed = rewrite(part, lambda where, text, wanted=place: new if where == wanted else None)
        assert dict(walk(changed))[place] == new
        others = [pair for pair in walk(changed) if pair[0] != place]
        assert others == [pair for pair in expected if pair[0] != place]


def test_json_keeps_every_other_byte() -> None:
    """Whitespace, key order, duplicate keys, number lexemes and escapes stay byte for byte."""
    data = b'\n{ "b" : 1.500e+01 ,"a":"\\u00e9\\/x","a": "old" ,\t"n":-0, "z":[ ]}\r\n'
    part = rewrite(Part("body", data, "json"), lambda place, text: "new" if text == "old" else None)
    assert part.value == data.replace(b"old", b"new")


def test_numbers_are_changed_as_they_are_written() -> None:
    """A number's text is its lexeme; another number stays a number, anything else becomes text."""
    seen = []

    def change(place: str, text: str) -> str:
        seen.append(text)
        return "2.50" if text == "1.50" else "‹x›"

    part = rewrite(Part("body", b'{"a":1.50,"b":7}', "json"), change)
    assert seen == ["1.50", "7"]
    assert part.value == b'{"a":2.50,"b":"\\u2039x\\u203a"}'


@given(st.dictionaries(st.text(), st.text() | st.integers(), max_size=6), st.booleans(), st.text())
def test_json_values_change_and_nothing_else(
    document: dict[str, object], ascii_only: bool, new: str
) -> None:
    """Changing one text of any document gives the document with that text changed."""
    data = json.dumps(document, ensure_ascii=ascii_only, indent=2).encode("utf-8", "replace")
    texts = [place for place, value in walk(Part("body", data, "json")) if isinstance(value, str)]
    if not texts or not document:
        return
    target = texts[0]
    part = rewrite(Part("body", data, "json"), lambda place, text: new if place == target else None)
    assert isinstance(part.value, bytes)
    changed = dict(walk(part))
    assert changed.pop(target) == new
    before = dict(walk(Part("body", data, "json")))
    del before[target]
    assert changed == before


@given(
    st.binary(max_size=60),
    st.sampled_from(["json", "form", "query", "path", "multipart", "text", "xml", "binary"]),
)
def test_any_bytes_are_walked_and_kept(data: bytes, media: str) -> None:
    """Whatever the bytes, walking does not raise and rewriting nothing keeps them."""
    part = Part("body", data, media, "B")
    assert all(isinstance(place, str) for place, _ in walk(part))
    assert rewrite(part, lambda place, text: text).value == data


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=8), st.binary(max_size=30)), max_size=4))
def test_any_headers_are_walked_and_kept(fields: list[tuple[bytes, bytes]]) -> None:
    """Header fields of any bytes have places, and stay as they are."""
    part = Part("headers", (*fields, (b"Cookie", b";=;a"), (b"Set-Cookie", b"")), "headers")
    assert len({leaf.place for leaf in leaves(part)}) == len(leaves(part))
    assert rewrite(part, lambda place, text: text) is part


def test_pieces_keep_their_own_share() -> None:
    """In a body kept as pieces a change stays where it began, also when it crosses a boundary."""
    part = Part(
        "body", Pieces((Piece(0, b"one ol"), Piece(1, b"d two "), Piece(2, b"old x"))), "text"
    )
    new, places = edit(part, lambda leaf, text: [(4, 7, "NEWER"), (12, 15, "N")])
    assert places == ("body",)
    assert isinstance(new.value, Pieces)
    assert [piece.data for piece in new.value.items] == [b"one NEWER", b" two ", b"N x"]
    assert [piece.at for piece in new.value.items] == [0, 1, 2]


@pytest.mark.parametrize(
    ("place", "folded"),
    [
        ("body.$.items[3].price", "body.$.items[*].price"),
        ("query.tag[0]", "query.tag[*]"),
        ('body.$["[3]"][4]', 'body.$["[3]"][*]'),
        ('body.$["a\\"[1]"]', 'body.$["a\\"[1]"]'),
        ("status", "status"),
    ],
)
def test_fold(place: str, folded: str) -> None:
    """Indices become [*], keys that look like indices do not."""
    assert fold(place) == folded


@pytest.mark.parametrize(
    ("pattern", "place", "expected"),
    [
        ("response.body.$.a", "response.body.$.a", True),
        ("response.body.$.a", "response.body.$.ab", False),
        ("response.body.$.a", "response.body.$.a.b", False),
        ("response.body.$.a[*].b", "response.body.$.a[12].b", True),
        ("response.body.$.a[*].b", "response.body.$.a[x].b", False),
        ("response.body.$.a[1].b", "response.body.$.a[1].b", True),
        ("response.body.$.a[1].b", "response.body.$.a[2].b", False),
        ("response.headers.*", "response.headers.x-id", True),
        ("response.headers.*", "response.headers", False),
        ("response.body.$.*", 'response.body.$["odd key"].x', True),
        ("response.body.$.*", "response.body.$[3]", True),
        ("response.body.$.a.*", "response.body.$.ab", False),
        ("response.body.$.a(b", "response.body.$.a(b", True),
    ],
)
def test_covers(pattern: str, place: str, expected: bool) -> None:
    """A pattern covers exactly, any index for [*], and everything below for a final .*."""
    assert covers(pattern, place) is expected


def test_charset_that_is_no_text_encoding() -> None:
    """A declared charset that Python knows but no text is in is read as UTF-8."""
    assert list(walk(Part("body", b"abc", "text", "rot13"))) == [("body", "abc")]


def test_utf16_text() -> None:
    """A body in a declared two-byte charset is read and written in it."""
    part = Part("body", "grüße".encode("utf-16-le"), "text", "utf-16le")
    assert rewrite(part, lambda place, text: text.upper()).value == "GRÜSSE".encode("utf-16-le")


def test_bare_query_names_get_a_value() -> None:
    """A name without "=" gets one together with a value."""
    assert (
        rewrite(Part("query", b"a&b=1", "query"), lambda place, text: "x y").value == b"a=x+y&b=x+y"
    )
