"""Calls that are made otherwise, accepted: missing ones go, new ones come with an answer, changed
ones get the live request. What answers a new call is what was recorded for an equal one; else an
answer is assumed, and marked so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ci_gate.codecs.registry import codec_of
from ci_gate.gate.accepting.answers import Book, Cannot, short, with_accepted
from ci_gate.gate.accepting.assuming import assumed, migrated_as
from ci_gate.gate.accepting.times import GAP, in_turn
from ci_gate.model.change import Change, MadeCall
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Part
from ci_gate.model.noise import Accepted
from ci_gate.store.keys import identity
from ci_gate.store.naming import Numbers

RECORD_AGAIN = "record it again: `ci-gate record --add`"
MISSES = "`ci-gate record --misses` asks the real dependency"


class Calls:
    """Accepts differences of calls in a book. `ask(dependency)`: whether there is an upstream that
    can be asked for a new answer."""

    def __init__(self, book: Book, ask: Callable[[str], bool], *, assume: bool) -> None:
        self._book = book
        self._ask = ask
        self._assume = assume
        self._numbers = Numbers(book.exchanges)
        self._protocols = {one.name: one.protocol for one in book.snapshot.dependencies}

    def accept(self, change: Change, found: Sequence[Difference]) -> None:
        """Accept differences of one inbound exchange or group. Raises Cannot."""
        changed: dict[str, list[Difference]] = {}
        for one in found:
            if one.change == "changed" or (one.change == "header" and one.call_id):
                changed.setdefault(one.call_id, []).append(one)
            elif one.change == "missing":
                self._remove(one.call_id, change.name)
            elif one.change in ("unexpected", "repeated", "migration"):
                self._add_all(change, one)
            elif one.change == "moved":
                self._move(change, one)
            elif one.change == "reordered":
                self._reorder(change)
            elif one.change == "response-order":
                self._around(change, one)
            elif one.change == "fan-out":
                self._fan(change, one)
            else:
                raise Cannot(self._never(one))
        for name, differences in changed.items():
            self._change(change, name, differences)
        if any(one.change not in ("changed", "header", "missing") for one in found):
            self._forget_turns(change.name)

    def _forget_turns(self, group: str) -> None:
        """What waits for what among calls that are others now is to be learned anew."""
        exchanges = self._book.exchanges
        for name, call in exchanges.items():
            if call.blocking and group in call.groups:
                exchanges[name] = msgspec.structs.replace(call, blocking=False)

    def _never(self, one: Difference) -> str:
        where = f"{one.dependency} {one.call}".strip()
        if one.change == "new-host":
            return f"{where} is called for the first time: add it to `dependencies:`, then {RECORD_AGAIN}"
        if one.change == "escape":
            return f"a connection went past the mocks ({where}): that cannot be expected"
        return f"{where}: {one.change} cannot be accepted; {RECORD_AGAIN}"

    def _recorded(self, name: str) -> Exchange:
        found = self._book.exchanges.get(name)
        if found is None or name in self._book.removed:
            raise Cannot("the recorded call is not there any more; run the gate again")
        return found

    # -- gone, and changed

    def _remove(self, name: str, group: str) -> None:
        call = self._recorded(name)
        book = self._book
        book.show(call, "removed", was=book.label(call))
        rest = tuple(one for one in call.groups if one != group)
        if rest:
            book.exchanges[name] = msgspec.structs.replace(call, groups=rest)
        else:
            book.removed.add(name)
        self._note(group, was=book.label(call))

    def _note(self, group: str, was: str = "", now: str = "") -> None:
        """Keep the reason with the inbound exchange, where there is one."""
        exchange = self._book.exchanges.get(group)
        if exchange is not None:
            line = Accepted(at="calls", was=was, now=now, reason=self._book.reason)
            self._book.exchanges[group] = msgspec.structs.replace(
                exchange, accepted=(*exchange.accepted, line)
            )

    def _change(self, change: Change, name: str, found: Sequence[Difference]) -> None:
        call = self._recorded(name)
        made = next((one for one in change.calls if one.recorded == name), None)
        if made is None:
            raise Cannot("the run directory does not hold the live call; run the gate again")
        live = made.exchange
        if any(one.place == "request" for one in found):
            raise Cannot(f"more differs than can be told by place; {RECORD_AGAIN}")
        new = self._book.with_side(call, "request", live, found)
        route = codec_of(new.request).route(new.request)
        self._book.exchanges[name] = msgspec.structs.replace(new, route=route)

    # -- new

    def _add_all(self, change: Change, one: Difference) -> None:
        made = [
            call
            for call in change.calls
            if call.change == one.change
            and call.exchange.dependency == one.dependency
            and short(call.exchange.route) == short(one.call)
        ]
        if change.more or not made:
            raise Cannot("more calls were made than a run keeps; " + RECORD_AGAIN)
        for call in made:
            self._add(change.name, call)

    def _add(self, group: str, made: MadeCall) -> None:
        book = self._book
        live = made.exchange
        codec = codec_of(live.request)
        masks = book.masks(msgspec.structs.replace(live, groups=(group,)), "request")
        book.refuse_unsteady("request", (), self._own(codec.places(live.request)), masks)
        source = self._answered(made)
        note = ""
        if source is None and made.change == "migration":
            source, note = migrated_as(live), "assumed: done"
        elif source is None:
            source, note = self._assumed(live)
        self.put(group, made, source, note, assumed=bool(note))

    def put(
        self, group: str, made: MadeCall, source: Exchange, note: str, *, assumed: bool = False
    ) -> None:
        """Add a live call of `group` with the answer of `source`."""
        book, live = self._book, made.exchange
        at, took = self._slot(group, made)
        line = Accepted(at="call", now=book.label(live), reason=book.reason)
        call = Exchange(
            id="",
            dependency=live.dependency,
            route=live.route,
            groups=(group,),
            at=at,
            took=min(took, source.took) if source.took else took,
            request=live.request,
            response=source.response,
            error=source.error,
            redacted=(
                *live.redacted,
                *(one for one in source.redacted if one.startswith("response.")),
            ),
            accepted=(line,) if book.reason else (),
            assumed=assumed,
        )
        name = self._numbers.next(identity(call, book.snapshot.origin.service, self._protocols))
        call = msgspec.structs.replace(call, id=name)
        book.exchanges[name] = call
        book.show(call, "added", now=book.label(call), note=note)

    def _own(self, parts: Sequence[Part]) -> list[Part]:
        return [part for part in parts if part.place != "headers"]

    def _answered(self, made: MadeCall) -> Exchange | None:
        """A recorded call whose answer is that of the new one: the one that answered it, or any
        that is equal."""
        exchanges, live = self._book.exchanges, made.exchange
        if made.recorded in exchanges:
            return exchanges[made.recorded]
        codec = codec_of(live.request)
        full = codec.full(live.request)
        for one in exchanges.values():
            same = one.dependency == live.dependency and type(one.request) is type(live.request)
            if same and not one.assumed and codec.full(one.request) == full:
                return one
        return None

    def _assumed(self, live: Exchange) -> tuple[Exchange, str]:
        where = self._book.label(live)
        if self._ask(live.dependency) and not self._assume:
            raise Cannot(
                f"nobody has recorded an answer to {where}: {MISSES} (or `accept --assume` makes "
                "one up)"
            )
        found = assumed(live, self._book.exchanges.values())
        if found is None:
            raise Cannot(
                f"nobody has recorded an answer to {where}, and none can be made up: {MISSES}"
            )
        return found

    def _slot(self, group: str, made: MadeCall) -> tuple[float, float]:
        """When a new call was made in terms of the recording, and how long it may have taken: in
        the middle between what came before and after it."""
        exchanges = self._book.exchanges
        window = sorted(
            (one.at, one.ended)
            for one in exchanges.values()
            if group in one.groups and one.id not in self._book.removed
        )
        inbound = exchanges.get(group)
        start = inbound.at if inbound is not None else min((at for at, _ in window), default=0.0)
        answered = start + inbound.took if inbound is not None else 0.0
        if made.after in exchanges:
            start = exchanges[made.after].at + exchanges[made.after].took
        if made.late:
            start = max(start, answered)
        later = [at for at, _ in window if at > start]
        ends = [*later, *([answered] if answered > start else [])]
        end = min(ends, default=start + 2.0)
        # Calls made one after the other stand so: each takes its place behind the ones before.
        taken = [to for at, to in window if start <= at < end]
        start = max([start, *(to for to in taken if to < end)])
        third = (end - start) / 3
        return round(start + third, 3), round(third, 3)

    # -- elsewhere

    def _move(self, change: Change, one: Difference) -> None:
        call, group = self._recorded(one.call_id), change.name
        if group in call.groups:
            group = next(iter(self._awaiting(change, call.id)), "")
            if not group and one.expected == one.actual:
                raise Cannot(f"where the call is now cannot be told; {RECORD_AGAIN}")
            if not group:
                # Told twice, for where it is gone and for where it is now: that one does it.
                return
        inbound = self._book.exchanges.get(group)
        if inbound is None:
            raise Cannot(f"{one.call} is made in {group} now; {RECORD_AGAIN}")
        at, took = self._slot(group, MadeCall(change="moved", exchange=call))
        moved = msgspec.structs.replace(call, groups=(group,), at=at, took=min(took, call.took))
        self._book.exchanges[call.id] = self._said(moved, one)
        self._book.show(call, "moved", was=short(one.expected), now=short(one.actual))

    def _awaiting(self, change: Change, name: str) -> list[str]:
        """The other requests whose response waits for a call now: it is theirs."""
        return [
            other
            for made in change.calls
            if made.recorded == name
            for other in made.awaited
            if other != change.name and other in self._book.exchanges
        ]

    def _said(self, call: Exchange, one: Difference) -> Exchange:
        line = Accepted(
            at="call", was=short(one.expected), now=short(one.actual), reason=self._book.reason
        )
        return msgspec.structs.replace(call, accepted=with_accepted(call.accepted, (line,)))

    def _reorder(self, change: Change) -> None:
        """The recorded calls at their times, in live order."""
        book = self._book
        calls = [book.exchanges[one] for one in change.order if one in book.exchanges]
        times = sorted((one.at, one.took) for one in calls)
        for call, (at, took) in zip(calls, times, strict=True):
            if call.at == at:
                continue
            line = Accepted(at="call", was="in another order", reason=book.reason)
            book.exchanges[call.id] = msgspec.structs.replace(
                call, at=at, took=took, accepted=with_accepted(call.accepted, (line,))
            )
            book.show(call, "moved", note="in live order")

    def _fan(self, change: Change, one: Difference) -> None:
        if one.actual == "at once":
            self._beside(change, one)
        else:
            self._in_turn(change, one)

    def _beside(self, change: Change, one: Difference) -> None:
        """The call with an answer that came only when what no longer waits for it had begun, or
        was there."""
        exchanges, call = self._book.exchanges, self._recorded(one.call_id)
        begun = [
            exchanges[name].at if name != change.name else exchanges[name].ended
            for made in change.calls
            if made.recorded == call.id
            for name in made.overtaken
            if name in exchanges
        ]
        if not begun:
            raise Cannot(f"{one.call}: {RECORD_AGAIN}")
        took = round(max(call.took, min(begun) + GAP - call.at), 3)
        self._book.exchanges[call.id] = self._said(msgspec.structs.replace(call, took=took), one)
        self._book.show(call, "moved", was=one.expected, now=one.actual)

    def _in_turn(self, change: Change, one: Difference) -> None:
        """The calls of its route each after what was made at once with it, in live order."""
        book, group = self._book, change.name
        first, inbound = self._recorded(one.call_id), book.exchanges.get(group)
        if inbound is None:
            raise Cannot(f"{one.call}: {RECORD_AGAIN}")
        window = [
            call
            for call in book.exchanges.values()
            if call.groups == (group,) and call.id not in book.removed
        ]
        turns = {
            call.id
            for call in window
            if (call.dependency, call.route) == (first.dependency, first.route)
        }
        spans = in_turn(window, turns, change.order, inbound.ended)
        for call in window:
            span = spans.get(call.id, (call.at, call.took))
            if span != (call.at, call.took):
                moved = msgspec.structs.replace(call, at=span[0], took=span[1])
                book.exchanges[call.id] = self._said(moved, one)
                book.show(call, "moved", was=one.expected, now=one.actual)

    def _around(self, change: Change, one: Difference) -> None:
        """To the other side of the response."""
        group = change.name
        if one.actual.startswith("beside"):
            self._beside(change, one)
            return
        call, inbound = self._recorded(one.call_id), self._book.exchanges.get(group)
        if group not in call.groups:
            return  # It is another request's by now, and that is all.
        if inbound is None:
            raise Cannot(f"{one.call}: {RECORD_AGAIN}")
        made = MadeCall(change=one.change, exchange=call, late=one.actual.startswith("after"))
        self._book.removed.add(call.id)
        at, took = self._slot(group, made)
        self._book.removed.discard(call.id)
        moved = msgspec.structs.replace(call, at=at, took=min(took, call.took))
        self._book.exchanges[call.id] = self._said(moved, one)
        self._book.show(call, "moved", was=one.expected, now=one.actual)
