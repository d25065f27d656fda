"""The end of a recording: its journal becomes a snapshot, and the summary says what is in it."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.codecs.registry import codec
from ci_gate.config.options import RecordOptions
from ci_gate.correlation.bindings import find
from ci_gate.correlation.madeup import Keys
from ci_gate.errors import GateError, UsageError
from ci_gate.gate import events
from ci_gate.gate.observing.jobs import keys_of
from ci_gate.gate.recording.choosing import new_only
from ci_gate.gate.recording.steadying import steady
from ci_gate.gate.summary import RecordSummary, Uncaptured
from ci_gate.model.binding import Bindings
from ci_gate.model.exchange import BACKGROUND, Exchange
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.background import with_background
from ci_gate.recorder.keysets import with_keys_at_start
from ci_gate.recorder.options import RecorderOptions
from ci_gate.recorder.pushes import Attached
from ci_gate.recorder.routing import routed
from ci_gate.service.options import ServiceOptions
from ci_gate.store.fold import Folded, fold, taken
from ci_gate.store.journal import Recording, discard, leftover
from ci_gate.store.snapshot import exists, read_snapshot, write_snapshot

Again = Callable[[Exchange, Codec], Exchange]
Attach = Callable[[Sequence[Exchange]], Attached]
NOTHING = "nothing was recorded: no request reached the proxies"


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording knows at its end beyond its journal."""

    undecoded: Mapping[str, int] = {}
    uncaptured: tuple[Uncaptured, ...] = ()
    redacted: Mapping[str, int] = {}
    warnings: tuple[str, ...] = ()
    exit_code: int = 0
    started: bool = True
    """False: the service never got ready, and there is no recording to speak of."""


def check_out(options: RecordOptions, sink: events.Sink) -> None:
    """Fold what a killed recorder left; refuse a snapshot that nobody said to add to or replace."""
    _fold_cut_off(options, sink)
    if exists(options.out) and not options.existing:
        raise UsageError(
            f"{options.out}: a snapshot is there already; --add keeps it and adds to it, "
            "--replace records it anew, or name another folder with --out"
        )


def fold_leftover(folder: str, routes: tuple[str, ...], sink: events.Sink) -> None:
    """Fold what a killed recorder left in a snapshot that is about to be read.

    Raises CannotRun while another ci-gate is recording there.
    """
    service = ServiceOptions(name="")
    recorder = RecorderOptions(routes=routes)
    _fold_cut_off(RecordOptions(service=service, recorder=recorder, out=folder), sink)


def _fold_cut_off(options: RecordOptions, sink: events.Sink) -> None:
    left = leftover(options.out)
    if left is None:
        return
    if left.exchanges:
        count = len(left.exchanges)
        sink(events.Note(f"{options.out}: a recording was cut off; keeping its {count} exchanges"))
        fold_recorded(options, left, "add")
    discard(options.out)


def fold_journal(
    options: RecordOptions, ended: Ended, again: Again, attach: Attach
) -> RecordSummary:
    """Fold the journal of the recording that has just ended and remove it. `again` cleans what was
    kept of what became known later, `attach` adds what others published meanwhile."""
    recorded = leftover(options.out)
    if recorded is None:
        raise UsageError(f"{options.out}: the recording's journal has been removed")
    if not recorded.exchanges and (exists(options.out) or not ended.started):
        discard(options.out)
        return _nothing(options, ended)
    recorded = _cleaned(recorded, again)
    exchanges, untold = attach(recorded.exchanges)
    recorded = msgspec.structs.replace(recorded, exchanges=exchanges)
    ended = msgspec.structs.replace(ended, warnings=(*ended.warnings, *untold))
    folded = fold_recorded(options, recorded, options.existing or "replace")
    discard(options.out)
    return _summary(options, recorded, folded, ended)


def _cleaned(recorded: Recording, again: Again) -> Recording:
    protocols = {one.name: one.protocol for one in recorded.dependencies}
    exchanges = tuple(
        again(one, codec(protocols.get(one.dependency, "http"))) for one in recorded.exchanges
    )
    return msgspec.structs.replace(recorded, exchanges=exchanges)


def give_up(options: RecordOptions) -> None:
    """A recording was cut short by an error: what it has recorded stays for the next one; of one
    that has recorded nothing, nothing stays."""
    with contextlib.suppress(GateError, OSError):
        recorded = leftover(options.out)
        if recorded is not None and not recorded.exchanges:
            discard(options.out)
            if not os.listdir(options.out):
                os.rmdir(options.out)


def _nothing(options: RecordOptions, ended: Ended) -> RecordSummary:
    """Nothing was recorded and no snapshot written, so that none is lost."""
    snapshot = read_snapshot(options.out) if exists(options.out) else None
    kept = "; the snapshot that was there is kept as it was" if snapshot is not None else ""
    return RecordSummary(
        out=options.out,
        inbound=len(snapshot.inbound) if snapshot is not None else 0,
        outbound=len(snapshot.outbound) if snapshot is not None else 0,
        undecoded=_undecoded(ended),
        uncaptured=ended.uncaptured,
        warnings=(*ended.warnings, f"{NOTHING}{kept}"),
        exit_code=ended.exit_code,
    )


def _undecoded(ended: Ended) -> tuple[str, ...]:
    return tuple(
        f"{text} ({count} times)" if count > 1 else text for text, count in ended.undecoded.items()
    )


def fold_recorded(
    options: RecordOptions, recorded: Recording, mode: str, bodies: str = ""
) -> Folded:
    """A recording becomes the snapshot `options.out`; `mode`: "add", "new" (what shows
    something new) or "replace". `bodies`: the
    folder below which its large bodies lie, where that is not the snapshot's own."""
    previous = read_snapshot(options.out) if exists(options.out) else None
    named = {(one.name, route) for one in options.dependencies for route in one.background}

    origin = recorded.origin
    if origin is None:
        raise UsageError(f"{options.out}: the journal does not say what it recorded; remove it")
    exchanges: Sequence[Exchange] = routed(recorded.exchanges, options.recorder.routes)
    if named or any(one.groups == (BACKGROUND,) for one in exchanges):
        exchanges = with_background(exchanges, _keys(options, recorded, exchanges), named)
    waiting = list(with_keys_at_start(exchanges))
    if mode == "new" and previous is not None:
        told = msgspec.structs.replace(recorded, exchanges=tuple(waiting))
        waiting = list(new_only(told, previous, options.recorder.maximum).exchanges)
    dependencies = recorded.dependencies
    # Whoever has no more use for it has not kept it: it may be large.
    del recorded, exchanges
    folded = fold(
        origin,
        dependencies,
        taken(waiting),
        previous,
        options.recorder.maximum,
        "add" if mode == "add" else "new" if mode == "new" else "replace",
    )
    if mode == "replace" and previous is not None:
        snapshot = steady(folded.snapshot, previous, _codecs(folded.snapshot))
        folded = msgspec.structs.replace(folded, snapshot=snapshot)
    # What travels from one message to another is found anew whenever exchanges are added.
    bindings = _bindings(options, folded.snapshot)
    snapshot = msgspec.structs.replace(folded.snapshot, bindings=bindings)
    if bodies:
        snapshot = msgspec.structs.replace(snapshot, folder=bodies)
    write_snapshot(options.out, snapshot)
    return msgspec.structs.replace(folded, snapshot=snapshot)


def _keys(options: RecordOptions, recorded: Recording, exchanges: Sequence[Exchange]) -> Keys:
    """The keys of the calls of a recording that has not been folded."""
    assert recorded.origin is not None
    snapshot = Snapshot(
        origin=recorded.origin,
        dependencies=tuple(recorded.dependencies),
        inbound=tuple(one for one in exchanges if one.inbound),
        outbound=tuple(one for one in exchanges if not one.inbound),
    )
    return keys_of(msgspec.structs.replace(snapshot, bindings=_bindings(options, snapshot)))


def _bindings(options: RecordOptions, snapshot: Snapshot) -> Bindings:
    codec_of = _codecs(snapshot)
    given = (*os.environ.values(), *options.service.env.values())
    return find(snapshot, lambda exchange, message: codec_of(exchange).places(message), given)


def _codecs(snapshot: Snapshot) -> Callable[[Exchange], Codec]:
    protocols = {one.name: one.protocol for one in snapshot.dependencies}
    return lambda exchange: codec(protocols.get(exchange.dependency, "http"))


def _summary(
    options: RecordOptions, recorded: Recording, folded: Folded, ended: Ended
) -> RecordSummary:
    snapshot = folded.snapshot
    return RecordSummary(
        out=options.out,
        inbound=len(snapshot.inbound),
        outbound=len(snapshot.outbound),
        routes=tuple(Counter(one.route for one in snapshot.inbound).items()),
        dependencies=_dependencies(snapshot),
        dropped=tuple((one.route, one.count) for one in folded.dropped if not one.dependency),
        undecoded=_undecoded(ended),
        uncaptured=ended.uncaptured,
        redacted=tuple(sorted(ended.redacted.items())),
        warnings=(*ended.warnings, *_warnings(options, recorded, folded)),
        exit_code=ended.exit_code,
    )


def _dependencies(snapshot: Snapshot) -> tuple[tuple[str, str, int], ...]:
    calls = Counter(one.dependency for one in snapshot.outbound)
    return tuple((one.name, one.address, calls[one.name]) for one in snapshot.dependencies)


def _warnings(options: RecordOptions, recorded: Recording, folded: Folded) -> tuple[str, ...]:
    warnings = []
    if not recorded.exchanges:
        warnings.append(NOTHING)
    elif not folded.snapshot.inbound and options.recorder.app_port:
        warnings.append(
            "nothing inbound was recorded: send the requests to the inbound proxy "
            f"(port {options.recorder.in_port}), not to the service itself"
        )
    elif not folded.snapshot.inbound:
        warnings.append(
            "nothing inbound was recorded because no --app-port was given; "
            "`ci-gate run` needs inbound requests"
        )
    if folded.unfinished:
        warnings.append(f"{folded.unfinished} calls have lost the request that caused them")
    return tuple(warnings)
