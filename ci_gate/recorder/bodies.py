"""Large bodies on their way to a file: content-decoded, redacted as a stream, hashed.

No unredacted byte reaches a disk. A body whose coding cannot be undone as a stream is kept as its
size and a keyed hash.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Protocol

from ci_gate.codecs.http1.coding import Decoder
from ci_gate.model.message import Opaque, Stored


class StreamRedactor(Protocol):
    """What `Redactor.stream()` gives."""

    def feed(self, data: bytes) -> bytes:
        """Take a part, give what is safe to write by now."""
        ...

    def finish(self) -> bytes:
        """The rest."""
        ...


class Writer(Protocol):
    """What `store.bodies.BodyWriter` is."""

    def write(self, data: bytes) -> None:
        """Append."""
        ...

    def finish(self) -> Stored:
        """Close and name it by its content."""
        ...

    def abort(self) -> None:
        """Remove it."""
        ...


class LargeBody:
    """One body. `key` is the redaction key, for the hash of what cannot be kept."""

    def __init__(
        self,
        coding: str,
        redactor: StreamRedactor,
        writer: Writer,
        key: bytes,
        note: Callable[[str], None],
    ) -> None:
        self._coding = coding
        self._decoder = Decoder(coding) if coding else None
        self._redactor = redactor
        self._writer: Writer | None = writer
        self._note = note
        self._hash = hmac.new(key, digestmod=hashlib.sha256)
        self._size = 0

    def write(self, data: bytes) -> None:
        """Take a part as it was sent (still coded)."""
        self._hash.update(data)
        self._size += len(data)
        if self._writer is None:
            return
        if self._decoder is not None:
            plain = self._decoder.more(data)
            if plain is None:
                self._give_up()
                return
            data = plain
        self._writer.write(self._redactor.feed(data))

    def _give_up(self) -> None:
        self._note(f"a body of more than 1 MB in {self._coding!r} could not be decoded: size kept")
        self.abort()

    def finish(self) -> tuple[Stored | Opaque, str]:
        """What is kept of it, and the coding that was decoded ("" = none)."""
        if self._writer is not None and self._decoder is not None and not self._decoder.complete:
            self._give_up()
        if self._writer is None:
            return Opaque(self._size, self._hash.hexdigest()), ""
        self._writer.write(self._redactor.finish())
        return self._writer.finish(), self._coding

    def abort(self) -> None:
        """Drop what was written."""
        if self._writer is not None:
            self._writer.abort()
            self._writer = None


class OpaqueBody:
    """Bytes that no codec understands: counted and hashed, not kept."""

    def __init__(self, key: bytes) -> None:
        self._hash = hmac.new(key, digestmod=hashlib.sha256)
        self._size = 0

    def write(self, data: bytes) -> None:
        """Take a part."""
        self._hash.update(data)
        self._size += len(data)

    def finish(self) -> tuple[Stored | Opaque, str]:
        """Size and keyed hash."""
        return Opaque(self._size, self._hash.hexdigest()), ""

    def abort(self) -> None:
        """Nothing was written."""
