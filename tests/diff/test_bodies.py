"""Bodies that are no JSON: text, forms, binary, streams, stored and unread ones."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.model.message import HttpResponse, Opaque, Piece, Pieces, Stored


def test_text_has_lines_and_a_diff(diff: Any, answer: Any) -> None:
    """A changed line is quoted on both sides and shown in a unified diff."""
    old = "".join(f"line {n}\n" for n in range(100)).encode()
    (found,) = diff(
        answer(old, "text/plain"), answer(old.replace(b"line 50", b"LINE 50"), "text/plain")
    )
    assert (found.change, found.place) == ("body", "response.body")
    assert found.expected.startswith("line 50")
    assert found.actual.startswith("LINE 50")
    assert "-line 50\n+LINE 50" in found.detail
    assert "line 10\n" not in found.detail


@pytest.mark.parametrize("media", ["text/html", "application/xml", "text/plain", "image/png", ""])
def test_no_media_is_skipped(diff: Any, answer: Any, media: str) -> None:
    """HTML, XML, text, binary and untyped bodies of equal length are all compared."""
    assert diff(answer(b"<a>1</a>", media), answer(b"<a>1</a>", media)) == ()
    found = diff(answer(b"<a>1</a>", media), answer(b"<a>2</a>", media))
    assert [one.change for one in found] == ["body"]


def test_binary_by_size_and_hash(diff: Any, answer: Any) -> None:
    """Binary bodies are described, never printed."""
    (found,) = diff(answer(b"\x00\x01", "image/png"), answer(b"\x00\x02\x03", "image/png"))
    assert found.expected.startswith("binary, 2 bytes, sha256 ")
    assert found.actual.startswith("binary, 3 bytes, sha256 ")


def test_body_against_none(diff: Any, answer: Any) -> None:
    """A body that is gone, or new, says so."""
    (found,) = diff(answer({"a": 1}), answer(b""))
    assert (found.expected, found.actual) == ('json, 8 bytes: {"a": 1}', "no body")
    (found,) = diff(answer(b""), answer({"a": 1}))
    assert found.expected == "no body"


def test_other_media_names_both(diff: Any, answer: Any) -> None:
    """JSON that became HTML is told with both media, besides the header."""
    found = diff(answer({"a": 1}), answer(b"<html>", "text/html"))
    assert [one.place for one in found] == ["response.headers.content-type", "response.body"]
    assert (found[1].expected, found[1].actual) == ('json: {"a": 1}', "text: <html>")


def test_forms_by_field(diff: Any, ask: Any) -> None:
    """A form is compared by its fields, however they are escaped and ordered."""
    media = (b"Content-Type", b"application/x-www-form-urlencoded")
    assert diff(ask(b"/", b"a=1+2&b=3", media), ask(b"/", b"b=3&a=1%202", media)) == ()
    (found,) = diff(ask(b"/", b"a=1&b=3", media), ask(b"/", b"a=2&b=3", media))
    assert (found.place, found.expected, found.actual) == ("request.body.a", "1", "2")


def test_stored_bodies_by_hash(diff: Any, answer: Any) -> None:
    """A large body of equal length and other content is a difference; equal bytes are none."""
    import hashlib

    data = b"x" * 100
    stored = Stored(hashlib.sha256(data).hexdigest(), 100)
    assert diff(answer(stored, "image/png"), answer(data, "image/png")) == ()
    (found,) = diff(answer(stored, "image/png"), answer(b"y" * 100, "image/png"))
    assert found.place == "response.body"
    assert len(diff(answer(stored, "text/a"), answer(Stored("0" * 64, 100), "text/a"))) == 1


def test_body_that_was_not_kept(diff: Any, answer: Any) -> None:
    """Where only a keyed hash was kept, another size is red and an equal size is said to be all
    that could be compared."""
    old = answer(Opaque(3, "ab" * 32), "image/png")
    (found,) = diff(old, answer(b"abcd", "image/png"))
    assert not found.notice
    (found,) = diff(old, answer(b"abc", "image/png"))
    assert found.notice
    assert "only its size" in found.detail


def _stream(*data: bytes, complete: bool = True) -> HttpResponse:
    pieces = Pieces(tuple(Piece(float(i), one) for i, one in enumerate(data)), complete)
    return HttpResponse(200, b"", ((b"Content-Type", b"text/event-stream"),), pieces)


def test_streams_by_their_data(diff: Any) -> None:
    """Where the network cut a stream is no difference; its data and an early end are."""
    assert diff(_stream(b"data: 1\n", b"\n"), _stream(b"data: 1\n\n")) == ()
    assert len(diff(_stream(b"data: 1\n\n"), _stream(b"data: 2\n\n"))) == 1
    (found,) = diff(_stream(b"a", b"b"), _stream(b"a", complete=False))
    assert found.detail == "it broke off before its end"
    (found,) = diff(_stream(b"a", b"b"), _stream(b"ab", complete=False))
    assert found.detail == "it broke off before its end"


def test_endless_stream_is_compared_as_far_as_known(diff: Any) -> None:
    """A stream that was open when recording stopped must begin as recorded, and may go on."""
    old = _stream(b"tick 1\n", b"tick 2\n", complete=False)
    assert diff(old, _stream(b"tick 1\ntick 2\ntick 3\n", complete=False)) == ()
    assert diff(old, _stream(b"tick 1\ntick 2\n")) == ()
    assert len(diff(old, _stream(b"tick 1\n", complete=False))) == 1
    assert len(diff(old, _stream(b"tick 1\ntick X\ntick 3\n"))) == 1


def test_whole_body_rule(diff: Any, answer: Any) -> None:
    """A rule may open a body as a whole, to anything or to a kind."""
    old, new = answer(b"2026-01-01", "text/plain"), answer(b"2026-02-02", "text/plain")
    assert diff(old, new, ("response.body", "date")) == ()
    assert len(diff(old, answer(b"soon", "text/plain"), ("response.body", "date"))) == 1
    assert diff(old, answer(b"7", "text/plain"), ("response.status", "any")) != ()
    assert (
        diff(answer(b"1", "text/plain"), answer(b"27", "text/plain"), ("response.body", "integer"))
        == ()
    )


def test_long_lines_show_where_they_differ(diff: Any, answer: Any) -> None:
    """In a minified text the quoted part is around the change and bounded."""
    old = b"<p>word</p>" * 20_000
    new = old[:150_000] + b"X" + old[150_001:]
    (found,) = diff(answer(old, "text/html"), answer(new, "text/html"))
    assert len(found.expected) <= 200
    assert len(found.detail) <= 2000
    assert "X" in found.actual


def test_texts_for_people_are_clean(diff: Any, answer: Any) -> None:
    """Whatever bytes a live body has, the difference can be encoded and shows no secret."""
    secret = "bob.smith@acme-corp.com"
    found = [
        *diff(answer({"a": "x"}), answer(b'{"a": "\\ud800"}')),
        *diff(answer({"a": "x"}), answer({"a": secret})),
        *diff(answer({"password": "x"}), answer({"password": "hunter2hunter2"})),
        *diff(answer({}), answer({"new": {"password": "hunter2hunter2"}})),
        *diff(answer(b"a", "text/plain"), answer(f"mail {secret} now".encode(), "text/plain")),
        *diff(answer(b"a", "text/plain"), answer(b"\xff\xfe\x00", "text/plain")),
        *diff(answer({}), answer({secret: 1, "k" * 5000: 2})),
    ]
    assert all(len(one.place) <= 500 for one in found)
    text = "".join(f"{one.place}{one.expected}{one.actual}{one.detail}" for one in found)
    assert text.encode()
    assert "smith" not in text
    assert "hunter2" not in text
