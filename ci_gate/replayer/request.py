"""A recorded request as it is sent now: names become live addresses, set headers go in."""

from __future__ import annotations

import msgspec

from ci_gate.model.message import HttpRequest, Message
from ci_gate.values.addresses import Addresses


def live_request(
    recorded: Message, addresses: Addresses, headers: tuple[tuple[str, str], ...]
) -> Message:
    """`recorded` with `{service}` and the like as live addresses, and `headers` replacing its own.

    A set header that the request did not carry is added at the end.
    """
    if not isinstance(recorded, HttpRequest):
        return recorded
    wanted = {name.lower().encode(): (name.encode(), value.encode()) for name, value in headers}
    fields = []
    for name, value in recorded.headers:
        given = wanted.pop(name.lower(), None) if name.lower() in wanted else None
        fields.append((name, given[1]) if given is not None else (name, addresses.to_live(value)))
    fields.extend(wanted.values())
    body = recorded.body
    if isinstance(body, bytes):
        body = addresses.to_live(body)
    return msgspec.structs.replace(
        recorded, target=addresses.to_live(recorded.target), headers=tuple(fields), body=body
    )
