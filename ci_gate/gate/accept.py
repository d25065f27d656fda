"""`accept`: what a run saw is expected from now on, cause by cause; the reason stays beside it.

`prepare` reads and refuses, `write` writes. A run directory may come from anywhere: nothing of it
is believed but what its schema allows, and only exchanges that are as the run read them change.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from ci_gate.diff.rules import Rules
from ci_gate.errors import UsageError
from ci_gate.gate.accepting.answers import Book, Cannot, Refusal, answer, refused
from ci_gate.gate.accepting.basis import Basis, refuse_other_commit
from ci_gate.gate.accepting.calls import Calls
from ci_gate.gate.select import with_routes
from ci_gate.model.binding import Binding, Bindings, Fresh, Spot
from ci_gate.model.change import Change, Shown
from ci_gate.model.difference import Cause, Difference
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.result import Result
from ci_gate.model.rule import Rule
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.options import Upstream
from ci_gate.report.text import one_line
from ci_gate.store.runs import BASE, RunDirectory, latest_run, read_change, read_result
from ci_gate.store.snapshot import read_with_places, write_snapshot

REASON = 300
"""Characters of a reason that are kept."""
_UNANSWERED = frozenset({"unexpected", "changed", "repeated", "new-host", "migration"})
_GROUPS = (STARTUP, BACKGROUND)
_CAUSE = re.compile(r"[Cc][0-9]{1,6}")


class AcceptOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate accept`."""

    snapshot: str
    run: str = ""
    """Run directory; "" = the latest one below `folder`."""
    causes: tuple[str, ...] = ()
    route: str = ""
    everything: bool = False
    assume: bool = False
    """Make answers up, also where there is an upstream that could be asked."""
    dependencies: tuple[Upstream, ...] = ()
    rules: tuple[Rule, ...] = ()
    routes: tuple[str, ...] = ()
    folder: str = "."
    today: str = ""
    """ISO date, by which rules have expired; "" = none has."""


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """What would be written. Nothing has been yet."""

    run: str
    causes: tuple[Cause, ...]
    left: tuple[str, ...] = ()
    """Ids of the other red causes, which stay."""
    shown: tuple[Shown, ...]
    before: Snapshot
    after: Snapshot
    exchanges: dict[str, Exchange | None]
    """What changes: id -> the exchange as it will be, None = it goes."""
    leads: bool
    """A call was accepted that no mock had an answer to: more may follow."""


def is_cause(text: str) -> bool:
    """True for what names a cause: "C2"."""
    return _CAUSE.fullmatch(text) is not None


def prepare(options: AcceptOptions, reason: str) -> Acceptance:
    """What accepting comes to. Raises UsageError for a run that cannot be accepted here, for causes
    that it has not, and for whatever must be said first; then nothing of it is accepted."""
    folder = options.run or latest_run(os.path.join(options.folder, BASE)) or ""
    if not folder:
        raise UsageError("no run to accept; run `ci-gate run` first, or give a run directory")
    result = read_result(RunDirectory(folder).result)
    if result.shard is not None:
        raise UsageError(
            f"{folder}: is shard {result.shard} of a run; accept what `ci-gate merge` makes of all"
        )
    causes = _chosen(result, options, folder)
    refuse_other_commit(result, options.snapshot, options.folder or ".")
    read = read_with_places(options.snapshot)
    snapshot = with_routes(read.snapshot, options.routes)
    rules = Rules(options.rules, options.today)
    book = Book(snapshot, rules, reason, result.environment.started_at)
    leads = _apply(_Work(options, folder, causes), book)
    before = {one.id: one for one in (*snapshot.inbound, *snapshot.outbound)}
    made = {
        name: None if name in book.removed else one
        for name, one in book.exchanges.items()
        if name in book.removed or one is not before.get(name)
    }
    ids = {one.id for one in causes} | Basis(folder).accepted(before)
    return Acceptance(
        run=folder,
        causes=tuple(causes),
        left=tuple(one.id for one in _red(result) if one.id not in ids),
        shown=tuple(
            msgspec.structs.replace(one, file=read.places.get(one.exchange, ""))
            for one in book.shown
        ),
        before=read.snapshot,
        after=_with(read.snapshot, made),
        exchanges=made,
        leads=leads,
    )


def write(acceptance: Acceptance, options: AcceptOptions) -> bool:
    """Write the snapshot. False when the run directory cannot keep that it was accepted: then its
    other causes need a new run where they are about the same exchanges."""
    write_snapshot(options.snapshot, acceptance.after)
    again = read_with_places(options.snapshot).snapshot
    known = {one.id: one for one in (*again.inbound, *again.outbound)}
    # Of a route alone a cause may be accepted in part.
    done = () if options.route else [one.id for one in acceptance.causes]
    return Basis(acceptance.run).keep(
        {name: known.get(name) for name in acceptance.exchanges}, done
    )


def also_made(acceptance: Acceptance, later: Acceptance, options: AcceptOptions) -> None:
    """Keep with the first run what was made of its exchanges by accepting what followed."""
    again = read_with_places(options.snapshot).snapshot
    known = {one.id: one for one in (*again.inbound, *again.outbound)}
    Basis(acceptance.run).keep({name: known.get(name) for name in later.exchanges})


# -- what is chosen


def _red(result: Result) -> list[Cause]:
    return [one for one in result.causes if not one.notice and not one.standing]


def _chosen(result: Result, options: AcceptOptions, folder: str) -> list[Cause]:
    if result.mode != "run":
        raise UsageError(f"{folder}: made by `ci-gate {result.mode}`; accept what `run` has found")
    if not any(run.counts.answered for run in result.runs):
        raise UsageError(
            f"{folder}: nothing was answered in this run, so there is nothing to expect from now "
            "on; make the service start (`ci-gate run`) first"
        )
    if options.everything or options.route:
        found = _red(result)
        if options.route:
            found = [one for one in found if options.route in one.routes]
        if not found:
            what = f"of {options.route} " if options.route else ""
            raise UsageError(f"{folder}: nothing red {what}to accept; {_has(result)}")
        return found
    if not options.causes:
        raise UsageError(f"say what to accept: a cause, --route or --all; {_has(result)}")
    by_id = {one.id.lower(): one for one in result.causes if not one.notice}
    found = []
    for name in dict.fromkeys(one.lower() for one in options.causes):
        if name not in by_id:
            raise UsageError(f"{folder}: there is no cause {name.upper()}; {_has(result)}")
        if by_id[name].standing == "unstable":
            raise UsageError(
                f"{folder}: {name.upper()} did not repeat, so nothing says what to expect; "
                "`quarantine:` lets it pass for a time"
            )
        found.append(by_id[name])
    return found


def _has(result: Result) -> str:
    names = ", ".join(one.id for one in result.causes[:20] if not one.notice)
    return f"the run has {names}" if names else "the run has no cause"


class _Work(msgspec.Struct, frozen=True):
    options: AcceptOptions
    folder: str
    causes: Sequence[Cause]

    def names(self) -> Iterator[str]:
        """The exchanges and groups that the causes are about."""
        found: dict[str, None] = {}
        for cause in self.causes:
            found |= dict.fromkeys(cause.exchanges)
            if not cause.exchanges or any(one.group for one in cause.examples):
                found |= dict.fromkeys(_GROUPS)
        yield from found

    def changes(self) -> Iterator[Change]:
        """What the run has kept of them."""
        for name in self.names():
            try:
                yield read_change(self.folder, name)
            except UsageError:
                if name not in _GROUPS:
                    raise

    def wanted(self, change: Change) -> list[Difference]:
        """The differences of a change that are accepted."""
        causes = {one.id: one for one in self.causes}
        route = self.options.route
        return [
            one
            for one in change.differences
            if one.cause in causes
            and not one.notice
            and (not route or one.route == route)
            and not _provoked(causes[one.cause], one, change.differences)
        ]


def _provoked(cause: Cause, one: Difference, found: Sequence[Difference]) -> bool:
    """True for what followed from a call that no mock could answer: our refusal brought it about,
    and with an answer the service goes on otherwise. The next run shows what is left of it.

    `found`: all differences of that exchange, among them calls with a copy of a changed answer.
    """
    if cause.change in _UNANSWERED:
        return (one.change, one.dependency) != (cause.change, cause.dependency)
    copied = any(d.cause == cause.id and _unanswered(d) for d in found if cause.transform)
    same = one.change == cause.change and cause.transform in one.transforms
    return copied and not same and not _unanswered(one)


def _unanswered(one: Difference) -> bool:
    return bool(one.dependency) and one.change in _UNANSWERED


def _apply(work: _Work, book: Book) -> bool:
    """Put it all into the book. True when calls among it have had no answer."""
    leads = False
    basis = Basis(work.folder)
    upstreams = {one.name for one in work.options.dependencies if one.address}
    calls = Calls(book, upstreams.__contains__, assume=work.options.assume)
    before: Mapping[str, Exchange] = dict(book.exchanges)
    refusals: list[Refusal] = []
    for change in work.changes():
        found = work.wanted(change)
        used = {one.call_id for one in found} | {change.name}
        if any(one.change == "reordered" for one in found):
            used |= set(change.order)
        basis.refuse_others(change, dict(before), used - {"", *_GROUPS})
        if not found:
            continue  # only what a refusal of ours has brought about
        leads = leads or any(map(_unanswered, found))
        own = [one for one in found if not one.dependency]
        outbound = [one for one in found if one.dependency]
        steps: tuple[tuple[list[Difference], Callable[[], None]], ...] = (
            (own, lambda c=change, d=own: answer(book, c.name, c.live, d)),  # type: ignore[misc]  # bound now, called now
            (outbound, lambda c=change, d=outbound: calls.accept(c, d)),  # type: ignore[misc]  # as above
        )
        for differences, step in steps:
            try:
                if differences:
                    step()
            except Cannot as error:
                cause = differences[0].cause
                name = one_line(change.name, 60)
                refusals.append(Refusal(cause=cause, exchange=name, why=str(error)))
    if refusals:
        raise refused(refusals)
    if not book.shown:
        raise UsageError(f"{work.folder}: holds nothing of these causes that could be accepted")
    return leads


# -- the snapshot


def _with(snapshot: Snapshot, made: Mapping[str, Exchange | None]) -> Snapshot:
    """The snapshot with these exchanges, the others as they are."""
    routes = {one.id: one.route for one in snapshot.inbound}

    def kept(exchanges: Sequence[Exchange]) -> list[Exchange]:
        return [made.get(one.id) or one for one in exchanges if made.get(one.id, one) is not None]

    known = {one.id for one in (*snapshot.inbound, *snapshot.outbound)}
    new = [one for name, one in made.items() if one is not None and name not in known]
    inbound = [msgspec.structs.replace(one, route=routes[one.id]) for one in kept(snapshot.inbound)]
    outbound = sorted((*kept(snapshot.outbound), *new), key=lambda one: one.at)
    left = {one.id for one in (*inbound, *outbound)}
    return msgspec.structs.replace(
        snapshot,
        inbound=tuple(inbound),
        outbound=tuple(outbound),
        bindings=without(snapshot.bindings, left),
    )


def without(bindings: Bindings, left: set[str]) -> Bindings:
    """The bindings as far as the exchanges that they are about are still there."""

    def spots(found: Sequence[Spot]) -> tuple[Spot, ...]:
        return tuple(one for one in found if one.exchange in left)

    inbound: list[Binding] = []
    for one in bindings.inbound:
        used = spots(one.used)
        if one.made.exchange in left and used:
            inbound.append(msgspec.structs.replace(one, used=used))
    outbound: list[Fresh] = []
    for fresh in bindings.outbound:
        sent = spots(fresh.sent)
        if sent:
            outbound.append(msgspec.structs.replace(fresh, sent=sent, echoed=spots(fresh.echoed)))
    return Bindings(inbound=tuple(inbound), outbound=tuple(outbound))
