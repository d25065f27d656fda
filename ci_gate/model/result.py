"""The result of a gate: what a run directory's result.json holds and every report renders."""

from __future__ import annotations

from typing import Literal

import msgspec

from ci_gate.model.difference import Cause, Difference
from ci_gate.model.edit import Edits

RESULT_FORMAT = 1

Outcome = Literal["pass", "fail", "inconclusive"]
State = Literal["passed", "failed", "error", "skipped", "unstable"]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One condition of `fail_if`, `warn_if` or an assertion, judged."""

    condition: str
    outcome: Outcome
    observed: str
    """The value seen, for people: "43.2", "no samples"."""
    level: Literal["fail", "warn"] = "fail"
    route: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """pass, fail or inconclusive, with the reasons, most important first."""

    outcome: Outcome
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()


class Counts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was counted; None = not measured in this kind of run."""

    total: int = 0
    """Inbound requests that were to be replayed."""
    succeeded: int = 0
    failed: int = 0
    """No complete response, or an unexcused difference in the response or the calls it caused."""
    unstable: int = 0
    """Differed, and did not when replayed alone: neither failed nor succeeded."""
    answered: int = 0
    """Got a complete response."""
    matching: int = 0
    """Without an unexcused difference."""
    let_pass: int = 0
    """Of those matching: changed in what is known, was there before or is in quarantine."""
    seconds: float = 0.0
    """Wall time of the replay, first request due to last response."""
    matched: int | None = None
    unmatched: int | None = None
    unused: int | None = None
    missing: int | None = None
    unexpected: int | None = None
    changed: int | None = None
    redacted: int = 0
    """Places compared by kind because their recorded value is a stand-in."""


class RouteFigures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures of one inbound route; latencies in milliseconds."""

    route: str
    total: int
    failed: int
    avg: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    max: float = 0.0


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The samples of one replay, so that shards and repeats merge by one associative step."""

    subject: str = "head"
    counts: Counts
    latencies: dict[str, tuple[int, ...]] = {}
    """By route: nanoseconds, sorted and delta-coded; together at most 100,000."""
    histograms: dict[str, dict[int, int]] = {}
    """By route, beyond that: bucket -> count (see policy.histogram)."""


class RuleUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule did in this run."""

    index: int
    text: str
    """The rule in one line."""
    reason: str
    owner: str = ""
    until: str = ""
    used: int = 0
    state: Literal["used", "unused", "expired"] = "unused"


class KnownUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an entry of `known` did in this run."""

    index: int
    fingerprint: str
    reason: str
    owner: str
    until: str
    state: Literal["used", "gone", "expired", "unseen"]
    """gone: a whole run, and it did not occur any more. unseen: not all was replayed."""
    title: str = ""
    """Of the cause that it let pass, or of one that it resembles and does not cover."""
    exchanges: int = 0
    """That have it."""


class QuarantineUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an entry of `quarantine` did in this run."""

    index: int
    exchange: str
    route: str
    reason: str
    owner: str
    until: str
    state: Literal["used", "quiet", "expired"]
    """quiet: the exchange did not differ in a way that is listed."""


class Unstable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An exchange with differences that did not repeat."""

    exchange: str
    route: str
    differences: tuple[str, ...]
    """Fingerprints of what did not repeat, for `quarantine`."""


class Allowances(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of what a run is judged by lets something pass."""

    rules: int = 0
    noise: int = 0
    """Places that may vary as learned."""
    rebased: int = 0
    """Places where something else is expected than was recorded."""
    known: int = 0
    quarantined: int = 0
    assumed: int = 0
    """Exchanges whose answers nobody has recorded."""


class Environment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Under what the run was made; no secret, no absolute path."""

    version: str
    python: str = ""
    platform: str = ""
    started_at: str = ""
    seconds: float = 0.0
    commit: str = ""
    snapshot: str = ""
    """The snapshot's folder as the user names it."""
    snapshot_digest: str = ""
    config: str = ""
    """Path of the config as the user names it, or ""."""


class ShardPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a run: shard `index`, from 1, of `count`."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """result.json, version 1."""

    format: int = RESULT_FORMAT
    service: str
    mode: Literal["run", "replay", "prove"] = "run"
    report_only: bool = False
    """True: made with `--mode report`; the verdict is said and blocks nothing."""
    shard: ShardPart | None = None
    """Set: the verdict is that of one shard's own exchanges, and `merge` has the run's."""
    verdict: Verdict
    runs: tuple[Run, ...] = ()
    causes: tuple[Cause, ...] = ()
    routes: tuple[RouteFigures, ...] = ()
    rules: tuple[RuleUse, ...] = ()
    known: tuple[KnownUse, ...] = ()
    quarantine: tuple[QuarantineUse, ...] = ()
    unstable: tuple[Unstable, ...] = ()
    """At most 50."""
    allowances: Allowances = Allowances()
    excused: tuple[Difference, ...] = ()
    """Examples of excused differences, at most 50."""
    notices: tuple[str, ...] = ()
    edits: Edits | None = None
    """What the change edits in snapshot, rules and configuration; None = not looked at."""
    environment: Environment


class CallLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call of an inbound exchange as it was recorded, and as it was made."""

    dependency: str
    recorded: str = ""
    """As people write it: "POST /charges"; "" = it was not recorded."""
    made: str = ""
    """"" = it was not made."""
    change: str = ""
    """A change of `Difference`; "" = as recorded."""
    effect: str = ""
    """"read" or "write"."""
    times: int = 1
    """So many of them, one after the other."""
    tier: int = 0
    """By which tier of the matcher it was answered (see `CallRecord`); 0 = it was not made."""


class ExchangeResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of exchanges.jsonl: an inbound exchange, or a dependency in startup or background."""

    id: str
    route: str
    label: str
    """What people read: "GET /orders/17"."""
    group: str = ""
    """"" for an inbound exchange, else "startup" or "background" (then `route` is the dependency)."""
    state: State
    """error: no complete response or never replayed. unstable: what differed did not repeat."""
    milliseconds: float = 0.0
    differences: tuple[Difference, ...] = ()
    """At most 20; `more` counts the rest."""
    more: int = 0
    calls: tuple[CallLine, ...] = ()
    """Recorded and made, in the order in which they were made, of one that differs."""
    log: tuple[str, ...] = ()
    """What the service printed meanwhile, of one that differs; redacted, bounded."""
    file: str = ""
    """The snapshot file that holds it, as the user names it."""
