"""When two recorded calls are the same call: equal in everything that comparing looks at."""

from __future__ import annotations

from collections.abc import Collection, Hashable

from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import REQUEST_HEADERS
from ci_gate.model.call import CallRecord
from ci_gate.model.message import Part
from ci_gate.values.canonical import canonical

_NAMES = frozenset(name.decode() for name in REQUEST_HEADERS)


def call_key(record: CallRecord, masks: Masks, made_up: Collection[str] = ()) -> Hashable:
    """Equal for calls that are the same under `masks`: places that are open are blank, and so are
    those of values that are `made_up`."""
    varying = masks.varying

    def blank(place: str, value: object) -> str | None:
        full = f"request.{place}"
        learned = full in made_up or (varying is not None and varying.covers(full))
        return "‹open›" if learned or masks.allows(full, value) else None

    parts: list[Hashable] = []
    for part in record.parts:
        names = _NAMES if part.place == "headers" else None
        parts.append((part.place, _plain(part) if not masks else canonical(part, blank, names)))
    return (record.dependency, record.coarse, record.route, tuple(parts))


def _plain(part: Part) -> Hashable:
    """Without masks the bytes will do: one client writes one value one way."""
    if part.place != "headers" or not isinstance(part.value, tuple):
        return part.value
    return tuple(
        (name.lower(), value) for name, value in part.value if name.lower() in REQUEST_HEADERS
    )
