"""Messages become exchanges: requests are paired with responses and with who caused them.

Pure: it is told what was heard and when, and hands finished exchanges to a sink.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ci_gate.codecs.base import (
    Action,
    Begun,
    Codec,
    Ended,
    More,
    Published,
    Pushed,
    Session,
    Side,
    Undecodable,
    Whole,
    Withdrawn,
)
from ci_gate.correlation.correlation import Correlation
from ci_gate.correlation.trace import trace_ids
from ci_gate.errors import CannotRun
from ci_gate.model.exchange import CLOSED, GAVE_UP, STARTUP, Exchange
from ci_gate.model.message import HttpRequest, Message, Raw
from ci_gate.recorder.backlog import Backlog
from ci_gate.recorder.clean import Cleaner
from ci_gate.recorder.halves import BodySink, Half, begin
from ci_gate.recorder.pushes import Pushes
from ci_gate.recorder.signatures import Signatures
from ci_gate.values.redaction.masks import masked

NOTES_LIMIT = 100
"""Different troubles that are told apart."""


class Recording:
    """What the connections of one recording share."""

    def __init__(
        self,
        *,
        started: int,
        correlation: Correlation,
        cleaner: Cleaner,
        sink: Callable[[Exchange], None],
        body_sink: Callable[[str], BodySink],
        opaque_sink: Callable[[], BodySink],
        failed: Callable[[CannotRun], None],
        signatures: Signatures | None = None,
        session: Callable[[str, dict[str, str]], None] = lambda _, __: None,
    ) -> None:
        self.started = started
        """Monotonic nanoseconds; all times of exchanges count from here."""
        self.correlation = correlation
        self.cleaner = cleaner
        self.sink = sink
        self.body_sink = body_sink
        """Makes a sink for a body with this content coding."""
        self.opaque_sink = opaque_sink
        """Makes a sink for bytes that no codec understands."""
        self.failed = failed
        """Told when the disk refuses: the recording ends, the traffic goes on."""
        self.signatures = signatures or Signatures()
        self.session = session
        """Told what a handshake has told of a dependency."""
        self.backlog = Backlog()
        self.pushes = Pushes()
        self.undecoded: dict[str, int] = {}
        """What could not be decoded or finished -> how often."""
        self.heard = 0
        """Inbound requests so far."""
        self._understood: set[str] = set()
        self._left: dict[str, set[str]] = {}
        self._serial = 0
        self._connections = 0

    def serial(self) -> int:
        """A number no other exchange of this recording has."""
        self._serial += 1
        return self._serial

    def connection(self) -> int:
        """A number no other connection of this recording has."""
        self._connections += 1
        return self._connections

    def note(self, text: str) -> None:
        """Count something for the summary's "could not be decoded"; what looks secret is masked."""
        text = masked(text)
        if text not in self.undecoded and len(self.undecoded) >= NOTES_LIMIT:
            text = "more of other kinds"
        self.undecoded[text] = self.undecoded.get(text, 0) + 1

    def left(self, dependency: str, text: str) -> None:
        """Note why a client left, unless others of the dependency's clients are understood."""
        if dependency not in self._understood:
            text = masked(text)
            self._left.setdefault(dependency, set()).add(text)
            self.note(text)

    def understood(self, dependency: str) -> None:
        """A connection with the dependency has begun as it should: who left has come again."""
        self._understood.add(dependency)
        for text in self._left.pop(dependency, ()):
            self.undecoded.pop(text, None)


class _Asked:
    """A request that waits for its response."""

    __slots__ = ("ended", "groups", "id", "message", "started")

    def __init__(self, id_: str, groups: tuple[str, ...], message: Message, started: int) -> None:
        self.id = id_
        self.groups = groups
        self.message = message
        self.started = started
        self.ended = False
        """Correlation knows that it is answered."""


class Tap:
    """Listens to one connection and makes its exchanges.

    `dependency` "" = inbound. `finish()` must be called when the connection or the recording ends.
    """

    def __init__(self, recording: Recording, codec: Codec, dependency: str) -> None:
        self._recording = recording
        self._codec = codec
        self._dependency = dependency
        self._connection = recording.connection()
        self._asked: dict[int, _Asked] = {}
        self._halves: dict[tuple[Side, int], Half] = {}
        self._early: dict[int, tuple[Message, int]] = {}
        """Responses that came before their request was complete, and when."""
        self._dropped: set[int] = set()
        """Requests that are not kept, whatever is said to them."""

    def heard(self, actions: Sequence[Action]) -> None:
        """Take what the conversation made of the bytes."""
        for action in actions:
            if isinstance(action, Whole):
                self._whole(action)
            elif isinstance(action, More):
                half = self._halves.get((action.side, action.number))
                if half is not None:
                    half.add(action)
            elif isinstance(action, Begun):
                self._begun(action)
            elif isinstance(action, Ended):
                self._ended(action)
            elif isinstance(action, Withdrawn):
                self._asked.pop(action.number, None)
            elif isinstance(action, Session):
                self._recording.understood(self._dependency)
                self._recording.session(self._dependency, action.facts)
            elif isinstance(action, Undecodable):
                self._undecodable(action)
            elif isinstance(action, Published | Pushed):
                self._heard_push(action)

    def _heard_push(self, action: Published | Pushed) -> None:
        pushes = self._recording.pushes
        if isinstance(action, Published):
            pushes.published(self._dependency, action)
        else:
            pushes.pushed(self._dependency, self._codec.name, self._connection, action)

    def _whole(self, whole: Whole) -> None:
        if whole.side is Side.SERVER:
            self._answer(whole.number, whole.message, whole.ended)
            return
        self._ask(whole.number, whole.message, whole.started)
        self._answer_late(whole.number)

    def _ask(self, number: int, message: Message, at: int) -> None:
        recording = self._recording
        traces = (
            trace_ids(message.headers) if isinstance(message, HttpRequest) else frozenset[bytes]()
        )
        if self._dependency:
            groups = recording.correlation.groups(at, traces)
            if self._codec.about_session(message):
                groups = (STARTUP,)  # whoever needs it first; it answers everybody
            asked = _Asked(f"o{recording.serial()}", groups, message, at)
        else:
            asked = _Asked(f"i{recording.serial()}", (), message, at)
            recording.heard += 1
            recording.correlation.begin(asked.id, traces)
        self._asked[number] = asked

    def _begun(self, begun: Begun) -> None:
        recording = self._recording
        half = begin(begun, recording.body_sink, recording.opaque_sink)
        self._halves[begun.side, begun.number] = half
        if begun.side is Side.CLIENT:
            self._ask(begun.number, begun.message, begun.started)

    def _ended(self, ended: Ended) -> None:
        half = self._halves.pop((ended.side, ended.number), None)
        if half is None:
            return
        client = ended.side is Side.CLIENT
        if not ended.complete and (client or half.stored):
            half.abort()
            if client:
                self._drop(ended.number, "its sender went away in the middle of it", ended.at)
            else:
                self._unanswered(ended.number, CLOSED, ended.at)
        elif client:
            asked = self._asked.get(ended.number)
            if asked is not None:
                asked.message = half.whole(ended)
                self._answer_late(ended.number)
        else:
            self._answer(ended.number, half.whole(ended), ended.at)

    def _answer_late(self, number: int) -> None:
        early = self._early.pop(number, None)
        if early is not None:
            self._answer(number, *early)

    def _answer(self, number: int, response: Message, at: int) -> None:
        if number in self._dropped:
            return
        asked = self._asked.get(number)
        if asked is None or (Side.CLIENT, number) in self._halves:
            self._early[number] = (response, at)
            if asked is not None:
                self._end(asked, at)
            return
        del self._asked[number]
        self._end(asked, at)
        self._recording.sink(self._exchange(asked, response, at, ""))

    def _end(self, asked: _Asked, at: int) -> None:
        if not self._dependency and not asked.ended:
            asked.ended = True
            self._recording.correlation.end(asked.id, at)

    def _exchange(self, asked: _Asked, response: Message | None, at: int, error: str) -> Exchange:
        recording = self._recording
        clean = recording.cleaner.clean
        request, in_request = clean(self._codec, asked.message, "request")
        # A token in a path is as secret in the route, and folds when it is a stand-in.
        route = self._codec.route(request)
        answer, in_response = (
            clean(self._codec, response, "response") if response is not None else (None, ())
        )
        return Exchange(
            id=asked.id,
            dependency=self._dependency,
            route=route,
            groups=asked.groups,
            at=round((asked.started - recording.started) / 1e6, 3),
            took=round(max(at - asked.started, 0) / 1e6, 3),
            connection=self._connection,
            request=request,
            response=answer,
            error=error,
            redacted=in_request + in_response,
            signed=recording.signatures.facts(
                self._codec, asked.message, response, inbound=not self._dependency
            ),
        )

    def _unanswered(self, number: int, error: str, at: int) -> None:
        """A call without an answer is part of what the service does; an inbound request without
        one can only be counted."""
        if not self._dependency or (Side.CLIENT, number) in self._halves:
            self._drop(number, error, at)
            return
        asked = self._asked.pop(number, None)
        if asked is not None and not isinstance(asked.message, Raw):
            self._recording.note(f"{self._dependency}: {self._told(asked)}: {error}")
            self._recording.sink(self._exchange(asked, None, at, error))

    def _told(self, asked: _Asked) -> str:
        """What was asked, as people may read it."""
        return self._recording.cleaner.redactor.text(self._codec.route(asked.message))

    def _drop(self, number: int, why: str, at: int) -> None:
        self._early.pop(number, None)
        self._dropped.add(number)
        asked = self._asked.pop(number, None)
        if asked is not None:
            where = f"{self._dependency}: " if self._dependency else ""
            self._recording.note(f"{where}{self._told(asked)}: {why}; not kept")
            self._end(asked, at)

    def _undecodable(self, action: Undecodable) -> None:
        where = self._dependency or "inbound"
        text = f"{where}: {action.reason}"
        if action.left:
            self._recording.left(where, text)
        else:
            self._recording.note(text)

    def finish(self, at: int, closed_by: Side | None = None) -> None:
        """The connection or the recording ended: streams become exchanges, calls without an answer
        are kept as such, the rest is counted. `closed_by`: who closed the connection first."""
        for key, half in sorted(self._halves.items(), key=_client_first):
            side, number = key
            if half.raw and side is Side.CLIENT:
                del self._halves[key]
                self._asked[number].message = half.whole(None)
                self._answer_late(number)
            elif side is Side.SERVER and not half.stored:
                self._answer(number, half.whole(None), at)
            else:
                half.abort()
        for number in list(self._asked):
            if number in self._early:
                self._drop(number, "answered before the request was complete", at)
            else:
                self._unanswered(number, CLOSED if closed_by is Side.SERVER else GAVE_UP, at)
        self._halves.clear()
        for _ in self._early:
            self._recording.note("a request was answered before it was complete; not kept")
        self._early.clear()


def _client_first(item: tuple[tuple[Side, int], Half]) -> tuple[Side, int]:
    return item[0]
