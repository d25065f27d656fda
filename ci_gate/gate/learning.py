"""From rehearsals to what is learned: noise, rebased expectations, bindings. Pure but for codecs.

What cannot be explained is never made noise: it makes learning *unfaithful*, with the cause.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.codecs.registry import codec
from ci_gate.correlation.bindings import find
from ci_gate.diff.noise import MARK
from ci_gate.diff.noisecalls import learn_calls
from ci_gate.diff.noiselearn import Heard, Learned, learn_all, merge_rebased, rebase
from ci_gate.diff.rules import Rules
from ci_gate.gate.mocking import recorded_calls
from ci_gate.gate.rehearsing import Rehearsal
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.noise import Noise, Rebased
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.masks import masked

_SHOWN = 3
_ERROR = 400
"""The first status that is an error (RFC 9110 section 15)."""


class Taught(msgspec.Struct, frozen=True, kw_only=True):
    """What the rehearsals taught. `unfaithful` not empty: `snapshot` must not be written."""

    snapshot: Snapshot
    unfaithful: tuple[str, ...] = ()
    noise: tuple[tuple[str, str], ...] = ()
    """(route or call, "place: kind") of every noise place."""
    rebased: tuple[tuple[str, str], ...] = ()
    """(route or call, "place: recorded -> expected")."""


def teach(
    snapshot: Snapshot,
    rehearsals: Sequence[Rehearsal],
    rules: Rules,
    ahead: Collection[int] = (),
) -> Taught:
    """Learn from rehearsals of all of a snapshot; `ahead`: those with the clock ahead.

    Places that a committed rule opens are the rule's: they are neither learned nor unfaithful.
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
        self._unfaithful: list[str] = []
        self._extra: dict[str, tuple[Noise, ...]] = {}
        """Noise about calls as such, by exchange id."""

    def taught(self) -> Taught:
        self._failures()
        if any(one.failure for one in self._rehearsals):
            # What else is missing is missing because of that.
            return Taught(snapshot=self._snapshot, unfaithful=tuple(self._unfaithful))
        self._calls()
        inbound = self._messages(self._snapshot.inbound, "response")
        outbound = self._messages(self._snapshot.outbound, "request")
        learned = msgspec.structs.replace(
            self._snapshot, inbound=tuple(inbound), outbound=tuple(outbound)
        )
        bindings = find(learned, self._parts_of)
        exchanges = (*inbound, *outbound)
        return Taught(
            snapshot=msgspec.structs.replace(learned, bindings=bindings),
            unfaithful=tuple(dict.fromkeys(self._unfaithful)),
            noise=tuple(
                (one.route, f"{noise.at}: {noise.kind}") for one in exchanges for noise in one.noise
            ),
            rebased=tuple(
                (one.route, f"{place.at}: {place.recorded} → {place.expected}")
                for one in exchanges
                for place in one.rebased
            ),
        )

    def _codec(self, exchange: Exchange) -> Codec:
        return self._codecs.get(exchange.dependency, codec("http"))

    def _parts_of(self, exchange: Exchange, message: Message) -> tuple[Part, ...]:
        return self._codec(exchange).places(message)

    def _failures(self) -> None:
        for number, one in enumerate(self._rehearsals, 1):
            if one.failure:
                self._unfaithful.append(f"replay {number}: {one.failure}")
            routes = {exchange.id: exchange.route for exchange in self._snapshot.inbound}
            for exchange, why in list(one.failures.items())[:_SHOWN]:
                self._unfaithful.append(f"replay {number}: {routes[exchange]} ({exchange}): {why}")

    def _calls(self) -> None:
        """Calls that nothing answered, and calls that come and go."""
        windows: dict[str, list[CallRecord]] = {}
        for exchange in self._snapshot.outbound:
            if len(exchange.groups) == 1:
                windows.setdefault(exchange.groups[0], []).append(self._records[exchange.id])
        for one in self._rehearsals:
            for call in one.calls:
                if not call.matched:
                    near = f" ({call.nearest})" if call.nearest else ""
                    # The live call as it came: what is told of it must hold no secret.
                    told = masked(f"{call.label} misses{near}")
                    self._unfaithful.append(f"{call.dependency}: {told}")
        for inbound in self._snapshot.inbound:
            recorded = windows.get(inbound.id, [])
            made = [
                [call.matched for call in one.calls if inbound.id in call.groups and call.matched]
                for one in self._rehearsals
            ]
            order, optional, writes = learn_calls(recorded, made)
            self._extra[inbound.id] = order
            self._extra.update({call: (noise,) for call, noise in optional.items()})
            for write in writes:
                self._unfaithful.append(
                    f"{inbound.route} ({inbound.id}): the write {self._records[write].label} "
                    "comes and goes"
                )
            for record in recorded:
                if not any(record.id in replay for replay in made):
                    self._unfaithful.append(
                        f"{inbound.route} ({inbound.id}): {record.label} is never called"
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
            heard.append(
                Heard(
                    scope=exchange.id,
                    series=f"{exchange.dependency} {exchange.route}".strip(),
                    side=side,
                    recorded=self._parts_of(exchange, recorded),
                    replays=tuple(self._parts_of(exchange, message) for message in messages),
                )
            )
            judged.append(exchange)
            replays.append(messages)
        results = learn_all(heard, self._ahead)
        changed = {
            exchange.id: self._changed(exchange, side, one, messages, learned)
            for exchange, one, messages, learned in zip(
                judged, heard, replays, results, strict=True
            )
        }
        return [self._with_extra(changed.get(exchange.id, exchange)) for exchange in exchanges]

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
            self._unfaithful.append(f"{exchange.route} ({exchange.id}): {place.at}: {place.reason}")
        for now in learned.rebased:
            if _went_wrong(now):
                self._unfaithful.append(
                    f"{exchange.route} ({exchange.id}): {now.at}: {now.recorded} was recorded, "
                    f"and under its mocks the service answers {now.expected}: it lacks something "
                    "here that it had there (a credential in `replay.set`, an id that travels); a "
                    "rule for this place accepts it"
                )
        fields: dict[str, object] = {"noise": learned.noise}
        if learned.rebased and not learned.unexplained:
            parts = rebase(side, heard.recorded, heard.replays[0], learned.noise)
            fields[side] = self._codec(exchange).with_places(messages[0], parts)
            fields["rebased"] = merge_rebased(exchange.rebased, learned.rebased)
        return msgspec.structs.replace(exchange, **fields)

    def _beyond_rules(self, exchange: Exchange, side: str, learned: Learned) -> Learned:
        """What was learned of places that no rule opens."""
        if exchange.inbound:
            masks = self._rules.masks_for(exchange.route, side=side)
        else:
            group = exchange.groups[0] if exchange.groups else STARTUP
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
            unexplained=tuple(one for one in learned.unexplained if free(one.at)),
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
