"""Latency samples that merge: all of them up to `LIMIT`, beyond that a histogram.

A histogram has log-linear buckets: values below 256 each have their own, above that every power of
two is cut into 128, so a bucket is at most 1/128 of its values wide. A value is told as the
middle of its bucket, which is at most 0.4 % from what was measured. Merging adds counts: it is
associative and commutative, and gives exactly what one run over the same samples gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise

from ci_gate.model.result import Counts, Run

LIMIT = 100_000
"""Samples of a run that are kept one by one."""

_BITS = 8
_HALF = 1 << (_BITS - 1)

Histogram = dict[int, int]
"""Bucket -> count."""


def bucket(value: int) -> int:
    """The bucket of a value (nanoseconds, not negative)."""
    shift = value.bit_length() - _BITS
    return value if shift <= 0 else shift * _HALF + (value >> shift)


def middle(index: int) -> int:
    """The value a bucket stands for."""
    if index < 2 * _HALF:
        return index
    shift = index // _HALF - 1
    low = (index - shift * _HALF) << shift
    return low + (1 << shift) // 2


def histogram(values: Iterable[int]) -> Histogram:
    """The histogram of some values, buckets in order."""
    counts: Histogram = {}
    for value in values:
        index = bucket(value)
        counts[index] = counts.get(index, 0) + 1
    return dict(sorted(counts.items()))


def encode(values: Iterable[int]) -> tuple[int, ...]:
    """Values sorted and delta-coded: the first, then what each is above the one before."""
    ordered = sorted(values)
    return (*ordered[:1], *(high - low for low, high in pairwise(ordered)))


def decode(deltas: Sequence[int]) -> list[int]:
    """What `encode` was given, sorted."""
    return list(accumulate(deltas))


def make_run(counts: Counts, latencies: Mapping[str, Sequence[int]], subject: str = "head") -> Run:
    """A run of latencies by route (nanoseconds); histograms when they are more than `LIMIT`."""
    routes = {route: values for route, values in sorted(latencies.items()) if values}
    if sum(map(len, routes.values())) <= LIMIT:
        coded = {route: encode(values) for route, values in routes.items()}
        return Run(subject=subject, counts=counts, latencies=coded)
    histograms = {route: histogram(values) for route, values in routes.items()}
    return Run(subject=subject, counts=counts, histograms=histograms)


def merge(first: Run, second: Run) -> Run:
    """Two runs as one: shards or repeats of one subject. Associative.

    Counts and seconds add up; what one of them did not measure is not measured.
    """
    counts = _merge_counts(first.counts, second.counts)
    routes = {
        route: decode(first.latencies.get(route, ())) + decode(second.latencies.get(route, ()))
        for route in first.latencies | second.latencies
    }
    if not first.histograms and not second.histograms:
        return make_run(counts, routes, first.subject)
    histograms = {route: histogram(values) for route, values in routes.items()}
    for run in (first, second):
        for route, known in run.histograms.items():
            histograms[route] = _merge_histograms(histograms.get(route, {}), known)
    return Run(subject=first.subject, counts=counts, histograms=dict(sorted(histograms.items())))


def _merge_histograms(first: Mapping[int, int], second: Mapping[int, int]) -> Histogram:
    merged = dict(first)
    for index, count in second.items():
        merged[index] = merged.get(index, 0) + count
    return dict(sorted(merged.items()))


def _merge_counts(first: Counts, second: Counts) -> Counts:
    def optional(one: int | None, other: int | None) -> int | None:
        return None if one is None or other is None else one + other

    return Counts(
        total=first.total + second.total,
        succeeded=first.succeeded + second.succeeded,
        failed=first.failed + second.failed,
        unstable=first.unstable + second.unstable,
        answered=first.answered + second.answered,
        matching=first.matching + second.matching,
        let_pass=first.let_pass + second.let_pass,
        seconds=first.seconds + second.seconds,
        matched=optional(first.matched, second.matched),
        unmatched=optional(first.unmatched, second.unmatched),
        unused=optional(first.unused, second.unused),
        missing=optional(first.missing, second.missing),
        unexpected=optional(first.unexpected, second.unexpected),
        changed=optional(first.changed, second.changed),
        redacted=first.redacted + second.redacted,
    )
