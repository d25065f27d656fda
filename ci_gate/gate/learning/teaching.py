"""From rehearsals to what is learned: noise, rebased expectations, bindings. Pure but for codecs.

What cannot be explained is never made noise: it makes learning *unfaithful*, with the cause.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.codecs.registry import codec
from ci_gate.correlation.bindings import find
from ci_gate.diff.calls.moves import moves
from ci_gate.diff.noise.calls import CALLS, learn_calls
from ci_gate.diff.noise.held import MARK
from ci_gate.diff.noise.learn import Heard, Learned, learn_all, merge_rebased, rebase
from ci_gate.diff.noise.membernames import learn_names
from ci_gate.diff.noise.standing import shared, unheard
from ci_gate.diff.rules import Rules
from ci_gate.gate.learning.doubts import doubts
from ci_gate.gate.learning.echoing import with_echoes
from ci_gate.gate.learning.rehearsing import Rehearsal
from ci_gate.gate.observing.callrecords import recorded_calls
from ci_gate.model.call import CallRecord
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.noise import Noise, Rebased
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.redaction.masks import masked

_SHOWN = 3
_ERROR = 400
"""The first status that is an error (RFC 9110 section 15)."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why learning is unfaithful. `route` and `exchange` are "" when it is the service's."""

    route: str = ""
    exchange: str = ""
    why: str
    seen: str = ""
    """Values that show it, of this exchange."""


class Taught(msgspec.Struct, frozen=True, kw_only=True):
    """What the rehearsals taught. `unfaithful` not empty: `snapshot` must not be written."""

    snapshot: Snapshot
    unfaithful: tuple[Reason, ...] = ()
    erratic: tuple[str, ...] = ()
    """Routes whose answers vary in ways that nothing explains."""


def teach(
    snapshot: Snapshot,
    rehearsals: Sequence[Rehearsal],
    rules: Rules,
    ahead: Collection[int] = (),
) -> Taught:
    """Learn from rehearsals of all of a snapshot; `ahead`: those with the clock ahead.

    What a committed rule opens, places or calls, is the rule's: neither learned nor unfaithful.
    """
    return _Lesson(snapshot, rehearsals, rules, ahead).taught()


class _Lesson:
    def __init__(
        self,
        snapshot: Snapshot,
        rehearsals: Sequence[Rehearsal],
        rules: Rules,
        ahead: Collection[int],
    ) -> None:
        self._snapshot = snapshot
        self._rules = rules
        self._routes = {one.id: one.route for one in snapshot.inbound}
        self._rehearsals = rehearsals
        self._ahead = ahead
        self._codecs = {one.name: codec(one.protocol) for one in snapshot.dependencies}
        self._records = {one.id: one for one in recorded_calls(snapshot)}
        self._names: dict[str, tuple[Noise, ...]] = {}
        """What varies in the names of members, by exchange id."""
        self._unfaithful: list[Reason] = []
        self._unclear: set[str] = set()
        """Exchanges, inbound ones and calls, of which it was said already why they are unclear."""
        self._erratic: dict[str, None] = {}
        self._echoed: frozenset[tuple[str, str]] = frozenset()
        """Places of calls whose rebased values the mocks gave back (`echoing`)."""
        self._extra: dict[str, tuple[Noise, ...]] = {}
        """Noise about calls as such, by exchange id."""

    def taught(self) -> Taught:
        self._failures()
        if any(one.failure for one in self._rehearsals):
            # What else is missing is missing because of that.
            return Taught(snapshot=self._snapshot, unfaithful=tuple(self._unfaithful))
        self._calls()
        inbound = self._with_orders(self._messages(self._snapshot.inbound, "response"))
        outbound = shared(self._messages(self._snapshot.outbound, "request"), self._parts_of)
        before = self._snapshot
        echoes = with_echoes(before.outbound, outbound, before.bindings, self._codec)
        self._echoed = echoes.sent
        outbound = self._with_blocking(echoes.calls)
        learned = msgspec.structs.replace(
            self._snapshot, inbound=tuple(inbound), outbound=tuple(outbound)
        )
        silent = unheard(outbound, self._heard())
        bindings = find(learned, self._parts_of, learned=True, unheard=silent)
        learned = msgspec.structs.replace(learned, bindings=bindings)
        self._doubts(learned)
        return Taught(
            snapshot=learned,
            unfaithful=tuple(dict.fromkeys(self._unfaithful)),
            erratic=tuple(self._erratic),
        )

    def _with_blocking(self, outbound: Sequence[Exchange]) -> list[Exchange]:
        """The calls, those marked that nothing went on without in any replay."""
        always = frozenset.intersection(*(one.blocking for one in self._rehearsals))
        return [
            msgspec.structs.replace(one, blocking=True) if one.id in always else one
            for one in outbound
        ]

    def _heard(self) -> set[str]:
        """The calls that every replay made."""
        return set.intersection(*(set(one.requests) for one in self._rehearsals))

    def _codec(self, exchange: Exchange) -> Codec:
        return self._codecs.get(exchange.dependency, codec("http"))

    def _parts_of(self, exchange: Exchange, message: Message) -> tuple[Part, ...]:
        return self._codec(exchange).places(message)

    def _blame(self, exchange: Exchange, why: str, seen: str = "") -> None:
        route = exchange.route
        if exchange.dependency:
            route = f"{route} ({exchange.dependency})"
        self._unfaithful.append(Reason(route=route, exchange=exchange.id, why=why, seen=seen))

    def _failures(self) -> None:
        for number, one in enumerate(self._rehearsals, 1):
            if one.failure:
                self._unfaithful.append(Reason(why=f"replay {number}: {one.failure}"))
            for exchange, why in one.failures.items():
                self._unclear.add(exchange)
                route = self._routes[exchange]
                reason = Reason(route=route, exchange=exchange, why=f"replay {number}: {why}")
                self._unfaithful.append(reason)

    def _calls(self) -> None:
        """Calls whose order varies, and reads that come and go."""
        records = self._records
        windows: dict[str, list[CallRecord]] = {}
        for exchange in self._snapshot.outbound:
            for group in exchange.groups if exchange.id in records else ():
                windows.setdefault(group, []).append(records[exchange.id])
        made = [list(dict.fromkeys(call.matched for call in one.calls)) for one in self._rehearsals]
        for group, recorded in windows.items():
            if group == BACKGROUND:
                continue
            ids = {record.id for record in recorded}
            replays = [[o for o in one if o in ids] for one in made]
            order, optional = learn_calls(recorded, replays, self._restless(group))
            self._extra[group] = tuple(
                one for one in order if not self._allows_order(recorded, group, one)
            )
            for name, noise in optional.items():
                if not self._excuses("missing", records[name], group):
                    self._extra[name] = (noise,)

    def _restless(self, group: str) -> set[str]:
        """Dependencies with calls that the unchanged service makes at another moment."""
        found: set[str] = set()
        for one in self._rehearsals:
            made = [
                (call, self._records[call.matched])
                for call in one.calls
                if call.groups == (group,) and call.matched in self._records
            ]
            moved = moves(group, made, one.answered, self._routes)
            found |= {each.record.dependency for each in moved}
        return found

    def _allows_order(self, recorded: Sequence[CallRecord], group: str, noise: Noise) -> bool:
        name = noise.at.removeprefix(CALLS)
        calls = [one for one in recorded if one.dependency == name]
        return all(self._excuses("reordered", one, group) for one in calls)

    def _excuses(self, change: str, record: CallRecord, group: str) -> bool:
        """True when a rule allows that change of a recorded call."""
        standing = group in (STARTUP, BACKGROUND)
        one = Difference(
            change=change,
            group=group if standing else "",
            route=self._routes.get(group, ""),
            dependency=record.dependency,
            call=record.route,
            effect=record.facts.effect,
        )
        return self._rules.excuse(one) > 0

    def _doubts(self, learned: Snapshot) -> None:
        """Hold what was learned against what it was learned from."""
        inbound = {one.id: one for one in learned.inbound}
        for doubt in doubts(learned, self._rehearsals, self._rules):
            about = doubt.call or doubt.exchange
            if doubt.place and (about in self._unclear or (about, doubt.place) in self._echoed):
                continue
            exchange = inbound.get(doubt.exchange)
            route = exchange.route if exchange is not None else doubt.route
            # The live call as it came: what is told of it must hold no secret.
            self._unfaithful.append(
                Reason(
                    route=route,
                    exchange=doubt.exchange,
                    why=masked(doubt.why),
                    seen=masked(doubt.seen),
                )
            )

    def _messages(self, exchanges: Sequence[Exchange], side: str) -> list[Exchange]:
        heard: list[Heard] = []
        judged: list[Exchange] = []
        replays: list[list[Message]] = []
        for exchange in exchanges:
            found = [self._said(one, exchange, side) for one in self._rehearsals]
            messages = [message for message in found if message is not None]
            recorded = exchange.response if side == "response" else exchange.request
            if recorded is None or len(messages) < len(found):
                continue
            before = self._parts_of(exchange, recorded)
            after = [self._parts_of(exchange, message) for message in messages]
            self._names[exchange.id], after = learn_names(side, before, after)
            heard.append(
                Heard(
                    scope=exchange.id,
                    series=f"{exchange.dependency} {exchange.route}".strip(),
                    side=side,
                    recorded=before,
                    replays=tuple(after),
                )
            )
            judged.append(exchange)
            replays.append(
                [self._with(exchange, *pair) for pair in zip(messages, after, strict=True)]
            )
        results = learn_all(heard, self._ahead)
        changed = {
            exchange.id: self._changed(exchange, side, one, messages, learned)
            for exchange, one, messages, learned in zip(
                judged, heard, replays, results, strict=True
            )
        }
        return [self._with_extra(changed.get(exchange.id, exchange)) for exchange in exchanges]

    def _with_orders(self, exchanges: Sequence[Exchange]) -> list[Exchange]:
        """Arrays that the service sorts by values it makes up: in recorded terms, in which a run is
        judged, their order varies."""
        heard: dict[str, Heard] = {}
        for exchange in exchanges:
            said = [
                one.in_recorded_terms.get(exchange.id) or one.responses.get(exchange.id)
                for one in self._rehearsals
                if any(exchange.id in each.in_recorded_terms for each in self._rehearsals)
            ]
            replays = tuple(self._parts_of(exchange, one) for one in said if one is not None)
            if replays and len(replays) == len(said) and exchange.response is not None:
                heard[exchange.id] = Heard(
                    scope=exchange.id,
                    series=exchange.route,
                    side="response",
                    recorded=self._parts_of(exchange, exchange.response),
                    replays=replays,
                )
        found = dict(zip(heard, learn_all(list(heard.values()), self._ahead), strict=True))
        return [
            self._with_order(one, found[one.id]) if one.id in found else one for one in exchanges
        ]

    def _with_order(self, exchange: Exchange, learned: Learned) -> Exchange:
        known = {one.at for one in exchange.noise if one.kind == "unordered"}
        found = self._beyond_rules(exchange, "response", learned).noise
        more = [one for one in found if one.kind == "unordered" and one.at not in known]
        return msgspec.structs.replace(exchange, noise=(*exchange.noise, *more))

    def _with(self, exchange: Exchange, message: Message, parts: tuple[Part, ...]) -> Message:
        bodies = {part.place: part for part in parts if part.place == "body"}
        return self._codec(exchange).with_places(message, bodies) if bodies else message

    def _said(self, one: Rehearsal, exchange: Exchange, side: str) -> Message | None:
        known = one.responses if side == "response" else one.requests
        return known.get(exchange.id)

    def _changed(
        self,
        exchange: Exchange,
        side: str,
        heard: Heard,
        messages: Sequence[Message],
        learned: Learned,
    ) -> Exchange:
        learned = self._beyond_rules(exchange, side, learned)
        for place in learned.unexplained[:_SHOWN]:
            self._blame(exchange, f"{place.at} {place.reason}", "; ".join(place.seen))
        if learned.unexplained:
            self._unclear.add(exchange.id)
            if exchange.inbound:
                self._erratic[exchange.route] = None
        self._refuse_errors(exchange, learned.rebased)
        names = () if learned.unexplained else self._names.get(exchange.id, ())
        fields: dict[str, object] = {"noise": (*names, *learned.noise)}
        if learned.rebased and not learned.unexplained:
            parts = rebase(side, heard.recorded, heard.replays[0], learned.noise)
            fields[side] = self._codec(exchange).with_places(messages[0], parts)
            fields["rebased"] = merge_rebased(exchange.rebased, learned.rebased)
        return msgspec.structs.replace(exchange, **fields)

    def _refuse_errors(self, exchange: Exchange, rebased: Sequence[Rebased]) -> None:
        for now in rebased:
            if _went_wrong(now):
                self._unclear.add(exchange.id)
                self._blame(
                    exchange,
                    f"{now.at}: {now.recorded} was recorded, and under its mocks the service "
                    f"answers {now.expected}: it lacks something here that it had there (a "
                    "credential in `replay.set`, an id that travels); a rule for this place "
                    "accepts it",
                )

    def _beyond_rules(self, exchange: Exchange, side: str, learned: Learned) -> Learned:
        """What was learned of places that no rule opens."""
        unexplained = learned.unexplained
        if exchange.inbound:
            masks = self._rules.masks_for(exchange.route, side=side)
        else:
            group = exchange.groups[0] if exchange.groups else STARTUP
            if self._excuses("changed", self._records[exchange.id], group):
                # What varies in a known way is learned all the same, or no mock would answer it.
                unexplained = ()
            standing = group if group in (STARTUP, BACKGROUND) else ""
            route = self._routes.get(group, "")
            masks = self._rules.masks_for(
                route, exchange.dependency, exchange.route, standing, side
            )

        def free(at: str) -> bool:
            return not masks.names(at.partition(MARK)[0])

        return Learned(
            noise=tuple(one for one in learned.noise if free(one.at)),
            rebased=tuple(one for one in learned.rebased if free(one.at)),
            unexplained=tuple(one for one in unexplained if free(one.at)),
        )

    def _with_extra(self, exchange: Exchange) -> Exchange:
        extra = self._extra.get(exchange.id, ())
        if not extra:
            return exchange
        return msgspec.structs.replace(exchange, noise=(*exchange.noise, *extra))


def _went_wrong(place: Rebased) -> bool:
    """True when a success became an error. To expect that would make a broken replay the norm."""
    if place.at != "response.status" or not (place.recorded.isdigit() and place.expected.isdigit()):
        return False
    return int(place.recorded) < _ERROR <= int(place.expected)
