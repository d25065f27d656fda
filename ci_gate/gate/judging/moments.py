"""What the service logged while each exchange was replayed, for the exchanges that differ."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ci_gate.diff.causes.traces import Trace, traces
from ci_gate.gate.judging.sources import Sources
from ci_gate.model.difference import Difference, Moment
from ci_gate.replayer.plan import Step
from ci_gate.replayer.samples import Samples

LINES = 12
"""Lines of a moment that are kept; of a stack trace, its last ones."""
LINE = 300
"""Characters of a line."""
EXCHANGES = 500
"""Exchanges whose moments are looked at."""
_LATE = 1_000_000
"""Nanoseconds that output may take longer to reach us than the answer it belongs to."""
_TRACE_LATE = 30_000_000
"""As long may the stack trace of an error: who dies of it answers before he has said why."""


class Log(Protocol):
    """What is needed of `service.log.ServiceLog`."""

    def span(self, begin: int, end: int) -> tuple[int, int]:
        """Where that stands which came between two times."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """A piece of the log."""
        ...


def fails(difference: Difference) -> bool:
    """True for a difference by which an exchange ended in an error of the service."""
    broke = difference.change == "status" and difference.actual.startswith("5")
    return not difference.dependency and (broke or difference.change == "no-response")


def moments(
    log: Log,
    steps: Sequence[Step],
    samples: Samples,
    wanted: Collection[str],
    failed: Collection[str],
    folder: str,
) -> dict[str, Moment]:
    """Exchange id -> its moment, for the first `EXCHANGES` of `wanted` that logged anything.

    A moment goes from the request to the next one's: what a service logs behind its answer belongs
    to it, too. Where several are in flight it ends with the answer. Of `failed` ones a stack trace
    may come later still; it is theirs alone. `folder` lies in the repository whose files are named.
    """
    reader = _Reader(log, samples, Sources(folder))
    found: dict[str, Moment] = {}
    looked = 0
    for at, step in enumerate(steps):
        name = step.exchange.id
        if name in wanted and samples.started[at] and looked < EXCHANGES:
            looked += 1
            moment = reader.moment(at, failed=name in failed)
            if moment is not None:
                found[name] = moment
    return found


class _Reader:
    def __init__(self, log: Log, samples: Samples, sources: Sources) -> None:
        self._log = log
        self._samples = samples
        self._sources = sources
        self._taken = 0
        """End of the last stack trace that belongs to somebody, where one request follows another."""

    def moment(self, at: int, *, failed: bool) -> Moment | None:
        """The moment of the request at this position; None when it logged nothing."""
        samples = self._samples
        begin, end = samples.started[at], self._end(at)
        alone = self._follows(at)
        if failed and alone:
            end = max(end, begin + samples.latencies[at] + _TRACE_LATE)
        start, stop = self._log.span(begin, end)
        start = max(start, self._taken) if alone else start
        data = self._log.read(start, stop)
        lines = data.decode("utf-8", "replace").splitlines()
        found = traces(lines) if failed else ()
        if not found:
            return Moment(lines=_shown(lines)) if data.strip() else None
        if alone:
            kept = data.split(b"\n")[: found[0].last + 1]
            self._taken = stop - len(data) + sum(len(line) + 1 for line in kept)
        return self._raised(lines, found[0] if alone else found[-1])

    def _end(self, at: int) -> int:
        """When the moment of the request at this position is over."""
        samples = self._samples
        if not self._follows(at):
            return samples.started[at] + samples.latencies[at] + _LATE
        after = samples.started[at + 1] if at + 1 < len(samples.started) else 0
        return after or samples.ended_at + _LATE

    def _follows(self, at: int) -> bool:
        """Whether the next request waited for the answer to this one."""
        samples = self._samples
        after = samples.started[at + 1] if at + 1 < len(samples.started) else 0
        return not after or after >= samples.started[at] + samples.latencies[at]

    def _raised(self, lines: Sequence[str], trace: Trace) -> Moment:
        return Moment(
            lines=_shown(lines[max(trace.first - 1, 0) : trace.last + 1]),
            error=trace.error,
            files=self._sources.files(trace.frames),
        )


def _shown(lines: Sequence[str]) -> tuple[str, ...]:
    full = [line.rstrip() for line in lines if line.strip()]
    kept = full[-LINES:]
    if len(full) > LINES:
        kept[0] = f"… {len(full) - LINES + 1} lines before"
    return tuple(line if len(line) <= LINE else line[: LINE - 1] + "…" for line in kept)
