"""A message as it may be written: our own addresses as names, secrets as stand-ins."""

from __future__ import annotations

from ci_gate.codecs.base import Codec
from ci_gate.model.message import Message, Part
from ci_gate.values.addresses import Addresses
from ci_gate.values.named import with_names
from ci_gate.values.redaction import Redactor


class Cleaner:
    """Cleans the messages of one recording. Equal values get equal stand-ins throughout."""

    def __init__(self, redactor: Redactor, addresses: Addresses) -> None:
        self.redactor = redactor
        self._addresses = addresses

    def clean(self, codec: Codec, message: Message, side: str) -> tuple[Message, tuple[str, ...]]:
        """The clean message and the places that hold stand-ins; `side`: "request" or "response"."""
        message = with_names(message, self._addresses)
        changed: dict[str, Part] = {}
        places: list[str] = []
        for part in codec.places(message):
            clean, redacted = self.redactor.part(part)
            if redacted:
                places.extend(f"{side}.{place}" for place in redacted)
                changed[part.place] = clean
        if changed:
            message = codec.with_places(message, changed)
        return message, tuple(places)
