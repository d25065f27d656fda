"""When inbound exchanges were answered, recorded and replayed: what calls are held against."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.model.call import Answered
from ci_gate.model.snapshot import Snapshot
from ci_gate.replayer.plan import Step
from ci_gate.replayer.samples import Samples

RECORDED = "record"
"""The source of snapshots whose times are exact: taken where calls and answers passed."""


def is_timed(snapshot: Snapshot) -> bool:
    """Whether the times of a snapshot can prove anything."""
    return snapshot.origin.source == RECORDED


def answered(
    snapshot: Snapshot, steps: Sequence[Step], samples: Samples, began: int
) -> dict[str, Answered]:
    """By inbound exchange: its request and its complete response, in milliseconds since the start
    of the recording, and since `began` (monotonic nanoseconds). Those without a response are left
    out, and all of a snapshot whose times prove nothing."""
    found: dict[str, Answered] = {}
    for at, step in enumerate(steps if is_timed(snapshot) else ()):
        one, start = step.exchange, (samples.started[at] - began) / 1e6
        took = samples.latencies[at] / 1e6
        if one.response is not None and took:
            found[one.id] = Answered((one.at, one.ended), (start, start + took))
    return found
