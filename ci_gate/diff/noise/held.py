"""Learned places at work: does a live value vary only as it did while learning?

A value at a learned place must still be of its kind. Beyond that, values that name something (ids
and tokens) stay one to one with the recorded ones within a chain, counters keep their order, and
fine timestamps that were equal in two exchanges are equal there again.
"""

from __future__ import annotations

import bisect
import hashlib
from collections import deque
from collections.abc import Callable, Collection, Iterable

from ci_gate.diff.noise.clock import strays
from ci_gate.diff.noise.membernames import NAMES
from ci_gate.diff.render import scalar
from ci_gate.model.message import Stored
from ci_gate.model.noise import Noise
from ci_gate.values.evidence import as_json, fits, number_of
from ci_gate.values.listed import same_items
from ci_gate.values.places import covers, fold
from ci_gate.values.timed import carries_time
from ci_gate.values.times import fine
from ci_gate.values.words import LEVELS, LONGEST, split

IDENTITIES = frozenset({"uuid", "ulid", "objectid", "jwt", "hex", "base64", "token", "bytes"})
"""Kinds whose values name something: equal ones were equal, different ones different."""

MARK = "#"
"""Stands between the place of a text and the word of it that varies."""


def _anything(_recorded: str, _live: str) -> bool:
    return True


_Counters = dict[str, list[tuple[int | float, int | float]]]


class Context:
    """What the live values of a chain were so far: one for the run, and `chain()` of it for each.

    `at_recorded_clock`: the service's clock is at the recording's time, so that what follows the
    clock alone must be equal. `agrees(recorded, live)`: False for two values that do not stand for
    one another whatever was learned. `by_kind`: values are held to their kinds and to nothing that
    was before, for calls that are not counted. `timed`: stand-ins of tokens that carry the time they
    were made at; these, and such tokens, are held to no others. `count`: places that varied as
    learned.
    """

    def __init__(
        self,
        *,
        at_recorded_clock: bool = False,
        parent: Context | None = None,
        counters: _Counters | None = None,
        agrees: Callable[[str, str], bool] = _anything,
        by_kind: bool = False,
        timed: Collection[str] = (),
    ) -> None:
        self.timed = timed
        self._agree = agrees
        self._by_kind = by_kind
        self.at_recorded_clock = at_recorded_clock
        self.count = 0
        self._parent = parent
        self._live: dict[str, str] = {}
        self._recorded: dict[str, str] = {}
        self._counters: _Counters = {} if counters is None else counters
        self._times: dict[str, tuple[str, set[str]]] = {}

    def chain(self) -> Context:
        """One for another chain of the same run: ids are its own, counters are the run's."""
        return Context(
            at_recorded_clock=self.at_recorded_clock,
            counters=self._counters,
            agrees=self._agree,
            timed=self.timed,
        )

    def scratch(self) -> Context:
        """One that knows what this one knows and tells it nothing: to try a comparison."""
        return Context(
            at_recorded_clock=self.at_recorded_clock,
            parent=self,
            by_kind=self._by_kind,
            timed=self.timed,
        )

    def same(self, recorded: str, live: str) -> bool:
        """Hold a pair of values one to one; False when it contradicts an earlier pair."""
        if self._by_kind or live in self.timed or carries_time(live):
            return True
        if not self._agrees(recorded, live):
            return False
        self._live[recorded] = live
        self._recorded[live] = recorded
        return True

    def _agrees(self, recorded: str, live: str) -> bool:
        if self._parent is not None and not self._parent._agrees(recorded, live):
            return False
        if not self._agree(recorded, live):
            return False
        known = self._live.get(recorded, live) == live
        return known and self._recorded.get(live, recorded) == recorded

    def grows(self, series: str, recorded: int | float, live: int | float) -> bool:
        """Hold a counter's value in the order in which the recorded ones stood: equal values
        equal, greater ones greater."""
        if self._by_kind:
            return True
        if not self._ordered(series, recorded, live):
            return False
        pairs = self._counters.setdefault(series, [])
        if (recorded, live) not in pairs:
            bisect.insort(pairs, (recorded, live))
        return True

    def _ordered(self, series: str, recorded: int | float, live: int | float) -> bool:
        if self._parent is not None and not self._parent._ordered(series, recorded, live):
            return False
        pairs = self._counters.get(series, [])
        at = bisect.bisect_left(pairs, (recorded,))
        if at < len(pairs) and pairs[at][0] == recorded:
            return pairs[at][1] == live
        below = at == 0 or pairs[at - 1][1] < live
        return below and (at == len(pairs) or pairs[at][1] > live)

    def ticks(self, scope: str, recorded: str, live: str) -> bool:
        """Hold a fine timestamp: where it stands in another exchange again, it is equal again.
        In one exchange two readings of the clock may have happened to be equal."""
        if self._by_kind:
            return True
        if self._parent is not None and not self._parent._ticked(scope, recorded, live):
            return False
        if not self._ticked(scope, recorded, live):
            return False
        first, lives = self._times.setdefault(recorded, (scope, set()))
        if first == scope:
            lives.add(live)
        return True

    def _ticked(self, scope: str, recorded: str, live: str) -> bool:
        if self._parent is not None and not self._parent._ticked(scope, recorded, live):
            return False
        known = self._times.get(recorded)
        return known is None or known[0] == scope or live in known[1]


def holds(
    noise: Noise,
    expected: object,
    live: object,
    context: Context,
    scope: str = "",
    series: str = "",
) -> bool:
    """True when `live` may stand where `expected` was recorded (JSON scalars, or texts), which
    `context` then keeps. `scope` is the exchange, `series` names the counter (see `Varying`)."""
    if noise.clock and context.at_recorded_clock:
        return as_json(expected) == as_json(live) or as_json(live) in noise.members
    if noise.kind not in ("one-of", "derived") and isinstance(expected, str) != isinstance(
        live, str
    ):
        return False
    if not fits(noise, live):
        return False
    if noise.kind in IDENTITIES:
        return context.same(_named(expected), _named(live))
    if noise.kind == "counter":
        before, after = number_of(expected), number_of(live)
        return before is not None and after is not None and context.grows(series, before, after)
    if context.at_recorded_clock and strays(noise, expected, live):
        return False
    if noise.kind == "timestamp" and fine(noise.format):
        return context.ticks(scope, str(expected), str(live))
    return True


def _named(value: object) -> str:
    """A value that names something, or the digest of a body."""
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return value.sha256 if isinstance(value, Stored) else str(value)


class Varying:
    """The learned places of one side of one exchange, ready to be asked.

    `scope` is the exchange's id, `series` what its counters have in common with those of other
    exchanges: dependency and route. `made_up`: places of one call with values that the service makes
    up; a value may be another one there where `stands(place, expected, live)` says so.
    """

    def __init__(
        self,
        noise: Iterable[Noise],
        side: str,
        context: Context,
        scope: str = "",
        series: str = "",
        *,
        made_up: Collection[str] = (),
        stands: Callable[[str, str, str], bool] | None = None,
    ) -> None:
        self.context = context
        self._made_up = frozenset(made_up)
        self._stands = stands
        self._side = side
        self._scope = scope
        self._series = f"{series} {side}"
        self._exact: dict[str, Noise] = {}
        self._patterns: list[Noise] = []
        self.named = False
        """The names of some object's members were learned to vary."""
        for one in noise:
            if one.at.startswith(side):
                self.named = self.named or one.at.endswith(NAMES)
                if "[*]" in one.at:
                    self._patterns.append(one)
                else:
                    self._exact[one.at] = one
        self._texts = {at.partition(MARK)[0] for at in self._exact if MARK in at}
        self._text_patterns = [one for one in self._patterns if MARK in one.at]

    def __bool__(self) -> bool:
        return bool(self._exact or self._patterns or self._made_up)

    def scratch(self) -> Varying:
        """The same places, remembering nothing: to try a comparison."""
        context = self.context.scratch()
        made = Varying((), self._side, context, self._scope, self._series, made_up=self._made_up)
        made._stands = self._stands
        made._exact, made._patterns = self._exact, self._patterns
        made._texts, made._text_patterns = self._texts, self._text_patterns
        made._series = self._series
        return made

    def at(self, place: str) -> Noise | None:
        """What was learned of a place."""
        found = self._exact.get(place)
        if found is None and self._patterns:
            found = next((one for one in self._patterns if covers(one.at, place)), None)
        return found

    def allows(self, place: str, expected: object, live: object) -> bool:
        """True when two unequal scalars (or texts) differ as learned; counts the place."""
        if self._differs_as_learned(place, expected, live, self.context):
            self.context.count += 1
            return True
        return False

    def would(self, place: str, expected: object, live: object) -> bool:
        """As `allows`, remembering and counting nothing."""
        return self._differs_as_learned(place, expected, live, self.context.scratch())

    def covers(self, place: str) -> bool:
        """True when anything was learned of the value at a place, or of a word in it."""
        return self.at(place) is not None or self._has_words(place)

    def _differs_as_learned(
        self, place: str, expected: object, live: object, context: Context
    ) -> bool:
        noise = self.at(place)
        if noise is not None:
            return self._holds(noise, place, expected, live, context)
        if place in self._made_up and self._stands is not None:
            one_type = isinstance(expected, str) == isinstance(live, str)
            return one_type and self._stands(place, str(expected), str(live))
        if isinstance(expected, str) and isinstance(live, str) and self._has_words(place):
            return self._words(place, expected, live, context)
        return False

    def _holds(
        self, noise: Noise, place: str, expected: object, live: object, context: Context
    ) -> bool:
        if noise.kind == "unordered":
            texts = isinstance(expected, str) and isinstance(live, str)
            return texts and same_items(str(expected), str(live))
        series = f"{self._series} {fold(place)}" if noise.kind == "counter" else ""
        return holds(noise, expected, live, context, self._scope, series)

    def _has_words(self, place: str) -> bool:
        return place in self._texts or any(
            covers(one.at.partition(MARK)[0], place) for one in self._text_patterns
        )

    def moved(self, place: str) -> bool:
        """True below an array whose order varies: its indices say nothing."""
        return any(
            one.kind == "unordered" and place.startswith(one.at + "[")
            for one in (*self._exact.values(), *self._patterns)
        )

    def words_of(self, place: str) -> list[str]:
        """The paths of the words of a text that were learned to vary."""
        found = [at.partition(MARK)[2] for at in self._exact if at.startswith(place + MARK)]
        for one in self._text_patterns:
            base, _, path = one.at.partition(MARK)
            if covers(base, place):
                found.append(path)
        return found

    def _words(self, place: str, expected: str, live: str, context: Context) -> bool:
        """Compare two texts word by word: all are equal but those that were learned to vary."""
        if max(len(expected), len(live)) > LONGEST:
            return False
        return self._level(place + MARK, expected, live, context)

    def _level(
        self, prefix: str, expected: str, live: str, context: Context, level: int = 0
    ) -> bool:
        before, after = split(expected, level), split(live, level)
        if len(before) != len(after) or before[::2] != after[::2]:
            return False
        for index, (old, new) in enumerate(zip(before[1::2], after[1::2], strict=True)):
            if old == new:
                continue
            at = f"{prefix}{index}"
            noise = self.at(at)
            if noise is not None:
                if not self._holds(noise, at, old, new, context):
                    return False
            elif level + 1 >= LEVELS or not self._level(at + ".", old, new, context, level + 1):
                return False
        return True

    def container(self, place: str, expected: object, live: object, *, count: bool = True) -> bool:
        """True when a decoded JSON value that is, or became, an object or array is one of those
        seen there."""
        noise = self.at(place)
        if noise is None or not self._contains(noise, expected, live):
            return False
        if count and expected != live:
            self.context.count += 1
        return True

    def _contains(self, noise: Noise, expected: object, live: object) -> bool:
        if noise.kind == "derived" and not self.context.at_recorded_clock:
            return type(expected) is type(live)
        return noise.kind in ("one-of", "derived") and plain_json(live) in noise.members

    def in_order_of(
        self, place: str, expected: list[object], live: list[object], *, count: bool = True
    ) -> list[object]:
        """The items of an array whose order was learned to vary, in the recorded order, what has
        no recorded one at the end; any other array as it is. Counts the place when they moved."""
        noise = self.at(place)
        if noise is None or noise.kind != "unordered":
            return live
        ordered = reorder(expected, live, noise.key)
        if count and ordered != live:
            self.context.count += 1
        return ordered


def reorder(expected: list[object], live: list[object], key: str) -> list[object]:
    """`live` in the order of `expected`: each item beside the equal one, or beside that with the
    same `key`; items without a counterpart keep to the gaps, then to the end."""
    left: dict[str, list[object]] = {}
    for item in reversed(live):
        left.setdefault(identity(item, key), []).append(item)
    placed: list[list[object]] = []
    for item in expected:
        found = left.get(identity(item, key))
        placed.append([found.pop()] if found else [])
    many = {name: len(items) for name, items in left.items()}
    rest: deque[object] = deque()
    for item in reversed(live):
        name = identity(item, key)
        if many[name]:
            many[name] -= 1
            rest.appendleft(item)
    for gap in placed:
        if not gap and rest:
            gap.append(rest.popleft())
    return [item for one in placed for item in one] + list(rest)


def identity(item: object, key: str) -> str:
    """What tells an item of an array apart: its member `key`, or all of it."""
    if key and isinstance(item, dict):
        return plain_json(item.get(key))
    return plain_json(item)


def plain_json(value: object) -> str:
    """A decoded JSON value (`jsonvalue.decode`) as JSON on one line, keys sorted."""
    return as_json(_plain(value))


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return scalar(value)
