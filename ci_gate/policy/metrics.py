"""The metrics that conditions name, from counts and latency samples. None = not measured, or no
samples: a condition on it is inconclusive, never green."""

from __future__ import annotations

from collections.abc import Mapping

from ci_gate.model.result import Counts, RouteFigures, Run
from ci_gate.policy.samples import Samples, of_run

PERCENTILES = (50, 75, 90, 95, 99)

NAMES = (
    *(f"latency.{name}" for name in ("avg", "min", "max")),
    *(f"latency.p{percent}" for percent in PERCENTILES),
    "requests.total",
    "requests.succeeded",
    "requests.failed",
    "requests.unstable",
    "requests.per-second",
    "requests.per-minute",
    "requests.response-pct",
    "requests.result-match-pct",
    "mocks.matched",
    "mocks.unmatched",
    "mocks.unused",
    "calls.missing",
    "calls.unexpected",
    "calls.changed",
)
"""Every metric; latencies in milliseconds, fractional; -pct in percent."""

_NANOSECONDS = 1_000_000

Metrics = dict[str, float | None]


def metrics(run: Run, route: str = "", figures: RouteFigures | None = None) -> Metrics:
    """All metrics of a run by name, or those of one route.

    Of a route `figures` gives the counts; what is counted for the whole run only (rates, mocks,
    calls) is not measured for it.
    """
    found: Metrics = dict.fromkeys(NAMES)
    found.update(_latencies(of_run(run, route)))
    if route:
        if figures is not None:
            found["requests.total"] = figures.total
            found["requests.failed"] = figures.failed
            found["requests.succeeded"] = figures.total - figures.failed
        return found
    found.update(_requests(run.counts))
    counts = run.counts
    found["mocks.matched"] = counts.matched
    found["mocks.unmatched"] = counts.unmatched
    found["mocks.unused"] = counts.unused
    found["calls.missing"] = counts.missing
    found["calls.unexpected"] = counts.unexpected
    found["calls.changed"] = counts.changed
    return found


def _latencies(samples: Samples) -> Metrics:
    average = samples.average()
    if average is None:
        return {}
    values: dict[str, float] = {
        "avg": average,
        "min": samples.values[0],
        "max": samples.values[-1],
    }
    for percent in PERCENTILES:
        values[f"p{percent}"] = samples.percentile(percent) or 0
    return {f"latency.{name}": value / _NANOSECONDS for name, value in values.items()}


def _requests(counts: Counts) -> Metrics:
    total, seconds = counts.total, counts.seconds
    rate = counts.answered / seconds if seconds > 0 else None
    return {
        "requests.total": total,
        "requests.succeeded": counts.succeeded,
        "requests.failed": counts.failed,
        "requests.unstable": counts.unstable,
        "requests.per-second": rate,
        "requests.per-minute": None if rate is None else rate * 60,
        "requests.response-pct": 100 * counts.answered / total if total else None,
        "requests.result-match-pct": 100 * counts.matching / total if total else None,
    }


def route_figures(run: Run, counted: Mapping[str, tuple[int, int]]) -> tuple[RouteFigures, ...]:
    """Figures of every route, by name; `counted`: route -> (requests, failed ones)."""
    return tuple(
        _figures(run, route, total, failed) for route, (total, failed) in sorted(counted.items())
    )


def _figures(run: Run, route: str, total: int, failed: int) -> RouteFigures:
    known = _latencies(of_run(run, route))

    def milliseconds(name: str) -> float:
        return round(known.get(f"latency.{name}") or 0.0, 6)

    return RouteFigures(
        route=route,
        total=total,
        failed=failed,
        avg=milliseconds("avg"),
        p50=milliseconds("p50"),
        p95=milliseconds("p95"),
        p99=milliseconds("p99"),
        max=milliseconds("max"),
    )


def nested(found: Mapping[str, float | None]) -> dict[str, dict[str, float | None]]:
    """Metrics as the result document has them: {"latency": {"avg": …}, …}."""
    groups: dict[str, dict[str, float | None]] = {}
    for name, value in found.items():
        group, _, field = name.partition(".")
        groups.setdefault(group, {})[field] = value
    return groups
