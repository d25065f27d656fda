"""Bodies that are said in parts."""

from __future__ import annotations

import zlib

import pytest

from ci_gate.codecs.base import Bytes, Side
from ci_gate.codecs.http1.speech import Framing, Speech


@pytest.mark.parametrize(
    ("framing", "expected"),
    [
        ("plain", b"abcd"),
        ("chunked", b"3\r\nabc\r\n1\r\nd\r\n0\r\nT: 1\r\n\r\n"),
        ("silent", b""),
    ],
)
def test_framings(framing: Framing, expected: bytes) -> None:
    """Parts are chunks, or bytes as they are, or nothing; empty parts are nothing."""
    speech = Speech(Side.SERVER, framing, "")
    actions = speech.more(b"abc") + speech.more(b"") + speech.more(b"d")
    actions += speech.end(((b"T", b"1"),))
    assert all(isinstance(action, Bytes) and action.side is Side.SERVER for action in actions)
    assert b"".join(action.data for action in actions if isinstance(action, Bytes)) == expected


def test_coding() -> None:
    """Parts are coded on the way, and the coding is finished at the end."""
    speech = Speech(Side.CLIENT, "plain", "gzip")
    actions = speech.more(b"hello ") + speech.more(b"world") + speech.end(())
    data = b"".join(action.data for action in actions if isinstance(action, Bytes))
    assert zlib.decompress(data, zlib.MAX_WBITS + 16) == b"hello world"
