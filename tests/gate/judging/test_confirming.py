"""Confirm on red: what repeats alone is red, what does not is told apart, and nothing turns green."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.config.options import Policy
from ci_gate.gate.events import Stage
from ci_gate.gate.judging import confirming
from ci_gate.model.difference import Cause
from ci_gate.model.result import ExchangeResult, Result
from ci_gate.policy.verdict import exit_code
from ci_gate.store.runs import read_exchanges

LIST, JSON, HELLO, THINGS = "aa030000-1", "aa010000-1", "bb010000-1", "bb020000-1"


def rows(acting: Any) -> dict[str, ExchangeResult]:
    """The row of each exchange."""
    return {one.id: one for one in read_exchanges(str(acting.out / "exchanges.jsonl"))}


def once(acting: Any, how: str, **more: Any) -> Result:
    """A run of a service that misbehaves in its first life only."""
    service = acting.service(how, env={"ONCE": str(acting.folder / "lived")})
    result: Result = acting.run(service=service, **more)
    return result


def boots(acting: Any) -> int:
    """How often the service was started."""
    return sum(isinstance(one, Stage) and one.name == "service" for one in acting.events)


def said(result: Result) -> str:
    """All notices."""
    return "\n".join(result.notices)


def causes(result: Result, standing: str = "") -> list[Cause]:
    """The causes that stand so."""
    return [one for one in result.causes if one.standing == standing]


def test_green_costs_no_second_boot(acting: Any) -> None:
    """Confirming is for what is red."""
    assert acting.run().verdict.outcome == "pass"
    assert boots(acting) == 1


def test_what_repeats_is_red(acting: Any) -> None:
    """A regression is there alone, too: one boot more, with its chain and nothing else."""
    result = acting.run("value")
    assert boots(acting) == 2
    assert [one.change for one in causes(result)] == ["value"]
    assert causes(result, "unstable") == []
    assert "1 failing request replayed again, alone: it differed again" in said(result)
    assert Stage("replay", "1 requests") in acting.events


def test_what_does_not_repeat_is_unstable_and_not_green(acting: Any) -> None:
    """It fails the gate by default, with a count and a line of its own, and not as failed."""
    result = once(acting, "value")
    assert (result.verdict.outcome, exit_code(result.verdict)) == ("fail", 1)
    assert [one.partition(" ")[0] for one in result.verdict.reasons] == ["unstable:"]
    counts = result.runs[0].counts
    assert (counts.total, counts.succeeded, counts.failed, counts.unstable) == (7, 6, 0, 1)
    assert counts.matching == 6
    assert [one.exchanges for one in causes(result, "unstable")] == [(JSON,)]
    assert causes(result) == []
    assert rows(acting)[JSON].state == "unstable"
    assert [one.failed for one in result.routes if one.route == "GET /json"] == [0]
    assert "1 failing request replayed again, alone: it did not differ again" in said(result)


def test_unstable_may_be_a_warning(acting: Any) -> None:
    """`gate.unstable: warn` lets it pass, and says so."""
    result = once(
        acting, "value", policy=Policy(unstable="warn", fail_if=(("", "requests.failed > 0"),))
    )
    assert result.verdict.outcome == "pass"
    assert any(one.startswith("unstable: ") for one in result.verdict.warnings)


def test_a_condition_may_count_what_is_unstable(acting: Any) -> None:
    """It has a metric of its own."""
    policy = Policy(unstable="warn", fail_if=(("", "requests.unstable > 0"),))
    assert once(acting, "value", policy=policy).verdict.outcome == "fail"


def test_a_warning_hides_no_regression(acting: Any) -> None:
    """What repeats is red, whatever unstable ones come to."""
    result = acting.run("value", policy=Policy(unstable="warn"))
    assert result.verdict.outcome == "fail"


def test_what_only_others_bring_about_is_unstable(acting: Any) -> None:
    """A difference that needs a request of another chain before it does not repeat alone."""
    result = acting.run("remembers")
    assert [one.exchanges for one in causes(result, "unstable")] == [(LIST,)]
    assert result.verdict.outcome == "fail"


def test_what_differs_otherwise_alone_stays_red(acting: Any) -> None:
    """Alone it lacks something: that says nothing about what it did among the others."""
    result = acting.run("lonely")
    assert [one.exchanges for one in causes(result)] == [(THINGS,)]
    assert causes(result, "unstable") == []
    assert rows(acting)[THINGS].state == "failed"


def test_collateral_of_a_miss(acting: Any) -> None:
    """What passes without the exchange that missed a call is told with that miss, and still red."""
    result = acting.run("breaker")
    (cause,) = causes(result)
    assert (cause.change, cause.exchanges, cause.collateral) == ("unexpected", (HELLO,), (THINGS,))
    assert boots(acting) == 3, "what missed a call is replayed after the others, by itself"
    assert result.verdict.outcome == "fail"
    counts = result.runs[0].counts
    assert (counts.failed, counts.unstable) == (2, 0)
    assert rows(acting)[THINGS].state == "failed"


def test_collateral_of_a_miss_that_does_not_repeat_is_unstable(acting: Any) -> None:
    """Then there is no miss that it could be told with."""
    result = once(acting, "breaker")
    assert causes(result) == []
    assert {one.exchanges for one in causes(result, "unstable")} == {(HELLO,), (THINGS,)}
    assert result.runs[0].counts.unstable == 2


def test_a_call_that_is_made_by_another_request_repeats(acting: Any) -> None:
    """Behind an answer a call may belong to the next request: it is there again, and stays red."""
    result = once(acting, "wanders")
    assert causes(result, "unstable") == []
    assert rows(acting)[HELLO].state == "failed"


@pytest.mark.parametrize("how", ["dies", "ends-badly", "asks-and-ends"])
def test_a_service_that_fails_is_not_started_again(acting: Any, how: str) -> None:
    """Why everything differs is known."""
    acting.run(how)
    assert boots(acting) == 1


def test_a_service_that_does_not_come_up_again_changes_nothing(acting: Any) -> None:
    """All stays red, and the reason is told with what the service said last, redacted."""
    lives = acting.folder / "eve@corp.example"
    result = acting.run(service=acting.service("value", env={"LIVES": str(lives)}))
    (note,) = [one for one in result.notices if one.startswith("nothing could be replayed again: ")]
    assert "the service ended with exit code 1; FileExistsError: " in note
    assert '\n    os.open(os.environ["LIVES"], os.O_CREAT | os.O_EXCL)\n' in note
    assert "eve@corp.example" not in note
    assert [one.change for one in causes(result)] == ["value"]


def test_a_second_replay_that_takes_too_long_is_given_up(
    acting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is bounded by time, and nothing is left of it."""
    monkeypatch.setattr(confirming, "LEAST_TIME", 0.0)
    monkeypatch.setattr(confirming, "TIMES", 0.0)
    result = acting.run("value")
    assert "replaying again was given up after 0 s" in said(result)
    assert [one.change for one in causes(result)] == ["value"]


def test_of_many_some_of_each_cause_are_replayed(
    acting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not replayed again stays red: only what passed alone is called unstable."""
    monkeypatch.setattr(confirming, "MOST", 3)
    result = once(acting, "header")
    assert "3 of 7 failing requests replayed again, alone: none differed again" in said(result)
    (red,), (unstable,) = causes(result), causes(result, "unstable")
    assert (len(red.exchanges), len(unstable.exchanges)) == (4, 3)


def test_only_is_confirmed_too(acting: Any) -> None:
    """What was chosen is judged, and replayed again like everything."""
    service = acting.service("value", env={"ONCE": str(acting.folder / "lived")})
    result = acting.run(service=service, only=(JSON,))
    assert result.runs[0].counts.unstable == 1
