"""Content codings: there and back, broken, and too large."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.codecs.http1 import coding as codings
from ci_gate.codecs.http1.coding import (
    Decoder,
    Encoder,
    coding_of,
    decode,
    encode,
    still_coded,
)
from ci_gate.errors import UsageError
from ci_gate.model.message import HttpResponse

CODINGS = ["gzip", "deflate", "br", "zstd"]
TEXT = b'{"hello": "world"}' * 50


def bare_deflate(data: bytes) -> bytes:
    """Deflate without zlib's header, as some servers send it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"gzip", "gzip"),
        (b"x-gzip", "gzip"),
        (b"br", "br"),
        (b"zstd", "zstd"),
        (b"deflate", "deflate"),
        (b"gzip, br", ""),
        (b"identity", ""),
        (b"", ""),
        (b"pack200-gzip", ""),
    ],
)
def test_names(value: bytes, name: str) -> None:
    """One known coding has a name, several or unknown ones have none."""
    assert coding_of(value) == name


@pytest.mark.parametrize("coding", CODINGS)
@settings(deadline=None)
@given(data=st.binary(max_size=2000))
def test_there_and_back(coding: str, data: bytes) -> None:
    """What is encoded decodes to the same bytes, and encodes the same each time."""
    coded = encode(data, coding)
    assert decode(coded, coding) == data
    assert encode(data, coding) == coded


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("gzip", gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare_deflate(TEXT)),
        ("br", brotli.compress(TEXT)),
        ("zstd", zstandard.compress(TEXT)),
        ("zstd", zstandard.compress(TEXT[:100]) + zstandard.compress(TEXT[100:])),
    ],
)
def test_other_encoders(coding: str, data: bytes) -> None:
    """What others encode is decoded, whole and as it is heard: several members, bare deflate."""
    assert decode(data, coding) == TEXT
    decoder = Decoder(coding)
    parts = [decoder.more(data[index : index + 1]) for index in range(len(data))]
    assert b"".join(part or b"" for part in parts) == TEXT
    assert decoder.complete


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("change", [lambda d: d[:-1], lambda d: d + b"x", lambda d: b"\xff" + d])
def test_broken_bodies(coding: str, change: object) -> None:
    """A body that is cut short, followed by something or damaged is not decoded."""
    assert callable(change)
    assert decode(change(encode(TEXT, coding)), coding) is None


@pytest.mark.parametrize("coding", [*CODINGS, "compress"])
@settings(deadline=None)
@given(data=st.binary(min_size=1, max_size=300))
def test_garbage_never_raises(coding: str, data: bytes) -> None:
    """Whatever is sent under a coding's name gives bytes or None."""
    assert decode(data, coding) is None or coding != "compress"


@pytest.mark.parametrize("coding", CODINGS)
def test_a_decompression_bomb(coding: str) -> None:
    """A kilobyte that would fill the memory is given up before it does, and stays given up."""
    encoder = Encoder(coding)
    bomb = b"".join(encoder.more(bytes(1 << 20)) for _ in range(256)) + encoder.end()
    assert len(bomb) < 1 << 20
    assert decode(bomb, coding) is None
    decoder = Decoder(coding)
    given = 0
    for start in range(0, len(bomb), 1000):
        plain = decoder.more(bomb[start : start + 1000])
        if plain is None:
            break
        given += len(plain)
    assert given <= max(codings.FREE_OUTPUT, codings.RATIO_LIMIT * len(bomb))
    assert decoder.more(b"") is None
    assert not decoder.complete


def test_a_coding_that_is_none_of_ours() -> None:
    """A snapshot that names it was edited by hand: the error says what there is."""
    with pytest.raises(
        UsageError, match=r"'lzw' is not known; codings are: gzip, deflate, br, zstd"
    ):
        encode(TEXT, "lzw")


def test_a_high_ratio_is_fine_while_it_is_small() -> None:
    """A very regular body of a few megabytes is no bomb."""
    data = b"0123456789" * 500_000
    assert decode(encode(data, "gzip"), "gzip") == data


@pytest.mark.parametrize(
    ("value", "body", "coding", "expected"),
    [
        (b"gzip", b"x", "gzip", False),
        (b"gzip", b"x", "", True),
        (b"gzip", b"", "", False),
        (b"Identity", b"x", "", False),
        (b"gzip, br", b"x", "", True),
    ],
)
def test_what_nobody_can_look_into(value: bytes, body: bytes, coding: str, expected: bool) -> None:
    """A body that is still coded says so, for it cannot be redacted."""
    headers = ((b"content-encoding", value),)
    assert still_coded(HttpResponse(200, b"", headers, body, coding=coding)) is expected


def test_without_a_coding_field_nothing_is_coded() -> None:
    """No Content-Encoding, no coding."""
    assert not still_coded(HttpResponse(200, b"", (), b"x"))
