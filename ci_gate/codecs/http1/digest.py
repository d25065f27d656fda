"""A large body that is compared, not kept: content-decoded, hashed and counted as it comes."""

from __future__ import annotations

import hashlib

import msgspec

from ci_gate.codecs.http1.coding import Decoder, coding_of
from ci_gate.model.message import Headers, HttpRequest, HttpResponse, Stored

_Said = HttpRequest | HttpResponse


class BodyDigest:
    """The body of `message`, a large message's head. Feed it, then ask for the whole.

    A body whose coding cannot be undone is told by the bytes that were sent.
    """

    def __init__(self, message: _Said) -> None:
        self._message = message
        self._coding = coding_of_message(message)
        self._decoder = Decoder(self._coding) if self._coding else None
        self._sent = hashlib.sha256()
        self._plain = hashlib.sha256()
        self._plain_size = 0
        self.size = 0
        """Bytes of the body so far, as they were sent."""

    def add(self, data: bytes) -> None:
        """Take a part, still content-coded."""
        self.size += len(data)
        self._sent.update(data)
        if self._decoder is None:
            return
        plain = self._decoder.more(data)
        if plain is None:
            self._decoder = None
            return
        self._plain.update(plain)
        self._plain_size += len(plain)

    def whole(self, trailers: Headers = ()) -> _Said:
        """The message; its body is a `Stored` with the hash and size of the decoded bytes."""
        decoded = self._decoder is not None and self._decoder.complete
        body = (
            Stored(self._plain.hexdigest(), self._plain_size)
            if decoded
            else Stored(self._sent.hexdigest(), self.size)
        )
        coding = self._coding if decoded else ""
        return msgspec.structs.replace(self._message, body=body, coding=coding, trailers=trailers)


def coding_of_message(message: _Said) -> str:
    """The one content coding of a message that we can undo; "" = none, several, unknown."""
    values = [value for name, value in message.headers if name.lower() == b"content-encoding"]
    return coding_of(values[0].strip().lower()) if len(values) == 1 else ""
