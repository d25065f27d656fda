"""`distill`: of a recording the fewest chains that show all it shows. Journal or snapshot in,
snapshot out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from ci_gate.codecs.http1.routes import match_route
from ci_gate.config.options import RecordOptions
from ci_gate.correlation.coverage import Chosen, Glance, Kind, Survey
from ci_gate.errors import UsageError
from ci_gate.gate import events
from ci_gate.gate.accept import without
from ci_gate.gate.recording.choosing import chosen_of
from ci_gate.gate.recording.folding import fold_leftover, fold_recorded
from ci_gate.model.exchange import Exchange
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.recorder.options import RecorderOptions
from ci_gate.service.options import ServiceOptions
from ci_gate.store.journal import FILE, FOLDER, Recording
from ci_gate.store.scan import Scan, glance_of
from ci_gate.store.snapshot import exists, read_snapshot, write_snapshot

MAXIMUM = 300
_EVERYTHING = 1 << 60


class DistillOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate distill`."""

    path: str
    """A journal, or the folder of a snapshot."""
    out: str = ""
    """Snapshot folder; "" = the snapshot that is distilled."""
    maximum: int = MAXIMUM
    replace: bool = False
    service: str = ""
    routes: tuple[str, ...] = ()


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What of one route and status is kept, and what is not."""

    route: str
    status: int
    kept: int
    dropped: int
    uncovered: int = 0
    """Kinds of behaviour that there was no room for."""


class DistillSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The end of `distill`."""

    out: str
    exchanges: int
    """Inbound and outbound, that were looked at."""
    kinds: int
    """Of behaviour: route, status, shapes, calls."""
    inbound: int
    """Kept."""
    outbound: int
    table: tuple[Left, ...] = ()


def distill(options: DistillOptions, sink: events.Sink) -> DistillSummary:
    """Read, choose, write. Raises UsageError for what is no recording, and for a snapshot that is
    there already."""
    source = _source(options, sink)
    out = options.out or options.path
    if options.out and exists(out) and not options.replace and not _same(out, options.path):
        raise UsageError(f"{out}: a snapshot is there already; --replace replaces it")
    survey = Survey()
    for glance in source.glances():
        survey.add(_routed(glance, options.routes))
    if not survey.total:
        raise UsageError(f"{options.path}: holds no exchange")
    kinds = survey.kinds()
    sink(events.Note(f"{survey.total} exchanges, {len(kinds)} kinds of behaviour"))
    recording, chosen = chosen_of(source, survey, kinds, options.maximum)
    snapshot = source.write(out, recording)
    return _summary(out, survey, kinds, snapshot, chosen)


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _routed(glance: Glance, patterns: tuple[str, ...]) -> Glance:
    if not patterns or glance.dependency or not glance.method:
        return glance
    route = match_route(patterns, glance.method, glance.target.partition(b"?")[0])
    return msgspec.structs.replace(glance, route=route)


# -- where exchanges come from


class _Journal:
    """A journal on disk: glanced at in one pass, and only what is chosen is read again."""

    def __init__(self, path: str, options: DistillOptions) -> None:
        self._scan = Scan(path)
        self._folder = os.path.dirname(path)
        self._options = options

    def glances(self) -> Iterator[Glance]:
        return self._scan.glances()

    def load(self, numbers: Iterable[int]) -> Iterator[tuple[int, Exchange]]:
        return self._scan.load(numbers)

    @property
    def origin(self) -> Origin:
        return self._scan.origin or Origin(service=self._options.service)

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        return tuple(self._scan.dependencies.values())

    def write(self, out: str, recording: Recording) -> Snapshot:
        options = RecordOptions(
            service=ServiceOptions(name=self._options.service),
            recorder=RecorderOptions(maximum=_EVERYTHING, routes=self._options.routes),
            out=out,
        )
        return fold_recorded(options, recording, "replace", self._folder).snapshot


class _Snapshot:
    """A snapshot that is there: its exchanges keep their ids and what was learned of them."""

    def __init__(self, folder: str) -> None:
        self._snapshot = read_snapshot(folder)
        snapshot = self._snapshot
        self._all = sorted((*snapshot.inbound, *snapshot.outbound), key=lambda one: one.at)
        self.origin = snapshot.origin
        self.dependencies = snapshot.dependencies

    def glances(self) -> Iterator[Glance]:
        return map(glance_of, self._all)

    def load(self, numbers: Iterable[int]) -> Iterator[tuple[int, Exchange]]:
        return ((number, self._all[number]) for number in sorted(numbers))

    def write(self, out: str, recording: Recording) -> Snapshot:
        exchanges = recording.exchanges
        left = {one.id for one in exchanges}
        snapshot = msgspec.structs.replace(
            self._snapshot,
            inbound=tuple(one for one in exchanges if one.inbound),
            outbound=tuple(one for one in exchanges if not one.inbound),
            bindings=without(self._snapshot.bindings, left),
        )
        write_snapshot(out, snapshot)
        return snapshot


def _source(options: DistillOptions, sink: events.Sink) -> _Journal | _Snapshot:
    if os.path.isfile(options.path):
        if not options.out:
            raise UsageError("say where the snapshot goes: --out DIR")
        return _Journal(options.path, options)
    journal = os.path.join(options.path, FOLDER, FILE)
    if os.path.isfile(journal) and not exists(options.path):
        return _Journal(journal, msgspec.structs.replace(options, out=options.out or options.path))
    fold_leftover(options.path, options.routes, sink)
    return _Snapshot(options.path)


def _summary(
    out: str, survey: Survey, kinds: Sequence[Kind], snapshot: Snapshot, chosen: Chosen
) -> DistillSummary:
    before: Counter[tuple[str, int]] = Counter()
    for kind in kinds:
        before[kind.route, kind.status] += kind.count
    after: Counter[tuple[str, int]] = Counter()
    for one in snapshot.inbound:
        glance = glance_of(one)
        after[glance.route, glance.status] += 1
    uncovered = Counter((kind.route, kind.status) for kind in chosen.uncovered)
    return DistillSummary(
        out=out,
        exchanges=survey.total,
        kinds=len(kinds),
        inbound=len(snapshot.inbound),
        outbound=len(snapshot.outbound),
        table=tuple(
            Left(
                route=route,
                status=status,
                kept=after[route, status],
                dropped=count - after[route, status],
                uncovered=uncovered[route, status],
            )
            for (route, status), count in before.items()
        ),
    )
