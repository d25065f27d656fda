"""Which file of a snapshot holds what, as bytes: snapshot -> files. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ci_gate.model.binding import Bindings
from ci_gate.model.exchange import BACKGROUND, STARTUP, UNFINISHED, Exchange
from ci_gate.model.message import Body, Stored
from ci_gate.model.snapshot import FORMAT, Dependency, Origin, Snapshot
from ci_gate.store.disk import encode_exchange, one_line
from ci_gate.store.names import folder_name, slug
from ci_gate.store.outcomes import Outcomes
from ci_gate.store.pretty import pretty

SPLIT = 1 << 20
"""Files of outbound exchanges are split beyond this many bytes."""

ATTRIBUTES = b"* linguist-generated=true\n*.json merge=ci-gate\nbodies/** -text -diff\n"
"""The snapshot's own .gitattributes: generated, merged by `ci-gate fmt` where git knows of it, and
line endings of bodies left alone."""

BINDINGS = "bindings.json"
"""The file of the values that travel between exchanges; absent when there are none."""

_GROUPS = (STARTUP, BACKGROUND, UNFINISHED)


class Layout:
    """A snapshot as files, always the same for the same snapshot. Paths are relative, with slashes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._paths: set[str] = set()
        self.bodies: dict[str, bytes] = {}
        """SHA-256 -> content of bodies that were in memory; complete when `files` is at its end."""

    @property
    def stored(self) -> tuple[Stored, ...]:
        """Bodies that lie in a file somewhere and must be in this snapshot's folder."""
        return _stored((*self._snapshot.inbound, *self._snapshot.outbound))

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Path and content of each file, without bodies; one at a time, for they may be large."""
        snapshot = self._snapshot
        yield "snapshot.json", _document(_head(snapshot))
        if snapshot.bindings:
            yield BINDINGS, _document(_bindings(snapshot.bindings))
        yield from self._inbound()
        said: dict[str, list[Exchange]] = {one.name: [] for one in snapshot.dependencies}
        for exchange in snapshot.outbound:
            said.setdefault(exchange.dependency, []).append(exchange)
        outcomes = {name: Outcomes(exchanges) for name, exchanges in said.items()}
        del said
        yield from self._outbound(outcomes)
        for dependency in snapshot.dependencies:
            path = f"outbound/{folder_name(dependency.name)}/dependency.json"
            form = _dependency(dependency)
            kept = dict(sorted(outcomes[dependency.name].kept.items()))
            yield path, _document(form | {"outcomes": kept} if kept else form)

    def _inbound(self) -> Iterator[tuple[str, bytes]]:
        by_route: dict[str, list[Exchange]] = {}
        for exchange in self._snapshot.inbound:
            by_route.setdefault(exchange.route, []).append(exchange)
        for route, exchanges in by_route.items():
            bare = (msgspec.structs.replace(e, route="", groups=()) for e in exchanges)
            yield from self._put(f"inbound/{slug(route)}", {"route": route}, bare)

    def _outbound(self, outcomes: dict[str, Outcomes]) -> Iterator[tuple[str, bytes]]:
        routes = {exchange.id: exchange.route for exchange in self._snapshot.inbound}
        by_cause: dict[tuple[str, str], list[Exchange]] = {}
        for exchange in self._snapshot.outbound:
            first = exchange.groups[0] if exchange.groups else BACKGROUND
            cause = first if first in _GROUPS else routes.get(first, UNFINISHED)
            by_cause.setdefault((exchange.dependency, cause), []).append(exchange)
        for (dependency, cause), exchanges in by_cause.items():
            name = cause if cause in _GROUPS else slug(cause)
            bare = (_without_cause(exchange, cause) for exchange in exchanges)
            path = f"outbound/{folder_name(dependency)}/{name}"
            yield from self._put(path, {"caused_by": cause}, bare, outcomes[dependency])

    def _put(
        self,
        path: str,
        head: dict[str, str],
        exchanges: Iterable[Exchange],
        outcomes: Outcomes | None = None,
    ) -> Iterator[tuple[str, bytes]]:
        """One file, or path.json, path-2.json… when together they are too large."""
        while path in self._paths:  # two routes of one slug: six digits can collide
            path += "x"
        self._paths.add(path)
        number, size, forms = 1, 0, list[bytes]()
        for exchange in exchanges:
            told = encode_exchange(exchange, self.bodies)
            if outcomes is not None:
                told = outcomes.apart(exchange, told)
            form = pretty(told, b"    ")
            if forms and size + len(form) > SPLIT:
                yield _part(path, number), _exchanges(head, forms)
                number, size, forms = number + 1, 0, []
            forms.append(form)
            size += len(form)
        yield _part(path, number), _exchanges(head, forms)


def _part(path: str, number: int) -> str:
    return f"{path}.json" if number == 1 else f"{path}-{number}.json"


def _without_cause(exchange: Exchange, cause: str) -> Exchange:
    """What the file and its folder say is not repeated in the exchange."""
    groups = () if exchange.groups == (cause,) else exchange.groups
    return msgspec.structs.replace(exchange, dependency="", groups=groups)


def _exchanges(head: dict[str, str], forms: list[bytes]) -> bytes:
    lines = [b"  " + msgspec.json.encode(k) + b": " + msgspec.json.encode(head[k]) for k in head]
    items = b",\n    ".join(forms)
    return b"{\n" + b",\n".join(lines) + b',\n  "exchanges": [\n    ' + items + b"\n  ]\n}\n"


def _document(form: dict[str, object]) -> bytes:
    return pretty(form) + b"\n"


def _head(snapshot: Snapshot) -> dict[str, object]:
    return {"format": FORMAT} | _fields(snapshot.origin, Origin(service="-"))


def _dependency(dependency: Dependency) -> dict[str, object]:
    kept = msgspec.structs.replace(
        dependency, effects={}, mode=""
    )  # the configuration's word, not ours
    return _fields(kept, Dependency(name="-"))


def _bindings(bindings: Bindings) -> dict[str, object]:
    """One line for each place, so that a diff shows which one came or went."""
    form: dict[str, object] = {}
    if bindings.inbound:
        form["inbound"] = [
            {
                "name": one.name,
                "value": one.value,
                "made": one_line(one.made),
                "used": [one_line(spot) for spot in one.used],
            }
            for one in bindings.inbound
        ]
    if bindings.outbound:
        form["outbound"] = [
            {
                "name": one.name,
                "value": one.value,
                "sent": [one_line(spot) for spot in one.sent],
                "echoed": [one_line(spot) for spot in one.echoed],
            }
            for one in bindings.outbound
        ]
    return form


def _fields(struct: msgspec.Struct, usual: msgspec.Struct) -> dict[str, object]:
    """The fields, without those that are empty and usually so."""
    form = msgspec.to_builtins(struct)
    return {name: value for name, value in form.items() if value or getattr(usual, name)}


def _stored(exchanges: Iterable[Exchange]) -> tuple[Stored, ...]:
    found: dict[str, Stored] = {}
    for exchange in exchanges:
        bodies: list[Body] = [exchange.request.body]
        if exchange.response is not None:
            bodies.append(exchange.response.body)
        found |= {body.sha256: body for body in bodies if isinstance(body, Stored)}
    return tuple(found.values())
