"""`import`: another tool's recording becomes a snapshot, redacted, with a report of what it lost."""

from __future__ import annotations

import datetime
import math
import os
import sys
from collections import Counter

import msgspec

from ci_gate.codecs.base import LARGE, Codec
from ci_gate.codecs.registry import codec
from ci_gate.config.importing import ImportOptions
from ci_gate.config.options import RecordOptions
from ci_gate.config.telemetry import is_telemetry
from ci_gate.correlation.bytime import with_causes
from ci_gate.errors import UsageError
from ci_gate.gate import events
from ci_gate.gate.importedrules import Relaxations, write_rules
from ci_gate.gate.recording.folding import fold_leftover, fold_recorded
from ci_gate.gate.serving.listeners import LOCAL
from ci_gate.gate.summary import Fidelity, ImportSummary
from ci_gate.model.exchange import BACKGROUND, STARTUP, UNFINISHED, Exchange
from ci_gate.model.message import HttpRequest, Message
from ci_gate.model.snapshot import Origin, Snapshot
from ci_gate.recorder.bodies import LargeBody
from ci_gate.recorder.clean import Cleaner, again
from ci_gate.recorder.dependencies import Dependencies
from ci_gate.recorder.options import RecorderOptions
from ci_gate.recorder.proxy import Target
from ci_gate.service.options import ServiceOptions
from ci_gate.store.bodies import BodyWriter
from ci_gate.store.formats.found import (
    Format,
    Found,
    Handshake,
    Item,
    Lost,
    ReadOptions,
    Relaxed,
    Skipped,
)
from ci_gate.store.formats.source import Source
from ci_gate.store.formats.table import named, recognised
from ci_gate.store.journal import (
    Journal,
    Recording,
    discard,
    journal_folder,
    open_import,
    read_journal,
)
from ci_gate.store.snapshot import exists
from ci_gate.store.statefolder import open_redaction_key
from ci_gate.values.addresses import Addresses
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns

EVERYTHING = 1 << 60
"""An import keeps all that it finds; `distill` chooses."""
WITHOUT_HOST = "unnamed"
"""The dependency of calls whose format names no host, unless it is told."""
_STANDING = (STARTUP, BACKGROUND, UNFINISHED)
_AT_START = (STARTUP,)
_PROGRESS = 1000
_PORTS = {"http": 80, "https": 443, "postgres": 5432, "redis": 6379}
_PROTOCOLS = {"postgres": "postgres", "redis": "redis"}


def import_recording(options: ImportOptions, sink: events.Sink) -> ImportSummary:
    """Import, fold, report. Raises UsageError for what is no such recording, naming file and line,
    and for a snapshot that is there already; then nothing was written."""
    source = Source(options.path)
    form = named(options.format) if options.format else recognised(source)
    inbound = options.direction == "inbound" if options.direction else None
    if options.direction and form.directed:
        raise UsageError(f"--as {options.direction}: {form.title} says itself which way each went")
    fold_leftover(options.out, options.routes, sink)
    if exists(options.out) and not options.existing:
        raise UsageError(
            f"{options.out}: a snapshot is there already; --add adds to it, --replace replaces it"
        )
    was_there = os.path.isdir(options.out)
    try:
        with open_import(options.out) as journal:
            importer = _Importer(options, form, journal, sink)
            environment = Source(options.environment) if options.environment else None
            reading = ReadOptions(
                inbound=inbound, dependency=options.dependency, environment=environment
            )
            for item in form.read(source, reading):
                importer.take(item)
        summary = importer.fold()
    finally:
        discard(options.out)
        if not was_there and os.path.isdir(options.out) and not os.listdir(options.out):
            os.rmdir(options.out)
    written = write_rules(summary.rules, options.config)
    return msgspec.structs.replace(summary, rules_written=written)


class _Importer:
    """One import while it runs."""

    def __init__(
        self, options: ImportOptions, form: Format, journal: Journal, sink: events.Sink
    ) -> None:
        self._options = options
        self._form = form
        self._sink = sink
        key = options.redaction_key
        self._key = bytes.fromhex(key) if key else open_redaction_key(options.state_folder)[0]
        self._redactor = Redactor(StandIns(self._key), options.redaction)
        self._journal = journal
        self._dependencies = Dependencies(
            options.dependencies, is_telemetry, journal.append_dependency
        )
        self._cleaner = Cleaner(self._redactor, Addresses({}), self._key)
        self._sessions: dict[str, int] = {}
        self._names: dict[str, str] = {}
        """The tool's name of an inbound exchange -> its provisional id."""
        self._causes: dict[str, tuple[str, ...]] = {}
        """Provisional id of a call -> the tool's names of the exchanges that caused it."""
        self._relaxed = Relaxations()
        self._lost: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        """What was lost or skipped -> where that was the first time."""
        self._start: float | None = None
        self._last = 0.0
        self._earliest = math.inf
        """The time of the first exchange; not every recording is in order."""
        self._serial = self._inbound = 0
        self._routes: dict[str, str] = {}
        """The tool's name of an inbound exchange that there are rules for -> its route."""
        self._host = ""
        self._port = 0
        self._unanswered = 0

    def take(self, item: Item) -> None:
        """One thing that the reader has found."""
        if isinstance(item, Found):
            self._found(item)
        elif isinstance(item, Skipped):
            self._skip(item.why, item.where)
        elif isinstance(item, Relaxed):
            self._relaxed.take(item, lambda: self._named(item.scheme, item.host, item.port))
        elif isinstance(item, Handshake):
            name = self._named(item.scheme, item.host, item.port)
            self._dependencies.session(name, item.facts)
        elif isinstance(item, Lost):
            self._lost[item.what] += 1
            self._first.setdefault(item.what, item.where)
        elif self._options.lenient:
            self._skip(f"broken: {item.why}", item.where)
        else:
            raise UsageError(f"{item.where}: {item.why}; --lenient skips and counts what is broken")

    def _skip(self, why: str, where: str) -> None:
        self._skipped[why] += 1
        self._first.setdefault(why, where)

    def _found(self, found: Found) -> None:
        if not found.inbound and found.response is None:
            self._skip("a call without an answer: nothing to serve", found.where)
            return
        speaks = codec(_PROTOCOLS.get(found.scheme, "http"))
        dependency = "" if found.inbound else self._dependency(found)
        if dependency is None:
            self._skip("telemetry: answered, never recorded", found.where)
            return
        if found.inbound:
            self._called(found)
        self._serial += 1
        name = f"{'i' if found.inbound else 'o'}{self._serial}"
        exchange = self._exchange(found, speaks, name, dependency)
        self._inbound += found.inbound
        self._earliest = min(self._earliest, exchange.at)
        if found.inbound:
            self._unanswered += found.response is None
            if found.name:
                self._names[found.name] = name
        elif found.causes and not exchange.groups:
            self._causes[name] = found.causes
        self._journal.append(exchange)
        if self._serial % _PROGRESS == 0:
            self._sink(events.Note(f"{self._serial} exchanges"))

    def _exchange(self, found: Found, speaks: Codec, name: str, dependency: str) -> Exchange:
        request, asked = self._clean(speaks, found.request, "request")
        response: Message | None = None
        answered: tuple[str, ...] = ()
        if found.response is not None:
            response, answered = self._clean(speaks, found.response, "response")
        session = 0
        if found.session:
            session = self._sessions.setdefault(found.session, len(self._sessions) + 1)
        return Exchange(
            id=name,
            dependency=dependency,
            route=speaks.route(request),
            groups=_alone(found),
            at=self._at(found),
            took=round(found.took, 3),
            connection=session,
            request=request,
            response=response,
            redacted=tuple(dict.fromkeys((*found.redacted, *asked, *answered))),
            notes=found.notes,
        )

    def _clean(self, speaks: Codec, message: Message, side: str) -> tuple[Message, tuple[str, ...]]:
        body = message.body
        if not isinstance(body, bytes) or len(body) <= LARGE:
            return self._cleaner.clean(speaks, message, side)
        # As while recording: what is larger lies in a file, and is redacted on its way there.
        writer = BodyWriter(journal_folder(self._options.out))
        large = LargeBody("", self._redactor.stream(), writer, self._key, self._note)
        large.write(body)
        stored = msgspec.structs.replace(message, body=large.finish()[0])
        return self._cleaner.clean(speaks, stored, side)

    def _note(self, text: str) -> None:
        self._lost[text] += 1

    def _at(self, found: Found) -> float:
        """Milliseconds since the first exchange that was found."""
        if found.at is not None:
            if self._start is None:
                self._start = found.at
            self._last = (found.at - self._start) * 1000
        else:
            self._last += 1
        return self._last

    def _called(self, found: Found) -> None:
        """The address that clients called: the first one is the service's name from then on."""
        if self._host:
            return
        host = _host_field(found.request)
        if not host and found.host:
            host = f"{found.host}:{found.port}" if found.port else found.host
        if not host:
            return
        self._host = host
        bare, colon, port = host.rpartition(":")
        self._port = found.port or (int(port) if colon and port.isdigit() else 0)
        if not colon and "." not in host:
            return  # a word: it may stand anywhere and mean something else
        spelled = (f"{one}:{port}" for one in LOCAL) if bare in LOCAL else ()
        names = tuple(dict.fromkeys((host, *spelled)))
        self._cleaner = Cleaner(self._redactor, Addresses({"service": names}), self._key)

    def _dependency(self, found: Found) -> str | None:
        """The name of who was called; None = telemetry."""
        if not found.host:
            what = "a host: the calls' dependency is called"
            self._lost[f"{what} {self._options.dependency or WITHOUT_HOST}"] += 1
        elif self._target(found.scheme, found.host, found.port).telemetry:
            return None
        return self._named(found.scheme, found.host, found.port)

    def _named(self, scheme: str, host: str, port: int) -> str:
        if not host:
            return self._options.dependency or WITHOUT_HOST
        return self._target(scheme, host, port).dependency

    def _target(self, scheme: str, host: str, port: int) -> Target:
        protocol = _PROTOCOLS.get(scheme, "http")
        return self._dependencies.target(scheme, host, port or _PORTS.get(scheme, 80), protocol)

    # -- the end

    def fold(self) -> ImportSummary:
        """What the journal holds becomes the snapshot."""
        if not self._serial:
            raise UsageError(f"{self._options.path}: {self._nothing()}")
        untried = self._redactor.pair_passwords()
        if untried:
            self._lost[untried] += 1
        mode = "add" if self._options.existing == "add" else "replace"
        # Nobody here holds the recording: it is freed as soon as its exchanges are the snapshot's.
        folded = fold_recorded(self._fold_options(), self._recording(), mode)
        return self._summary(folded.snapshot)

    def _recording(self) -> Recording:
        """What the journal holds, clean and in order of time, each call with its causes."""
        dependencies = self._dependencies.all()
        protocols = {one.name: one.protocol for one in dependencies}
        exchanges = [self._kept(one, protocols) for one in read_journal(self._journal.path)]
        ruled = {self._names[one]: one for one in self._relaxed.names if one in self._names}
        self._routes = {ruled[one.id]: one.route for one in exchanges if one.id in ruled}
        return Recording(
            origin=self._origin((self._start or 0.0) + self._earliest / 1000),
            dependencies=dependencies,
            exchanges=tuple(with_causes(exchanges, self._options.settle)),
            torn=False,
        )

    def _nothing(self) -> str:
        why = "; ".join(f"{why} ({count})" for why, count in self._skipped.items())
        return f"nothing to import: {why or 'the recording has no exchange'}"

    def _kept(self, exchange: Exchange, protocols: dict[str, str]) -> Exchange:
        """Without the secrets that later exchanges have given away, times from the first one."""
        if self._redactor.remembers:
            speaks = codec(protocols.get(exchange.dependency, "http"))
            exchange = again(self._redactor, self._key, exchange, speaks)
        return msgspec.structs.replace(
            exchange,
            route=sys.intern(exchange.route),
            at=exchange.at - self._earliest,
            groups=self._groups(exchange),
        )

    def _groups(self, exchange: Exchange) -> tuple[str, ...]:
        causes = self._causes.get(exchange.id)
        if causes is None:
            return exchange.groups
        return tuple(self._names[one] for one in causes if one in self._names) or _AT_START

    def _origin(self, start: float) -> Origin:
        moment = datetime.datetime.fromtimestamp(start, datetime.UTC)
        return Origin(
            service=self._options.service,
            service_port=self._port,
            host=self._host,
            recorded_at=moment.isoformat(timespec="milliseconds") if start else "",
            source=f"import:{self._form.name}",
        )

    def _fold_options(self) -> RecordOptions:
        options = self._options
        return RecordOptions(
            service=ServiceOptions(name=options.service),
            dependencies=options.dependencies,
            recorder=RecorderOptions(maximum=EVERYTHING, routes=options.routes),
            out=options.out,
        )

    def _summary(self, snapshot: Snapshot) -> ImportSummary:
        calls = Counter(one.dependency for one in snapshot.outbound)
        self._lost.update(self._redactor.unfit)
        rules = self._relaxed.rules(self._routes)
        return ImportSummary(
            out=self._options.out,
            path=self._options.path,
            format=self._form.name,
            title=self._form.title,
            inbound=self._inbound,
            outbound=self._serial - self._inbound,
            skipped=sum(self._skipped.values()),
            unanswered=self._unanswered,
            why_skipped=self._told(self._skipped),
            lost=self._told(self._lost),
            rules=rules,
            routes=tuple(Counter(one.route for one in snapshot.inbound).items()),
            dependencies=tuple(
                (one.name, one.address, calls[one.name]) for one in snapshot.dependencies
            ),
            redacted=tuple(sorted(self._redactor.counts.items())),
        )

    def _told(self, counted: Counter[str]) -> tuple[Fidelity, ...]:
        text = self._redactor.text
        return tuple(
            Fidelity(what=text(what), count=count, first=text(self._first.get(what, "")))
            for what, count in counted.items()
        )


def _alone(found: Found) -> tuple[str, ...]:
    """The group of a call that, as its format says, no request has caused."""
    if found.inbound or found.causes is None:
        return ()
    if not found.causes:
        return _AT_START
    return found.causes[:1] if found.causes[0] in _STANDING else ()


def _host_field(message: Message) -> str:
    """The Host that a client has sent."""
    headers = message.headers if isinstance(message, HttpRequest) else ()
    for name, value in headers:
        if name.lower() == b"host":
            return value.decode("latin-1").strip().lower()
    return ""
