"""`record --misses`: calls that nobody has recorded are put to the real dependency, and only they.

The service is booted among its mocks and replayed as `run` does it. What its mocks could not answer
is asked of the configured upstream afterwards, redacted and added to the snapshot; then again, for
what the service goes on to call. Nothing is ever forwarded while the service waits.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Mapping, Sequence

import msgspec

from ci_gate.codecs.registry import codec_of
from ci_gate.config.options import RunOptions
from ci_gate.diff.render import clean
from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate import events
from ci_gate.gate.accepting.answers import Book, Cannot
from ci_gate.gate.accepting.calls import Calls
from ci_gate.gate.judging.changing import made_calls
from ci_gate.gate.judging.comparing import evidence_of
from ci_gate.gate.judging.judged import About
from ci_gate.gate.observing.answering import answered
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.effects import facts_of
from ci_gate.gate.observing.observation import Observation, Observed
from ci_gate.gate.planning import make_plan
from ci_gate.gate.recording.asking import ask
from ci_gate.gate.recording.logins import login_of
from ci_gate.model.change import MadeCall, Shown
from ci_gate.model.message import Message, PgStatement
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.options import Upstream
from ci_gate.store.snapshot import write_snapshot
from ci_gate.values.places import walk
from ci_gate.values.redaction.standins import is_stand_in

ROUNDS = 20
"""Each shows what the service does with the answers of the one before; mostly the next call."""
_MORE = "the service goes on to calls that nobody has recorded: say it again"
MOST = 200
"""Calls that are put to upstreams in one round."""
_ASKED = ("http", "postgres", "redis")
_UNASKED = ("parse", "copy")
"""Steps of PostgreSQL that only say whether the next one may come."""
_BETWEEN = re.compile(r"[\s,;:()<>\"'=/?&]+")
_TOLD = 3
"""Places of stand-ins that are named."""
_CHANGES = ("unexpected", "changed", "new-host")


class Misses(msgspec.Struct, frozen=True, kw_only=True):
    """What `record --misses` came to."""

    added: tuple[Shown, ...] = ()
    refused: tuple[str, ...] = ()
    """Calls that could not be asked, and why."""
    rounds: int = 0


def check(options: RunOptions, *, ci: bool, force: bool) -> None:
    """Raise UsageError where nothing may be asked: in CI unless forced, and without upstreams."""
    if ci and not force:
        raise UsageError(
            "--misses calls real dependencies, and CI is set: a gate never does. Run it on your "
            "machine, or say --force"
        )
    if not any(one.address for one in options.dependencies):
        raise UsageError(
            "--misses needs dependencies.*.upstream, the address that can be asked; without one "
            "`ci-gate accept` proposes an assumed answer"
        )
    if options.service.url:
        raise UsageError("--misses starts the service itself: give service.command or an image")


async def record_misses(
    options: RunOptions, sink: events.Sink, *, writes: bool = False, stand_ins: bool = False
) -> Misses:
    """Replay, ask, add; until nothing is missed. `writes`: ask also what writes. `stand_ins`: ask
    also what holds one in the place of a redacted value. Raises CannotRun when the service does
    not run, UsageError for snapshot and configuration."""
    upstreams = {one.name: one for one in options.dependencies if one.address}
    added: list[Shown] = []
    refused: dict[str, None] = {}
    for number in range(1, ROUNDS + 1):
        plan = make_plan(options)
        cleaning = Cleaning(options)
        seen = await Observation(options, plan, cleaning, sink).run("")
        if seen.failure is not None:
            raise CannotRun(f"nothing could be replayed: {seen.failure.reason}")
        missed = _missed(seen, options, cleaning)
        sink(events.Stage("misses", f"{len(missed)} calls that nobody has recorded"))
        adding = _Adding(plan.snapshot, options, cleaning, upstreams, writes=writes)
        for made, request in missed[:MOST]:
            try:
                if not stand_ins:
                    refuse_stand_ins(request)
                await adding.add(made, request)
            except (Cannot, CannotRun) as error:
                refused.setdefault(f"{made.exchange.dependency} {made.exchange.route}: {error}")
        if not adding.book.shown:
            return Misses(added=tuple(added), refused=tuple(refused), rounds=number)
        added += adding.book.shown
        refused.clear()
        write_snapshot(options.snapshot, adding.snapshot())
    return Misses(added=tuple(added), refused=(*refused, _MORE), rounds=ROUNDS)


def _missed(
    seen: Observed, options: RunOptions, cleaning: Cleaning
) -> list[tuple[MadeCall, Message]]:
    """The calls that no mock could answer, in recorded terms and as they were made."""
    about = About(
        mode="run", service=options.service.name, snapshot="", config="", folder=options.folder
    )
    compared = evidence_of(seen, about, cleaning, 0.0).calls
    if compared is None:
        return []
    times = answered(seen.plan.snapshot, seen.plan.steps, seen.samples, seen.began)
    failed = {seen.plan.steps[at].exchange.id for at in seen.samples.failures}
    known: set[object] = set()
    found = []
    for made in made_calls(seen, compared.fates, times):
        call = seen.calls[int(made.exchange.id.removeprefix("live-")) - 1]
        request = call.request
        if call.entry is not None or request is None or made.change not in _CHANGES:
            continue
        if isinstance(request, PgStatement) and request.step in _UNASKED:
            continue
        groups = made.exchange.groups
        same = (made.exchange.dependency, groups, codec_of(request).full(request))
        # A request that got no answer may have been sent twice.
        if same not in known or failed.isdisjoint(groups):
            found.append((made, request))
        known.add(same)
    return found


def refuse_stand_ins(request: Message) -> None:
    """Raise Cannot where the real dependency would be asked for something made up: what it answers
    to that (nobody has such a name) is nothing to expect of it."""
    found = [
        f"request.{place}"
        for part in codec_of(request).places(request)
        for place, value in walk(part)
        if isinstance(value, int | str) and _holds_stand_in(str(value))
    ]
    if found:
        more = f" and {len(found) - _TOLD} more places" if len(found) > _TOLD else ""
        raise Cannot(
            f"a redacted value's stand-in is at {', '.join(map(clean, found[:_TOLD]))}{more}, which "
            "the real dependency does not know: have a test account's value sent (replay.set), or "
            "say --stand-ins to ask with it all the same"
        )


def _holds_stand_in(text: str) -> bool:
    return bool(is_stand_in(text)) or any(map(is_stand_in, _BETWEEN.split(text)))


class _Adding:
    """What one round adds."""

    def __init__(
        self,
        snapshot: Snapshot,
        options: RunOptions,
        cleaning: Cleaning,
        upstreams: Mapping[str, Upstream],
        *,
        writes: bool,
    ) -> None:
        started = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        self._snapshot = snapshot
        self._cleaning = cleaning
        self._upstreams = upstreams
        self._timeout = options.replay.timeout
        self._env = options.service.env
        self._writes = writes
        self._known = {one.name: one for one in snapshot.dependencies}
        self.book = Book(snapshot, make_plan(options).rules, "", started)
        self._calls = Calls(self.book, lambda _name: False, assume=False)

    async def add(self, made: MadeCall, request: Message) -> None:
        """Ask for one answer and add it. Raises Cannot, CannotRun."""
        name, codec = made.exchange.dependency, codec_of(request)
        upstream = self._upstreams.get(name)
        if name not in self._known:
            raise Cannot("called for the first time: add it to `dependencies:` and `record --add`")
        if upstream is None:
            raise Cannot("no dependencies.*.upstream says where to ask")
        if codec.name not in _ASKED or not isinstance(request.body, bytes):
            raise Cannot("cannot be asked outside of its connection: `ci-gate record --add`")
        effect = facts_of(codec, made.exchange, self._known[name].effects).effect
        if effect == "write" and not self._writes:
            raise Cannot(
                "it writes: say --writes to have it done by a dependency that may be changed, or "
                f"dependencies.{name}.reads that it only reads"
            )
        login = self._login(name, effect) if codec.name != "http" else {}
        answer = await ask(upstream, codec, request, self._timeout, login)
        live = self._cleaning.call(codec, made.exchange)
        clean = self._cleaning.change(codec, live, answer.message)
        source = msgspec.structs.replace(clean, took=answer.took)
        group = made.exchange.groups[0] if made.exchange.groups else ""
        made = msgspec.structs.replace(made, exchange=live)
        self._calls.put(group, made, source, "recorded now")

    def _login(self, name: str, effect: str) -> dict[str, str]:
        """How to come to a database, as the service does, and what it may do there."""
        known = login_of(name, self._env, os.environ)
        nonce = {"nonce": secrets.token_hex(16)}
        return {**known, **nonce, **({} if effect == "write" else {"read": "on"})}

    def snapshot(self) -> Snapshot:
        """The snapshot with what was added."""
        outbound: Sequence[str] = [one.id for one in self._snapshot.outbound]
        new = [
            one
            for name, one in self.book.exchanges.items()
            if not one.inbound and name not in set(outbound)
        ]
        every = sorted((*self._snapshot.outbound, *new), key=lambda one: one.at)
        return msgspec.structs.replace(self._snapshot, outbound=tuple(every))
