"""When inbound exchanges were answered."""

from __future__ import annotations

from ci_gate.gate.observing.answering import answered, is_timed
from ci_gate.model.call import Answered
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Origin, Snapshot
from ci_gate.replayer.plan import Step
from ci_gate.replayer.samples import Samples

MS = 1_000_000


def exchange(name: str, response: HttpResponse | None) -> Exchange:
    """One that took 5 ms, 10 ms after the recording's start."""
    request = HttpRequest("GET", b"/")
    return Exchange(id=name, route="GET /", at=10.0, took=5.0, request=request, response=response)


def test_recorded_and_live_times() -> None:
    """Both in milliseconds from their own start; what has no answer has no time."""
    names = (("a", HttpResponse(200)), ("b", None), ("c", HttpResponse(200)))
    steps = [Step(exchange(*one), 0.0, True) for one in names]
    samples = Samples(3)
    for at in range(3):
        samples.started[at] = 100 * MS + at * MS
    samples.latencies[0] = 2 * MS
    snapshot = Snapshot(origin=Origin(service="s"))
    assert answered(snapshot, steps, samples, 90 * MS) == {
        "a": Answered((10.0, 15.0), (10.0, 12.0))
    }


def test_imported_times_prove_nothing() -> None:
    """Another tool's clocks are not ours."""
    imported = Snapshot(origin=Origin(service="s", source="import:har"))
    samples = Samples(1)
    samples.started[0] = samples.latencies[0] = MS
    steps = [Step(exchange("a", HttpResponse(200)), 0.0, True)]
    assert not is_timed(imported)
    assert answered(imported, steps, samples, 0) == {}
    assert len(answered(Snapshot(origin=Origin(service="s")), steps, samples, 0)) == 1
