"""HTTP messages from what other tools keep of them."""

from __future__ import annotations

import gzip

import pytest

from ci_gate.model.message import Piece, Pieces
from ci_gate.store.formats import messages
from ci_gate.store.formats.messages import Address, Bad


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("https://a.example/x?y#z", "", Address("https", "a.example", 0, b"/x?y")),
        ("http://A.example:8080", "", Address("http", "a.example", 8080, b"/")),
        ("http://localhost:4143:8080/x", "", Address("http", "localhost", 8080, b"/x")),
        ("/x y", "a.example:81", Address("http", "a.example", 81, b"/x%20y")),
        ("wss://a.example/s", "", Address("https", "a.example", 0, b"/s")),
        ("http://[::1]:81/", "", Address("http", "::1", 81, b"/")),
        ("/x", "", Address("http", "", 0, b"/x")),
    ],
)
def test_addresses(url: str, host: str, expected: Address) -> None:
    """URLs and paths of every kind that tools write."""
    assert messages.address(url, host) == expected


@pytest.mark.parametrize("url", ["ftp://a/b", "x", "http://:0/", "http://a b/"])
def test_bad_addresses(url: str) -> None:
    """What no request can be sent to is told."""
    with pytest.raises(Bad):
        messages.address(url)


def test_fields() -> None:
    """In their order, without pseudo-headers; what would split a message is refused."""
    assert messages.fields([(":path", "/"), ("A", " b ")]) == ((b"A", b"b"),)
    for name, value in (("a b", "c"), ("a", "b\r\nc: d"), ("", "x")):
        with pytest.raises(Bad):
            messages.fields([(name, value)])


def test_codings() -> None:
    """As sent: decoded and named, or left alone where that fails. Decoded by the tool: named."""
    headers = ((b"Content-Encoding", b"gzip"),)
    done = messages.undone(headers, gzip.compress(b"x"), coded=True)
    assert (done.body, done.coding) == (b"x", "gzip")
    assert messages.undone(headers, b"x", coded=True).coding == ""
    assert messages.undone(headers, b"x", coded=False).coding == "gzip"
    assert messages.undone(((b"Content-Encoding", b"odd"),), b"x", coded=False).headers == ()


@pytest.mark.parametrize(
    ("text", "version"), [("HTTP/1.0", "1.0"), ("h2", "1.1"), ("HTTP/3", "1.1"), (None, "1.1")]
)
def test_versions(text: object, version: str) -> None:
    """Later versions are carried as 1.1, and that is told."""
    assert messages.version_of(text)[0] == version


def test_event_streams_stay_in_pieces() -> None:
    """As a recording has them, so that a replay waits for their events."""
    headers = ((b"Content-Type", b"text/event-stream; charset=utf-8"),)
    message, _ = messages.response(200, "", headers, b"data: 1\n\n", coded=False)
    assert message.body == Pieces((Piece(0.0, b"data: 1\n\n"),))


def test_methods_and_statuses() -> None:
    """What is neither is refused."""
    assert messages.status("404") == 404
    for value in (True, 99, 1000, "x", None, 2.5):
        with pytest.raises(Bad):
            messages.status(value)
    with pytest.raises(Bad):
        messages.method("GET /")
