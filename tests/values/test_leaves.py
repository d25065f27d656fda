"""Leaves: reading each medium and writing one value back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.leaves import (
    Leaf,
    header_leaves,
    multipart_leaves,
    path_leaves,
    query_leaves,
    read_text,
    written,
)


@pytest.mark.parametrize(
    ("data", "charset", "text", "codec"),
    [
        ("ü".encode(), "", "ü", "utf-8"),
        (b"\xfc", "", "ü", "latin-1"),
        (b"\xfc", "ISO-8859-1", "ü", "iso-8859-1"),
        (b"\xfc", '"windows-1252"', "ü", "windows-1252"),
        (b"\x81", "windows-1252", "\x81", "latin-1"),
        (b"abc", "idna", "abc", "utf-8"),
        (b"abc", "no-such-charset", "abc", "utf-8"),
        (b"+AGE-", "utf-7", "+AGE-", "utf-8"),
    ],
)
def test_read_text(data: bytes, charset: str, text: str, codec: str) -> None:
    """A declared charset is used where it gives the bytes back, then UTF-8, then Latin-1."""
    assert read_text(data, charset) == (text, codec)


@given(st.binary(), st.sampled_from(["", "utf-8", "utf-16", "shift_jis", "iso-8859-15", "gb18030"]))
def test_text_is_written_back(data: bytes, charset: str) -> None:
    """Any bytes in any charset come back as they were."""
    text, codec = read_text(data, charset)
    assert text.encode(codec) == data


@pytest.mark.parametrize(
    ("style", "text", "lexeme", "expected"),
    [
        ("query", "a b&c=ü", b"x", b"a+b%26c%3D%C3%BC"),
        ("query", "a b", b"x%20y", b"a%20b"),
        ("bare", "x", b"", b"=x"),
        ("path", "a b/c", b"x", b"a%20b%2Fc"),
        ("latin-1", "ü", b"x", b"\xfc"),
        ("latin-1", "\u20ac", b"x", "\u20ac".encode()),
        ("json", "ü", b'"x"', b'"\\u00fc"'),
    ],
)
def test_written(style: str, text: str, lexeme: bytes, expected: bytes) -> None:
    """A value is written in the way of its place; what a charset lacks is written in UTF-8."""
    assert written(Leaf("p", "", "x", 0, 1, style), text, lexeme) == expected


def test_offsets() -> None:
    """Leaves say where exactly a value lies."""
    data = b"a=1&bb=&=2&&c"
    found = [(leaf.name, data[leaf.start : leaf.end]) for leaf in query_leaves(data, "query")]
    assert found == [("a", b"1"), ("bb", b""), ("", b"2"), ("c", b"")]
    path = b"//a/"
    assert [(leaf.place, path[leaf.start : leaf.end]) for leaf in path_leaves(path, "path")] == [
        ("path[1]", b"a")
    ]


def test_repeated_cookies_have_an_index() -> None:
    """A cookie that is set twice has two places, also over several fields."""
    fields = ((b"Set-Cookie", b"a=1; Path=/"), (b"set-cookie", b"a=2; Path=/x"))
    assert [(leaf.place, leaf.value) for leaf in header_leaves(fields, "headers")] == [
        ("headers.set-cookie.a[0]", "1"),
        ("headers.set-cookie.a[0].path", "/"),
        ("headers.set-cookie.a[1]", "2"),
        ("headers.set-cookie.a[1].path", "/x"),
    ]


def test_multipart_details() -> None:
    """Unnamed parts have an index, parts without headers are text, forms inside are read."""
    data = (
        b"--b\n\nplain\n--b\nContent-Type: application/x-www-form-urlencoded\n"
        b"Content-Disposition: form-data; name=f\n\nx=1\n--b\nno blank line\n--b--\n--b\n\nlate\n--b--"
    )
    assert [(leaf.place, leaf.value) for leaf in multipart_leaves(data, "body", "b")] == [
        ("body[0]", "plain"),
        ("body.f.x", "1"),
    ]
    assert [leaf.place for leaf in multipart_leaves(data, "body", "")] == ["body"]
    assert [leaf.place for leaf in multipart_leaves(b"--b\n\n" * 1500, "body", "b")] == ["body"]
