"""A tap on a PostgreSQL connection: both sides heard, statements and their results paired."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ci_gate.codecs.base import Action, Bytes, Pushed, Session, Side, Undecodable, Whole, Withdrawn
from ci_gate.codecs.postgres import remedies
from ci_gate.codecs.postgres.columns import write_columns
from ci_gate.codecs.postgres.frames import Malformed, Reader, frame
from ci_gate.codecs.postgres.handshake import Handshake
from ci_gate.codecs.postgres.listening import notified
from ci_gate.codecs.postgres.remedies import unknown_message
from ci_gate.codecs.postgres.results import with_count
from ci_gate.codecs.postgres.said import (
    FAILED,
    IDLE,
    Op,
    Portal,
    Said,
    Unknown,
    described,
    ends_failure,
    is_copy_in,
    is_session,
)
from ci_gate.model.message import Headers, Message, PgResult, PgStatement

_CLIENT = Side.CLIENT
_SERVER = Side.SERVER

_ASKS = frozenset((b"P", b"B", b"D", b"E", b"C", b"S", b"Q", b"d", b"c", b"f"))
"""What a client asks by; for others a connection is not followed."""
_SAYS = frozenset(bytes((one,)) for one in b"CDGHINTcdnst")
"""What a server answers with, besides errors and the ends of steps."""
_ENDS = {b"P": b"1", b"B": b"2", b"C": b"3", b"S": b"Z", b"Q": b"Z"}
"""Frontend message -> the backend message that ends what it asked."""


_OWN_ERRORS = (b"25P02", b"26000", b"34000")
"""Of a transaction that has failed, of a statement or portal that is none: they tell of what was
said before, not of the statement, and a mock says them by itself."""


class _Due:
    """A frontend message whose answer is not complete."""

    __slots__ = ("at", "body", "in_copy", "number", "op")

    def __init__(self, op: Op, number: int, at: int) -> None:
        self.op = op
        self.number = number
        """Of the message it is, -1 = of none: nobody waits for its answer."""
        self.at = at
        self.body: list[bytes] = []
        self.in_copy = False
        """It was said where data for COPY are due: if the server takes them, it ignores this."""


class Recording:
    """Hears both sides, and says nothing once the connection has begun. `wishes`: see
    `Codec.converse`."""

    def __init__(self, wishes: Mapping[str, str] | None = None) -> None:
        self._handshake: Handshake | None = Handshake(wishes or {})
        self._client = Reader(startup=False)
        self._server = Reader(startup=False)
        self._said = Said()
        self._due: deque[_Due] = deque()
        self._number = 0
        self._over = False
        self._facts: dict[str, str] | None = {}
        """What the handshake has told; None when it was told on."""
        self._copy: _Due | None = None
        """A COPY FROM STDIN whose data are not complete, and the data."""
        self._copying: list[bytes] = []
        self._suspended: dict[Portal, _Due] = {}
        """Portals that have more rows, and what they gave so far."""

    @property
    def reusable(self) -> bool:
        """Never: a tap sends nothing."""
        return False

    @property
    def handshaking(self) -> bool:
        """Until the server has let the client in."""
        return self._handshake is not None

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`. After an Undecodable nothing more comes."""
        if self._handshake is not None:
            return self._begun(self._handshake, side, data, at)
        if self._over or not data:
            return ()
        actions: list[Action] = []
        try:
            if side is _CLIENT:
                for kind, payload in self._client.feed(data):
                    self._ask(kind, payload, at, actions)
            else:
                for kind, payload in self._server.feed(data):
                    self._hear(kind, payload, at, actions)
        except Malformed as error:
            if not self._over:
                self._end(side, f"not PostgreSQL: {error}", actions)
        return actions

    def _begun(self, handshake: Handshake, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """The handshake, and what came in one piece with its end."""
        actions = handshake.feed(side, data)
        if handshake.over:
            self._handshake = None
            self._over = not handshake.followed
            if handshake.secure and self._facts is not None:
                self._facts["tls"] = "on"
            actions += self.feed(_CLIENT, handshake.early, at)
            for end, other in ((_CLIENT, _SERVER), (_SERVER, _CLIENT)):
                rest = handshake.left(end)
                if rest and handshake.followed:
                    actions.append(Bytes(other, rest))
                    actions += self.feed(end, rest, at)
            actions.sort(key=_is_last)
        return actions

    def _end(self, side: Side, reason: str, actions: list[Action]) -> None:
        self._over = True
        actions.append(Undecodable(side, reason))

    # What the client says.

    def _ask(self, kind: bytes, payload: bytes, at: int, actions: list[Action]) -> None:
        if self._over:
            return
        if kind in (b"p", b"X", b"H"):
            pass
        elif kind not in _ASKS:
            called = kind == b"F"
            reason = remedies.FUNCTION_CALL if called else unknown_message(kind, "client")
            self._end(_CLIENT, reason, actions)
        elif kind in (b"d", b"c", b"f"):
            self._hear_copy(kind, payload, actions)
        else:
            try:
                op = self._said.hear(kind, payload)
            except Unknown:
                op = Op(kind, unknown=True)
            due = _Due(op, -1, at)
            due.in_copy = self._copy is not None and kind == b"S"
            self._due.append(due)
            statement = op.statement
            if statement is not None and not self._is_own(op, statement):
                if is_copy_in(statement.sql) and statement.step in ("query", "execute"):
                    self._copy, self._copying = due, []
                    return  # its data belong to it: see _hear_copy
                self._begin(due, statement, actions)
            self._follow(op)

    def _is_own(self, op: Op, statement: PgStatement) -> bool:
        """True for what a mock answers by itself."""
        portal = op.portal
        if portal is not None and op.kind == b"E" and portal.asked >= 0:
            return True  # more rows of what was asked
        if self._said.status == FAILED and not ends_failure(statement.sql):
            return True
        return is_session(statement.sql)

    def _begin(self, due: _Due, statement: PgStatement, actions: list[Action]) -> None:
        due.number = self._number
        self._number += 1
        if due.op.portal is not None and due.op.kind == b"E":
            due.op.portal.asked = due.number
        actions.append(Whole(_CLIENT, due.number, statement, due.at, due.at))
        if "otify" in statement.sql or "OTIFY" in statement.sql:
            actions += notified(statement.sql, statement.params)

    def _follow(self, op: Op) -> None:
        """Statements of a pipeline follow one another before the first is answered."""
        if op.statement is not None and op.kind in (b"Q", b"E"):
            self._said.ran(op.statement.sql)

    def _hear_copy(self, kind: bytes, payload: bytes, actions: list[Action]) -> None:
        due = self._copy
        if due is None:
            return
        if kind == b"d":
            self._copying.append(payload)
            return
        self._copy = None
        if due in self._due and due.op.statement is not None:
            self._begin(due, _with_copy(due.op.statement, b"".join(self._copying)), actions)
        self._copying = []

    # What the server says.

    def _hear(self, kind: bytes, payload: bytes, at: int, actions: list[Action]) -> None:
        if self._over:
            return
        if kind == b"S":
            self._learn(payload)
            return
        if self._facts is not None:
            self._greet(kind, actions)
            return
        if kind == b"A":
            topic, _, data = payload[4:].partition(b"\0")
            actions.append(Pushed(topic, data[:-1], at=at))
            return
        if kind == b"N" and not self._due:
            return
        if not self._due:
            raise Malformed("an answer that nobody asked for")
        due = self._due[0]
        if kind == b"E":
            self._fail(due, payload, at, actions)
        elif kind == b"Z":
            self._ready(payload, at, actions)
        elif due.op.unknown:
            self._end(_SERVER, remedies.PREPARED_BEFORE, actions)
        elif kind == _ENDS.get(due.op.kind):
            self._due.popleft()
            if due.op.ended in self._suspended:
                self._give_up(due.op.ended, at, actions)
        elif kind in _SAYS:
            self._part(due, kind, payload, at, actions)
        else:
            copies = kind == b"W"
            reason = remedies.REPLICATION if copies else unknown_message(kind, "server")
            self._end(_SERVER, reason, actions)

    def _learn(self, payload: bytes) -> None:
        name, _, value = payload.rstrip(b"\0").partition(b"\0")
        if self._facts is not None and len(self._facts) < 100:
            self._facts[name.decode("latin-1")] = value.decode("utf-8", "replace")

    def _greet(self, kind: bytes, actions: list[Action]) -> None:
        """The handshake, up to its ReadyForQuery; nothing of passwords is kept."""
        if kind == b"Z":
            actions.append(Session(self._facts or {}))
            self._facts = None
        elif kind == b"E":
            self._over = True  # refused: a connection without a statement
        elif kind not in (b"R", b"K", b"v", b"N"):
            raise Malformed(f"{kind!r} before the connection is ready")

    def _part(self, due: _Due, kind: bytes, payload: bytes, at: int, actions: list[Action]) -> None:
        op = due.op
        described(op, kind, payload)
        due.body.append(frame(kind, payload))
        if kind == b"G":
            self._due = deque(one for one in self._due if not one.in_copy)
        if op.kind == b"D" and kind in (b"T", b"n"):
            self._done(self._due.popleft(), at, actions)
        elif op.kind == b"E" and kind in (b"C", b"I", b"s"):
            self._executed(self._due.popleft(), kind, at, actions)

    def _executed(self, due: _Due, kind: bytes, at: int, actions: list[Action]) -> None:
        """An Execute is answered; rows that a portal gives in several goes are one answer."""
        portal = due.op.portal
        earlier = self._suspended.pop(portal, None) if portal is not None else None
        if earlier is not None:
            due.number, due.at, due.body = earlier.number, earlier.at, earlier.body + due.body
            if kind == b"C":  # it counts the last rows only
                rows = sum(one[:1] == b"D" for one in due.body)
                due.body[-1] = frame(kind, with_count(due.body[-1][5:], rows))
        if kind == b"s" and portal is not None:
            due.body.pop()
            self._suspended[portal] = due
        else:
            self._done(due, at, actions)

    def _give_up(self, portal: Portal, at: int, actions: list[Action]) -> None:
        """A portal is over that was not read to its end: it never will be."""
        due = self._suspended.pop(portal)
        due.body.append(frame(b"s"))
        self._done(due, at, actions)

    def _fail(self, due: _Due, payload: bytes, at: int, actions: list[Action]) -> None:
        op = due.op
        if op.kind == b"Q":
            self._refuse(due, actions)
            due.body.append(frame(b"E", payload))
            return
        self._refuse(due, actions)
        asking = due
        if op.kind in (b"P", b"B"):
            asked = [one for one in _until_sync(self._due) if one.number >= 0]
            asking = asked[0] if asked else due
            if op.kind == b"B" or asking.op.portal is not None:
                # The values of a portal may be wrong; the description of its statement is not.
                asking = next((one for one in asked if one.op.kind == b"E"), asking)
        if _code(payload) in _OWN_ERRORS:
            asking = _Due(op, -1, at)
        at_step = {b"P": "parse", b"B": "bind"}.get(op.kind, "")
        asking.body.append(frame(b"E", payload))
        self._said.ran("", failed=True)
        while self._due and self._due[0].op.kind != b"S":
            dropped = self._due.popleft()
            if dropped.op.kind == b"P" and dropped.op.prepared is not None:
                self._said.forget(dropped.op.prepared)
            if dropped is asking:
                self._done(dropped, at, actions, at_step)
            elif dropped.number >= 0:
                actions.append(Withdrawn(dropped.number))

    def _refuse(self, due: _Due, actions: list[Action]) -> None:
        """What an error makes a message that is none otherwise: a COPY whose data nobody wants,
        a statement that was only prepared."""
        copy, prepared = self._copy, due.op.prepared
        following = list(_until_sync(self._due))
        if copy is not None and not copy.body and copy in following:
            self._copy = None
            assert copy.op.statement is not None
            self._begin(copy, msgspec.structs.replace(copy.op.statement, step="copy"), actions)
        elif prepared is None or self._said.status == FAILED:
            return
        elif all(one.op.kind == b"P" for one in following):
            self._begin(due, PgStatement(prepared.sql, (), "parse"), actions)

    def _ready(self, payload: bytes, at: int, actions: list[Action]) -> None:
        due = self._due.popleft()
        if due.op.kind not in (b"S", b"Q"):
            raise Malformed("ready in the middle of an answer")
        if due.op.kind == b"Q":
            self._done(due, at, actions)
        if not any(one.op.kind in (b"Q", b"E") for one in self._due):
            self._said.status = payload[:1]
        if payload[:1] == IDLE:
            for portal in tuple(self._suspended):
                self._give_up(portal, at, actions)
        self._said.ready()

    def _done(self, due: _Due, at: int, actions: list[Action], step: str = "") -> None:
        if due.number >= 0:
            portal = due.op.portal
            columns = portal.columns() if portal is not None and due.op.kind == b"E" else None
            if columns is not None and due.body[0][:1] in b"DCs":
                due.body.insert(0, frame(b"T", write_columns(columns)))
            body = b"".join(due.body)
            actions.append(Whole(_SERVER, due.number, PgResult(body, step), due.at, at))

    def say(self, side: Side, message: Message, prepared: bytes | None = None) -> Sequence[Action]:
        """A tap says nothing."""
        raise TypeError("a recording conversation only listens")

    def say_more(self, side: Side, data: bytes) -> Sequence[Action]:
        """A tap says nothing."""
        raise TypeError("a recording conversation only listens")

    def say_end(self, side: Side, trailers: Headers = ()) -> Sequence[Action]:
        """A tap says nothing."""
        raise TypeError("a recording conversation only listens")


def _is_last(action: Action) -> bool:
    """What is passed on is passed on, even where nothing more is understood."""
    return isinstance(action, Undecodable)


def _code(payload: bytes) -> bytes:
    """SQLSTATE of an ErrorResponse."""
    return next((one[1:] for one in payload.split(b"\0") if one[:1] == b"C"), b"")


def _until_sync(queue: deque[_Due]) -> Iterator[_Due]:
    for one in queue:
        if one.op.kind == b"S":
            return
        yield one


def _with_copy(statement: PgStatement, data: bytes) -> PgStatement:
    return msgspec.structs.replace(statement, body=data)
