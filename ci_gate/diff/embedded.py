"""Stand-ins inside longer texts: what is secret in the live text takes the stand-in's place.

A text of which only a part was redacted cannot be compared as it is. The secrets of both texts are
paired in their order; a pair of one kind that contradicts no earlier pair of the run puts the
stand-in into the live text, and the words around it are compared as ever.
"""

from __future__ import annotations

from collections.abc import Collection

from ci_gate.diff.equality import Equality
from ci_gate.model.message import Part
from ci_gate.values.places import rewrite
from ci_gate.values.redaction.detectors import find
from ci_gate.values.redaction.standins import is_stand_in

Parts = tuple[Part, ...]


def with_stand_ins(
    side: str, expected: Parts, actual: Parts, redacted: Collection[str], equality: Equality
) -> Parts:
    """`actual` with the recorded stand-ins inside texts at the places of `redacted`
    (`Exchange.redacted`). Values that are stand-ins as a whole are `compare`'s."""
    wanted = {place for place in redacted if place.startswith(side + ".")}
    texts: dict[str, str] = {}

    def recorded(place: str, text: str) -> None:
        full = f"{side}.{place}"
        if full in wanted and not is_stand_in(text):
            texts[full] = text

    def live(place: str, text: str) -> str | None:
        known = texts.get(f"{side}.{place}")
        return None if known is None or known == text else _paired(known, text, equality)

    for part in expected if wanted else ():
        rewrite(part, recorded)
    return tuple(rewrite(part, live) for part in actual) if texts else actual


def _paired(recorded: str, live: str, equality: Equality) -> str | None:
    """`live` with recorded stand-ins for its secrets; None when they do not pair."""
    before, data = recorded.encode("utf-8", "surrogatepass"), live.encode("utf-8", "surrogatepass")
    stand_ins = [one for one in find(before) if is_stand_in(one.value)]
    secrets = list(find(data))
    if [one.kind for one in stand_ins] != [one.kind for one in secrets]:
        return None
    for stand_in, secret in reversed(list(zip(stand_ins, secrets, strict=True))):
        if not equality.same(stand_in.value, secret.value):
            return None
        data = data[: secret.start] + before[stand_in.start : stand_in.end] + data[secret.end :]
    return data.decode("utf-8", "surrogatepass")
