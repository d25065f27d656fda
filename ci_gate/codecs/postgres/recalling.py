"""A PostgreSQL server of ours that knows by its bytes what was asked before.

A driver says Bind, Describe, Execute and Sync in one piece, or one Query; so it does again. What
these bytes mean rests on little more than themselves: whether a transaction is open, and what the
statement they name was prepared with. Where that is as before, so is the statement, and what was
said of an answer is said again. What the client has said by then is kept as if it had been read.
"""

from __future__ import annotations

from ci_gate.codecs.base import Action
from ci_gate.codecs.postgres.columns import Column
from ci_gate.codecs.postgres.frames import Frame, Payload, frames
from ci_gate.codecs.postgres.mocking import Mocking
from ci_gate.codecs.postgres.said import FAILED, IDLE, Op, Portal, Prepared
from ci_gate.codecs.postgres.sql import look
from ci_gate.model.message import Message, PgResult, PgStatement

_SHAPES = (b"Q", b"BES", b"BDES", b"PBES", b"PBDES")
"""What is said in one piece and asks one thing."""
_PLAIN = frozenset("SELECT INSERT UPDATE DELETE MERGE VALUES TABLE WITH".split())
"""Commands that change nothing of a connection."""
_LOUD = ("NOTIFY", "LISTEN", "ROLLBACK", "DISCARD")
"""What `listening` looks for in a text."""
_ALL_ROWS = b"\0\0\0\0\0"
"""An Execute of the unnamed portal for all of its rows."""
LONGEST = 16 << 10
"""Bytes of an answer that is kept as it was said."""


class Premise:
    """What the meaning of some bytes rests on, and what was said to them last."""

    __slots__ = (
        "answer", "columns", "left", "oids", "parsed", "portal", "said", "source", "sql", "status",
    )  # fmt: skip

    def __init__(self, status: bytes, sql: str, answer: object, said: bytes) -> None:
        self.status = status
        self.sql = sql
        self.answer = answer
        """Body of the answer,"""
        self.said = said
        """and how it was said."""
        self.portal: Portal | None = None
        """What was bound, None for a simple query."""
        self.left: list[Frame] = []
        """What the portal has left."""
        self.source = b""
        """The name of the statement it was bound to."""
        self.parsed = False
        """That was prepared in these bytes, without a name."""
        self.oids: list[int] = []
        self.columns: tuple[Column, ...] | None = None


class Recalling(Mocking):
    """See `codecs.base.Recalling`."""

    def __init__(self, session: dict[str, str]) -> None:
        super().__init__(session)
        self._last: Op | None = None
        """What asked last."""

    @property
    def reusable(self) -> bool:
        """Nothing is pending, and something was asked before."""
        return (
            self._waiting is None
            and self._last is not None
            and not self._heard
            and not self._own
            and not self._unheard
            and not self._skipping
            and not self._closing
            and self._copying is None
            and self._held is None
            and self._later is None
            and self._reader.at_rest
        )

    def _ask(self, op: Op, statement: PgStatement, at: int, actions: list[Action]) -> None:
        self._last = op
        super()._ask(op, statement, at, actions)

    def premise(self, data: bytes, answer: Message, said: bytes) -> Premise | None:
        """See `codecs.base.Recalling`."""
        assert isinstance(answer, PgResult)
        op, body = self._last, answer.body
        if op is None or op.statement is None or self._said.status == FAILED:
            return None
        if len(said) > LONGEST or not _is_plain(op.statement.sql) or not _is_good(answer):
            return None
        found = list(frames(data))
        if b"".join([kind for kind, _ in found]) not in _SHAPES:
            return None
        premise = Premise(self._said.status, op.statement.sql, body, said)
        if op.kind == b"Q":
            return premise
        return premise if self._is_bound(premise, op.portal, found) else None

    def _is_bound(self, premise: Premise, portal: Portal | None, found: list[Frame]) -> bool:
        """Fill in what was bound; False where these bytes name what they leave behind."""
        premise.parsed = found[0][0] == b"P"
        names = Payload(found[int(premise.parsed)][1])
        name, premise.source = names.string(), names.string()
        prepared = self._said.prepared(premise.source)
        if portal is None or prepared is None or portal.prepared is not prepared:
            return False
        if name or (premise.parsed and premise.source) or found[-2][1] != _ALL_ROWS:
            return False
        premise.portal, premise.left = portal, portal.left
        premise.oids, premise.columns = list(prepared.oids), prepared.columns
        return all(payload == b"P\0" for kind, payload in found if kind == b"D")

    def holds(self, premise: object) -> bool:
        """See `codecs.base.Recalling`."""
        assert isinstance(premise, Premise)
        if premise.status != self._said.status:
            return False
        if premise.portal is None or premise.parsed:
            return True
        prepared = self._said.prepared(premise.source)
        return (
            prepared is not None
            and prepared.sql == premise.sql
            and prepared.oids == premise.oids
            and prepared.columns == premise.columns
        )

    def again(self, premise: object, answer: Message) -> bytes:
        """See `codecs.base.Recalling`."""
        assert isinstance(premise, Premise)
        assert isinstance(answer, PgResult)
        if answer.body != premise.answer or answer.at:
            return b""
        number, self._number = self._number, self._number + 1
        bound = premise.portal
        if bound is None:
            return premise.said
        prepared = self._said.prepared(premise.source)
        if premise.parsed:
            prepared = Prepared(premise.sql, premise.oids)
            prepared.columns = premise.columns
            self._said.parsed(prepared)
        if premise.status != IDLE:  # else it has ended with its transaction
            portal = Portal(bound.statement, bound.formats, prepared)
            portal.asked, portal.left = number, premise.left
            self._said.bound(portal)
        return premise.said


def _is_good(answer: PgResult) -> bool:
    body = answer.body
    return isinstance(body, bytes) and not any(kind == b"E" for kind, _ in frames(body))


def _is_plain(sql: str) -> bool:
    """True for what leaves a connection's cursors, settings, channels and transaction alone."""
    if not _PLAIN.issuperset(look(sql).commands):
        return False
    upper = sql.upper()
    return not any(word in upper for word in _LOUD)
