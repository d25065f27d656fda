"""What the meaning of a client's bytes rests on, for who wants to know them when they come again.

A driver says Bind, Describe, Execute and Sync in one piece, or one Query; so it does again. What
these bytes mean rests on little more than themselves: whether a transaction is open, and what the
statement they name was prepared with. What they leave behind is as little.
"""

from __future__ import annotations

from ci_gate.codecs.postgres.columns import Column
from ci_gate.codecs.postgres.frames import Frame, Payload, frames
from ci_gate.codecs.postgres.said import FAILED, IDLE, Op, Portal, Prepared, Said
from ci_gate.codecs.postgres.sql import look

_SHAPES = (b"Q", b"BES", b"BDES", b"PBES", b"PBDES")
"""What is said in one piece and asks one thing."""
_PLAIN = frozenset("SELECT INSERT UPDATE DELETE MERGE VALUES TABLE WITH".split())
"""Commands that change nothing of a connection."""
_LOUD = ("NOTIFY", "LISTEN", "ROLLBACK", "DISCARD")
"""What `listening` looks for in a text."""
_ALL_ROWS = b"\0\0\0\0\0"
"""An Execute of the unnamed portal for all of its rows."""


class Premise:
    """What the meaning of some bytes rests on."""

    __slots__ = ("columns", "left", "oids", "parsed", "portal", "source", "sql", "status")

    def __init__(self, status: bytes, sql: str) -> None:
        self.status = status
        """Of the transaction, before and after."""
        self.sql = sql
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

    def holds(self, said: Said) -> bool:
        """The bytes mean on this connection what they meant; nothing is pending on it."""
        if self.status != said.status:
            return False
        if self.portal is None or self.parsed:
            return True
        prepared = said.prepared(self.source)
        return (
            prepared is not None
            and prepared.sql == self.sql
            and prepared.oids == self.oids
            and prepared.columns == self.columns
        )

    def heard(self, said: Said, number: int) -> None:
        """The bytes were heard again and answered as before: what they leave on the connection.
        `number` is that of the message they ask."""
        bound = self.portal
        if bound is None:
            return
        if self.parsed:
            prepared = Prepared(self.sql, self.oids)
            prepared.columns = self.columns
            said.parsed(prepared)
        if self.status != IDLE:  # else it has ended with its transaction
            portal = Portal(
                said.in_block(bound.statement), bound.formats, said.prepared(self.source)
            )
            portal.asked, portal.left = number, self.left
            said.bound(portal)


def premise_of(data: bytes, op: Op, said: Said) -> Premise | None:
    """What the meaning of `data` rests on, which came in one piece where nothing was pending, of
    which `op` asked, and whose answer was no error; None where it cannot be told, or where more is
    left behind than `Premise.heard` knows of."""
    if op.statement is None or said.status == FAILED or not _is_plain(op.statement.sql):
        return None
    found = list(frames(data))
    if b"".join([kind for kind, _ in found]) not in _SHAPES:
        return None
    premise = Premise(said.status, op.statement.sql)
    if op.kind == b"Q" or _is_bound(premise, op.portal, found, said):
        return premise
    return None


def _is_bound(premise: Premise, portal: Portal | None, found: list[Frame], said: Said) -> bool:
    """Fill in what was bound; False where these bytes name what they leave behind."""
    premise.parsed = found[0][0] == b"P"
    names = Payload(found[int(premise.parsed)][1])
    name, premise.source = names.string(), names.string()
    prepared = said.prepared(premise.source)
    if portal is None or prepared is None or portal.prepared is not prepared:
        return False
    if name or (premise.parsed and premise.source) or found[-2][1] != _ALL_ROWS:
        return False
    premise.portal, premise.left = portal, portal.left
    premise.oids, premise.columns = list(prepared.oids), prepared.columns
    return all(payload == b"P\0" for kind, payload in found if kind == b"D")


def _is_plain(sql: str) -> bool:
    """True for what leaves a connection's cursors, settings, channels and transaction alone."""
    if not _PLAIN.issuperset(look(sql).commands):
        return False
    upper = sql.upper()
    return not any(word in upper for word in _LOUD)
