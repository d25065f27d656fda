"""Who caused the calls of a recording that is over, by the times of its exchanges. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ci_gate.correlation.correlation import Correlation
from ci_gate.correlation.trace import trace_ids
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest

_BEGIN, _CALL, _END = range(3)
"""What happens first of what happens at once."""


def with_causes(exchanges: Sequence[Exchange], settle: float) -> list[Exchange]:
    """`exchanges` in order of time, every call whose groups are not known with those that its time
    gives it. `settle`: seconds after an answer in which a call still belongs to its request."""
    ordered = sorted(exchanges, key=lambda one: one.at)
    moments = []
    for number, one in enumerate(ordered):
        begin = round(one.at * 1e6)
        if one.inbound:
            moments.append((begin, _BEGIN, number))
            moments.append((begin + round(one.took * 1e6), _END, number))
        elif not one.groups:
            moments.append((begin, _CALL, number))
    moments.sort()
    correlation = Correlation(round(settle * 1e9), by_time=True)
    for at, what, number in moments:
        one = ordered[number]
        if what == _END:
            correlation.end(one.id, at)
            continue
        request = one.request
        traces = trace_ids(request.headers) if isinstance(request, HttpRequest) else frozenset()
        if what == _BEGIN:
            correlation.begin(one.id, traces)
        else:
            groups = correlation.groups(at, traces)
            ordered[number] = msgspec.structs.replace(one, groups=groups)
    return ordered
