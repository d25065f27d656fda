"""What lies at the far end of a client's connection, and who listens in between."""

from __future__ import annotations

import ssl
import time
import traceback
from collections.abc import Sequence
from typing import Protocol

from ci_gate.codecs.base import (
    Action,
    Begun,
    Bytes,
    Close,
    Codec,
    Ended,
    Role,
    Side,
    Undecodable,
    Whole,
)
from ci_gate.errors import CannotRun, GateError
from ci_gate.model.message import HttpResponse
from ci_gate.net.connection import Connection
from ci_gate.recorder.exchanges import Recording, Tap

TELEMETRY_ANSWER = HttpResponse(200, b"OK", ((b"Content-Type", b"application/json"),), b"{}")
REMEDY = "if its certificate is private, name its CA (`tls: {ca: FILE}`, or SSL_CERT_FILE)"
UNREACHABLE = HttpResponse(502, b"Bad Gateway")


class Traffic(Protocol):
    """How a client connection's bytes travel."""

    def start(self) -> None:
        """The client connected."""
        ...

    def heard(self, data: bytes) -> None:
        """Plaintext from the client; b"" = it closed its side."""
        ...

    def upstream_heard(self, data: bytes) -> None:
        """Plaintext from the upstream; b"" = it closed its side."""
        ...

    def upstream_refused(self, reason: str) -> None:
        """There is no way to speak with the upstream."""
        ...

    def finish(self) -> None:
        """The connection is gone or the recording ends."""
        ...


class Upstream(Connection):
    """Our connection to where the traffic goes."""

    __slots__ = ("_recording", "_traffic", "name")

    def __init__(self, traffic: Traffic, recording: Recording, name: str) -> None:
        super().__init__()
        self._traffic: Traffic | None = traffic
        self._recording = recording
        self.name = name

    def heard(self, data: bytes) -> None:
        """Plaintext from the upstream."""
        if self._traffic is not None:
            self._traffic.upstream_heard(data)

    def leave(self) -> None:
        """Close it; what it still says concerns nobody."""
        self._traffic = None
        self.paused_by = None
        self.close()

    def tls_failed(self, reason: str) -> None:
        """Most often we do not trust its certificate."""
        text = f"TLS with {self.name} failed ({reason}): {REMEDY}"
        self._recording.note(text)
        if self._traffic is not None:
            self._traffic.upstream_refused(text)

    def failed(self, error: Exception) -> None:
        """A bug of ours, or input that we are not up to, costs one connection."""
        self._recording.note(stumbled(self.name, error))


class Local:
    """Stands where an upstream would, and answers everything with one answer: telemetry with an
    empty success, calls to what cannot be reached with 502."""

    full = False

    def __init__(self, client: Connection, codec: Codec, answer: HttpResponse) -> None:
        self._client = client
        self._answer = answer
        self._conversation = codec.converse(Role.MOCK)
        self.observer: Observer | None = None
        """Hears what we answer, too, if anybody does."""

    def send(self, data: bytes) -> None:
        """Hear the client."""
        self._do(self._conversation.feed(Side.CLIENT, data, time.monotonic_ns()))

    def send_eof(self) -> None:
        """The client has said everything."""
        self._do(self._conversation.feed(Side.CLIENT, b"", time.monotonic_ns()))

    def _do(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Whole) or (isinstance(action, Ended) and action.complete):
                self._do(self._conversation.say(Side.SERVER, self._answer))
            elif isinstance(action, Bytes):
                self._client.send(action.data)
                if self.observer is not None:
                    self.observer.feed(Side.SERVER, action.data)
            elif isinstance(action, Close):
                self._client.close()

    def start_tls(
        self, context: ssl.SSLContext, *, server_side: bool, hostname: str | None = None
    ) -> None:
        """Nothing to encrypt: there is no network behind us."""

    def leave(self) -> None:
        """Nothing to close."""


class Observer:
    """The conversation of one connection and the tap that makes exchanges of it.

    `wishes`: see `Codec.converse`. `dependency` None: one of our own listeners, recorded there;
    only the order is watched here. Nothing that is heard can raise: a connection that we stumble
    over is not recorded any further, and its traffic goes on, if it has begun.
    """

    def __init__(
        self,
        recording: Recording,
        codec: Codec,
        dependency: str | None,
        wishes: dict[str, str] | None = None,
    ) -> None:
        self._recording = recording
        self._conversation = codec.converse(Role.RECORD, wishes)
        self._tap = Tap(recording, codec, dependency) if dependency is not None else None
        self._name = dependency or "inbound"
        self._over = False
        self._closed_by: Side | None = None
        self.outstanding = 0
        """Requests that were begun and not answered yet."""
        self.upgraded = False
        """Both sides speak something else from here on."""

    @property
    def handshaking(self) -> bool:
        """What is heard is not passed on; what `feed` returns is done instead."""
        return self._conversation.handshaking and not self._over

    def feed(self, side: Side, data: bytes) -> Sequence[Action]:
        """Hear some bytes, or that the side closed (b""); what the conversation made of them."""
        self._recording.backlog.empty()
        return self._hear(side, data, time.monotonic_ns())

    def feed_later(self, side: Side, data: bytes) -> bool:
        """The same when the recording's backlog is emptied; True: somebody must see to that."""
        return self._recording.backlog.add(self._hear, side, data, time.monotonic_ns())

    def _hear(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        actions: Sequence[Action] = ()
        if self._over:
            return actions
        try:
            actions = self._conversation.feed(side, data, at)
            if actions:
                self._count(actions)
                if self._tap is not None:
                    self._tap.heard(actions)
        except Exception as error:
            self._stumble(error)
            actions = (Close(Side.CLIENT),)
        if not data and self._closed_by is None:
            self._closed_by = side
        return actions

    def _count(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Whole):
                self.outstanding += -1 if action.side else 1
            elif isinstance(action, Begun) and action.side is Side.CLIENT:
                self.outstanding += 1
            elif isinstance(action, Ended) and action.side is Side.SERVER:
                self.outstanding -= 1
            elif isinstance(action, Undecodable):
                self.outstanding = 0
                self.upgraded = self.upgraded or action.upgrade

    def _stumble(self, error: Exception) -> None:
        self._over = True
        self.outstanding = 0
        if isinstance(error, CannotRun):
            self._recording.failed(error)
        else:
            self._recording.note(stumbled(self._name, error))

    def finish(self) -> None:
        """The connection or the recording ended."""
        self._recording.backlog.empty()
        if self._tap is None:
            return
        try:
            self._tap.finish(time.monotonic_ns(), self._closed_by)
        except Exception as error:
            self._stumble(error)


def stumbled(where: str, error: Exception) -> str:
    """What the summary says of an error that is ours: its kind and place, no word of the traffic."""
    if isinstance(error, GateError):
        return f"{where}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return (
        f"{where}: a connection could not be followed further ({type(error).__name__}{place}); "
        "this is a bug of ci-gate"
    )
