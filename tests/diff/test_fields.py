"""Parts that are fields by name."""

from __future__ import annotations

from ci_gate.diff.equality import Equality
from ci_gate.diff.fields import compare_fields, compare_flat, flat, text_of
from ci_gate.diff.findings import Findings
from ci_gate.diff.masks import Masks
from ci_gate.model.message import Part

_MULTIPART = (
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n%b\r\n'
    b'--B\r\nContent-Disposition: form-data; name="f"; filename="%b"\r\n'
    b"Content-Type: image/png\r\n\r\n%b\r\n--B--\r\n"
)


def _findings(*opened: tuple[str, str, int]) -> Findings:
    return Findings("request", Masks(opened), Equality())


def _multipart(*parts: bytes, opened: tuple[tuple[str, str, int], ...] = ()) -> list[str]:
    old, new = _MULTIPART % (b"1", b"x.png", b"\x00"), _MULTIPART % parts
    findings = _findings(*opened)
    part = Part("body", old, "multipart", "B")
    compare_fields(findings, "request.body", (part, old), (part, new))
    return [one.place for one in findings.finish(())]


def test_flat_has_full_places() -> None:
    """Repeated fields have an index, as in rules."""
    assert flat("request", Part("query", b"a=1&a=2&b=3", "query")) == {
        "request.query.a[0]": "1",
        "request.query.a[1]": "2",
        "request.query.b": "3",
    }


def test_compare_flat_says_what_changed_went_and_came() -> None:
    """Each field has its own difference."""
    findings = _findings()
    compare_flat(findings, {"request.query.a": "1", "request.query.b": "2"},
                 {"request.query.b": "3", "request.query.c": "4"})  # fmt: skip
    assert [(one.change, one.place) for one in findings.finish(())] == [
        ("removed", "request.query.a"),
        ("value", "request.query.b"),
        ("added", "request.query.c"),
    ]


def test_multipart_content_without_fields_is_compared() -> None:
    """A file's content and its headers count although they are no fields, also beside an opened one."""
    assert _multipart(b"1", b"x.png", b"\x00") == []
    assert _multipart(b"2", b"x.png", b"\x00") == ["request.body.a"]
    assert _multipart(b"1", b"x.png", b"\x01") == ["request.body"]
    assert _multipart(b"1", b"y.png", b"\x00") == ["request.body"]
    opened = (("request.body.a", "any", 1),)
    assert _multipart(b"2", b"x.png", b"\x00", opened=opened) == []
    assert _multipart(b"2", b"x.png", b"\x01", opened=opened) == ["request.body"]


def test_text_of_any_bytes() -> None:
    """Bytes that are no text are escaped."""
    assert text_of(b"\xff") == "\\xff"
    assert text_of(7) == "7"
