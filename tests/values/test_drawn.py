"""Bytes drawn at random, and what is none of that."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.drawn import LEAST, is_drawn, random_bytes
from ci_gate.values.evidence import fits

DRAW = random.Random(5)
WORDS = "amber birch coral dune ember fern grove heath iris jade".split()


def some(size: int) -> bytes:
    """Random bytes, the same in every run of this test."""
    return DRAW.randbytes(size)


def text() -> bytes:
    """A document that differs from the last one."""
    return json.dumps([DRAW.choice(WORDS) for _ in range(300)]).encode()


def archive() -> bytes:
    """A zip file of such a document."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.json", text())
    return out.getvalue()


@pytest.mark.parametrize("size", [16, 32, 300, 4096, 200_000])
def test_random_bytes(size: int) -> None:
    """Bytes of one size, different in every replay; others of that size fit, and no others."""
    noise = random_bytes([some(size) for _ in range(3)])
    assert noise is not None
    assert (noise.kind, noise.length) == ("bytes", (size, size))
    assert fits(noise, some(size))
    assert not fits(noise, some(size + 1))
    assert not fits(noise, bytes(size))
    assert not fits(noise, (b"Internal Server Error. " * size)[:size])
    assert not fits(noise, "ä" * size)


def test_of_any_length() -> None:
    """Bytes of several sizes may be as much smaller and greater again, not smaller than can be
    told."""
    noise = random_bytes([some(40), some(50), some(60)])
    assert noise is not None
    assert noise.length == (20, 80)
    short = random_bytes([some(17), some(60)])
    assert short is not None
    assert short.length == (LEAST, 103)


@pytest.mark.parametrize(
    "bodies",
    [
        [some(8) for _ in range(3)],
        [b"\x00" * 20, b"\x01" * 20, b"\x02" * 20],
        [f"session {DRAW.getrandbits(64):016x}".encode() for _ in range(3)],
        [b"\x89PNG" + some(400) for _ in range(3)],
        [gzip.compress(text(), mtime=n) for n in range(3)],
        [archive() for _ in range(3)],
        [some(64)] * 2 + [some(64)],
        [b"", some(64)],
    ],
    ids=["short", "zeros", "text", "magic", "gzip", "zip", "twice", "empty"],
)
def test_what_is_not_random(bodies: list[bytes]) -> None:
    """Codes, texts, files that say what they are, and bytes that came twice are not explained."""
    assert random_bytes(bodies) is None


def test_one_changed_region() -> None:
    """A body of which only some bytes differ is not random, whatever these are."""
    body = some(512)
    assert random_bytes([body[:256] + some(256) for _ in range(3)]) is None


@given(st.lists(st.binary(max_size=64), min_size=1, max_size=4))
def test_what_was_seen_fits(bodies: list[bytes]) -> None:
    """Whatever came: where it is explained, every one of them is of the kind."""
    noise = random_bytes(bodies)
    assert noise is None or all(fits(noise, body) and is_drawn(body) for body in bodies)
