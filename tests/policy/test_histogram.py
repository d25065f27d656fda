"""Samples that merge: exact up to a limit, bounded in error beyond it, associative always."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.result import Counts, Run
from ci_gate.policy import histogram
from ci_gate.policy.histogram import bucket, decode, encode, make_run, merge, middle
from ci_gate.policy.samples import of_run, of_values

_SAMPLES = st.dictionaries(
    st.sampled_from(["GET /a", "GET /b", "POST /c"]), st.lists(st.integers(0, 10**12), max_size=6)
)


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of more than ten samples use histograms."""
    monkeypatch.setattr(histogram, "LIMIT", 10)


@given(st.integers(0, 10**15))
def test_error_is_bounded(value: int) -> None:
    """A bucket's middle is at most 0.4 % from any value in it."""
    assert abs(middle(bucket(value)) - value) <= value / 255
    assert bucket(middle(bucket(value))) == bucket(value)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_buckets_keep_order(one: int, other: int) -> None:
    """A larger value is never in a lower bucket."""
    low, high = sorted((one, other))
    assert bucket(low) <= bucket(high)


def test_buckets_are_contiguous() -> None:
    """No bucket number is left out, so none is there twice."""
    numbers = [bucket(value) for value in range(5000)]
    assert [number for number, _ in itertools.groupby(numbers)] == list(range(numbers[-1] + 1))


@given(st.lists(st.integers(0, 10**12)))
def test_coding_round_trips(values: list[int]) -> None:
    """Delta-coded samples decode to the same samples, sorted."""
    assert decode(encode(values)) == sorted(values)


def _run(samples: dict[str, list[int]]) -> Run:
    return make_run(Counts(total=sum(map(len, samples.values())), matched=0), samples)


@given(_SAMPLES, _SAMPLES)
def test_merge_is_one_run_over_all(first: Any, second: Any) -> None:
    """Two shards merged are, field by field, what one run over all samples is."""
    together = {
        route: first.get(route, []) + second.get(route, []) for route in {**first, **second}
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histogram, "LIMIT", 8)
        assert merge(_run(first), _run(second)) == _run(together)


@given(_SAMPLES, _SAMPLES, _SAMPLES)
def test_merge_is_associative(one: Any, two: Any, three: Any) -> None:
    """In which order shards merge does not matter, also across the limit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histogram, "LIMIT", 8)
        a, b, c = _run(one), _run(two), _run(three)
        assert merge(merge(a, b), c) == merge(a, merge(b, c))


def test_beyond_the_limit_nothing_is_kept_one_by_one(small_limit: None) -> None:
    """A run of too many samples has histograms only, for every route."""
    run = _run({"GET /a": list(range(10)), "GET /b": [1]})
    assert not run.latencies
    assert set(run.histograms) == {"GET /a", "GET /b"}
    assert of_run(run).total == 11
    assert of_run(run, "GET /b").total == 1


def test_percentiles_of_a_histogram_are_close() -> None:
    """Over 200,000 samples every percentile is within the documented error."""
    values = random.Random(7).choices(range(1_000, 50_000_000), k=200_000)
    run = _run({"GET /a": values})
    assert run.histograms
    exact, told = of_values(values), of_run(run)
    for percent in (1, 50, 75, 90, 95, 99, 100):
        one, other = exact.percentile(percent), told.percentile(percent)
        assert one is not None
        assert other is not None
        assert abs(one - other) <= one / 255


def test_what_one_shard_did_not_measure_is_not_measured() -> None:
    """A count that is unknown for a part is unknown for the whole, never a smaller number."""
    merged = merge(
        make_run(Counts(missing=1, changed=1, unstable=1), {}),
        make_run(Counts(changed=2, unstable=2), {}),
    )
    assert merged.counts.missing is None
    assert (merged.counts.changed, merged.counts.unstable) == (3, 3)


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(1, 100))
def test_percentile_is_nearest_rank(values: list[int], percent: int) -> None:
    """At least that share of the samples is not above it, and no smaller sample has that."""
    found = of_values(values).percentile(percent)
    assert found in values
    assert found is not None
    assert 100 * sum(one <= found for one in values) >= percent * len(values)
    assert 100 * sum(one < found for one in values) < percent * len(values)
