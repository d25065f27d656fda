"""Conditions: both forms, every operator, and clear errors for what does not exist."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.errors import UsageError
from ci_gate.model.difference import Cause
from ci_gate.policy.conditions import evaluate, parse, parse_all, shown
from ci_gate.policy.metrics import NAMES

CAUSE = Cause(id="C1", title="t", change="status", routes=("GET /a",), count=7)


def _outcome(result: Any, text: str, route: str = "") -> tuple[str, str]:
    (found,) = evaluate([parse(text, route=route)], result)
    return found.outcome, found.observed


@pytest.mark.parametrize(
    ("text", "outcome", "observed"),
    [
        ("latency.p95 > 39.9", "fail", "40"),
        ("latency.p95 > 40", "pass", "40"),
        ("latency.p95 >= 40", "fail", "40"),
        ("latency.p95<40", "pass", "40"),
        ("latency.p95 <= 40", "fail", "40"),
        ("latency.avg == 25.0", "fail", "25"),
        ("latency.avg != 25", "pass", "25"),
        ("requests.failed > -1", "fail", "1"),
        ("requests.failed > 0", "fail", "1"),
        ("  requests.failed  >  1  ", "pass", "1"),
        ("requests.result-match-pct < 99.5%", "fail", "75"),
        ("requests.per-second < .5e1", "fail", "2"),
        ("calls.missing > 0", "inconclusive", "not measured"),
        ("mocks.unmatched > 0", "inconclusive", "not measured"),
        ('requests."per-second" < `5`', "fail", "true"),
        ("length(causes) == `0`", "pass", "false"),
        ("causes[?count > `5`]", "fail", "["),
        ("causes[?count > `50`]", "pass", "[]"),
        ("causes[?change == 'no-response'] | [0]", "pass", "null"),
        ("max_by(causes, &count).count > `6` && requests.failed > `0`", "fail", "true"),
        ("runs[0].counts.failed", "fail", "1"),
        ("calls.missing > `0`", "inconclusive", "calls.missing: not measured"),
        ("calls.missing > `0` || requests.failed > `5`", "inconclusive", "calls.missing"),
        ("service > `5`", "inconclusive", "the two sides cannot be compared"),
        ("causes > `5`", "inconclusive", "the two sides cannot be compared"),
        ("abs(service) > `5`", "inconclusive", "In function abs()"),
    ],
)
def test_outcomes(make_result: Any, text: str, outcome: str, observed: str) -> None:
    """What holds fails, what does not passes, what cannot be judged is inconclusive."""
    found = _outcome(make_result(causes=(CAUSE,)), text)
    assert found[0] == outcome
    assert found[1].startswith(observed)


def test_no_samples_is_inconclusive(make_result: Any) -> None:
    """A latency threshold without a sample is not met by default."""
    result = make_result(latencies={})
    assert _outcome(result, "latency.p99 > 200") == ("inconclusive", "no samples")
    assert _outcome(result, "latency.p99 > `200`")[0] == "inconclusive"


def test_route_conditions_use_the_routes_samples(make_result: Any) -> None:
    """A condition for a route looks at that route; one nobody called has no samples."""
    result = make_result()
    assert _outcome(result, "latency.max > 30", "GET /a") == ("pass", "30")
    assert _outcome(result, "latency.max > 30", "GET /b") == ("fail", "40")
    assert _outcome(result, "requests.total > 1", "GET /b") == ("pass", "1")
    assert _outcome(result, "latency.max > 30", "GET /gone") == ("inconclusive", "no samples")


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_can_be_named_both_ways(make_result: Any, name: str) -> None:
    """Each metric is accepted as a threshold and, with a hyphen quoted, in JMESPath."""
    parse(f"{name} > 1")
    group, _, field = name.partition(".")
    assert parse(f'{group}."{field}" > `1`').uses == (name,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("latency.p96 > 5", ["there is no metric latency.p96", "did you mean latency.p9"]),
        ("requests.fail > 0", ["did you mean requests.failed?", "mocks.unused"]),
        ("latency.p95 > 5%", ["is no percentage"]),
        ("latency.p95 => 5", ["neither"]),
        ("latency.p95 > fifty", ["neither"]),
        ("", ["neither"]),
        ("requests.per-second > `5` && service", ['write requests.per-second as requests."per-second"']),
        ("cuases[0]", ["there is no field cuases", "did you mean causes?"]),
        ("causes[0].titel", ["there is no field titel", "did you mean title?"]),
        ("causes[?kount > `5`]", ["there is no field kount"]),
        ("sort_by(causes, &kount)", ["there is no field kount"]),
        ("map(&kount, causes)", ["there is no field kount"]),
        ("causes.title", ["asked of a list"]),
        ("service.name", ["no fields"]),
        ("verdict.outcome", ["there is no field verdict"]),
        ("{a: causs}", ["there is no field causs"]),
        ("a" + "." * 3 + "b", ["neither"]),
    ],
)  # fmt: skip
def test_refused(text: str, said: list[str]) -> None:
    """An error names the condition, what is allowed, and the nearest spelling."""
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert repr(text)[1:-1][:20] in str(caught.value)
    assert all(part in str(caught.value) for part in said)


def test_unknown_function_is_inconclusive(make_result: Any) -> None:
    """A function that JMESPath lacks is found when it is asked: never green."""
    assert _outcome(make_result(), "nosuch(causes)")[0] == "inconclusive"


@pytest.mark.parametrize("text", ["(" * 3000, "!" * 3000, "a." * 3000 + "a", "[" * 3000 + "0"])
def test_nested_expression_is_refused(text: str) -> None:
    """An expression nested without end is an error, not a crash."""
    with pytest.raises(UsageError):
        parse(text)


def test_levels_and_routes_are_kept(make_result: Any) -> None:
    """Conditions keep their level, route and order."""
    found = evaluate(
        parse_all(
            [("", "requests.failed > 0"), ("GET /a", "latency.p99 > 1")], [("", "latency.max > 1")]
        ),
        make_result(),
    )
    assert [(one.level, one.route, one.outcome) for one in found] == [
        ("fail", "", "fail"),
        ("fail", "GET /a", "fail"),
        ("warn", "", "fail"),
    ]


def test_no_run_is_inconclusive(make_result: Any) -> None:
    """A result without a run has nothing to judge by."""
    import msgspec

    empty = msgspec.structs.replace(make_result(), runs=())
    assert _outcome(empty, "requests.failed > 0") == ("inconclusive", "not measured")


@pytest.mark.parametrize(
    ("value", "text"), [(43.2, "43.2"), (300.0, "300"), (0.0004, "0"), (1.23456, "1.235"), (0, "0")]
)
def test_shown(value: float, text: str) -> None:
    """Observed values are short."""
    assert shown(value) == text
