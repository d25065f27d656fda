"""`--baseline RUN_DIR`: what an earlier run of the same snapshot found is not new."""

from __future__ import annotations

import os

from ci_gate.config.options import ReplayVerbOptions, RunOptions
from ci_gate.diff.causes.fingerprint import CAUSE, fault
from ci_gate.errors import UsageError
from ci_gate.gate.judging.allowing import Allowed, Baseline, check_quarantine
from ci_gate.gate.planning import Plan
from ci_gate.store.runs import read_exchanges, read_result


def letting_pass(options: RunOptions | ReplayVerbOptions, plan: Plan) -> Allowed:
    """What passes in this run besides rules. Raises UsageError for quarantine and baseline."""
    baseline = options.baseline if isinstance(options, RunOptions) else ""
    check_quarantine(options.quarantine, plan.snapshot)
    return Allowed(
        known=options.known,
        quarantine=options.quarantine,
        baseline=read_baseline(baseline, plan) if baseline else {},
        today=plan.started_at.date().isoformat(),
    )


def read_baseline(folder: str, plan: Plan) -> Baseline:
    """The causes of a run directory, each with the exchanges that had it.

    Raises UsageError for what is no run directory, one of another snapshot or another kind of run,
    and one whose fingerprints are of another version.
    """
    result = read_result(os.path.join(folder, "result.json"))
    if result.mode != "run":
        raise UsageError(f"{folder}: made by `ci-gate {result.mode}`; a baseline is made by `run`")
    if result.shard is not None:
        raise UsageError(
            f"{folder}: is shard {result.shard} of a run; a baseline is what `ci-gate merge` makes "
            "of all of them"
        )
    if not any(run.counts.answered for run in result.runs):
        raise UsageError(f"{folder}: nothing was answered in this run, so it is no baseline")
    if result.environment.snapshot_digest != plan.digest:
        raise UsageError(f"{folder}: {_otherwise(folder, plan)}")
    for cause in result.causes:
        wrong = fault(cause.fingerprint, CAUSE)
        if wrong:
            raise UsageError(f"{folder}: {cause.id}: {wrong}")
    return {
        cause.fingerprint: frozenset(cause.exchanges) for cause in result.causes if not cause.notice
    }


def _otherwise(folder: str, plan: Plan) -> str:
    """Why a run's exchanges are not this snapshot's, and what mends it."""
    known = {one.id for one in plan.snapshot.inbound}
    rows = read_exchanges(os.path.join(folder, "exchanges.jsonl"))
    gone = next((one for one in rows if not one.group and one.id not in known), None)
    what = (
        f"the snapshot has no exchange {gone.id} ({gone.route}), which this run replayed"
        if gone is not None
        else "this run replayed the same exchanges as they were before the snapshot was edited"
    )
    return f"{what}; make the baseline with the snapshot as it is: `ci-gate run --out DIR`"
