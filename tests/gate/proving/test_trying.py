"""Seeded regressions tried on a run that passed, each judged as a run is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.diff.causes.fingerprint import of_difference
from ci_gate.errors import CannotRun
from ci_gate.gate.events import Progress
from ci_gate.gate.judging.allowing import Allowed
from ci_gate.gate.judging.comparing import evidence_of
from ci_gate.gate.judging.judged import About
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.observation import Observation, Observed
from ci_gate.gate.planning import make_plan
from ci_gate.gate.proving.seeding import Candidate, candidates
from ci_gate.gate.proving.trying import NO_REASON, Trials, fresh
from ci_gate.model.difference import Difference
from ci_gate.model.known import Quarantined
from ci_gate.model.proof import Trial
from ci_gate.model.rule import Rule, Where
from ci_gate.net.loop import run

ABOUT = About(mode="prove", service="acting", snapshot="snapshot", config="", folder=".")
WHAT = Allowed(today="2026-01-01")


@pytest.fixture
def tried(acting: Any) -> Any:
    """`tried(rules=…)`: trials of everything that can be seeded, by kind, route and place."""

    def everything(**more: Any) -> dict[tuple[str, str, str], Trial]:
        options = acting.options(**more)
        plan = make_plan(options)
        cleaning = Cleaning(options)
        seen = run(Observation(options, plan, cleaning, acting.events.append).run(""))
        chosen, _ = candidates(seen).chosen(10_000)
        trials = Trials(seen, options, ABOUT, WHAT, cleaning)
        found = run(trials.all(chosen, acting.events.append))
        return {(one.kind, one.route, one.place): one for one in found}

    return everything


def test_without_rules_everything_is_caught(tried: Any, acting: Any) -> None:
    """Every kind of regression, each by the check that is meant for it."""
    found = tried()
    assert [name for name, one in found.items() if not one.caught] == []
    checks = {name[0]: one.by for name, one in found.items()}
    assert checks["write-dropped"] == checks["read-dropped"] == "missing"
    assert checks["write-duplicated"] == checks["read-repeated"] == "repeated"
    assert checks["new-host-called"] == "new-host"
    assert checks["status-changed"] == "status"
    assert checks["body-truncated"] == "body"
    done = [event for event in acting.events if isinstance(event, Progress)][-1]
    assert done == Progress(len(found), len(found), 0, "regressions", "missed")


def test_a_rule_that_hides_a_place_is_named(tried: Any) -> None:
    """By its index and its text, and for that place only."""
    rule = Rule(
        index=1, where=Where(route="GET /json"), at="response.body.$.id", allow="integer",
        reason="test",
    )  # fmt: skip
    found = tried(rules=(rule,))
    missed = {name: one for name, one in found.items() if not one.caught}
    assert set(missed) == {("value-changed", "GET /json", "response.body.$.id")}
    (one,) = missed.values()
    assert one.hidden == ("rule 1: response.body.$.id: integer (GET /json)",)


def test_a_rule_is_named_where_it_had_work_before(acting: Any) -> None:
    """What stood there was another value in the unchanged run, too: the rule lets no more pass than
    it did, and it is told all the same."""
    rule = Rule(
        index=1, where=Where(route="GET /text"), at="response.body", allow="any", reason="test"
    )
    options = acting.options(rules=(rule,))
    cleaning = Cleaning(options)
    seen = run(Observation(options, make_plan(options), cleaning, acting.events.append).run(""))
    chosen, _ = candidates(seen).chosen(10_000)
    one = next(each for each in chosen if (each.kind, each.route) == ("value-changed", "GET /text"))
    varied = one.seeded(seen)
    (trial,) = run(Trials(varied, options, ABOUT, WHAT, cleaning).all([one], lambda _: None))
    assert not trial.caught
    assert trial.hidden == ("rule 1: response.body: any (GET /text)",)


def test_a_rule_for_calls_is_named(tried: Any) -> None:
    """A relaxed write hides that it is made twice."""
    rule = Rule(
        index=1, where=Where(dependency="greetings"), calls=("repeated",), effect="write",
        reason="test",
    )  # fmt: skip
    found = tried(rules=(rule,))
    missed = {name: one.hidden for name, one in found.items() if not one.caught}
    assert list(missed) == [("write-duplicated", "POST /things", "")]
    assert "rule 1: repeated write calls (greetings)" in next(iter(missed.values()))


def test_an_opened_argument_is_named(tried: Any) -> None:
    """The mock answers it, and the rule is told all the same."""
    rule = Rule(index=1, where=Where(), at="request.query.for", allow="any", reason="test")
    found = tried(rules=(rule,))
    one = found["argument-changed", "GET /hello", "request.query.for"]
    assert not one.caught
    assert "rule 1: request.query.for: any" in one.hidden[0]


def test_no_value_of_a_message_is_kept(tried: Any) -> None:
    """A proof names places; what stood there may be a secret."""
    told = str([msgspec.structs.asdict(one) for one in tried().values()])
    assert "ada" not in told
    assert "plain text" not in told


@pytest.fixture
def passed(acting: Any) -> Any:
    """(options, what was observed, cleaning) of a run that passed."""
    options = acting.options()
    cleaning = Cleaning(options)
    seen = run(Observation(options, make_plan(options), cleaning, acting.events.append).run(""))
    return options, seen, cleaning


def test_what_nothing_explains_is_said_to_be_ours(passed: Any) -> None:
    """A regression that changes nothing is missed, and no rule is blamed for it."""
    options, seen, cleaning = passed
    nothing = Candidate(kind="value-changed", route="GET /json", pattern="", seeded=lambda one: one)
    (trial,) = run(Trials(seen, options, ABOUT, WHAT, cleaning).all([nothing], lambda _: None))
    assert (trial.caught, trial.hidden) == (False, (NO_REASON,))


def test_quarantine_is_named(passed: Any) -> None:
    """An exchange in quarantine for just this difference lets it pass, and the trial says so."""
    options, seen, cleaning = passed
    place = ("value-changed", "GET /json", "response.body.$.id")
    chosen, _ = candidates(seen).chosen(10_000)
    one = next(each for each in chosen if (each.kind, each.route, each.place) == place)
    (red,) = compared(one.seeded(fresh(seen, options)), cleaning)
    listed = Quarantined(
        index=1, exchange=red.exchange, differences=(of_difference(red),), reason="test",
        owner="@me", until="2030-01-01",
    )  # fmt: skip
    what = Allowed(quarantine=(listed,), today="2026-01-01")
    (trial,) = run(Trials(seen, options, ABOUT, what, cleaning).all([one], lambda _: None))
    assert not trial.caught
    assert trial.hidden[0].startswith("quarantined: value response.body.$.id")


def compared(seen: Observed, cleaning: Cleaning) -> list[Difference]:
    """The differences of answers."""
    return [d for one in evidence_of(seen, ABOUT, cleaning, 0.0).steps for d in one.differences]


def test_a_run_that_does_not_pass_proves_nothing(passed: Any) -> None:
    """Calls that cannot be heard again as they were are refused."""
    options, seen, cleaning = passed
    with pytest.raises(CannotRun, match="could not be heard again"):
        Trials(msgspec.structs.replace(seen, calls=()), options, ABOUT, WHAT, cleaning)


def test_rules_begin_anew(passed: Any) -> None:
    """What a rule did in one trial is not counted in the next."""
    options, seen, _ = passed
    again: Observed = fresh(seen, options)
    assert again.plan.rules is not seen.plan.rules
    assert again.plan.snapshot is seen.plan.snapshot
