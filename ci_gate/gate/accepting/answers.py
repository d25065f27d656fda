"""What a run saw, put into the snapshot: the accepted places of answers and calls, nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from ci_gate.codecs.registry import codec_of
from ci_gate.diff.causes.titles import TRANSACTION
from ci_gate.diff.masks import Masks
from ci_gate.diff.merging import CannotMerge, merged
from ci_gate.diff.rules import Rules
from ci_gate.errors import UsageError
from ci_gate.gate.accepting.unsteady import Unsteady
from ci_gate.gate.observing.callrecords import recorded_calls
from ci_gate.gate.observing.learned import Learning
from ci_gate.model.change import Shown
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import HttpResponse, Part, PgStatement
from ci_gate.model.noise import Accepted
from ci_gate.model.snapshot import Snapshot
from ci_gate.report.text import cut
from ci_gate.store import styles
from ci_gate.values.places import fold, walk
from ci_gate.values.redaction.masks import masked

TEXT = 120


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why something cannot be accepted as it is, and what to do."""

    cause: str
    exchange: str
    why: str


class Cannot(Exception):
    """This cannot be accepted; the text says why and what to do."""


class Book:
    """The exchanges of a snapshot while they are rewritten, and what is to be shown of it."""

    def __init__(self, snapshot: Snapshot, rules: Rules, reason: str, started_at: str) -> None:
        self.snapshot = snapshot
        self.exchanges = {one.id: one for one in (*snapshot.inbound, *snapshot.outbound)}
        self.shown: list[Shown] = []
        self.rules = rules
        self.reason = reason
        self.removed: set[str] = set()
        self._learning = Learning(snapshot)
        self._records = {one.id: one for one in recorded_calls(snapshot)}
        self._unsteady = Unsteady(snapshot, started_at)

    def label(self, exchange: Exchange) -> str:
        """As people name it."""
        text = codec_of(exchange.request).label(exchange.request)
        return short(f"{exchange.dependency} {text}".strip())

    def show(self, exchange: Exchange, change: str, **more: str) -> None:
        """One more line."""
        self.shown.append(
            Shown(
                exchange=exchange.id,
                what=self.label(exchange),
                change=change,  # type: ignore[arg-type]  # one of the four
                **more,
            )
        )

    def masks(self, exchange: Exchange, side: str) -> Masks:
        """What exchanges like this one are compared with."""
        if exchange.inbound:
            masks = self.rules.masks_for(exchange.route, side=side)
            return self._learning.masks(masks, exchange)
        group = exchange.groups[0] if exchange.groups else STARTUP
        standing = group if group in (STARTUP, BACKGROUND) else ""
        route = self.exchanges[group].route if group in self.exchanges else ""
        masks = self.rules.masks_for(route, exchange.dependency, exchange.route, standing, side)
        record = self._records.get(exchange.id)
        return self._learning.calls().masks(masks, record, group) if record else masks

    def refuse_unsteady(
        self, side: str, before: Sequence[Part], after: Sequence[Part], masks: Masks
    ) -> None:
        """Raise Cannot for what came into a message and will be another next time."""
        for place, kind in self._unsteady.places(side, before, after, masks):
            raise Cannot(
                f"{place} is a {kind} that another run will not say again; say first how it varies: "
                f"a rule in ci-gate.yml ({{at: {place!r}, allow: {kind}, …}}), or `ci-gate learn` "
                "where the place is recorded already"
            )

    def with_side(
        self, exchange: Exchange, side: str, live: Exchange, found: Sequence[Difference]
    ) -> Exchange:
        """The exchange with the places of `found` in its request or response as they are in
        `live`. Raises Cannot."""
        old = exchange.request if side == "request" else exchange.response
        new = live.request if side == "request" else live.response
        if old is None or new is None or type(old) is not type(new):
            raise Cannot("there is no answer on both sides; record it again (`record --add`)")
        if any(not one.place or one.place == side for one in found):
            raise Cannot("more places differ than a run keeps; record it again (`record --add`)")
        codec, masks = codec_of(old), self.masks(exchange, side)
        before, after = codec.places(old), codec.places(new)
        wanted = {one.place for one in found}
        try:
            parts = merged(side, before, after, wanted, masks, exchange.noise)
        except CannotMerge as error:
            raise Cannot(f"{error}") from error
        parts = {name: _styled(name, part, before) for name, part in parts.items()}
        made = codec.with_places(old, parts)
        if isinstance(made, HttpResponse) and isinstance(new, HttpResponse) and "status" in parts:
            made = msgspec.structs.replace(made, reason=new.reason)
        if isinstance(made, PgStatement) and isinstance(new, PgStatement) and TRANSACTION in wanted:
            made = msgspec.structs.replace(made, transaction=new.transaction, block=0)
        self.refuse_unsteady(side, before, codec.places(made), masks)
        redacted = _redacted(side, ((exchange, before), (live, after)), codec.places(made))
        changed = msgspec.structs.replace(
            exchange,
            redacted=(*_other_side(exchange.redacted, side), *redacted),
            rebased=tuple(one for one in exchange.rebased if one.at not in wanted),
            accepted=with_accepted(exchange.accepted, _lines(found, self.reason)),
            **{side: made},
        )
        for one in found:
            self.show(
                exchange, "changed", place=one.place, was=_said(one.expected), now=_said(one.actual)
            )
        return changed


def answer(book: Book, name: str, live: Exchange | None, found: Sequence[Difference]) -> None:
    """Accept the differences of an inbound exchange's answer. Raises Cannot."""
    exchange = book.exchanges[name]
    if any(one.change in ("no-response", "not-replayed") for one in found):
        raise Cannot("there was no answer that could be expected from now on")
    if live is None or live.response is None:
        raise Cannot("the run directory does not hold its live answer; run the gate again")
    book.exchanges[name] = book.with_side(exchange, "response", live, found)


def _styled(name: str, part: Part, before: Sequence[Part]) -> Part:
    """A JSON body in the white space in which it was recorded."""
    old = next((one.value for one in before if one.place == name), None)
    if name != "body" or part.media != "json" or not isinstance(old, bytes):
        return part
    found = styles.to_json(old)
    if found is None or not isinstance(part.value, bytes):
        return part
    return msgspec.structs.replace(part, value=styles.from_json(part.value.strip(), found[1]))


def _redacted(
    side: str, both: Sequence[tuple[Exchange, Sequence[Part]]], made: Sequence[Part]
) -> tuple[str, ...]:
    """The places of a message whose texts were redacted on one of the sides they come from."""
    texts = {
        value
        for exchange, parts in both
        for place, value in _leaves(side, parts)
        if place in exchange.redacted
    }
    return tuple(place for place, value in _leaves(side, made) if value in texts)


def _leaves(side: str, parts: Sequence[Part]) -> Iterator[tuple[str, str]]:
    for part in parts:
        for at, value in walk(part):
            if isinstance(value, str):
                yield f"{side}.{at}", value


def _other_side(places: Collection[str], side: str) -> tuple[str, ...]:
    return tuple(one for one in places if not one.startswith(f"{side}."))


def _lines(found: Sequence[Difference], reason: str) -> tuple[Accepted, ...]:
    """One line for each place pattern."""
    lines: dict[str, Accepted] = {}
    for one in found:
        at = fold(one.place)
        if at not in lines:
            was, now = _said(one.expected), _said(one.actual)
            lines[at] = Accepted(at=at, was=was, now=now, reason=reason)
    return tuple(lines.values())


def with_accepted(before: Sequence[Accepted], now: Sequence[Accepted]) -> tuple[Accepted, ...]:
    """All that was accepted of an exchange: what stood at a place first stays on record."""
    lines = {one.at: one for one in before}
    for one in now:
        first = lines.get(one.at, one)
        lines[one.at] = msgspec.structs.replace(one, was=first.was)
    # What is again as it was recorded is no change.
    return tuple(one for one in lines.values() if one.was != one.now)


def short(text: str) -> str:
    """For people: masked, bounded."""
    return cut(masked(text), TEXT)


_said = short


def refused(refusals: Sequence[Refusal]) -> UsageError:
    """The error that names every refusal."""
    lines = [f"{one.cause} {one.exchange}: {one.why}" for one in refusals[:10]]
    more = [f"and {len(refusals) - 10} more"] if len(refusals) > 10 else []
    return UsageError("\n".join(("nothing was accepted:", *lines, *more)))
