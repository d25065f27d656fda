"""Large bodies by their hash: decoded where that can be done."""

from __future__ import annotations

import hashlib

import pytest

from ci_gate.codecs.http1.coding import encode
from ci_gate.codecs.http1.digest import BodyDigest, coding_of_message
from ci_gate.model.message import HttpResponse, Stored

TEXT = b"some text " * 50_000


def whole(data: bytes, *codings: bytes) -> HttpResponse:
    """The message whose body was `data`, heard in parts."""
    headers = tuple((b"Content-Encoding", coding) for coding in codings)
    digest = BodyDigest(HttpResponse(200, headers=headers))
    for at in range(0, len(data), 30_000):
        digest.add(data[at : at + 30_000])
    assert digest.size == len(data)
    message = digest.whole(((b"X", b"1"),))
    assert isinstance(message, HttpResponse)
    assert message.trailers == ((b"X", b"1"),)
    return message


def stored(data: bytes) -> Stored:
    """A body as it is known."""
    return Stored(hashlib.sha256(data).hexdigest(), len(data))


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_a_coded_body_is_known_by_what_it_says(coding: str) -> None:
    """However it was packed."""
    message = whole(encode(TEXT, coding), coding.encode().upper())
    assert (message.body, message.coding) == (stored(TEXT), coding)


@pytest.mark.parametrize("codings", [(), (b"what",), (b"gzip", b"br"), (b"gzip",)])
def test_any_other_is_known_by_its_bytes(codings: tuple[bytes, ...]) -> None:
    """No coding, an unknown one, several, or one that the body is not in."""
    message = whole(TEXT, *codings)
    assert (message.body, message.coding) == (stored(TEXT), "")


def test_a_coded_body_that_was_cut_off() -> None:
    """It says nothing whole."""
    data = encode(TEXT, "gzip")[:-1]
    assert whole(data, b"gzip").body == stored(data)


def test_the_coding_of_a_message() -> None:
    """The one we can undo."""
    assert (
        coding_of_message(HttpResponse(200, headers=((b"content-encoding", b" x-gzip "),)))
        == "gzip"
    )
    assert coding_of_message(HttpResponse(200)) == ""
