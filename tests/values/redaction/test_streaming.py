"""Redaction in overlapping windows: the same result wherever the body is cut."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns
from ci_gate.values.redaction.streaming import OVERLAP

STAND_INS = StandIns(b"k" * 32)
EMAIL = "jane@mail.example"
NEW = STAND_INS.stand_in("email", EMAIL).encode()
PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 100
    + "-----END PRIVATE KEY-----"
)


def streamed(data: bytes, sizes: list[int]) -> bytes:
    """The redacted body, fed in pieces of the given sizes (repeating)."""
    stream = Redactor(STAND_INS).stream()
    written = b""
    position = index = 0
    while position < len(data):
        size = sizes[index % len(sizes)]
        written += stream.feed(data[position : position + size])
        position += size
        index += 1
    return written + stream.finish()


@pytest.mark.parametrize("sizes", [[1 << 20], [65536], [65537, 1], [7001]])
def test_nothing_survives_a_boundary(sizes: list[int]) -> None:
    """Secrets laid over every multiple of 4 KB of a megabyte are all replaced."""
    data = bytearray(b"word. " * 180_000)
    for boundary in range(4096, len(data) - 100, 4096):
        data[boundary - 9 : boundary + 10] = b" " + EMAIL.encode() + b" "
    count = bytes(data).count(EMAIL.encode())
    written = streamed(bytes(data), sizes)
    assert EMAIL.encode() not in written
    assert written == bytes(data).replace(EMAIL.encode(), NEW)
    assert count > 200


def test_long_secrets_cross_boundaries() -> None:
    """A private key of several kilobytes is replaced as one wherever the window ends."""
    for offset in (0, 1000, 3000):
        data = (
            b"x " * ((OVERLAP + (256 << 10)) // 2 - 2000 + offset) + PEM.encode() + b" y" * OVERLAP
        )
        written = streamed(data, [4096])
        assert STAND_INS.stand_in("private-key", PEM).encode() in written
        assert b"MIIEvQIBADANBgkq" not in written


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(500, 90_000), min_size=1, max_size=5), st.integers())
def test_cuts_do_not_matter(sizes: list[int], seed: int) -> None:
    """However the body arrives, what is written is the same."""
    pick = random.Random(seed)
    secrets = [EMAIL, '{"password": "x9y8"}', "4012888888881881", "?token=abc9"]
    words = [*["plain words, ü and 1234567890"] * 40, *secrets]
    data = " ".join(pick.choices(words, k=25_000)).encode()
    assert streamed(data, sizes) == streamed(data, [len(data)])


def test_nothing_is_lost_without_secrets() -> None:
    """A body without secrets, even one endless word, comes out as it went in."""
    for data in (b"", b"x", b"word " * 200_000, b"a" * 1_500_000):
        stream = Redactor(STAND_INS).stream()
        assert stream.feed(data) + stream.finish() == data
        assert stream.changed is False


def test_a_cut_makes_no_secret() -> None:
    """A number that goes on is not taken for a card number because a window ends in it."""
    data = b"x" * 300_000 + b"4012888888881881" * 5000
    assert streamed(data, [50_000]) == data


def test_changed_and_counted() -> None:
    """The stream says that it changed something, and the recording's counts include it."""
    redactor = Redactor(STAND_INS)
    stream = redactor.stream()
    assert stream.feed(EMAIL.encode()) + stream.finish() == NEW
    assert stream.changed
    assert redactor.counts == {"email": 1}


def test_binary_bodies_stay_as_they_are() -> None:
    """What looks like an address by chance in an archive or a picture is not touched, while a real
    one in its text parts is."""
    noise = random.Random(7).randbytes(3 << 20)
    form = b"--x\r\nContent-Disposition: form-data; name=note\r\n\r\nwrite to %b, please\r\n--x\r\n"
    padding = b"Content-Disposition: form-data; name=file\r\n\r\n"
    written = streamed(form % EMAIL.encode() + padding + noise, [65536])
    assert written == form % NEW + padding + noise
