"""`prove` on a real service: what passes, what fails, what is written."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ci_gate.config.options import Policy, RunOptions
from ci_gate.errors import UsageError
from ci_gate.gate.prove import NO_CONDITION, prove
from ci_gate.model.proof import Proof
from ci_gate.model.rule import Rule, Where
from ci_gate.net.loop import run
from ci_gate.service.options import ServiceOptions
from ci_gate.store.runs import read_result
from ci_gate.store.snapshot import read_snapshot

ANYTHING = tuple(
    Rule(
        index=number,
        where=Where(route="GET /json"),
        at=f"response.body.$.{name}",
        allow="any",
        reason="test",
    )
    for number, name in enumerate(("id", "name"), 1)
)


@pytest.fixture
def proved(acting: Any) -> Any:
    """`proved("dies", runs=2)`: the proof of the acting service; nothing may be left."""

    def once(
        how: str = "",
        runs: int = 1,
        minimum: float = 0.95,
        places: int | None = None,
        **more: Any,
    ) -> Proof:
        options = acting.options(how, **more)
        proof = run(prove(options, acting.events.append, runs, minimum, places))
        acting.check_nothing_left()
        return proof

    return once


def kinds(proof: Proof) -> dict[str, tuple[int, int]]:
    """(applied, caught) of every kind."""
    return {one.kind: (one.applied, one.caught) for one in proof.kinds}


def test_a_strict_gate_catches_everything(proved: Any, acting: Any) -> None:
    """Two unchanged runs pass, every seeded regression is red."""
    proof = proved(runs=2)
    assert proof.verdict.outcome == "pass", proof.verdict.reasons
    assert (proof.unchanged_runs, proof.false_alarms, proof.score) == (2, 0, 1.0)
    assert proof.applied == proof.caught > 50
    assert kinds(proof)["write-dropped"] == (1, 1)
    late = next(one for one in proof.kinds if one.kind == "delayed")
    assert (late.applied, late.note) == (0, NO_CONDITION)


def test_no_more_places_than_were_asked_for(proved: Any) -> None:
    """They are of as many kinds, the same every time, and the rest is counted; none is refused."""
    proof, again = proved(places=12), proved(places=12)
    assert (proof.applied, len({one.kind for one in proof.trials})) == (12, 12)
    assert proof.left > 0
    assert proof.trials == again.trials
    with pytest.raises(UsageError, match="--places 0: at least 1"):
        proved(places=0)


def test_what_is_written(proved: Any, acting: Any) -> None:
    """A run directory as every other, and the proof: its page and its figures."""
    proved()
    files = acting.written()
    result = read_result(str(acting.out / "result.json"))
    assert (result.mode, result.verdict.outcome) == ("prove", "pass")
    assert json.loads(files["proof.json"])["score"] == 1.0
    assert b"what the gate catches of acting" in files["summary.md"]
    assert len(files["exchanges.jsonl"].splitlines()) == 7
    assert b"<testsuite" in files["junit.xml"]


def test_too_loose_a_rule_fails_the_proof(proved: Any) -> None:
    """What it hides is listed first, with the rule's name."""
    proof = proved(rules=ANYTHING)
    assert proof.verdict.outcome == "fail"
    assert "below 95.0%" in proof.verdict.reasons[0]
    assert proof.false_alarms == 0
    assert not proof.trials[0].caught
    assert proof.trials[0].hidden[0].startswith("rule 1: response.body.$.id: any")


def test_the_minimum_is_the_users(proved: Any) -> None:
    """The same proof passes when less is asked for."""
    assert proved(rules=ANYTHING, minimum=0.3).verdict.outcome == "pass"


def test_an_unchanged_service_that_is_red_is_a_false_alarm(proved: Any) -> None:
    """Every run is counted; nothing is seeded into a run that does not pass."""
    proof = proved("value", runs=2)
    assert proof.verdict.outcome == "fail"
    assert (proof.unchanged_runs, proof.false_alarms, proof.applied) == (2, 2, 0)
    assert proof.verdict.reasons[0].startswith("2 of 2 runs of the unchanged service did not pass")
    assert any("response.body.$.id" in text for text in proof.alarms)


def test_a_service_that_does_not_start_is_not_tried_again(proved: Any) -> None:
    """Its end is the reason."""
    proof = proved("ends-badly", runs=5)
    assert (proof.unchanged_runs, proof.verdict.outcome) == (1, "fail")
    assert "exit code 1" in proof.verdict.reasons[0]


def test_nothing_to_replay_is_inconclusive(proved: Any, acting: Any) -> None:
    """A snapshot without inbound requests proves nothing."""
    empty = msgspec.structs.replace(read_snapshot(acting.snapshot), inbound=(), outbound=())
    acting.write(empty)
    proof = proved()
    assert (proof.verdict.outcome, proof.applied) == ("inconclusive", 0)


@pytest.mark.parametrize(("limit", "caught"), [(500, 1), (60_000, 0)])
def test_delays_are_judged_by_conditions(proved: Any, limit: int, caught: int) -> None:
    """A second more is caught by a limit below it, and else the condition is what lets it pass."""
    proof = proved(policy=Policy(fail_if=(("", f"latency.p95 > {limit}"),)), minimum=0.5)
    assert kinds(proof)["delayed"] == (1, caught)
    trial = next(one for one in proof.trials if one.kind == "delayed")
    told = trial.by if caught else trial.hidden[0]
    assert f"condition latency.p95 > {limit}" in told.replace(":", "")


def test_no_live_value_is_written(proved: Any, acting: Any) -> None:
    """Neither in the proof nor in its page."""
    proved(rules=ANYTHING)
    files = acting.written()
    assert b"plain text" not in files["proof.json"] + files["summary.md"]


@pytest.mark.parametrize(
    ("runs", "minimum", "text"),
    [(0, 0.95, "--runs 0: at least 1"), (1, 1.5, "--min 1.5"), (1, -0.1, "--min -0.1")],
)
def test_numbers_that_mean_nothing_are_refused(
    proved: Any, runs: int, minimum: float, text: str
) -> None:
    """Before anything is started."""
    with pytest.raises(UsageError, match=text):
        proved(runs=runs, minimum=minimum)


def test_a_service_of_somebody_else_is_refused() -> None:
    """It cannot be started anew."""
    options = RunOptions(snapshot="s", service=ServiceOptions(name="s", url="http://localhost:1"))
    with pytest.raises(UsageError, match="starts the service itself"):
        run(prove(options, lambda _: None))
