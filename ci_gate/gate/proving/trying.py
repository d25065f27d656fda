"""Seeded regressions tried: each is judged by what judges a run, on its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import msgspec

from ci_gate.config.options import RunOptions
from ci_gate.diff import concealed
from ci_gate.diff.outcomes import counts
from ci_gate.diff.render import clean
from ci_gate.diff.rules import Rules
from ci_gate.errors import CannotRun
from ci_gate.gate import events
from ci_gate.gate.judging.allowing import Allowed, allowed
from ci_gate.gate.judging.comparing import evidence_of
from ci_gate.gate.judging.judged import About, Judged, judged
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.hearing import Hearing
from ci_gate.gate.observing.observation import Observed
from ci_gate.gate.proving.seeding import Candidate
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import Part
from ci_gate.model.proof import Trial

NO_REASON = "nothing known: a gap of ci-gate itself"
_STANDING = (STARTUP, BACKGROUND)


def fresh(seen: Observed, options: RunOptions) -> Observed:
    """`seen` with rules that have excused nothing yet."""
    today = seen.plan.started_at.date().isoformat()
    plan = msgspec.structs.replace(seen.plan, rules=Rules(options.rules, today))
    return msgspec.structs.replace(seen, plan=plan)


class Trials:
    """Tries regressions on a run that passed.

    Raises CannotRun when the same calls, heard again, do not pass: nothing could be proved then.
    """

    def __init__(
        self,
        seen: Observed,
        options: RunOptions,
        about: About,
        what: Allowed,
        cleaning: Cleaning,
    ) -> None:
        # Nobody reads the log and the commit of a trial.
        self._seen = seen = msgspec.structs.replace(seen, log=None)
        self._about = msgspec.structs.replace(about, folder="")
        self._options = options
        self._what = what
        self._cleaning = cleaning
        self._hearing = Hearing(options)
        self._unchanged = self._judge(seen)
        if self._unchanged.result.verdict.outcome != "pass":
            reasons = "; ".join(self._unchanged.result.verdict.reasons)
            raise CannotRun(
                f"the calls of a run that passed could not be heard again as they were: {reasons}; "
                "set replay.concurrency to 1, and report this if it is"
            )

    async def all(self, chosen: Sequence[Candidate], sink: events.Sink) -> list[Trial]:
        """Try one after the other; whoever waits may cancel in between."""
        found = []
        for number, one in enumerate(chosen, 1):
            found.append(self._try(one))
            missed = sum(not trial.caught for trial in found)
            sink(events.Progress(number, len(chosen), missed, "regressions", "missed"))
            await asyncio.sleep(0)
        return found

    def _judge(self, seen: Observed) -> Judged:
        as_matched = seen.calls is self._seen.calls and seen is not self._seen
        heard = self._hearing.again(fresh(seen, self._options), as_matched=as_matched)
        return judged(allowed(evidence_of(heard, self._about, self._cleaning, 0.0), self._what))

    def _try(self, one: Candidate) -> Trial:
        outcome = self._judge(one.seeded(self._seen))
        caught = outcome.result.verdict.outcome == "fail"
        return Trial(
            kind=one.kind,
            route=clean(one.route),
            exchange="" if one.group in _STANDING else one.group,
            place=clean(one.place, 500),
            dependency=clean(one.dependency),
            call=clean(one.call),
            caught=caught,
            by=_by(outcome) if caught else "",
            hidden=() if caught else self._hidden(one, outcome),
        )

    def _hidden(self, one: Candidate, outcome: Judged) -> tuple[str, ...]:
        before, after = self._unchanged, outcome
        found = concealed.by_rules(before.result.rules, after.result.rules)
        group = one.group if one.group in _STANDING else ""
        if one.exchange is not None:
            found += concealed.by_noise(one.place or "call", one.exchange.noise)
            found += concealed.by_redaction(one.place, self._recorded(one, one.exchange))
        found += concealed.built_in(one.kind, one.place, group)
        found = found or self._open(one, group)
        found = found or concealed.by_more(_passing(before), _passing(after))
        if one.kind == "delayed":
            found = tuple(
                f"condition: {each.condition} (observed {each.observed})"
                for each in after.result.verdict.evaluations
                if each.condition.startswith("latency.") and each.outcome == "pass"
            )
        return tuple(clean(text, 300) for text in dict.fromkeys(found)) or (NO_REASON,)

    def _open(self, one: Candidate, group: str) -> tuple[str, ...]:
        """The rules that cover the place, also where they let no more pass than before: what stood
        there was another value already."""
        exchange, side = one.exchange, one.place.partition(".")[0]
        if exchange is None:
            return ()
        call = exchange.route if exchange.dependency else ""
        rules = self._seen.plan.rules
        masks = rules.masks_for(one.route, exchange.dependency, call, group, side)
        texts = {use.index: use.text for use in self._unchanged.result.rules}
        return tuple(
            f"rule {index}: {texts[index]}"
            for _, index in masks.covering(one.place)
            if index in texts
        )

    def _recorded(self, one: Candidate, exchange: Exchange) -> tuple[Part, ...]:
        """The parts of the recorded message that was changed."""
        asked = one.place.startswith("request.")
        message = exchange.request if asked else exchange.response
        return self._seen.learning.parts_of(exchange, message) if message is not None else ()


def _by(outcome: Judged) -> str:
    """The check that caught it: the first cause's, else the condition that failed."""
    result = outcome.result
    red = next((cause.change for cause in result.causes if not cause.notice), "")
    failed = (
        f"condition {one.condition}"
        for one in result.verdict.evaluations
        if one.level == "fail" and one.outcome == "fail"
    )
    return red or next(failed, "")


def _passing(outcome: Judged) -> Counter[str]:
    """What was seen and is not red: notices, and what is known or in quarantine."""
    return Counter(
        f"{one.standing or 'a notice only'}: {one.change} {one.place} {one.detail}".rstrip()
        for row in outcome.rows
        for one in row.differences
        if not counts(one) and not one.excused
    )
