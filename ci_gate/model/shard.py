"""A shard: the part of a run that one job observes, and what it keeps for `merge`."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ci_gate.model.difference import Difference, Moment
from ci_gate.model.result import CallLine, ShardPart, Unstable

SHARD_FORMAT = 1


class Basis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all shards of one run have in common."""

    version: str
    """Of ci-gate."""
    snapshot: str
    """Digest of the snapshot on disk."""
    settings: str
    """Digest of the rules and all else of the configuration that a run is judged by."""
    commit: str = ""
    """What was checked out; "" where git does not say."""


class Kept(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of one inbound exchange. Texts are masked and bounded."""

    exchange: str
    answered: bool = False
    latency: int = 0
    """Nanoseconds; 0 without a complete answer."""
    differences: tuple[Difference, ...] = ()
    """Of its answer, then of its calls; all of them. What passes for a time is not marked."""
    moment: Moment = Moment()
    lines: tuple[CallLine, ...] = ()
    """Its calls, when something differs."""
    blamed: str = ""
    """The earlier exchange that did not bring a value it had to send."""
    collateral: str = ""
    """The earlier exchange after whose missed call it differed, and only after that."""


class CallCounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Calls, counted as in `Counts`."""

    matched: int = 0
    unmatched: int = 0
    missing: int = 0
    unexpected: int = 0
    changed: int = 0


def total(counted: Iterable[CallCounts]) -> CallCounts:
    """All of them together."""
    found = list(counted)
    return CallCounts(
        matched=sum(one.matched for one in found),
        unmatched=sum(one.unmatched for one in found),
        missing=sum(one.missing for one in found),
        unexpected=sum(one.unexpected for one in found),
        changed=sum(one.changed for one in found),
    )


class Standing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was called at startup and in the background, which every shard sees again."""

    calls: CallCounts = CallCounts()
    differences: tuple[Difference, ...] = ()
    rules: dict[int, int] = {}
    """Rule -> how often it excused one of them."""
    redacted: int = 0


class Shard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """shard.json, version 1."""

    format: int = SHARD_FORMAT
    part: ShardPart
    basis: Basis
    exchanges: tuple[Kept, ...] = ()
    """Those that are this shard's to judge, in recorded order."""
    measured: bool = False
    """Calls were compared; False where nothing was started."""
    booted: bool = False
    """The service came up, so that what it did not call was not called."""
    calls: CallCounts = CallCounts()
    """Those of `exchanges`."""
    answers: tuple[str, ...] = ()
    """Ids of the recorded calls that a live call was answered with."""
    standing: Standing = Standing()
    apart: tuple[Difference, ...] = ()
    """Differences of connections, which are no calls."""
    rules: dict[int, int] = {}
    """Rule -> how often it excused something, `standing` left out."""
    excused: tuple[Difference, ...] = ()
    redacted: int = 0
    unstable: tuple[Unstable, ...] = ()
    failure: str = ""
    notices: tuple[str, ...] = ()
    varied: int = 0
    """Places that varied as learned."""
    bound: int = 0
    """Calls that were matched by values that the service makes up."""
    replayed: float = 0.0
    """Seconds that replaying `exchanges` took."""
    seconds: float = 0.0
    """Of everything."""
