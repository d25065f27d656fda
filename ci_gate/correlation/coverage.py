"""The fewest chains that show every kind of behaviour of a recording. Pure.

A kind is a route, a status, the shapes of request and response, and the set of calls. `Survey` is
told of every exchange once and keeps a few numbers of each, so that a recording of any length fits;
`choose` takes from a few candidates of each kind.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from urllib.parse import unquote_to_bytes

import msgspec

from ci_gate.values.outline import outline

OF_EACH = 3
"""Candidates of one kind: the earliest, which need the least before them."""
_MADE = re.compile(
    rb'"([A-Za-z0-9_-]*\d[A-Za-z0-9_-]{6,63}|[A-Za-z0-9_-]{7,63}\d)"|id"\s*:\s*"?(\d{1,19})'
)
"""Values in an answer that a client may send back: names with a digit in them, and numbers of id."""
_SENT = re.compile(rb"[A-Za-z0-9_-]*\d[A-Za-z0-9_-]*")
_MOST_MADE = 200
_SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


class Glance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What of an exchange is looked at."""

    id: str
    dependency: str = ""
    route: str = ""
    groups: tuple[str, ...] = ()
    method: str = ""
    target: bytes = b""
    sent: bytes | None = b""
    """A body that is at hand."""
    status: int = 0
    answered: bytes | None = b""


class Kind(msgspec.Struct, frozen=True):
    """One kind of behaviour."""

    route: str
    status: int
    members: tuple[int, ...]
    """The earliest of its exchanges, at most `OF_EACH`, by their numbers in the recording."""
    count: int


class Survey:
    """The exchanges of one recording, numbered in the order in which they are told of."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._known: dict[Hashable, int] = {}
        self._labels: list[tuple[str, int]] = []
        self._own = array("l")
        """Inbound exchange -> what of its kind is its own: all but the calls."""
        self._numbers = array("l")
        """Inbound exchange -> its number in the recording."""
        self._inbound: dict[str, int] = {}
        self._calls: dict[str, int] = {}
        """Group -> number of its set of calls."""
        self._sets: dict[frozenset[int], int] = {frozenset(): 0}
        self._listed: list[frozenset[int]] = [frozenset()]
        self._more: dict[tuple[int, int], int] = {}
        self._by_group: dict[str, array[int]] = {}
        self._made: dict[int, int] = {}
        """Hash of a value -> the first exchange that answered it."""
        self._written: dict[int, array[int]] = {}
        """Hash of a path's beginning -> the writes below it."""
        self.total = 0

    def add(self, one: Glance) -> None:
        """Tell of the next exchange."""
        number = self.total
        self.total += 1
        if one.dependency:
            call = self._number((one.dependency, one.route))
            for group in one.groups:
                self._call(group, call, number)
            return
        query = one.target.partition(b"?")[2]
        names = tuple(sorted({pair.partition(b"=")[0] for pair in query.split(b"&")}))
        kind = (one.route, one.status, names, outline(one.sent), outline(one.answered))
        self._own.append(self._number(kind, (one.route, one.status)))
        self._inbound[one.id] = len(self._numbers)
        self._numbers.append(number)
        for value in made(one.answered):
            self._made.setdefault(hash(value), number)
        if one.method not in _SAFE:
            for beginning in _instances(one.target):
                self._written.setdefault(hash(beginning), array("l")).append(number)

    def _number(self, key: Hashable, label: tuple[str, int] = ("", 0)) -> int:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self._known)
            self._labels.append(label)
        return found

    def _call(self, group: str, call: int, number: int) -> None:
        self._by_group.setdefault(group, array("l")).append(number)
        before = self._calls.get(group, 0)
        after = self._more.get((before, call))
        if after is None:
            members = self._listed[before] | {call}
            after = self._sets.get(members)
            if after is None:
                after = self._sets[members] = len(self._listed)
                self._listed.append(members)
            self._more[before, call] = after
        self._calls[group] = after

    def kinds(self) -> list[Kind]:
        """Every kind of inbound exchange, in the order of its first."""
        members: dict[tuple[int, int], list[int]] = {}
        counts: Counter[tuple[int, int]] = Counter()
        for name, at in self._inbound.items():
            key = (self._own[at], self._calls.get(name, 0))
            counts[key] += 1
            known = members.setdefault(key, [])
            if len(known) < OF_EACH:
                known.append(self._numbers[at])
        return [
            Kind(*self._labels[key[0]], tuple(known), counts[key]) for key, known in members.items()
        ]

    def calls_of(self, group: str) -> Sequence[int]:
        """The numbers of a group's calls."""
        return self._by_group.get(group, ())

    def others(self) -> Iterator[int]:
        """The calls that no inbound exchange of the recording caused."""
        for group, numbers in self._by_group.items():
            if group not in self._inbound:
                yield from numbers

    def needs(self, one: Glance, number: int) -> set[int]:
        """The exchanges before it that made a value it sends, or wrote what it asks for."""
        found = set()
        for value in _sent(one):
            maker = self._made.get(hash(value))
            if maker is not None and maker < number:
                found.add(maker)
        for beginning in _instances(one.target):
            found.update(n for n in self._written.get(hash(beginning), ()) if n < number)
        return found


def made(answered: bytes | None) -> Iterator[bytes]:
    """What an answer tells that a later request may send."""
    if not answered or answered[:1] not in (b"{", b"["):
        return
    for at, found in enumerate(_MADE.finditer(answered)):
        if at >= _MOST_MADE:
            return
        yield found[1] or found[2]


def _sent(one: Glance) -> set[bytes]:
    found = set(_SENT.findall(unquote_to_bytes(one.target)))
    if one.sent:
        found.update(_SENT.findall(one.sent[:65536]))
    return found


def _instances(target: bytes) -> Iterator[bytes]:
    """ "/orders/17" of "/orders/17/items/4?x": every beginning that ends in a segment with a digit."""
    path = target.partition(b"?")[0]
    end = 0
    while 0 <= end < len(path):
        end = path.find(b"/", end + 1)
        beginning = path if end < 0 else path[:end]
        if any(48 <= byte <= 57 for byte in beginning.rpartition(b"/")[2]):
            yield beginning
        if end < 0:
            return


class Chosen(msgspec.Struct, frozen=True):
    """What is kept."""

    kept: frozenset[str]
    """Ids of inbound exchanges."""
    uncovered: tuple[Kind, ...]
    """Kinds that the maximum has no room for."""


def choose(
    kinds: Iterable[Kind],
    names: Callable[[int], str],
    chain_of: Callable[[str], Iterable[str]],
    kind_of: Callable[[str], int],
    maximum: int,
) -> Chosen:
    """One of each kind with its chain, rare kinds first, at most `maximum` inbound exchanges.

    `names` gives the id of a number, `chain_of` the ids that must go with one, `kind_of` the index
    of an id's kind. The same input gives the same choice.
    """
    listed = list(kinds)
    order = sorted(range(len(listed)), key=lambda at: (listed[at].count, listed[at].members))
    kept: set[str] = set()
    covered: set[int] = set()
    uncovered = []
    for at in order:
        if at in covered:
            continue
        chains = [(set(chain_of(names(one))) | {names(one)}) - kept for one in listed[at].members]
        chain = min(chains, key=len)
        if len(kept) + len(chain) > maximum:
            uncovered.append(listed[at])
            continue
        kept |= chain
        covered.update(kind_of(one) for one in chain)
    return Chosen(frozenset(kept), tuple(uncovered))
