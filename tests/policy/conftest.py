"""A result whose metrics are all known, for the tests of the policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ci_gate.model.difference import Cause
from ci_gate.model.result import Counts, Environment, Result, RouteFigures, Verdict
from ci_gate.policy.histogram import make_run

MILLISECOND = 1_000_000


@pytest.fixture(scope="session")
def make_result() -> Callable[..., Result]:
    """`make_result(latencies=, causes=, **counts)`; latencies are milliseconds by route."""

    def make(
        latencies: dict[str, list[float]] | None = None,
        causes: tuple[Cause, ...] = (),
        **counts: Any,
    ) -> Result:
        values = (
            {"GET /a": [10.0, 20.0, 30.0], "GET /b": [40.0]} if latencies is None else latencies
        )
        known = {"total": 4, "succeeded": 3, "failed": 1, "answered": 4, "matching": 3}
        run = make_run(
            Counts(**{**known, "seconds": 2.0, **counts}),
            {route: [int(one * MILLISECOND) for one in found] for route, found in values.items()},
        )
        return Result(
            service="s",
            verdict=Verdict(outcome="fail"),
            runs=(run,),
            causes=causes,
            routes=tuple(
                RouteFigures(route=route, total=len(found), failed=0)
                for route, found in values.items()
            ),
            environment=Environment(version="0"),
        )

    return make
