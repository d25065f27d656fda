"""`prove`: what the gate catches of this service, shown by regressions seeded into what it says.

The unchanged service must pass every time; then one of its runs is judged again and again, each
time with one regression in it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import msgspec

from ci_gate.config.options import RunOptions
from ci_gate.errors import UsageError
from ci_gate.gate import events
from ci_gate.gate.judging.allowing import allowed
from ci_gate.gate.judging.baseline import letting_pass
from ci_gate.gate.judging.comparing import evidence_of
from ci_gate.gate.judging.judged import About, Judged, judged
from ci_gate.gate.judging.reporting import run_directory, write_proof
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.observation import Observation, Observed
from ci_gate.gate.planning import Plan, make_plan
from ci_gate.gate.proving.seeding import KINDS, candidates, judges_latency, places_for
from ci_gate.gate.proving.trying import Trials, fresh
from ci_gate.gate.recording.folding import fold_leftover
from ci_gate.model.proof import KindScore, Proof, Trial
from ci_gate.model.result import Verdict

RUNS = 5
MINIMUM = 0.95
ALARMS = 20
"""Texts of what was red in unchanged runs that are kept."""
NO_CONDITION = "not judged: no condition in gate.fail_if fails for high latencies"


async def prove(
    options: RunOptions,
    sink: events.Sink,
    runs: int = RUNS,
    minimum: float = MINIMUM,
    places: int | None = None,
) -> Proof:
    """Run the unchanged service `runs` times, then try seeded regressions on what it said, at
    `places` places (None: as many as there is time for).

    Passes when every run passed and at least `minimum` (0 to 1) of the regressions were caught.
    The run directory is written. Raises UsageError for configuration and snapshot, CannotRun for
    what the environment does not give.
    """
    began = time.monotonic()
    _check(options, runs, minimum, places)
    fold_leftover(options.snapshot, options.routes, sink)
    proving = _Proving(options, make_plan(options), sink)
    with run_directory(options, proving.plan.started_at) as folder:
        await proving.run(runs, folder.service_log)
        trials, left = await proving.trials(places)
        proof = _proof(proving, trials, left, minimum, time.monotonic() - began)
        write_proof(folder, proving.shown(proof.verdict), proof)
        sink(events.Stage("report", folder.path))
    return proof


def _check(options: RunOptions, runs: int, minimum: float, places: int | None) -> None:
    service = options.service
    if not (service.command or service.image):
        raise UsageError(
            "prove starts the service itself, several times: give service.command, or `-- CMD`"
        )
    if runs < 1:
        raise UsageError(f"--runs {runs}: at least 1, to see that the unchanged service passes")
    if places is not None and places < 1:
        raise UsageError(f"--places {places}: at least 1, or nothing is proved")
    if not 0 <= minimum <= 1:
        raise UsageError(f"--min {minimum:g}: a share of what is seeded, from 0 to 1")


class _Proving:
    """The unchanged runs, and the last of them that passed."""

    def __init__(self, options: RunOptions, plan: Plan, sink: events.Sink) -> None:
        self.plan = plan
        self.outcomes: list[Judged] = []
        self._options = options
        self._sink = sink
        self._cleaning = Cleaning(options)
        self._what = letting_pass(options, plan)
        self._passed: Observed | None = None
        self._about = About(
            mode="prove",
            service=options.service.name,
            snapshot=options.snapshot,
            config=options.config,
            folder=options.folder,
        )

    async def run(self, runs: int, log_path: str) -> None:
        """Run the unchanged service `runs` times; one that does not come up is not tried again."""
        for number in range(1, runs + 1):
            began = time.monotonic()
            self._sink(events.Stage("unchanged", f"run {number} of {runs}"))
            observation = Observation(self._options, self.plan, self._cleaning, self._sink)
            seen = fresh(await observation.run(log_path), self._options)
            seconds = time.monotonic() - began
            evidence = evidence_of(seen, self._about, self._cleaning, seconds)
            outcome = judged(allowed(evidence, self._what))
            self.outcomes.append(outcome)
            if outcome.result.verdict.outcome == "pass":
                self._passed = seen
            if seen.failure is not None or not self.plan.steps:
                return

    async def trials(self, places: int | None) -> tuple[list[Trial], int]:
        """Every chosen regression tried; and how many places are left."""
        if self._passed is None:
            return [], 0
        chosen, left = candidates(self._passed).chosen(places or places_for(self._passed))
        self._sink(events.Stage("seeded", f"{len(chosen)} regressions, one at a time"))
        tried = Trials(self._passed, self._options, self._about, self._what, self._cleaning)
        return await tried.all(chosen, self._sink), left

    def shown(self, verdict: Verdict) -> Judged:
        """The unchanged run to be kept: the first that did not pass, else the last."""
        red = (one for one in self.outcomes if one.result.verdict.outcome != "pass")
        outcome = next(red, self.outcomes[-1])
        result = msgspec.structs.replace(outcome.result, verdict=verdict)
        return msgspec.structs.replace(outcome, result=result)


def _proof(
    proving: _Proving, trials: Sequence[Trial], left: int, minimum: float, seconds: float
) -> Proof:
    caught = sum(one.caught for one in trials)
    red = [one.result for one in proving.outcomes if one.result.verdict.outcome != "pass"]
    titles = [
        text
        for one in red
        for text in (
            *(cause.title for cause in one.causes if not cause.notice),
            *one.verdict.reasons,
        )
    ]
    alarms = tuple(dict.fromkeys(titles))[:ALARMS]
    score = caught / len(trials) if trials else 0.0
    return Proof(
        service=proving.outcomes[-1].result.service,
        score=round(score, 4),
        applied=len(trials),
        caught=caught,
        unchanged_runs=len(proving.outcomes),
        false_alarms=len(red),
        minimum=minimum,
        verdict=_verdict(proving.outcomes, len(trials), caught, minimum),
        exchanges=sum(one.judged for one in proving.plan.steps),
        kinds=_kinds(proving.plan, trials),
        alarms=alarms,
        trials=tuple(sorted(trials, key=lambda one: one.caught)),
        left=left,
        seconds=round(seconds, 1),
    )


def _verdict(outcomes: Sequence[Judged], applied: int, caught: int, minimum: float) -> Verdict:
    verdicts = [one.result.verdict for one in outcomes]
    if all(one.outcome == "inconclusive" for one in verdicts):
        return verdicts[-1]
    reasons = []
    red = [one for one in verdicts if one.outcome != "pass"]
    if red:
        first = red[0].reasons[0] if red[0].reasons else red[0].outcome
        reasons.append(
            f"{len(red)} of {len(verdicts)} runs of the unchanged service did not pass: {first}"
        )
    if applied and caught < minimum * applied:
        reasons.append(
            f"{caught} of {applied} seeded regressions were caught: {caught / applied:.1%}, "
            f"below {minimum:.1%}"
        )
    if reasons:
        return Verdict(outcome="fail", reasons=tuple(reasons))
    if not applied:
        return Verdict(outcome="inconclusive", reasons=("nothing could be seeded",))
    return Verdict(outcome="pass")


def _kinds(plan: Plan, trials: Sequence[Trial]) -> tuple[KindScore, ...]:
    found = []
    for kind in KINDS:
        tried = [one for one in trials if one.kind == kind]
        by = Counter(one.by for one in tried if one.caught)
        note = ""
        if not tried and trials:
            looked = any(map(judges_latency, plan.conditions))
            note = NO_CONDITION if kind == "delayed" and not looked else "no place for it"
        found.append(
            KindScore(
                kind=kind,
                applied=len(tried),
                caught=sum(one.caught for one in tried),
                by=tuple(name for name, _ in by.most_common()),
                note=note,
            )
        )
    return tuple(found)
