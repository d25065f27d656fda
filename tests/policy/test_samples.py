"""Statistics of samples, one by one or by histogram."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.model.result import Counts
from ci_gate.policy import histogram
from ci_gate.policy.histogram import make_run
from ci_gate.policy.samples import of_run, of_values


def test_nothing_has_no_statistics() -> None:
    """Without samples there is neither average nor percentile."""
    assert of_values([]).average() is None
    assert of_values([]).percentile(50) is None
    assert of_values([]).total == 0


@pytest.mark.parametrize(
    ("percent", "value"), [(1, 1), (50, 2), (51, 3), (75, 3), (76, 4), (100, 4)]
)
def test_percentiles_of_four(percent: int, value: int) -> None:
    """Nearest-rank on a list that can be checked by hand."""
    assert of_values([4, 1, 3, 2]).percentile(percent) == value


def test_routes_and_all(monkeypatch: Any) -> None:
    """The samples of a run are those of one route, or of all of them, in either form."""
    values = {"GET /a": [1, 2, 3], "GET /b": [100]}
    exact = make_run(Counts(), values)
    monkeypatch.setattr(histogram, "LIMIT", 2)
    coarse = make_run(Counts(), values)
    assert coarse.histograms
    for run in (exact, coarse):
        assert of_run(run).average() == 26.5
        assert of_run(run, "GET /b").percentile(50) == 100
        assert of_run(run, "GET /c").total == 0
