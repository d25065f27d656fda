"""A recorded request as it is sent now: names become live addresses, what is set goes in."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.correlation.atoms import replace
from ci_gate.model.message import HttpRequest, Message
from ci_gate.values.addresses import Addresses
from ci_gate.values.named import with_live
from ci_gate.values.places import rewrite
from ci_gate.values.redaction.standins import basic_pair

_BASIC = re.compile(r"(?i:basic) +")


def live_request(
    recorded: Message, addresses: Addresses, headers: tuple[tuple[str, str], ...]
) -> Message:
    """`recorded` with `{service}` and the like as live addresses, and `headers` replacing its own.

    A set header that the request did not carry is added at the end.
    """
    live = with_live(recorded, addresses)
    if not headers or not isinstance(live, HttpRequest):
        return live
    wanted = {name.lower().encode(): (name.encode(), value.encode()) for name, value in headers}
    fields = []
    for name, value in live.headers:
        given = wanted.get(name.lower())
        fields.append((name, value if given is None else given[1]))
    present = {name.lower() for name, _ in live.headers}
    fields.extend(field for lower, field in wanted.items() if lower not in present)
    return msgspec.structs.replace(live, headers=tuple(fields))


def with_values(live: Message, codec: Codec, values: Mapping[str, str]) -> Message:
    """`live` with a set value wherever its stand-in was recorded: `values` maps one to the other."""
    if not values:
        return live

    pairs = dict(values)

    def change(_place: str, text: str) -> str:
        scheme = _BASIC.match(text)
        basic = basic_pair(text[scheme.end() :]) if scheme is not None else None
        if scheme is not None and basic is not None:
            halves = ":".join(pairs.get(half, half) for half in basic)
            return scheme[0] + b64encode(halves.encode()).decode()
        return replace(replace(text, (), pairs), ("percent",), pairs)

    changed = {}
    for part in codec.places(live):
        new = rewrite(part, change)
        if new.value != part.value:
            changed[part.place] = new
    return codec.with_places(live, changed) if changed else live
