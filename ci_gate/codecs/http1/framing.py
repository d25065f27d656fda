"""Where a message's body ends: RFC 9112 section 6.3, read strictly where messages get smuggled.

Two recipients that disagree on the end of a message are how requests are smuggled, so what the
RFC lets a recipient guess is refused here, with two exceptions it names: a Content-Length repeated
with the same value counts once, and Transfer-Encoding wins over Content-Length (the connection is
then closed after the message).
"""

from __future__ import annotations

from ci_gate.codecs.http1.malformed import Malformed

CHUNKED = -1
UNTIL_CLOSE = -2
"""Lengths that are no number of bytes."""

_DIGITS_LIMIT = 18


def request_length(version: str, coding: bytes, length: bytes) -> tuple[int, bool]:
    """Bytes of a request's body (or CHUNKED), and whether the connection must end after it.

    `coding` and `length` are the values of Transfer-Encoding and Content-Length, lower case,
    repeated fields joined by commas, b"" = absent. Raises Malformed.
    """
    if not coding:
        return _content_length(length), False
    if coding != b"chunked":
        if not coding.endswith(b"chunked"):
            raise Malformed(400, "a request's Transfer-Encoding must end in chunked")
        raise Malformed(501, f"the transfer coding {_shown(coding)} is not known")
    return CHUNKED, bool(length) or version == "1.0"


def response_length(version: str, coding: bytes, length: bytes) -> tuple[int, bool]:
    """The same for a response that has a body; UNTIL_CLOSE when only its end tells the end."""
    if coding and coding != b"identity":
        if coding == b"chunked":
            return CHUNKED, bool(length) or version == "1.0"
        raise Malformed(502, f"the transfer coding {_shown(coding)} is not known")
    if not length:
        return UNTIL_CLOSE, True
    return _content_length(length), False


def is_bodiless(status: int) -> bool:
    """True for the statuses whose responses end with their head, whatever their fields say."""
    return status < 200 or status == 204 or status == 304


def _content_length(text: bytes) -> int:
    if not text:
        return 0
    if b"," in text:
        values = {value.strip(b" \t") for value in text.split(b",")}
        if len(values) != 1:
            raise Malformed(400, f"Content-Length contradicts itself: {_shown(text)}")
        (text,) = values
    if not text.isdigit() or len(text) > _DIGITS_LIMIT:
        raise Malformed(400, f"Content-Length {_shown(text)} is not a number of bytes")
    return int(text)


def _shown(text: bytes) -> str:
    return repr(text[:40])[1:]
