"""What `run` and `replay` judge by: read and checked before anything is started."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal

import msgspec

from ci_gate.codecs.registry import codec, codec_of
from ci_gate.config.options import ReplayVerbOptions, RunOptions
from ci_gate.correlation.chains import Chains
from ci_gate.correlation.shards import spread
from ci_gate.diff.rules import Rules
from ci_gate.errors import UsageError
from ci_gate.gate.observing.effects import facts_of, with_effects
from ci_gate.gate.select import inbound_of, select, with_routes
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.result import ShardPart
from ci_gate.model.rule import Rule
from ci_gate.model.snapshot import Origin, Snapshot
from ci_gate.policy.conditions import Condition, parse_all
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.replayer.plan import Step, plan
from ci_gate.store.snapshot import digest, read_with_places
from ci_gate.values.places import walk

NOTHING = (
    "the snapshot holds no inbound request: record some with `ci-gate record --app-port PORT`, "
    "sent to the inbound proxy"
)
NOTHING_CHOSEN = "--only selects no inbound exchange; `ci-gate inspect` lists them"


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What `replay.set` puts into requests."""

    headers: tuple[tuple[str, str], ...] = ()
    """Into every one, replacing its own."""
    values: Mapping[str, str] = {}
    """Stand-in of the recording -> what stands there now."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The snapshot, what of it is replayed, and what is allowed."""

    snapshot: Snapshot
    digest: str
    """Of the snapshot as it is on disk."""
    places: Mapping[str, str]
    """Exchange id -> file in the snapshot."""
    steps: tuple[Step, ...]
    """Empty: there is nothing to judge, and nothing needs to be started."""
    rules: Rules
    conditions: tuple[Condition, ...]
    unstable: Literal["fail", "warn"] = "fail"
    """What an exchange comes to whose differences do not repeat."""
    known: int = 0
    """Causes that are known to the configuration, those whose date is over aside; so is the next."""
    quarantined: int = 0
    given: Given = Given()
    shard: ShardPart | None = None
    """Of which only the exchanges are judged; None = a whole run."""
    started_at: datetime.datetime

    @property
    def nothing(self) -> str:
        """Why there are no steps."""
        if self.shard is not None and self.snapshot.inbound:
            return f"nothing falls to shard {self.shard}: there are fewer chains than shards"
        return NOTHING_CHOSEN if self.snapshot.inbound else NOTHING

    def at_pace(self, pace: str) -> Plan:
        """The same at another pace, "fast" or "recorded"; for plans that judge everything."""
        return msgspec.structs.replace(self, steps=tuple(plan(self.snapshot.inbound, None, pace)))


def make_plan(
    options: RunOptions | ReplayVerbOptions, opened: Callable[[Snapshot], Snapshot] | None = None
) -> Plan:
    """Read the snapshot and choose from it. `opened` puts something where answers are missing.

    Raises UsageError for conditions, snapshot and `--only`, and for requests without an answer."""
    conditions = parse_all(options.policy.fail_if, options.policy.warn_if)
    now = datetime.datetime.now(datetime.UTC)
    read = read_with_places(options.snapshot)
    whole = _whole(options.snapshot, read.snapshot) if opened is None else opened(read.snapshot)
    upstreams, shard = (
        (options.dependencies, options.shard) if isinstance(options, RunOptions) else ((), None)
    )
    snapshot = with_effects(with_routes(whole, options.routes), upstreams)
    only: Collection[str] | None = None
    if options.only:
        only = inbound_of(snapshot, select(snapshot, options.only))
    if shard is not None:
        only = spread(snapshot, chains_of(snapshot).of, shard.count)[shard.index - 1]
    today = now.date().isoformat()
    return Plan(
        snapshot=snapshot,
        digest=digest(options.snapshot),
        places=read.places,
        steps=_steps(snapshot, only, options.replay.pace),
        rules=rules_for(options.rules, snapshot, today),
        conditions=conditions if shard is None else (),
        unstable=options.policy.unstable,
        known=sum(one.until >= today for one in options.known),
        quarantined=sum(one.until >= today for one in options.quarantine),
        given=_given(options.replay, snapshot.origin),
        shard=shard,
        started_at=now,
    )


def rules_for(rules: Sequence[Rule], snapshot: Snapshot, today: str) -> Rules:
    """The rules of a run on this snapshot; raises UsageError for what cannot be meant, alone,
    together, or of what was recorded."""
    known = Rules(rules, today)
    whole = any(rule.at == "response.body" for rule in rules)
    for one in snapshot.inbound if whole else ():
        said = codec_of(one.request).places(one.response) if one.response is not None else ()
        body = next((part for part in said if part.place == "body" and part.media == "json"), None)
        if body is not None and any(place.startswith("body.$") for place, _ in walk(body)):
            known.check_body(one.route)
    return known


def _whole(folder: str, snapshot: Snapshot) -> Snapshot:
    """The snapshot, in which every request has an answer to be compared with."""
    waiting = [one.route for one in snapshot.inbound if one.response is None]
    if waiting:
        raise UsageError(
            f"{folder}: {len(waiting)} requests have no recorded answer ({waiting[0]}): "
            "`ci-gate learn --fill` takes it from the unchanged service"
        )
    return snapshot


def alone(plan_: Plan, ids: Collection[str], options: RunOptions) -> Plan:
    """The plan by which the chains of these exchanges are looked at again, and nothing else."""
    today = plan_.started_at.date().isoformat()
    steps = _steps(plan_.snapshot, ids, options.replay.pace)
    return msgspec.structs.replace(
        plan_,
        steps=tuple(msgspec.structs.replace(one, judged=True) for one in steps),
        # What rules excuse is counted once, in the run itself.
        rules=Rules(options.rules, today),
    )


def among_all(plan_: Plan, options: RunOptions) -> Plan:
    """The plan by which everything is replayed, and no more judged than by the given one."""
    today = plan_.started_at.date().isoformat()
    judged = {one.exchange.id for one in plan_.steps if one.judged}
    inbound, pace = plan_.snapshot.inbound, _pace(plan_.snapshot, options.replay.pace)
    steps = tuple(plan(inbound, judged, pace, [one.id for one in inbound]))
    return msgspec.structs.replace(plan_, steps=steps, rules=Rules(options.rules, today))


def _steps(snapshot: Snapshot, only: Collection[str] | None, pace: str) -> tuple[Step, ...]:
    chain = chains_of(snapshot).of(only) if only is not None else ()
    return tuple(plan(snapshot.inbound, only, _pace(snapshot, pace), chain))


def _pace(snapshot: Snapshot, pace: str) -> str:
    return snapshot.origin.pace if pace == "auto" else pace


def _given(replay: ReplayerOptions, origin: Origin) -> Given:
    for name, _ in replay.values:
        if name not in origin.values:
            raise UsageError(
                f"replay.set.values.{name}: the snapshot was recorded without it and does not say "
                "where it stood; record it again"
            )
    return Given(
        headers=replay.headers,
        values={origin.values[name]: value for name, value in replay.values},
    )


def chains_of(snapshot: Snapshot) -> Chains:
    """The chains of its inbound exchanges."""
    known = {one.name: (codec(one.protocol), one.effects) for one in snapshot.dependencies}

    def facts(exchange: Exchange) -> Facts:
        protocol, effects = known.get(exchange.dependency, (codec("http"), {}))
        return facts_of(protocol, exchange, effects)

    return Chains(snapshot, facts)
