"""Metrics: every one by name, for the run and for a route; unknown is None, never zero."""

from __future__ import annotations

from typing import Any

from ci_gate.model.result import Counts, RouteFigures
from ci_gate.policy.histogram import make_run
from ci_gate.policy.metrics import NAMES, metrics, nested, route_figures


def test_all_metrics_of_a_run(make_result: Any) -> None:
    """Each metric has the value that a person would work out by hand."""
    result = make_result(matched=5, unmatched=1, unused=2, missing=3, unexpected=4, changed=6)
    assert metrics(result.runs[0]) == {
        "latency.avg": 25.0,
        "latency.min": 10.0,
        "latency.max": 40.0,
        "latency.p50": 20.0,
        "latency.p75": 30.0,
        "latency.p90": 40.0,
        "latency.p95": 40.0,
        "latency.p99": 40.0,
        "requests.total": 4,
        "requests.succeeded": 3,
        "requests.failed": 1,
        "requests.unstable": 0,
        "requests.per-second": 2.0,
        "requests.per-minute": 120.0,
        "requests.response-pct": 100.0,
        "requests.result-match-pct": 75.0,
        "mocks.matched": 5,
        "mocks.unmatched": 1,
        "mocks.unused": 2,
        "calls.missing": 3,
        "calls.unexpected": 4,
        "calls.changed": 6,
    }


def test_latency_is_fractional() -> None:
    """Microseconds are not rounded away."""
    run = make_run(Counts(), {"GET /a": [1_234_567]})
    assert metrics(run)["latency.p50"] == 1.234567


def test_nothing_measured_is_none() -> None:
    """A run without samples and requests has no metric that looks like a good one."""
    found = metrics(make_run(Counts(), {}))
    assert set(found) == set(NAMES)
    known = {name for name, value in found.items() if value is not None}
    counted = {f"requests.{name}" for name in ("total", "succeeded", "failed", "unstable")}
    assert known == counted


def test_metrics_of_a_route(make_result: Any) -> None:
    """A route has its own latencies and counts; what is counted for the run only is unknown."""
    run = make_result(missing=0).runs[0]
    found = metrics(run, "GET /b", RouteFigures(route="GET /b", total=1, failed=1))
    assert found["latency.p50"] == 40.0
    assert found["requests.total"] == 1
    assert found["requests.failed"] == 1
    assert found["requests.per-second"] is None
    assert found["calls.missing"] is None
    assert metrics(run, "GET /nowhere")["latency.p50"] is None


def test_route_figures(make_result: Any) -> None:
    """Figures a route, by name, in milliseconds; a route without samples has zeros."""
    run = make_result().runs[0]
    figures = route_figures(run, {"GET /b": (1, 0), "GET /a": (3, 2), "GET /c": (1, 1)})
    assert [(one.route, one.total, one.failed) for one in figures] == [
        ("GET /a", 3, 2),
        ("GET /b", 1, 0),
        ("GET /c", 1, 1),
    ]
    assert (figures[0].avg, figures[0].p50, figures[0].p95, figures[0].max) == (20, 20, 30, 30)
    assert figures[2].max == 0


def test_nested_keeps_every_name() -> None:
    """The document's form of the metrics loses none."""
    groups = nested(dict.fromkeys(NAMES))
    assert sum(map(len, groups.values())) == len(NAMES)
    assert set(groups) == {"latency", "requests", "mocks", "calls"}
