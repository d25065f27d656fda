"""Dates that may rot: where the service's clock cannot be moved, what is near the recording's time
today is in the past some day, and the unchanged service may then answer otherwise."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ci_gate.codecs.registry import codec
from ci_gate.diff.noise.held import Context, Varying
from ci_gate.diff.rules import Rules
from ci_gate.gate.summary import Risk
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import Message
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.options import Upstream
from ci_gate.values.dates import rot_risk
from ci_gate.values.places import covers, fold

OLD = datetime.timedelta(days=7)
"""From this age on a snapshot's dates are worth a line in `run`."""

_Date = tuple[str, str, datetime.datetime]
"""Full place, value, moment."""


def risks(snapshot: Snapshot, rules: Rules, upstreams: Iterable[Upstream] = ()) -> tuple[Risk, ...]:
    """Places of a snapshot that hold dates near its recording, by route, in recorded order.

    Left out is what was learned to vary, what a rule opens, what was redacted (the gate makes its
    own tokens), what the configuration says that mocks move (`dependencies.NAME.dates`), and what the
    service only hands on: its source is named.
    """
    recorded_at = _moment(snapshot.origin.recorded_at)
    if recorded_at is None:
        return ()
    return _Search(snapshot, rules, recorded_at, {one.name: one.dates for one in upstreams}).found()


def notice(
    snapshot: Snapshot,
    rules: Rules,
    now: datetime.datetime,
    upstreams: Iterable[Upstream] = (),
) -> str:
    """One line for a run that goes by the machine's clock; "" while the snapshot is young, and
    where nothing rots."""
    recorded_at = _moment(snapshot.origin.recorded_at)
    if recorded_at is None or now - recorded_at < OLD:
        return ""
    places = len(risks(snapshot, rules, upstreams))
    if not places:
        return ""
    what = "a place holds dates" if places == 1 else f"{places} places hold dates"
    return (
        f"the snapshot is {(now - recorded_at).days} days old, the service goes by the machine's "
        f"clock, and {what} near the recording's: should they cause what differs, record it "
        "again (`ci-gate learn` lists them)"
    )


class _Search:
    def __init__(
        self,
        snapshot: Snapshot,
        rules: Rules,
        recorded_at: datetime.datetime,
        moved: Mapping[str, Sequence[str]],
    ) -> None:
        self._snapshot = snapshot
        self._rules = rules
        self._recorded_at = recorded_at
        self._routes = {one.id: one.route for one in snapshot.inbound}
        self._codecs = {one.name: codec(one.protocol) for one in snapshot.dependencies}
        self._moved = moved
        """By dependency, the places of its answers that its mock moves."""
        self._given: set[str] = set()
        """Dates that clients and dependencies said."""

    def found(self) -> tuple[Risk, ...]:
        by_place: dict[tuple[str, str], tuple[str, set[str]]] = {}
        for given in (True, False):
            for exchange in (*self._snapshot.inbound, *self._snapshot.outbound):
                side = "request" if given == exchange.inbound else "response"
                for place, moment in self._of(exchange, side, given):
                    route = exchange.route
                    if exchange.dependency:
                        route = f"{route} ({exchange.dependency})"
                    day = moment.date().isoformat()
                    by_place.setdefault((route, fold(place)), (day, set()))[1].add(exchange.id)
        return tuple(
            Risk(route=route, place=place, example=day, exchanges=len(ids))
            for (route, place), (day, ids) in by_place.items()
        )

    def _of(
        self, exchange: Exchange, side: str, given: bool
    ) -> Iterator[tuple[str, datetime.datetime]]:
        """`given`: this side is what the service was told, by a client or a dependency."""
        message = exchange.request if side == "request" else exchange.response
        if message is None:
            return
        varying = Varying(exchange.noise, side, Context())
        masks = self._rules.masks_for(*self._scope(exchange), side)
        for place, text, moment in self._dates(exchange, message, side):
            if given:
                self._given.add(text)
                if any(covers(one, place) for one in self._moved.get(exchange.dependency, ())):
                    continue
            elif text in self._given or varying.covers(place) or masks.names(place):
                continue
            yield place, moment

    def _dates(self, exchange: Exchange, message: Message, side: str) -> Iterator[_Date]:
        parts = self._codecs.get(exchange.dependency, codec("http")).places(message)
        for name, text, moment in rot_risk(parts, self._recorded_at):
            place = f"{side}.{name}"
            if place not in exchange.redacted:
                yield place, text, moment

    def _scope(self, exchange: Exchange) -> tuple[str, str, str, str]:
        if exchange.inbound:
            return exchange.route, "", "", ""
        group = exchange.groups[0] if exchange.groups else STARTUP
        standing = group if group in (STARTUP, BACKGROUND) else ""
        return self._routes.get(group, ""), exchange.dependency, exchange.route, standing


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment if 2001 <= moment.year <= 2099 else None
