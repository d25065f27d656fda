"""Content codings (RFC 9110 section 8.4.1): undone for reading, done again for sending.

Decoding is bounded: what a small body may become is limited before it is read, so that a
decompression bomb is kept as it came instead of filling the memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard

OUTPUT_LIMIT = 64 << 20
"""Bytes a body may decode to."""
FREE_OUTPUT = 8 << 20
RATIO_LIMIT = 100
"""Up to FREE_OUTPUT any ratio will do; beyond it a body may grow this many times."""

_ZSTD_WINDOW = 8 << 20  # what RFC 9659 lets a web sender use
_ZSTD_SLICE = 256  # a zstd block of four bytes may hold 128 KB: 256 bytes overshoot by 8 MB
_LEVEL = 6

_NAMES = {
    b"gzip": "gzip",
    b"x-gzip": "gzip",
    b"deflate": "deflate",
    b"br": "br",
    b"zstd": "zstd",
}


class _Unreadable(Exception):
    """The bytes are not what the coding says, or too much comes out of them."""


def coding_of(value: bytes) -> str:
    """The one coding a Content-Encoding value (lower case) names, "" if none, several, unknown."""
    return _NAMES.get(value, "")


def decode(data: bytes, coding: str) -> bytes | None:
    """The decoded body; None when it cannot be decoded wholly and within the limits."""
    limit = min(OUTPUT_LIMIT, max(FREE_OUTPUT, RATIO_LIMIT * len(data)))
    try:
        return _DECODERS[coding](data, limit)
    except (_Unreadable, zlib.error, brotli.error, zstandard.ZstdError):
        return None


def encode(data: bytes, coding: str) -> bytes:
    """The body in `coding`, the same bytes each time."""
    encoder = Encoder(coding)
    return encoder.more(data) + encoder.end()


class Encoder:
    """A body coded while it is sent."""

    def __init__(self, coding: str) -> None:
        self.more: Callable[[bytes], bytes]
        self.end: Callable[[], bytes]
        if coding == "br":
            packer = brotli.Compressor(quality=5)
            self.more, self.end = packer.process, packer.finish
        elif coding == "zstd":
            frame = zstandard.ZstdCompressor(level=3).compressobj()
            self.more, self.end = frame.compress, frame.flush
        else:
            wbits = zlib.MAX_WBITS + 16 if coding == "gzip" else zlib.MAX_WBITS
            deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, wbits)
            self.more, self.end = deflater.compress, deflater.flush


def _gunzip(data: bytes, limit: int) -> bytes:
    """One or more members, nothing behind the last."""
    out = b""
    while data:
        inflater = zlib.decompressobj(zlib.MAX_WBITS + 16)
        out += _inflated(inflater, data, limit - len(out))
        data = inflater.unused_data
    return out


def _inflate(data: bytes, limit: int) -> bytes:
    """The zlib format RFC 9110 means, or the bare deflate that some servers send for it."""
    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        inflater = zlib.decompressobj(wbits)
        try:
            out = _inflated(inflater, data, limit)
        except zlib.error:
            continue
        if not inflater.unused_data:
            return out
    raise _Unreadable


def _inflated(inflater: zlib._Decompress, data: bytes, limit: int) -> bytes:
    out = inflater.decompress(data, limit + 1)
    if len(out) > limit or not inflater.eof:
        raise _Unreadable
    return out


def _unbrotli(data: bytes, limit: int) -> bytes:
    unpacker = brotli.Decompressor()
    out: list[bytes] = []
    size = 0
    while not unpacker.is_finished():
        piece = unpacker.process(data, output_buffer_limit=1 << 20)
        data = b""
        size += len(piece)
        if size > limit or (not piece and unpacker.can_accept_more_data()):
            raise _Unreadable
        out.append(piece)
    return b"".join(out)


def _unzstd(data: bytes, limit: int) -> bytes:
    out: list[bytes] = []
    size = 0
    position = 0
    while position < len(data):
        frame = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        while not frame.eof and position < len(data):
            piece = frame.decompress(data[position : position + _ZSTD_SLICE])
            position += _ZSTD_SLICE
            size += len(piece)
            if size > limit:
                raise _Unreadable
            out.append(piece)
        if not frame.eof:
            raise _Unreadable
        position = min(position, len(data)) - len(frame.unused_data)
    return b"".join(out)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
