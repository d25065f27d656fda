"""What a recording writes while it runs: the journal and large bodies, redacted on their way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from ci_gate.codecs.base import Codec
from ci_gate.codecs.registry import codec
from ci_gate.config.options import RecordOptions
from ci_gate.config.telemetry import is_telemetry
from ci_gate.correlation.correlation import Correlation
from ci_gate.errors import CannotRun
from ci_gate.gate import events
from ci_gate.gate.serving.identity import own_secrets
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message
from ci_gate.model.snapshot import Dependency, Origin
from ci_gate.recorder.bodies import LargeBody, OpaqueBody
from ci_gate.recorder.clean import Cleaner, again
from ci_gate.recorder.dependencies import Dependencies
from ci_gate.recorder.exchanges import Recording
from ci_gate.recorder.pushes import Attached, attached
from ci_gate.recorder.signatures import Signatures
from ci_gate.store.bodies import BodyWriter
from ci_gate.store.journal import Journal, journal_folder, open_journal
from ci_gate.store.statefolder import open_redaction_key
from ci_gate.values.addresses import Addresses
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns


class Keeping:
    """The journal of one recording. Call `open` before any traffic and `close` after all of it.

    When the disk refuses, `failure` says so and `full` is set: the recording ends, the traffic
    goes on. What was written by then is kept.
    """

    def __init__(self, options: RecordOptions, sink: events.Sink) -> None:
        self.failure: CannotRun | None = None
        self.full = asyncio.Event()
        self._options = options
        self._key = _redaction_key(options, sink)
        self._stand_ins = StandIns(self._key)
        self.redactor = Redactor(self._stand_ins, options.redaction)
        self.secrets = own_secrets(options.service)
        """What the service's secrets are while it is recorded; kept nowhere."""
        self._journal: Journal | None = None
        self.dependencies = Dependencies(options.dependencies, is_telemetry, self._found)
        self.recording = Recording(
            started=time.monotonic_ns(),
            correlation=Correlation(int(options.recorder.settle * 1e9), by_time=True),
            cleaner=Cleaner(self.redactor, Addresses({}), self._key),
            sink=self._keep,
            body_sink=self._body,
            opaque_sink=lambda: OpaqueBody(self._key),
            failed=self._fail,
            signatures=Signatures((one.signing, one.text) for one in self.secrets),
            session=self.dependencies.session,
        )

    def stand_ins(self) -> dict[str, str]:
        """What stands in the recording for each value of `replay.set.values`, by name."""
        return {
            name: self._stand_ins.stand_in("secret", value) for name, value in self._options.values
        }

    def open(self, origin: Origin) -> None:
        """Start the journal."""
        self._journal = open_journal(self._options.out, origin, self.dependencies.all())

    def name(self, names: dict[str, tuple[str, ...]]) -> None:
        """Keep our own addresses by their names from now on (`Addresses`)."""
        self.recording.cleaner = Cleaner(self.redactor, Addresses(names), self._key)

    def again(self, exchange: Exchange, codec: Codec) -> Exchange:
        """See `recorder.clean.again`."""
        return again(self.redactor, self._key, exchange, codec)

    def attach(self, exchanges: Sequence[Exchange]) -> Attached:
        """See `recorder.pushes.attached`."""
        recording = self.recording
        protocols = {one.name: one.protocol for one in self.dependencies.all()}

        def clean(dependency: str, message: Message) -> Message:
            return recording.cleaner.clean(codec(protocols[dependency]), message, "request")[0]

        return attached(exchanges, recording.pushes.foreign(), recording.started, clean)

    def close(self) -> None:
        """Everything is on disk, and what no stand-in fits is among the notes."""
        for text, count in self.redactor.unfit.items():
            for _ in range(count):
                self.recording.note(text)
        if self._journal is not None:
            self._write(Journal.flush)
            self._journal.close()

    def _found(self, dependency: Dependency) -> None:
        self._write(lambda journal: journal.append_dependency(dependency))

    def _keep(self, exchange: Exchange) -> None:
        """One write for all that this turn of the loop has heard: writing is what costs."""
        journal = self._journal
        if journal is not None and self.failure is None and journal.hold(exchange):
            asyncio.get_running_loop().call_soon(self._write, Journal.flush)

    def _write(self, write: Callable[[Journal], None]) -> None:
        journal = self._journal
        if journal is None or self.failure is not None:
            return
        try:
            write(journal)
        except CannotRun as error:
            self._fail(error)
            return
        if journal.size > self._options.recorder.disk_limit:
            text = (
                f"the recording has reached {journal.size} bytes; what was recorded is kept: "
                "run record again to fold it"
            )
            self._fail(CannotRun(text))

    def _fail(self, error: CannotRun) -> None:
        self.failure = self.failure or error
        self.full.set()

    def _body(self, coding: str) -> LargeBody:
        writer = BodyWriter(journal_folder(self._options.out))
        redactor = self.redactor.stream()
        return LargeBody(coding, redactor, writer, self._key, self.recording.note)


def _redaction_key(options: RecordOptions, sink: events.Sink) -> bytes:
    if options.redaction_key:
        return bytes.fromhex(options.redaction_key)
    key, made = open_redaction_key(options.state_folder)
    if made:
        text = (
            f"made a redaction key in {options.state_folder}; the same key gives the same "
            "stand-ins again (CI_GATE_REDACTION_KEY overrides it)"
        )
        sink(events.Note(text))
    return key
