"""A message as it may be written: our own addresses as names, secrets as stand-ins."""

from __future__ import annotations

from ci_gate.codecs.base import Codec
from ci_gate.model.message import Message, Part
from ci_gate.values.addresses import Addresses
from ci_gate.values.redaction import Redactor


class Cleaner:
    """Cleans the messages of one recording. Equal values get equal stand-ins throughout."""

    def __init__(self, redactor: Redactor, addresses: Addresses) -> None:
        self.redactor = redactor
        self._addresses = addresses

    def clean(self, codec: Codec, message: Message, side: str) -> tuple[Message, tuple[str, ...]]:
        """The clean message and the places that hold stand-ins; `side`: "request" or "response"."""
        changed: dict[str, Part] = {}
        places: list[str] = []
        for part in codec.places(message):
            named = self._named(part)
            clean, redacted = self.redactor.part(named)
            places.extend(f"{side}.{place}" for place in redacted)
            if clean.value != part.value:
                changed[part.place] = clean
        if changed:
            message = codec.with_places(message, changed)
        return message, tuple(places)

    def _named(self, part: Part) -> Part:
        value = part.value
        named: bytes | tuple[tuple[bytes, bytes], ...]
        if isinstance(value, bytes):
            if part.media == "binary":
                return part
            named = self._addresses.to_names(value)
        elif isinstance(value, tuple):
            named = tuple((name, self._addresses.to_names(text)) for name, text in value)
        else:
            return part
        return part if named == value else Part(part.place, named, part.media, part.parameter)
