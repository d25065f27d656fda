"""Jobs that a recording has seen: which of its calls are one and the same, made by the clock."""

from __future__ import annotations

from ci_gate.codecs.registry import codec
from ci_gate.correlation.madeup import Keys
from ci_gate.model.exchange import BACKGROUND, STARTUP
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.background import ticking


def keys_of(snapshot: Snapshot) -> Keys:
    """The keys of its calls, values aside that the service makes up or only polls have told."""
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}
    http = codec("http")
    return Keys(
        (*snapshot.inbound, *snapshot.outbound),
        snapshot.bindings,
        lambda one, message: protocols.get(one.dependency, http).places(message),
        lambda one: protocols.get(one.dependency, http).key(one.request),
    )


def begun_at_start(snapshot: Snapshot) -> frozenset[str]:
    """Ids of the calls of the start that are a job's first, because others of their key are in the
    background. The service may make them again at any time."""
    ticks = ticking(snapshot.outbound)
    started = [
        one for one in snapshot.outbound if one.groups == (STARTUP,) and one.dependency in ticks
    ]
    if not started:
        return frozenset()
    keys = keys_of(snapshot)
    jobs = {(one.dependency, keys(one)) for one in snapshot.outbound if one.groups == (BACKGROUND,)}
    return frozenset(one.id for one in started if (one.dependency, keys(one)) in jobs)
