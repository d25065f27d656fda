"""Why a change at a place passes: the rule, the learned place, or what is built in that covers it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ci_gate.diff.equality import stand_ins_of
from ci_gate.diff.headers import EXCLUDED, PRESENCE
from ci_gate.diff.messages import REQUEST_HEADERS
from ci_gate.diff.noise.held import MARK
from ci_gate.model.message import Part
from ci_gate.model.noise import Noise
from ci_gate.model.result import RuleUse
from ci_gate.values.places import covers

_SIDES = ("request.headers.", "response.headers.")
_SEEN = 2


def by_rules(before: Sequence[RuleUse], after: Sequence[RuleUse]) -> tuple[str, ...]:
    """The rules that did more `after` something was changed than `before`."""
    known = {one.index: one.used for one in before}
    return tuple(
        f"rule {one.index}: {one.text}" for one in after if one.used > known.get(one.index, 0)
    )


def by_noise(place: str, noise: Sequence[Noise]) -> tuple[str, ...]:
    """The learned places that `place` is, lies in, or holds."""
    return tuple(_told(one) for one in noise if _touches(one.at.partition(MARK)[0], place))


def _touches(at: str, place: str) -> bool:
    if covers(at, place) or covers(at + ".*", place):
        return True
    return at.startswith((place + ".", place + "["))


def _told(one: Noise) -> str:
    more = one.format or ", ".join(one.members[:_SEEN])
    return f"learned: {one.at} is {one.kind}{f' ({more})' if more else ''}"


def by_redaction(place: str, parts: Iterable[Part]) -> tuple[str, ...]:
    """`place` of a recorded message with these `parts` holds a stand-in: only its kind is known,
    and where else it stands."""
    side = place.partition(".")[0]
    for at, _ in stand_ins_of(side, parts):
        if place == at or at.startswith((place + ".", place + "[")):
            return (f"redacted: {at} is compared by kind, and with where else it stands",)
    return ()


def built_in(kind: str, place: str, group: str) -> tuple[str, ...]:
    """What no rule is needed for. `group`: "startup" or "background" for calls of those."""
    if group and kind in ("write-duplicated", "read-repeated"):
        return (f"built in: calls of {group} are compared by key, not by count",)
    side = next((one for one in _SIDES if place.startswith(one)), "")
    name = place.removeprefix(side).encode("latin-1", "replace")
    if side and name in EXCLUDED:
        return (f"built in: the field {name.decode()} is not compared",)
    if side and name in PRESENCE:
        return (f"built in: of the field {name.decode()} only the presence is compared",)
    if side == _SIDES[0] and name not in REQUEST_HEADERS:
        return ("built in: of a call's fields only those that a rule names are compared",)
    return ()


def by_more(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[str, ...]:
    """What was seen more often `after` than `before`: texts with how often."""
    return tuple(text for text, count in after.items() if count > before.get(text, 0))
