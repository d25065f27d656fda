"""What passes for a time: causes that are known, or in the baseline, and exchanges in quarantine.

Decided cause by cause, before anything is replayed again: a known cause covers what it was known
with, and nothing that came to it since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

import msgspec

from ci_gate.diff.causes.fingerprint import of_difference, resembles
from ci_gate.diff.causes.fold import Caused, caused
from ci_gate.errors import UsageError
from ci_gate.gate.judging.judged import Evidence
from ci_gate.gate.judging.standing import by_exchange, every, marked
from ci_gate.model.difference import Cause, Difference, Standing
from ci_gate.model.known import Known, Quarantined
from ci_gate.model.result import KnownUse, QuarantineUse
from ci_gate.model.snapshot import Snapshot

PART = 0.05
"""Of the inbound exchanges, and at least one, may be in quarantine."""

Baseline = Mapping[str, frozenset[str]]
"""Fingerprint of a cause -> the exchanges that had it."""


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """What is let pass in a run."""

    known: tuple[Known, ...] = ()
    quarantine: tuple[Quarantined, ...] = ()
    baseline: Baseline = {}
    today: str
    """ISO date."""


def check_quarantine(quarantine: Sequence[Quarantined], snapshot: Snapshot) -> None:
    """Raise UsageError for exchanges that are not there, and for more than may be in quarantine."""
    inbound = {one.id for one in snapshot.inbound}
    calls = {one.id for one in snapshot.outbound}
    for one in quarantine:
        where = f"quarantine {one.index}" + (f" (line {one.line})" if one.line else "")
        if one.exchange in calls:
            raise UsageError(f"{where}: {one.exchange} is a call; name the request that makes it")
        if one.exchange not in inbound:
            raise UsageError(
                f"{where}: the snapshot has no exchange {one.exchange}; take the entry out"
            )
    most = max(1, int(PART * len(inbound)))
    if len(quarantine) > most:
        raise UsageError(
            f"quarantine has {len(quarantine)} of {len(inbound)} exchanges, and {most} may be: "
            "mend what is unstable, or let `ci-gate learn` find what varies"
        )


def allowed(evidence: Evidence, what: Allowed) -> Evidence:
    """The evidence with everything marked that passes, and what each entry did."""
    if not (what.known or what.quarantine or what.baseline):
        return evidence
    listed = {one.exchange: one.differences for one in what.quarantine if one.until >= what.today}
    evidence = marked(evidence, lambda one: _quarantined(one, listed))
    differences = every(evidence)
    told = caused(differences, evidence.moments, evidence.blamed)
    live = {one.fingerprint for one in what.known if one.until >= what.today}
    marks = _marks(differences, told, live, what.baseline)
    evidence = marked(evidence, lambda one: marks.get(one, one.standing))
    judged = sum(one.judged for one in evidence.plan.steps)
    whole = (
        evidence.about.mode == "run"
        and not evidence.failure
        and judged == len(evidence.plan.snapshot.inbound)
    )
    return msgspec.structs.replace(
        evidence,
        known=tuple(_known_use(one, told.causes, what.today, whole=whole) for one in what.known),
        quarantine=tuple(_quarantine_use(one, evidence, what.today) for one in what.quarantine),
    )


def _quarantined(one: Difference, listed: Mapping[str, Sequence[str]]) -> Standing:
    passes = one.exchange in listed and of_difference(one) in listed[one.exchange]
    return "quarantined" if passes else one.standing


def _marks(
    differences: Sequence[Difference], told: Caused, known: Set[str], baseline: Baseline
) -> dict[Difference, Standing]:
    """What passes because its cause is known, or because the baseline has it in that exchange."""
    causes = {one.id: one for one in told.causes if not one.standing}
    marks: dict[Difference, Standing] = {}
    for difference, named in zip(differences, told.differences, strict=True):
        cause = causes.get(named.cause)
        if cause is None:
            continue
        before = baseline.get(cause.fingerprint)
        if cause.fingerprint in known:
            marks[difference] = "known"
        elif before is not None and (not difference.exchange or difference.exchange in before):
            marks[difference] = "before"
    return marks


def _known_use(one: Known, causes: Iterable[Cause], today: str, *, whole: bool) -> KnownUse:
    red = [cause for cause in causes if not cause.notice]
    same = next((cause for cause in red if cause.fingerprint == one.fingerprint), None)
    near = next((c for c in red if resembles(c.fingerprint, one.fingerprint)), None)
    seen = same or near
    return KnownUse(
        index=one.index,
        fingerprint=one.fingerprint,
        reason=one.reason,
        owner=one.owner,
        until=one.until,
        state=(
            "expired" if one.until < today else "used" if same else "gone" if whole else "unseen"
        ),
        title=seen.title if seen else "",
        exchanges=len(same.exchanges) if same else 0,
    )


def _quarantine_use(one: Quarantined, evidence: Evidence, today: str) -> QuarantineUse:
    route = next((e.route for e in evidence.plan.snapshot.inbound if e.id == one.exchange), "")
    found = by_exchange(evidence).get(one.exchange, [])
    used = any(difference.standing == "quarantined" for difference in found)
    return QuarantineUse(
        index=one.index,
        exchange=one.exchange,
        route=route,
        reason=one.reason,
        owner=one.owner,
        until=one.until,
        state="expired" if one.until < today else "used" if used else "quiet",
    )
