"""Statistics of latency samples, kept one by one or as a histogram. Times in nanoseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from ci_gate.model.result import Run
from ci_gate.policy.histogram import decode, middle


class Samples(msgspec.Struct, frozen=True):
    """Sorted values with how often each occurred."""

    values: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """Number of samples."""
        return sum(self.counts)

    def percentile(self, percent: int) -> int | None:
        """Nearest-rank: the smallest value that at least `percent` of the samples do not exceed."""
        total = self.total
        rank = max(1, -(-percent * total // 100))
        for value, count in zip(self.values, self.counts, strict=True):
            rank -= count
            if rank <= 0:
                return value
        return None

    def average(self) -> float | None:
        """Arithmetic mean."""
        total = self.total
        if not total:
            return None
        return sum(v * n for v, n in zip(self.values, self.counts, strict=True)) / total


def of_values(values: Sequence[int]) -> Samples:
    """Samples kept one by one, in any order."""
    return Samples(tuple(sorted(values)), (1,) * len(values))


def of_run(run: Run, route: str = "") -> Samples:
    """The samples of one route of a run, "" = of all."""
    values: list[int] = []
    for name, deltas in run.latencies.items():
        if route in ("", name):
            values += decode(deltas)
    if not run.histograms:
        return of_values(values)
    return _of_histograms(known for name, known in run.histograms.items() if route in ("", name))


def _of_histograms(histograms: Iterable[Mapping[int, int]]) -> Samples:
    merged: dict[int, int] = {}
    for known in histograms:
        for index, count in known.items():
            merged[index] = merged.get(index, 0) + count
    ordered = sorted(merged.items())
    return Samples(
        tuple(middle(index) for index, _ in ordered), tuple(count for _, count in ordered)
    )
