"""Content codings (RFC 9110 section 8.4.1): undone for reading, done again for sending.

Decoding is bounded: what a small body may become is limited before it is read, so that a
decompression bomb is kept as it came instead of filling the memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

import brotli
import zstandard

from ci_gate.codecs.http1.malformed import Malformed
from ci_gate.errors import UsageError
from ci_gate.model.message import HttpRequest, HttpResponse

OUTPUT_LIMIT = 64 << 20
"""Bytes a body may decode to."""
FREE_OUTPUT = 8 << 20
RATIO_LIMIT = 100
"""Up to FREE_OUTPUT any ratio will do; beyond it a body may grow this many times."""

_ZSTD_WINDOW = 8 << 20  # what RFC 9659 lets a web sender use
_ZSTD_SLICE = 256  # a zstd block of four bytes may hold 128 KB: 256 bytes overshoot by 8 MB
_LEVEL = 6
_GZIP = zlib.MAX_WBITS + 16
_WBITS = {"gzip": _GZIP, "deflate": zlib.MAX_WBITS}
_STEP = 1 << 20

_NAMES = {
    b"gzip": "gzip",
    b"x-gzip": "gzip",
    b"deflate": "deflate",
    b"br": "br",
    b"zstd": "zstd",
}


def coding_of(value: bytes) -> str:
    """The one coding a Content-Encoding value (lower case) names, "" if none, several, unknown."""
    return _NAMES.get(value, "")


def still_coded(message: HttpRequest | HttpResponse) -> bool:
    """True when the body is bytes in a coding that was not undone (unknown, several, broken, too
    much): nobody can look inside, so nobody can redact it."""
    if message.coding or not message.body:
        return False
    return any(
        name.lower() == b"content-encoding" and value.strip().lower() not in (b"", b"identity")
        for name, value in message.headers
    )


def decode(data: bytes, coding: str) -> bytes | None:
    """The decoded body; None when it cannot be decoded wholly and within the limits."""
    decoder = Decoder(coding)
    plain = decoder.more(data)
    return plain if decoder.complete else None


def encode(data: bytes, coding: str) -> bytes:
    """The body in `coding`, the same bytes each time."""
    encoder = Encoder(coding)
    return encoder.more(data) + encoder.end()


class Encoder:
    """A body coded while it is sent. Raises UsageError for a coding that is not one of ours, as a
    snapshot that was edited by hand may name it."""

    def __init__(self, coding: str) -> None:
        self.more: Callable[[bytes], bytes]
        self.end: Callable[[], bytes]
        if coding == "br":
            packer = brotli.Compressor(quality=5)
            self.more, self.end = packer.process, packer.finish
        elif coding == "zstd":
            frame = zstandard.ZstdCompressor(level=3).compressobj()
            self.more, self.end = frame.compress, frame.flush
        elif coding in _WBITS:
            deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WBITS[coding])
            self.more, self.end = deflater.compress, deflater.flush
        else:
            known = ", ".join(_UNPACKERS)
            raise UsageError(f"content coding {coding!r} is not known; codings are: {known}")


class Decoder:
    """A body decoded while it is heard."""

    def __init__(self, coding: str) -> None:
        self._unpacker: _Unpacker | None = _UNPACKERS.get(coding, _Unknown)()
        self._taken = 0
        self._given = 0

    @property
    def complete(self) -> bool:
        """True when what was heard so far is a whole coded body."""
        return self._unpacker is not None and self._unpacker.complete

    def more(self, data: bytes) -> bytes | None:
        """What comes of the next bytes. None, from then on, when they are not what the coding
        says or too much comes of them: at once, or for the number of bytes heard so far."""
        if self._unpacker is None:
            return None
        self._taken += len(data)
        allowed = max(FREE_OUTPUT, RATIO_LIMIT * self._taken) - self._given
        try:
            plain = self._unpacker.unpack(data, min(OUTPUT_LIMIT, allowed))
        except (Malformed, zlib.error, brotli.error, zstandard.ZstdError):
            self._unpacker = None
            return None
        self._given += len(plain)
        return plain


class _Unknown:
    """A coding that is not one of ours."""

    complete = False

    def unpack(self, data: bytes, limit: int) -> bytes:
        raise Malformed(400, "an unknown content coding")


class _Unpacker(Protocol):
    """One coding's state. `unpack` raises Malformed beyond `limit` bytes, or its library's error."""

    complete: bool

    def unpack(self, data: bytes, limit: int) -> bytes: ...


class _Deflate:
    """The zlib format RFC 9110 means, or the bare deflate that some servers send for it; the
    first two bytes tell which (RFC 1950 section 2.2)."""

    def __init__(self) -> None:
        self.complete = False
        self._start = b""
        self._inflater: zlib._Decompress | None = None

    def unpack(self, data: bytes, limit: int) -> bytes:
        if self._inflater is None:
            data = self._start + data
            if len(data) < 2:
                self._start = data
                return b""
            zlib_format = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._inflater = zlib.decompressobj(zlib.MAX_WBITS * (1 if zlib_format else -1))
        out = _inflated(self._inflater, data, limit)
        self.complete = self._inflater.eof
        if self._inflater.unused_data:
            raise _too_much()
        return out


class _Gzip:
    """One or more members (RFC 1952 section 2.2), nothing behind the last."""

    def __init__(self) -> None:
        self.complete = False
        self._inflater = zlib.decompressobj(_GZIP)

    def unpack(self, data: bytes, limit: int) -> bytes:
        out: list[bytes] = []
        while data:
            if self.complete:
                self._inflater = zlib.decompressobj(_GZIP)
            piece = _inflated(self._inflater, data, limit)
            limit -= len(piece)
            out.append(piece)
            self.complete = self._inflater.eof
            data = self._inflater.unused_data
        return b"".join(out)


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        self.complete = False
        self._decompressor = brotli.Decompressor()

    def unpack(self, data: bytes, limit: int) -> bytes:
        unpacker = self._decompressor
        out: list[bytes] = []
        while data or not unpacker.can_accept_more_data():
            piece = unpacker.process(data, output_buffer_limit=_STEP)
            data = b""
            limit -= len(piece)
            if limit < 0:
                raise _too_much()
            out.append(piece)
        self.complete = unpacker.is_finished()
        return b"".join(out)


class _Zstd:
    """RFC 8878, one or more frames."""

    def __init__(self) -> None:
        self.complete = False
        self._frame = _zstd_frame()

    def unpack(self, data: bytes, limit: int) -> bytes:
        out: list[bytes] = []
        while data:
            if self.complete:
                self._frame = _zstd_frame()
            piece = self._frame.decompress(data[:_ZSTD_SLICE])
            limit -= len(piece)
            if limit < 0:
                raise _too_much()
            out.append(piece)
            self.complete = self._frame.eof
            data = self._frame.unused_data + data[_ZSTD_SLICE:]
        return b"".join(out)


def _zstd_frame() -> zstandard.ZstdDecompressionObj:
    return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()


def _inflated(inflater: zlib._Decompress, data: bytes, limit: int) -> bytes:
    out = inflater.decompress(data, limit + 1)
    if len(out) > limit:
        raise _too_much()
    return out


def _too_much() -> Malformed:
    return Malformed(400, "more in a coded body than may be")


_UNPACKERS: dict[str, Callable[[], _Unpacker]] = {
    "gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
