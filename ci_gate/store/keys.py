"""What of a request enters an exchange's id: its key with redacted places blank. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Part, Pieces, Raw, Stored
from ci_gate.values.places import rewrite
from ci_gate.values.redaction.standins import is_stand_in

DIGITS = 10
"""Hex digits of an id before its occurrence number."""


def identity(exchange: Exchange, service: str, protocols: Mapping[str, str]) -> str:
    """Ten hex digits that are equal for exchanges with the same dependency (inbound: `service`),
    route and request, whatever was redacted in it and whatever was answered.

    `protocols` gives the protocol by dependency name.
    """
    name = protocol_of(exchange, protocols)
    speaks = codec(name)
    request = exchange.request
    changed = _blank(speaks.places(request), exchange.redacted)
    if changed:
        request = speaks.with_places(request, changed)
    key = speaks.key(request)
    owner = ("outbound", exchange.dependency) if exchange.dependency else ("inbound", service)
    return hashlib.sha256(_bytes((owner, exchange.route, key.full))).hexdigest()[:DIGITS]


def protocol_of(exchange: Exchange, protocols: Mapping[str, str]) -> str:
    """The codec that reads this exchange: a connection may have been downgraded to raw."""
    if isinstance(exchange.request, Raw):
        return "raw"
    return protocols.get(exchange.dependency, "http") if exchange.dependency else "http"


def is_write(exchange: Exchange, protocols: Mapping[str, str]) -> bool:
    """True when the exchange may have changed something, as its codec knows."""
    return codec(protocol_of(exchange, protocols)).facts(exchange).effect == "write"


def _blank(parts: tuple[Part, ...], redacted: tuple[str, ...]) -> dict[str, Part]:
    """The parts that hold stand-ins, with these emptied."""
    places = {place.removeprefix("request.") for place in redacted if place.startswith("request.")}

    def change(place: str, text: str) -> str | None:
        return "" if place in places or is_stand_in(text) else None

    changed = {}
    for part in parts:
        new = part
        if not isinstance(part.value, Stored | Pieces):
            new = rewrite(part, change)
        elif any(place.startswith(part.place) for place in places):
            new = msgspec.structs.replace(part, value=b"")
        if new.value != part.value:
            changed[part.place] = new
    return changed


def _bytes(value: object) -> bytes:
    """A key as bytes that differ when the key does, the same in every process."""
    if isinstance(value, bytes):
        kind, data = b"b", value
    elif isinstance(value, str):
        kind, data = b"s", value.encode(errors="surrogatepass")
    elif isinstance(value, tuple | list):
        kind, data = b"t", b"".join([_bytes(item) for item in value])
    elif isinstance(value, frozenset):
        kind, data = b"f", b"".join(sorted(_bytes(item) for item in value))
    elif isinstance(value, msgspec.Struct):
        kind, data = b"o", _bytes((type(value).__name__, *msgspec.structs.astuple(value)))
    else:
        kind, data = b"r", repr(value).encode()
    return kind + str(len(data)).encode() + b":" + data
