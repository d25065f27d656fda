"""`redact`: a snapshot is searched for what its recording would not have kept, and cleaned of it.

The same redactor looks that `record` uses, so that what was just recorded is clean. Searching needs
no key: what is a stand-in shows without it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.codecs.registry import codec
from ci_gate.errors import UsageError
from ci_gate.gate.events import Note, Sink, ignore
from ci_gate.model.binding import Bindings
from ci_gate.model.exchange import Exchange, Push
from ci_gate.model.message import Message, Opaque, Stored
from ci_gate.model.result import Result
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.clean import Cleaner
from ci_gate.store.bodies import BodyWriter, body_chunks
from ci_gate.store.keys import protocol_of
from ci_gate.store.snapshot import exists, read_with_places, write_snapshot
from ci_gate.store.statefolder import KEY_BYTES, open_redaction_key
from ci_gate.values.addresses import Addresses
from ci_gate.values.places import fold
from ci_gate.values.redaction.redactor import Decision, Redactor
from ci_gate.values.redaction.rules import RedactionRules
from ci_gate.values.redaction.standins import StandIns

_NOWHERE: tuple[str, ...] = ()


class RedactOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`ci-gate redact`."""

    paths: tuple[str, ...]
    """Snapshots, folders with snapshots in them, or files of snapshots."""
    check: bool = False
    """Look only; nothing is written."""
    rules: RedactionRules = RedactionRules()
    redaction_key: str = ""
    """Hex; "" = the one in `state_folder`, made when absent."""
    state_folder: str = ""


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """One value that would be redacted. The value itself is nowhere here."""

    snapshot: str
    file: str
    exchange: str
    place: str
    kind: str
    rule: str
    """What told: "name", "form", "remembered", "deny", "strict", "detectors: NAME"."""
    size: int
    """Characters of the value."""
    groups: tuple[str, ...] = ()
    """Of a call: the inbound exchanges that make it."""


class Redacted(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and whether it was replaced."""

    snapshots: tuple[str, ...]
    exchanges: int
    leaks: tuple[Leak, ...]
    written: bool = False
    unfit: tuple[str, ...] = ()
    """What no stand-in fits and is NULL now, for people."""

    def counts(self) -> dict[str, dict[str, int]]:
        """How many by kind, by place (indices folded), and by what decided."""
        return {
            key: dict(Counter(fold(getattr(one, key)) for one in self.leaks).most_common())
            for key in ("kind", "place", "rule")
        }


def redact(options: RedactOptions, sink: Sink = ignore) -> Redacted:
    """Search, and with `check` False clean, every snapshot of the paths.

    Raises UsageError for a path without a snapshot and for one that cannot be read; CannotRun when
    the disk refuses.
    """
    folders = list(dict.fromkeys(folder for path in options.paths for folder in _below(path)))
    key = b"\0" * KEY_BYTES if options.check else _key(options, sink)
    leaks: list[Leak] = []
    unfit: dict[str, None] = {}
    exchanges = 0
    for folder in folders:
        search = _Search(folder, options.rules, key, writes=not options.check)
        if not options.check:
            search.write()
        leaks += search.leaks
        unfit |= dict.fromkeys(search.unfit)
        exchanges += len(search.snapshot.inbound) + len(search.snapshot.outbound)
    return Redacted(
        snapshots=tuple(folders),
        exchanges=exchanges,
        leaks=tuple(leaks),
        written=not options.check and bool(leaks),
        unfit=() if options.check else tuple(unfit),
    )


def unclean(folder: str, rules: RedactionRules) -> str:
    """What a run says of a snapshot that is not clean; "" for one that is."""
    if not rules.check:
        return ""
    leaks = redact(RedactOptions(paths=(folder,), check=True, rules=rules)).leaks
    if not leaks:
        return ""
    kinds = Counter(one.kind for one in leaks)
    named = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(4))
    return (
        f"the snapshot holds what should be redacted ({named}): `ci-gate redact {folder} --check` "
        "shows where, `ci-gate redact` replaces it"
    )


def held_clean(result: Result, folder: str, rules: RedactionRules) -> Result:
    """The result of a run; a fail when its snapshot is not clean."""
    reason = unclean(folder, rules)
    if not reason:
        return result
    verdict = msgspec.structs.replace(
        result.verdict, outcome="fail", reasons=(*result.verdict.reasons, reason)
    )
    return msgspec.structs.replace(result, verdict=verdict)


def broken(result: Result, found: Redacted) -> dict[str, list[str]]:
    """Exchanges that differ in a run after redaction, and what was replaced in them or in the calls
    that they make: id -> kind, place and what told, each once."""
    told: dict[str, dict[str, None]] = {}
    for one in found.leaks:
        what = f"{one.kind} at {fold(one.place)}, by {one.rule}"
        for group in (one.exchange, *one.groups):
            told.setdefault(group, {})[what] = None
    red = [one for one in result.causes if not one.notice and not one.standing]
    hurt = dict.fromkeys(name for cause in red for name in cause.exchanges)
    return {name: list(told[name]) for name in hurt if name in told}


class _Search:
    """One snapshot, read and cleaned in memory."""

    def __init__(self, folder: str, rules: RedactionRules, key: bytes, writes: bool) -> None:
        self._folder = folder
        self._rules = rules
        read = read_with_places(folder)
        self.snapshot: Snapshot = read.snapshot
        self._files = read.places
        self._protocols = {one.name: one.protocol for one in self.snapshot.dependencies}
        self._log: list[Decision] = []
        self._redactor = Redactor(StandIns(key), rules, self._log)
        self._cleaner = Cleaner(self._redactor, Addresses({}), key)
        self.leaks: list[Leak] = []
        self._writes = writes
        self._clean: dict[str, Exchange] = {}
        self._new: dict[str, str] = {}
        """Value -> its stand-in, for the values that travel."""
        self._again = False
        self._all()
        if writes:
            self._redactor.pair_passwords()
        if self._redactor.remembers:
            # What a later exchange gave away may stand in an earlier one.
            self._again = True
            self._all()
            fitted = self._redactor.fitted
            self._new = {value: fitted.get(new, new) for value, new in self._new.items()}

    def write(self) -> None:
        """Write the clean snapshot, when anything was found."""
        if not self.leaks:
            return
        inbound = tuple(self._clean[one.id] for one in self.snapshot.inbound)
        outbound = tuple(self._clean[one.id] for one in self.snapshot.outbound)
        after = msgspec.structs.replace(self.snapshot, inbound=inbound, outbound=outbound)
        bindings = _replaced(msgspec.to_builtins(after.bindings), self._new)
        after = msgspec.structs.replace(after, bindings=msgspec.convert(bindings, Bindings))
        write_snapshot(self._folder, after)

    @property
    def unfit(self) -> list[str]:
        """See `Redacted.unfit`."""
        return list(self._redactor.unfit)

    def _all(self) -> None:
        for one in (*self.snapshot.inbound, *self.snapshot.outbound):
            self._clean[one.id] = self._one(self._clean.get(one.id, one))

    def _one(self, exchange: Exchange) -> Exchange:
        speaks = codec(protocol_of(exchange, self._protocols))
        self._log.clear()
        request, asked = self._message(speaks, exchange.request, "request")
        response, answered = exchange.response, _NOWHERE
        if response is not None:
            response, answered = self._message(speaks, response, "response")
        pushed = tuple(self._push(one) for one in exchange.pushed)
        file = self._files.get(exchange.id, "")
        self._new |= {one.value: one.new for one in self._log}
        self.leaks += [_leak(self._folder, file, exchange, one) for one in self._log]
        if request is exchange.request and response is exchange.response:
            same = pushed == exchange.pushed
            return exchange if same else msgspec.structs.replace(exchange, pushed=pushed)
        return msgspec.structs.replace(
            exchange,
            route=speaks.route(request) if asked else exchange.route,
            request=request,
            response=response,
            pushed=pushed,
            redacted=tuple(dict.fromkeys((*exchange.redacted, *asked, *answered))),
        )

    def _push(self, push: Push) -> Push:
        speaks = codec(self._protocols.get(push.dependency, "http"))
        message, _ = self._message(speaks, push.message, "request")
        return push if message is push.message else msgspec.structs.replace(push, message=message)

    def _message(
        self, speaks: Codec, message: Message, side: str
    ) -> tuple[Message, tuple[str, ...]]:
        clean, places = self._cleaner.clean(speaks, message, side)
        body = getattr(clean, "body", b"")
        if isinstance(body, Opaque) and body != getattr(message, "body", b""):
            self._log.append(Decision(f"{side}.body", "unreadable", "coding", "", ""))
        if isinstance(body, Stored) and not self._rules.allows(f"{side}.body", ""):
            stored = self._stored(body, side)
            if stored != body:
                clean = msgspec.structs.replace(clean, body=stored)
                places = (*places, f"{side}.body")
        return clean, places

    def _stored(self, body: Stored, side: str) -> Stored:
        """A body in a file, as a stream."""
        if self._again and not self._writes:
            return body  # looked at already, and still as it was
        self._redactor.place = f"{side}.body"
        stream = self._redactor.stream(f"{side}.body")
        writer = BodyWriter(self._folder) if self._writes else None
        try:
            for chunk in body_chunks(self._folder, body):
                clean = stream.feed(chunk)
                if writer is not None:
                    writer.write(clean)
            rest = stream.finish()
            if writer is None or not stream.changed:
                return body
            writer.write(rest)
            return writer.finish()
        finally:
            if writer is not None:
                writer.abort()


def _replaced(data: object, new: Mapping[str, str]) -> object:
    """Data with every text that is a value of `new` replaced."""
    if isinstance(data, dict):
        return {key: _replaced(value, new) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_replaced(value, new) for value in data]
    return new.get(data, data) if isinstance(data, str) else data


def _leak(folder: str, file: str, exchange: Exchange, one: Decision) -> Leak:
    return Leak(
        snapshot=folder,
        file=file,
        exchange=exchange.id,
        groups=exchange.groups,
        place=one.place,
        kind=one.kind,
        rule=one.rule,
        size=len(one.value),
    )


def _key(options: RedactOptions, sink: Sink) -> bytes:
    if options.redaction_key:
        return bytes.fromhex(options.redaction_key)
    key, made = open_redaction_key(options.state_folder)
    if made:
        sink(Note(f"made a redaction key in {options.state_folder}"))
    return key


def _below(path: str) -> Iterator[str]:
    """The snapshots that a path means: one it is, one it is a file of, those one level below."""
    if exists(path):
        yield path
        return
    inside = _around(path)
    if inside:
        yield inside
        return
    if not os.path.isdir(path):
        raise UsageError(f"{path}: no snapshot, and no file of one")
    found = [
        one
        for one in (os.path.join(path, name) for name in sorted(os.listdir(path)))
        if exists(one)
    ]
    if not found:
        raise UsageError(f"{path}: no snapshot here, nor one level below")
    yield from found


def _around(path: str) -> str:
    """The snapshot that a file lies in, "" for none."""
    folder = os.path.dirname(os.path.normpath(path))
    while folder:
        if exists(folder):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above
    return "." if exists(".") else ""
