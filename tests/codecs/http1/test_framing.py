"""Where bodies end: RFC 9112 section 6.3, rule by rule."""

from __future__ import annotations

import pytest

from ci_gate.codecs.http1.framing import (
    CHUNKED,
    UNTIL_CLOSE,
    is_bodiless,
    request_length,
    response_length,
)
from ci_gate.codecs.http1.malformed import Malformed


@pytest.mark.parametrize(
    ("version", "coding", "length", "expected"),
    [
        ("1.1", b"", b"", (0, False)),
        ("1.1", b"", b"5", (5, False)),
        ("1.1", b"", b"5, 5", (5, False)),
        ("1.1", b"chunked", b"", (CHUNKED, False)),
        ("1.1", b"chunked", b"5", (CHUNKED, True)),
        ("1.0", b"chunked", b"", (CHUNKED, True)),
    ],
)
def test_requests(version: str, coding: bytes, length: bytes, expected: tuple[int, bool]) -> None:
    """A request ends with its head, its length or its last chunk; chunked wins over a length, and
    then nothing may follow on the connection."""
    assert request_length(version, coding, length) == expected


@pytest.mark.parametrize(
    ("coding", "length"),
    [
        (b"", b"5,6"),
        (b"", b"-1"),
        (b"", b"+1"),
        (b"", b"1_0"),
        (b"", b"0x5"),
        (b"", b" "),
        (b"", b"5,"),
        (b"", "٥".encode()),
        (b"", b"9" * 19),
        (b"gzip", b""),
        (b"chunked, gzip", b""),
        (b"identity", b"5"),
        (b"chunked,chunked", b""),
        (b"gzip,chunked", b""),
        (b" ", b""),
        (b"xchunked", b""),
    ],
)
def test_requests_that_two_recipients_may_read_differently(coding: bytes, length: bytes) -> None:
    """The shapes that requests are smuggled in are refused, never guessed."""
    with pytest.raises(Malformed):
        request_length("1.1", coding, length)


@pytest.mark.parametrize(
    ("version", "coding", "length", "expected"),
    [
        ("1.1", b"", b"", (UNTIL_CLOSE, True)),
        ("1.1", b"", b"0", (0, False)),
        ("1.1", b"identity", b"7", (7, False)),
        ("1.1", b"chunked", b"7", (CHUNKED, True)),
        ("1.0", b"chunked", b"", (CHUNKED, True)),
    ],
)
def test_responses(version: str, coding: bytes, length: bytes, expected: tuple[int, bool]) -> None:
    """A response without length or chunks ends with the connection."""
    assert response_length(version, coding, length) == expected


@pytest.mark.parametrize(("coding", "length"), [(b"gzip", b""), (b"", b"1,2"), (b"", b"x")])
def test_responses_that_cannot_be_framed(coding: bytes, length: bytes) -> None:
    """Unknown transfer codings and contradictory lengths are refused in responses too."""
    with pytest.raises(Malformed):
        response_length("1.1", coding, length)


def test_bodiless_statuses() -> None:
    """1xx, 204 and 304 have no body whatever their fields say."""
    assert [status for status in (100, 101, 200, 204, 205, 304, 404) if is_bodiless(status)] == [
        100,
        101,
        204,
        304,
    ]
