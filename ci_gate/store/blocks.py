"""Transactions of a recording: numbered in each window, so that who recorded them, and by which of
a pool's connections, leaves no trace. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import PgStatement


def numbered(calls: Iterable[Exchange]) -> list[Exchange]:
    """The calls, in order of time, with `PgStatement.block` as the number of the transaction in the
    window of its dependency: 1, 2, 3…"""
    known: dict[tuple[object, ...], dict[tuple[int, int], int]] = {}
    found = []
    for call in calls:
        request = call.request
        if isinstance(request, PgStatement) and request.block:
            window = known.setdefault((call.dependency, *call.groups), {})
            number = window.setdefault((call.connection, request.block), len(window) + 1)
            request = msgspec.structs.replace(request, block=number)
            call = msgspec.structs.replace(call, request=request)
        found.append(call)
    return found
