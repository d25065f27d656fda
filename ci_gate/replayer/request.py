"""A recorded request as it is sent now: names become live addresses, set headers go in."""

from __future__ import annotations

import msgspec

from ci_gate.model.message import HttpRequest, Message
from ci_gate.values.addresses import Addresses
from ci_gate.values.named import with_live


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
