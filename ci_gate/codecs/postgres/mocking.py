"""A PostgreSQL server of ours: hears the client, asks for recorded results, speaks grammatically.

Whatever is asked stops the hearing until it is answered: what follows an error is to be ignored,
and only the answer tells whether there is one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ci_gate.codecs.base import Action, Bytes, Close, Side, StartTLS, Undecodable, Whole
from ci_gate.codecs.postgres import remedies
from ci_gate.codecs.postgres import session as own
from ci_gate.codecs.postgres.columns import Unfit
from ci_gate.codecs.postgres.copying import Copying, may_copy
from ci_gate.codecs.postgres.form import refused
from ci_gate.codecs.postgres.frames import Frame, Malformed, Reader, frame, frames, joined
from ci_gate.codecs.postgres.handshake import JOINED, TLS_RECORD, fatal
from ci_gate.codecs.postgres.listening import Listening
from ci_gate.codecs.postgres.opening import Opening
from ci_gate.codecs.postgres.results import (
    copy_format,
    described_for,
    query_frames,
    result_frames,
    rows_of,
    take_back,
)
from ci_gate.codecs.postgres.said import (
    FAILED,
    IDLE,
    Op,
    Said,
    Unknown,
    described,
    ends_failure,
    is_copy_in,
    is_executed_by,
    is_session,
)
from ci_gate.model.message import Headers, Message, PgResult, PgStatement

_CLIENT = Side.CLIENT
_DONE = {b"P": b"1", b"B": b"2", b"C": b"3"}
"""Step -> what is said when it is done."""


class Mocking:
    """Hears the client, speaks as the server."""

    handshaking = False

    def __init__(self, session: dict[str, str]) -> None:
        self._reader = Reader(startup=True)
        self._opening = Opening(session)
        self._said = Said()
        self._listening = Listening()
        self._unheard: list[bytes] = []
        """What was notified while something else was being said."""
        self._heard: deque[Frame] = deque()
        self._own: list[Frame] = []
        """Replies to steps, not sent yet: the answer to what follows may tell that one failed."""
        self._waiting: Op | None = None
        """What was asked and is not answered,"""
        self._step = ""
        """and the step of it."""
        self._held: Op | None = None
        """A Describe that the answer to the Execute after it will tell."""
        self._later: tuple[bytes, Op] | None = None
        """The answer to an Execute that waits for the description."""
        self._copying: Copying | None = None
        """A COPY whose data are due."""
        self._parsed: Op | None = None
        """A Parse after which nothing was asked so far."""
        self._types: list[tuple[Op, bytes]] = []
        """Types of parameters that were told: what was heard before was said without them, and was
        read without them when it was recorded."""
        self._number = 0
        self._skipping = False
        """An error was said: everything up to Sync is ignored."""
        self._closing = False

    @property
    def reusable(self) -> bool:
        """Never: nothing that a client says means the same in every state."""
        return False

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`. Garbage gives an Undecodable, an error and Close."""
        actions: list[Action] = []
        if self._closing:
            return actions
        opening = self._opening
        if not data:
            actions += opening.left()
            self._close(actions)
            return actions
        if opening.fresh and data[:1] == TLS_RECORD and self._reader.at_rest:
            opening.secure = True
            return [StartTLS(_CLIENT, data)]
        for op, told in self._types:
            described(op, b"t", told)
        self._types.clear()
        try:
            for kind, payload in self._reader.feed(data):
                if kind:
                    self._heard.append((kind, payload))
                    continue
                if not self._begin(payload, actions):
                    break
            if actions and isinstance(actions[-1], StartTLS) and not self._reader.at_rest:
                self._end("something unencrypted follows a request for TLS", actions)
            if self._heard:
                opening.silent = False
            self._go(at, actions)
        except Malformed as malformed:
            self._refuse(str(malformed), actions)
        return actions

    def _refuse(self, reason: str, actions: list[Action]) -> None:
        self._end(f"not PostgreSQL: {reason}" if self._opening.started else JOINED, actions)

    def _end(self, reason: str, actions: list[Action]) -> None:
        actions.append(Undecodable(_CLIENT, reason))
        self._flush(actions)
        actions.append(Bytes(_CLIENT, fatal(reason, "08P01")))
        self._close(actions)

    def _close(self, actions: list[Action]) -> None:
        self._closing = True
        actions.append(Close(_CLIENT))

    def _begin(self, payload: bytes, actions: list[Action]) -> bool:
        """A packet before the connection's messages; False when nothing follows it as it is."""
        opening = self._opening
        opening.hear(payload, actions)
        if opening.started:
            self._reader.started()
            return True
        if opening.over:
            self._close(actions)
        elif opening.refusal:
            self._end(opening.refusal, actions)
        return not (self._closing or isinstance(actions[-1], StartTLS))

    def _go(self, at: int, actions: list[Action]) -> None:
        while self._heard and self._waiting is None and not self._closing:
            kind, payload = self._heard.popleft()
            if kind == b"S" and self._copying is not None:
                pass  # ignored while data are due
            elif kind == b"S" and self._parsed is not None:
                self._heard.appendleft((kind, payload))
                self._ask_parse(self._parsed, at, actions)
            elif kind == b"S":
                self._skipping = False
                self._ready()
            elif kind == b"X":
                self._close(actions)
            elif not self._skipping and kind not in (b"p", b"H"):
                self._hear(kind, payload, at, actions)
        if self._waiting is None:
            self._flush(actions)

    def _ready(self) -> None:
        self._own.append((b"Z", self._said.status))
        self._said.ready()
        if self._said.status == IDLE:
            self._listening.committed()

    def _flush(self, actions: list[Action]) -> None:
        if self._own:
            actions.append(Bytes(_CLIENT, joined(self._own)))
            self._own.clear()
        if self._unheard and self._is_idle():
            actions.append(Bytes(_CLIENT, b"".join(self._unheard)))
            self._unheard.clear()
        actions += self._listening.published()

    def _is_idle(self) -> bool:
        """Nothing is asked, and no transaction is open."""
        return self._waiting is None and not self._heard and self._said.status == IDLE

    def tell(self, topic: bytes, data: bytes) -> Sequence[Action]:
        """See `Listener.tell`."""
        heard = self._listening.heard(topic, data)
        if not heard or self._closing:
            return ()
        if self._is_idle():
            return (Bytes(_CLIENT, heard),)
        self._unheard.append(heard)
        return ()

    def _hear(self, kind: bytes, payload: bytes, at: int, actions: list[Action]) -> None:
        if kind in (b"d", b"c", b"f"):
            self._hear_copy(kind, payload, at, actions)
            return
        try:
            op = self._said.hear(kind, payload)
        except Unknown as unknown:
            if unknown.never:
                actions.append(Undecodable(_CLIENT, remedies.NEVER_PREPARED))
            hint = f"ci-gate: {remedies.NEVER_PREPARED}" if unknown.never else ""
            self._fail(refused(unknown.code, str(unknown), hint))
            return
        if self._said.refuses(op):
            if kind == b"P" and op.prepared is not None:
                self._said.forget(op.prepared)
            self._fail(next(frames(own.in_failure()))[1])
        elif kind in (b"P", b"B", b"C"):
            self._own.append((_DONE[kind], b""))
            if kind != b"C":
                self._parsed = op if kind == b"P" else None
        elif op.statement is None:
            self._do_without(kind, actions)
        elif kind == b"E" and op.portal is not None and op.portal.asked >= 0:
            self._own += rows_of(op.portal, op.maximum)
        elif kind == b"Q" and self._said.status == FAILED and not ends_failure(op.statement.sql):
            self._say_frames(own.in_failure(), op, actions)
        elif is_session(op.statement.sql):
            self._answer_own(op, op.statement.sql)
        elif is_copy_in(op.statement.sql) and kind != b"D":
            self._ask(op, may_copy(op.statement), at, actions)
        elif kind == b"D" and self._heard and is_executed_by(op, payload, *self._heard[0]):
            self._held = op
        else:
            self._ask(op, op.statement, at, actions)

    def _do_without(self, kind: bytes, actions: list[Action]) -> None:
        """A message that the mock has no answer to."""
        if kind != b"F":
            self._end(remedies.unknown_message(kind, "client"), actions)
            return
        self._refuse_step(remedies.FUNCTION_CALL, actions)
        self._skipping = False
        self._ready()

    def _refuse_step(self, reason: str, actions: list[Action]) -> None:
        """An error in place of an answer; the connection stays usable."""
        actions.append(Undecodable(_CLIENT, reason))
        self._fail(refused("0A000", f"ci-gate: {reason}"))

    def _ask_parse(self, op: Op, at: int, actions: list[Action]) -> None:
        """Whether a statement is refused that is only prepared; one of the connection is not."""
        self._parsed = None
        assert op.prepared is not None
        if not is_session(op.prepared.sql):
            self._ask(op, PgStatement(op.prepared.sql, (), "parse"), at, actions)

    def _ask(self, op: Op, statement: PgStatement, at: int, actions: list[Action]) -> None:
        self._waiting, self._parsed, self._step = op, None, statement.step
        actions.append(Whole(_CLIENT, self._number, statement, at, at))
        self._number += 1

    def _answer_own(self, op: Op, sql: str) -> None:
        if op.kind == b"D":
            if op.statement is not None and op.statement.step == "describe":
                self._own.append((b"t", b"\0\0"))
            self._own.append((b"n", b""))
            return
        self._listening.ran(sql, ())
        failed = False
        for said, status in own.answers(sql, self._said.status):
            failed = said[:1] == b"E"
            if op.kind == b"E" and said[:1] == b"I":
                said = frame(b"I")
            self._own.extend(frames(said))
            self._said.status = status
        self._end_step(op, failed=failed)

    def _end_step(self, op: Op, *, failed: bool) -> None:
        if op.kind == b"Q":
            self._ready()
        elif failed:
            self._skipping = True

    def _fail(self, payload: bytes) -> None:
        self._own.append((b"E", payload))
        self._listening.failed()
        self._said.ran("", failed=True)
        self._skipping = True

    def _hear_copy(self, kind: bytes, payload: bytes, at: int, actions: list[Action]) -> None:
        copying = self._copying
        statement = copying.hear(kind, payload) if copying is not None else None
        if copying is not None and statement is not None:
            self._copying = None
            self._ask(copying.op, statement, at, actions)

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """Answer what was asked; what the client said meanwhile may ask for more."""
        op, self._waiting = self._waiting, None
        assert op is not None
        assert isinstance(message, PgResult)
        assert isinstance(message.body, bytes)
        actions: list[Action] = []
        try:
            if self._step in ("parse", "copy"):
                self._permit(op, message, actions)
            else:
                self._answer(op, message, actions)
            self._go(0, actions)
        except Malformed as malformed:
            self._refuse(str(malformed), actions)
        return actions

    def _permit(self, op: Op, message: PgResult, actions: list[Action]) -> None:
        """What is only refused, or not: a Parse that nothing follows, data of a COPY."""
        assert isinstance(message.body, bytes)
        if message.body[:1] == b"E" and op.prepared is not None and op.kind == b"P":
            take_back(self._own, b"1")
            self._said.forget(op.prepared)
            self._fail(next(frames(message.body))[1])
        elif message.body[:1] == b"E":
            self._answer(op, message, actions)
        elif op.statement is not None:
            if self._held is not None:
                self._own.append((b"n", b""))
            self._held, self._copying = None, Copying(op)
            self._own.append((b"G", copy_format(op.statement.sql)))

    def _answer(self, op: Op, message: PgResult, actions: list[Action]) -> None:
        assert isinstance(message.body, bytes)
        if message.at:
            take_back(self._own, b"1" if message.at == "parse" else b"2")
            if message.at == "parse" and op.portal is not None and op.portal.prepared:
                self._said.forget(op.portal.prepared)
        if op.kind == b"D":
            self._say_description(op, message.body)
            later, self._later = self._later, None
            if later is not None and not self._skipping:
                self._say_frames(*later, actions)
        elif not self._describe(op, message, actions):
            self._say_frames(message.body, op, actions)

    def _describe(self, op: Op, message: PgResult, actions: list[Action]) -> bool:
        """Say the description that was asked for just before this Execute: its answer has it, or
        it is asked for now, which is True, and the answer waits."""
        held, self._held = self._held, None
        if held is None or held.statement is None or message.at:
            return False
        assert isinstance(message.body, bytes)
        kind, payload = next(frames(message.body), (b"", b""))
        if kind == b"T":
            self._say_description(held, frame(kind, payload))
            return False
        self._later = (message.body, op)
        self._ask(held, held.statement, 0, actions)
        return True

    def _say_description(self, op: Op, body: bytes) -> None:
        for kind, payload in frames(body):
            if kind == b"E":
                self._fail(payload)
                return
            if kind == b"t":
                self._types.append((op, payload))
            else:
                described(op, kind, payload)
            if kind == b"T" and op.portal is not None:
                payload = described_for(op.portal, payload)
            if kind != b"t" or op.portal is None:
                self._own.append((kind, payload))

    def _say_frames(self, body: bytes, op: Op, actions: list[Action]) -> None:
        statement = op.statement
        assert statement is not None
        if op.kind == b"E":
            if body[:1] == b"E":
                self._fail(next(frames(body))[1])
                return
            assert op.portal is not None
            op.portal.asked = self._number
            try:
                op.portal.left = result_frames(body, op.portal, op.maximum)
            except Unfit as unfit:
                self._refuse_step(str(unfit), actions)
                return
            self._said.ran(statement.sql)
            self._listening.ran(statement.sql, statement.params)
            self._own += rows_of(op.portal, op.maximum)
            return
        said, failed = query_frames(body)
        self._own += said
        self._said.ran(statement.sql, failed=failed)
        if failed:
            self._listening.failed()
        else:
            self._listening.ran(statement.sql, statement.params)
        self._ready()

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """A result is said as a whole."""
        raise TypeError("a PostgreSQL result is said as a whole")

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """A result is said as a whole."""
        raise TypeError("a PostgreSQL result is said as a whole")
