"""What the service logged while each exchange was replayed, for the exchanges that differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ci_gate.diff.traces import traces
from ci_gate.gate.sources import Sources
from ci_gate.model.difference import Moment
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

Log = Callable[[int, int], str]
"""`ServiceLog.between`."""


def moments(
    log: Log, steps: Sequence[Step], samples: Samples, wanted: Collection[str], folder: str
) -> dict[str, Moment]:
    """Exchange id -> its moment, for the first `EXCHANGES` of `wanted` that logged anything.

    A moment goes from the request to the next one's: what a service logs behind its answer belongs
    to it, too. Where several are in flight it ends with the answer. `folder` lies in the
    repository whose files are named.
    """
    sources = Sources(folder)
    found: dict[str, Moment] = {}
    looked = 0
    for at, step in enumerate(steps):
        if step.exchange.id not in wanted or not samples.started[at]:
            continue
        looked += 1
        if looked > EXCHANGES:
            break
        text = log(samples.started[at], _end(at, samples))
        if text.strip():
            found[step.exchange.id] = _moment(text.splitlines(), sources)
    return found


def _end(at: int, samples: Samples) -> int:
    """When the moment of the request at this position is over."""
    answered = samples.started[at] + samples.latencies[at]
    after = samples.started[at + 1] if at + 1 < len(samples.started) else samples.ended_at
    if after < answered:  # the next one did not wait for this one
        return answered + _LATE
    return after or samples.ended_at


def _moment(lines: Sequence[str], sources: Sources) -> Moment:
    found = traces(lines)
    if not found:
        return Moment(lines=_shown(lines))
    last = found[-1]
    return Moment(
        lines=_shown(lines[max(last.first - 1, 0) : last.last + 1]),
        error=last.error,
        files=sources.files(last.frames),
    )


def _shown(lines: Sequence[str]) -> tuple[str, ...]:
    full = [line.rstrip() for line in lines if line.strip()]
    kept = full[-LINES:]
    if len(full) > LINES:
        kept[0] = f"… {len(full) - LINES + 1} lines before"
    return tuple(line if len(line) <= LINE else line[: LINE - 1] + "…" for line in kept)
