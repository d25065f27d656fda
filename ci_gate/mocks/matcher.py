"""The one matcher for all protocols: which recorded exchange answers a live call, and by which tier.

First hit wins, and the tier is reported:

1  the same inbound request, in recorded order
2  the same key from this or an earlier request in the same write epoch (reads; not consumed)
3  the startup and background groups
4  binding: equal but for values that the service made up, when recorded and again now
5  a miss

A request that none of 1 to 3 finds as it is written is looked up once by what it means, in
protocols that have several ways to write one (`codecs.spellings`), and by the same tiers.

No tier consumes another request's exchange, and nothing is served because it is merely similar.
(Only while `learning` is a miss answered by the next exchange of its window and coarse key, so that
a fresh id does not lead the service into its error path.)
A key is equal byte for byte (`Key.full`), or in canonical form with opened places replaced by their
kind: places that a rule opens, and places whose recorded value is a stand-in.

Alone (no inbound requests are replayed) the whole snapshot is one window: the same key in recorded
order, the last answer of a read repeating, a write as often as it was recorded.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Collection, Hashable, Sequence, Set
from typing import Protocol

import msgspec

from ci_gate.codecs.spellings import Spellings
from ci_gate.correlation.substitution import Pair
from ci_gate.mocks.entries import Entry, Recorded, ranks
from ci_gate.mocks.epochs import Epochs
from ci_gate.mocks.guessing import ELSEWHERE, RESEMBLING, guess
from ci_gate.mocks.standing import InOrder, InTime
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import Key, Message

WINDOW, EPOCH, STANDING, BINDING, MISS = 1, 2, 3, 4, 5
CONSUMING = frozenset({WINDOW, BINDING, RESEMBLING})
"""Tiers in which a recorded call of a window is used up."""
TRIES = 64
"""Recorded calls that one live call is tried with in tier 4."""

Groups = tuple[str, ...]
Canonical = Callable[[Message], Hashable]
"""A request in canonical form, opened places replaced by their kind."""


class Match(msgspec.Struct, frozen=True, gc=False):
    """What answers a call; `entry` is None for a miss."""

    entry: Entry | None
    tier: int
    groups: tuple[str, ...]
    """Whose call it is: for a late call, that of the chain that recorded it."""
    rewritten: bool = False
    """The recorded call is written in another way."""


class Bucket:
    """Recorded calls with equal keys, in recorded order."""

    __slots__ = ("again", "by_group", "entries", "next")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.by_group: dict[str, list[Entry]] = {}
        self.next = 0
        """Where the recorded order stands when the whole snapshot is one window."""
        self.again: Match | None = None
        """The last answer of a read, repeated from then on."""

    def add(self, entry: Entry) -> None:
        """The next call with this key."""
        self.entries.append(entry)
        for group in entry.groups:
            own = self.by_group.setdefault(group, [])
            if entry.read:
                own.append(entry)
            else:
                insort(own, entry, key=_askers)


def _askers(entry: Entry) -> tuple[int, int]:
    """First what no later request can ask for, of that what the fewest can: see `Entry.last`."""
    return entry.last, len(entry.groups)


class _Opened:
    """Calls of one coarse key whose opened places are the same."""

    __slots__ = ("buckets", "canonical", "places")

    def __init__(self, places: tuple[tuple[str, str], ...], canonical: Canonical) -> None:
        self.places = places
        self.canonical = canonical
        self.buckets: dict[Hashable, Bucket] = {}

    def add(self, entry: Entry) -> None:
        form = self.canonical(entry.exchange.request)
        bucket = self.buckets.get(form)
        if bucket is None:
            bucket = self.buckets[form] = Bucket()
        bucket.add(entry)


class _MadeUp:
    """A recorded call with values that the service made up."""

    __slots__ = ("coarse", "entry", "form")

    def __init__(self, recorded: Recorded, entry: Entry, binder: Binder, form: Canonical) -> None:
        self.entry = entry
        self.form = form
        in_path = any(at.startswith("request.path") for at in binder.made_up(recorded.exchange))
        self.coarse: Hashable = None if in_path else recorded.key.coarse
        """None: another value may give the path another shape."""

    def used(self) -> bool:
        """True when it has answered a live call."""
        return bool(self.entry.uses)


class Binder(Protocol):
    """What the matcher needs of values that travel (`mocks.bound.Bound`)."""

    def made_up(self, exchange: Exchange) -> Collection[str]:
        """The places of a recorded call at which the service sends a value it has made up."""
        ...

    def pairs(
        self, exchange: Exchange, request: Message, form: Canonical, *, again: bool
    ) -> tuple[Pair, ...]:
        """The fresh values by which a live call is the recorded one; none when it is not."""
        ...

    def accept(self, pairs: Sequence[Pair], *, again: bool) -> None:
        """Remember the pairs of the call that is answered now."""
        ...


class Matcher:
    """Matches the calls to one dependency.

    `canonical(opened)` gives the function that puts a request into canonical form with these
    places opened. `begun`: the inbound exchanges whose replay has begun, kept by
    `correlation`. `alone`: see the module's text. Without a `binder` there is no tier 4.
    """

    def __init__(
        self,
        recorded: Sequence[Recorded],
        canonical: Callable[[tuple[tuple[str, str], ...]], Canonical],
        begun: Set[str],
        *,
        alone: bool,
        learning: bool = False,
        binder: Binder | None = None,
        spellings: Spellings | None = None,
    ) -> None:
        self._learning = learning
        self._binder = binder
        self._spellings = spellings
        self._alike: dict[Hashable, list[Bucket]] = {}
        """By `Spellings.alike`, made when a call first misses."""
        self._made_up: dict[str, list[_MadeUp]] = {}
        """By group, in recorded order."""
        self.entries: list[Entry] = []
        self._alone = alone
        self._exact: dict[Hashable, Bucket] = {}
        self._canonical = canonical
        self._by_coarse: dict[Hashable, list[tuple[Recorded, Entry]]] = {}
        self._opened: dict[Hashable, list[_Opened]] = {}
        """By coarse key, made when a call first misses: most never do."""
        self._ticking = any(one.exchange.groups == (BACKGROUND,) for one in recorded)
        """There are jobs that call by the clock."""
        self._written = Epochs()
        """Recorded writes that live calls were answered with."""
        self._nobodys: dict[int, InTime | InOrder] = {}
        """By bucket."""
        self._begun = begun
        beside = (self._own, self._late, self._same_epoch, self._standing)
        self._tiers = (self._take_alone,) if alone else beside
        self._open = not alone and any(one.opened for one in recorded)
        """A call that is equal to the byte to one of another request may be, but for open places,
        one of its own: which comes first."""
        epochs = Epochs()
        started = ranks(recorded)
        for order, one in enumerate(recorded):
            last = max((started[group] for group in one.exchange.groups), default=0)
            entry = Entry(one, order, epochs.of(one.targets), last)
            if not one.read:
                epochs.wrote(one.targets, order)
            self.entries.append(entry)
            bucket = self._exact.get(one.key.full)
            if bucket is None:
                bucket = self._exact[one.key.full] = Bucket()
            bucket.add(entry)
            self._by_coarse.setdefault(one.key.coarse, []).append((one, entry))
            if binder is not None and binder.made_up(one.exchange):
                made_up = _MadeUp(one, entry, binder, canonical(one.opened))
                for group in entry.groups:
                    self._made_up.setdefault(group, []).append(made_up)

    def _choices(self, coarse: Hashable) -> list[_Opened]:
        """The canonical forms of the calls with this coarse key, fewest opened places first."""
        choices = self._opened.get(coarse)
        if choices is None:
            by_places: dict[tuple[tuple[str, str], ...], _Opened] = {}
            for one, entry in self._by_coarse.get(coarse, ()):
                choice = by_places.get(one.opened)
                if choice is None:
                    choice = _Opened(one.opened, self._canonical(one.opened))
                    by_places[one.opened] = choice
                choice.add(entry)
            choices = sorted(by_places.values(), key=lambda choice: len(choice.places))
            if choices:
                self._opened[coarse] = choices
        return choices

    def exact(self, full: Hashable) -> Bucket | None:
        """The recorded calls that are equal byte for byte, by `Key.full`; for `match`."""
        return self._exact.get(full)

    def match(
        self,
        request: Message,
        bucket: Bucket | None,
        key: Callable[[Message], Key],
        groups: Groups,
    ) -> Match:
        """What answers `request`, a live call of `groups`.

        `bucket` is what `exact` said; `key` gives its whole key, which is asked for only when no
        recorded call is equal byte for byte.
        """
        if bucket is not None:
            found = self._tiers[0](bucket, groups)
            if found is None and not self._open:
                found = self._take((bucket,), groups)
            if found is not None:
                return found
        coarse = key(request).coarse
        found = self._take(self._buckets(request, bucket, coarse), groups)
        if found is not None:
            return found
        if self._spellings is not None:
            found = self._take(self._rewritten(self._spellings, request), groups)
            if found is not None:
                return msgspec.structs.replace(found, rewritten=True)
        if self._made_up:
            found = self._bind(request, coarse, groups)
            if found is not None:
                return found
        if self._learning:
            return self._guess(request, bucket, key, groups)
        return Match(None, MISS, groups)

    def _guess(
        self,
        request: Message,
        exact: Bucket | None,
        key: Callable[[Message], Key],
        groups: Groups,
    ) -> Match:
        whole = key(request)
        alike = [entry for _, entry in self._by_coarse.get(whole.coarse, ())]
        same = (
            entry
            for bucket in (self._buckets(request, exact, whole.coarse) if self._ticking else ())
            for entry in bucket.entries
        )
        found = guess(same, alike, whole.full, groups)
        return self._consume(*found) if found is not None else Match(None, MISS, groups)

    def _buckets(self, request: Message, exact: Bucket | None, coarse: Hashable) -> list[Bucket]:
        """The recorded calls that are equal to the byte, and those that are in canonical form,
        fewest open places first."""
        found = [exact] if exact is not None else []
        for choice in self._choices(coarse):
            bucket = choice.buckets.get(choice.canonical(request))
            if bucket is not None:
                found.append(bucket)
        return found

    def _rewritten(self, spellings: Spellings, request: Message) -> list[Bucket]:
        """The recorded calls that mean the same."""
        if not self._alike:
            for bucket in self._exact.values():
                recorded = bucket.entries[0].exchange.request
                self._alike.setdefault(spellings.alike(recorded), []).append(bucket)
        return [
            bucket
            for bucket in self._alike.get(spellings.alike(request), ())
            if spellings.same(request, bucket.entries[0].exchange.request)
        ]

    def _take(self, buckets: Sequence[Bucket], groups: Groups) -> Match | None:
        """The first tier that any of the buckets has an answer for."""
        for tier in self._tiers:
            for bucket in buckets:
                found = tier(bucket, groups)
                if found is not None:
                    return found
        return None

    def _own(self, bucket: Bucket, groups: Groups) -> Match | None:
        """The next call that the same request recorded."""
        for group in groups:
            if group not in (STARTUP, BACKGROUND):
                for entry in bucket.by_group.get(group, ()):
                    if not entry.uses:
                        return self._consume(entry, WINDOW, (group,))
        return None

    def _consume(self, entry: Entry, tier: int, groups: tuple[str, ...]) -> Match:
        entry.uses += 1
        if not entry.read:
            self._written.wrote(entry.targets, entry.order)
        return Match(entry, tier, groups)

    def _late(self, bucket: Bucket, _groups: Groups) -> Match | None:
        """A call that an earlier request recorded and has not made yet: it came after `settle`."""
        for entry in bucket.entries:
            if not entry.uses and self._reached(entry):
                return self._consume(entry, WINDOW, entry.groups)
        return None

    def _reached(self, entry: Entry) -> bool:
        return any(group in self._begun for group in entry.groups)

    def _same_epoch(self, bucket: Bucket, groups: Groups) -> Match | None:
        """The nearest earlier recorded read with this key that no write separates from now."""
        best: Entry | None = None
        for entry in bucket.entries:
            if (
                entry.read
                and entry.epoch == self._written.of(entry.targets)
                and self._reached(entry)
            ):
                best = entry
        return Match(best, EPOCH, groups) if best is not None else None

    def _standing(self, bucket: Bucket, groups: tuple[str, ...]) -> Match | None:
        """Startup calls in recorded order, then the last answer again; what is also called in the
        background in time (`mocks.standing`)."""
        started = bucket.by_group.get(STARTUP, [])
        entries = bucket.by_group.get(BACKGROUND)
        known = self._nobodys.get(id(bucket))
        if known is None:
            if not (started or entries):
                return None
            known = InTime([*started, *entries], self._begun) if entries else InOrder(started)
            self._nobodys[id(bucket)] = known
        # A background key is nobody's; a start-up call made now is told by whose it is now.
        nobodys = entries or any(entry.job for entry in started)
        whose = (BACKGROUND,) if nobodys and groups != (STARTUP,) else groups
        return self._consume(known.next(groups), STANDING, whose)

    def _bind(self, request: Message, coarse: Hashable, groups: Groups) -> Match | None:
        """The recorded call that `request` is but for fresh values: of its own groups, of an
        earlier one that has not made it yet, or of those that are nobody's."""
        assert self._binder is not None
        tries = TRIES
        late = [group for group in self._made_up if group in self._begun and group not in groups]
        nobodys = (STARTUP, BACKGROUND) if STARTUP in groups else (BACKGROUND, STARTUP)
        known = (*groups, *late, *nobodys)
        guessed = set(self._made_up).difference(known) if self._learning and self._ticking else ()
        for group in (*known, *guessed):
            again = group in (STARTUP, BACKGROUND)
            for one in sorted(self._made_up.get(group, ()), key=_MadeUp.used):
                if (one.used() and not again) or one.coarse not in (None, coarse):
                    continue
                tries -= 1
                if tries < 0:
                    return None
                pairs = self._binder.pairs(one.entry.exchange, request, one.form, again=again)
                if pairs:
                    self._binder.accept(pairs, again=again)
                    if group in guessed:
                        return self._consume(one.entry, ELSEWHERE, groups)
                    own = group in groups or group == STARTUP
                    return self._consume(one.entry, BINDING, groups if own else one.entry.groups)
        return None

    def _take_alone(self, bucket: Bucket, groups: tuple[str, ...]) -> Match | None:
        entries = bucket.entries
        at = bucket.next
        while at < len(entries) and entries[at].uses:
            at += 1  # answered before, perhaps by way of the other form of its key
        bucket.next = at
        if at < len(entries):
            return self._consume(entries[at], WINDOW, groups)
        if bucket.again is None and entries[-1].read:
            bucket.again = Match(entries[-1], EPOCH, groups)
        return bucket.again
