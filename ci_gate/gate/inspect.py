"""`inspect`: what is in a snapshot, as data. Nothing is run."""

from __future__ import annotations

from typing import Any

import msgspec

from ci_gate.codecs.registry import codec_of
from ci_gate.gate.documents import document
from ci_gate.gate.events import Sink, ignore
from ci_gate.gate.select import recorded_order, select
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Raw
from ci_gate.model.snapshot import Dependency, Origin
from ci_gate.store.snapshot import read_with_places


class InspectOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`expressions` as in `--only`; none selects everything."""

    snapshot: str
    expressions: tuple[str, ...] = ()
    documents: bool = False
    """True: with each exchange's whole document."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange in a list."""

    id: str
    dependency: str = ""
    """"" for an inbound exchange."""
    route: str
    label: str
    """"GET /orders/17"."""
    answer: str
    """The response's status, or why there is none."""
    at: float
    took: float
    groups: tuple[str, ...] = ()
    redacted: int = 0
    """Places that hold stand-ins."""
    file: str = ""
    """The snapshot's file that holds it, relative to its folder."""
    document: dict[str, Any] | None = None


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """The snapshot's head, and the selected exchanges in recorded order."""

    snapshot: str
    origin: Origin
    dependencies: tuple[Dependency, ...]
    inbound: int
    outbound: int
    exchanges: tuple[Line, ...]


def inspect(options: InspectOptions, sink: Sink = ignore) -> Inspection:
    """Read a snapshot and select from it. Raises UsageError."""
    del sink  # reading is quick and says nothing; the parameter is every verb's
    parsed = read_with_places(options.snapshot)
    snapshot = parsed.snapshot
    wanted = set(select(snapshot, options.expressions))
    return Inspection(
        snapshot=options.snapshot,
        origin=snapshot.origin,
        dependencies=snapshot.dependencies,
        inbound=len(snapshot.inbound),
        outbound=len(snapshot.outbound),
        exchanges=tuple(
            _line(exchange, parsed.places.get(exchange.id, ""), options)
            for exchange in recorded_order(snapshot)
            if exchange.id in wanted
        ),
    )


def _line(exchange: Exchange, file: str, options: InspectOptions) -> Line:
    request, response = exchange.request, exchange.response
    label = exchange.route if isinstance(request, Raw) else codec_of(request).label(request)
    if isinstance(request, HttpRequest):
        label = f"{request.method} {request.target.decode('utf-8', 'backslashreplace')}"
    answer = str(response.status) if isinstance(response, HttpResponse) else exchange.error
    return Line(
        id=exchange.id,
        dependency=exchange.dependency,
        route=exchange.route,
        label=label,
        answer=answer or ("answered" if response is not None else "no response"),
        at=exchange.at,
        took=exchange.took,
        groups=exchange.groups,
        redacted=len(exchange.redacted),
        file=file,
        document=document(exchange, options.snapshot) if options.documents else None,
    )
