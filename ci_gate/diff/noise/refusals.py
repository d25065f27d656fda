"""Noise that cannot be meant: refused with the reason and the command that mends it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterable, Sequence

from ci_gate.diff.jsonvalue import NotJson, decode
from ci_gate.diff.noise.calls import CALL, CALLS
from ci_gate.diff.noise.held import MARK
from ci_gate.diff.noise.membernames import NAMES
from ci_gate.diff.noise.walk import leaves_of
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.noise import Noise
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.places import covers
from ci_gate.values.words import word

PartsOf = Callable[[Exchange, Message], Sequence[Part]]

MEND = "run `ci-gate learn`, which writes the noise anew"
_NEEDS = {
    "timestamp": "format",
    "one-of": "members",
    "hex": "alphabet",
    "base64": "alphabet",
    "token": "alphabet",
}
_INSIDE = re.compile(r"[.\[]")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d{1,9}|\*)\]", re.ASCII)


def refusals(snapshot: Snapshot, parts_of: PartsOf) -> list[str]:
    """What is wrong with the noise of a snapshot, one text each, naming exchange and place:
    places that are not there, entries that say nothing, contradict each other, or hide all of a
    message. Empty when all is well."""
    dependencies = {dependency.name for dependency in snapshot.dependencies}
    found: list[str] = []
    for exchange in (*snapshot.inbound, *snapshot.outbound):
        if exchange.noise:
            reasons = _of_exchange(exchange, parts_of, dependencies)
            found += [
                f"exchange {exchange.id} ({exchange.route}): {one}; {MEND}" for one in reasons
            ]
    return found


def _of_exchange(exchange: Exchange, parts_of: PartsOf, dependencies: set[str]) -> list[str]:
    kinds: dict[str, Noise] = {}
    there = There(exchange, parts_of)
    reasons: list[str] = []
    for noise in exchange.noise:
        reason = _malformed(noise) or _misplaced(noise, exchange, there, dependencies)
        other = kinds.setdefault(noise.at, noise)
        if not reason and other.kind != noise.kind:
            reason = f"it says {other.kind} and {noise.kind} of one place"
        if reason:
            reasons.append(f"noise at {noise.at}: {reason}")
    return reasons


def _malformed(noise: Noise) -> str:
    field = _NEEDS.get(noise.kind)
    if field is not None and not getattr(noise, field):
        return f"{noise.kind} needs {field!r}, or it holds for nothing"
    if noise.kind == "derived" and not noise.clock:
        return "derived needs 'clock', or it would hide whatever stands there"
    if noise.low is not None and noise.high is not None and noise.low > noise.high:
        return "its low is above its high"
    if noise.length[0] > noise.length[1]:
        return "its least length is above its greatest"
    if noise.at in ("request", "response") or noise.at.endswith(".*"):
        return "it would hide all of what is below; name the places that vary"
    return ""


def _misplaced(noise: Noise, exchange: Exchange, there: There, dependencies: set[str]) -> str:
    if noise.at == CALL:
        wrong = exchange.inbound or noise.kind != "optional"
        return "only a call, of kind optional, is not always made" if wrong else ""
    if noise.at.startswith(CALLS):
        if not exchange.inbound or noise.kind not in ("unordered", "loose"):
            return "only the calls of an inbound exchange are unordered or loose"
        name = noise.at.removeprefix(CALLS)
        return "" if name in dependencies else f"there is no dependency {name}"
    side = noise.at.partition(".")[0]
    if side not in ("request", "response"):
        return "a place starts with request. or response."
    if noise.at in ("response.status", "request.method"):
        return "what happened is always compared"
    if not there.has(side, noise.at):
        return "there is no such place in what was recorded"
    return ""


class There:
    """The places of an exchange, read when asked for."""

    def __init__(self, exchange: Exchange, parts_of: PartsOf) -> None:
        self._exchange = exchange
        self._parts_of = parts_of
        self._json: dict[str, object] = {}
        self._leaves: dict[str, dict[str, object]] = {}
        self._containers: dict[str, set[str]] = {}

    def has(self, side: str, at: str) -> bool:
        """True when the place of that side is there, with the word that it names."""
        root = f"{side}.body.$"
        steps = _steps(at[len(root) :]) if at.startswith(root) else None
        # Decoded in C: what is found so needs no look at every value.
        if steps and _reaches(self._decoded(side), steps):
            return True
        if side not in self._leaves:
            self._read(side)
        base, _, path = at.partition(MARK)
        leaves = self._leaves[side]
        if path:
            return any(
                isinstance(leaves[place], str) and word(str(leaves[place]), path) is not None
                for place in self._matching(leaves, base)
            )
        if at.endswith(NAMES):
            return at.removesuffix(NAMES) in self._containers[side]
        return bool(
            next(iter(self._matching(leaves, at)), None)
            or next(iter(self._matching(self._containers[side], at)), None)
        )

    def _matching(self, places: Collection[str], at: str) -> Iterable[str]:
        if "[*]" not in at:
            return [at] if at in places else []
        return (place for place in places if covers(at, place))

    def _parts(self, side: str) -> tuple[Part, ...]:
        message = self._exchange.request if side == "request" else self._exchange.response
        return tuple(self._parts_of(self._exchange, message)) if message is not None else ()

    def _decoded(self, side: str) -> object:
        """The JSON body of that side; None where there is none."""
        if side not in self._json:
            bodies = [one for one in self._parts(side) if one.place == "body"]
            data = bodies[0].value if bodies and bodies[0].media == "json" else b"null"
            try:
                self._json[side] = decode(data if isinstance(data, bytes) else b"null")
            except NotJson:
                self._json[side] = None
        return self._json[side]

    def _read(self, side: str) -> None:
        parts = self._parts(side)
        leaves = leaves_of(side, parts)
        self._leaves[side] = leaves
        # An empty container has no leaf; its parent is as far as its place can be checked.
        self._containers[side] = {
            place[: found.start()] for place in leaves for found in _INSIDE.finditer(place)
        } | {f"{side}.{part.place}{end}" for part in parts for end in ("", ".$")}


@functools.lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[str | int, ...] | None:
    """`.items[*].id` as ("items", -1, "id"); None for what is no path of plain steps."""
    steps: list[str | int] = []
    end = 0
    while found := _STEP.match(path, end):
        index = found[2]
        steps.append(found[1] or (-1 if index == "*" else int(index)))
        end = found.end()
    return tuple(steps) if end == len(path) else None


def _reaches(value: object, steps: tuple[str | int, ...], at: int = 0) -> bool:
    """True when the steps, from `at` on, lead somewhere in a decoded JSON value."""
    for number, step in enumerate(steps[at:], at + 1):
        if isinstance(step, str) and isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            if step < 0:
                return any(_reaches(one, steps, number) for one in value)
            value = value[step]
        else:
            return False
    return True
