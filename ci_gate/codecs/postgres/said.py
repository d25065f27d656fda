"""What a client has said on one connection: prepared statements, portals, cursors, transaction.

Recording and mocking share it. Names of statements, portals and cursors differ from run to run (a
pool hands connections out as it likes), so none of them is in what is asked: only texts and values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from struct import unpack_from

import msgspec

from ci_gate.codecs.postgres.canonical import canonical
from ci_gate.codecs.postgres.columns import Column, read_columns
from ci_gate.codecs.postgres.frames import Malformed, Payload
from ci_gate.codecs.postgres.sql import look
from ci_gate.codecs.postgres.types import shown
from ci_gate.model.message import PgStatement

IDLE, OPEN, FAILED = b"I", b"T", b"E"
"""Transaction status as ReadyForQuery says it."""

_BOUNDS = frozenset({"BEGIN", "START", "COMMIT", "END", "ABORT"})

LIMIT = 10_000
"""Prepared statements or portals of one connection."""

_DECLARE = re.compile(r'^\s*DECLARE\s+("(?:[^"]|"")+"|\w+)\s', re.IGNORECASE)
_FETCH = re.compile(
    r'^(\s*(?:FETCH|MOVE)\b.*?)(?:\b(?:FROM|IN)\s+)?("(?:[^"]|"")+"|\w+)\s*;?\s*$',
    re.IGNORECASE | re.DOTALL,
)
_CLOSE = re.compile(
    r'^\s*(?:(CLOSE)|DEALLOCATE(?:\s+PREPARE)?|DISCARD)\s+("(?:[^"]|"")+"|\w+)', re.IGNORECASE
)
_HELD = re.compile(r"\bCURSOR\s+WITH\s+HOLD\b", re.IGNORECASE)
_COPY_IN = re.compile(r"^\s*COPY\b.*\bFROM\s+STDIN\b", re.IGNORECASE | re.DOTALL)


class Unknown(Exception):
    """What is used was never made, or ended meanwhile: code and text of the server's error."""

    def __init__(self, code: str, text: str, *, never: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.never = never
        """A statement of this name was never prepared on this connection."""


class Prepared:
    """A prepared statement: its text, and what is known of its parameters and columns."""

    __slots__ = ("columns", "fitting", "oids", "sql")

    def __init__(self, sql: str, oids: Sequence[int]) -> None:
        self.sql = sql
        self.oids = list(oids)
        """Types of the parameters, 0 = not known."""
        self.columns: tuple[Column, ...] | None = None
        self.fitting = b""
        """The description of a mock's answer that was found to be of these columns."""


class Portal:
    """A bound statement."""

    __slots__ = ("asked", "formats", "given", "left", "prepared", "statement")

    def __init__(
        self, statement: PgStatement, formats: Sequence[int], prepared: Prepared | None = None
    ) -> None:
        self.statement = statement
        self.prepared = prepared
        self.formats = formats
        """Format codes of the result: none (all text), one for all, or one a column."""
        self.asked = -1
        """Number of the message that its first Execute was, -1 before that."""
        self.left: list[tuple[bytes, bytes]] = []
        """Frames of a mock's answer that were not said yet."""
        self.given = False
        """Some of its rows were."""

    def columns(self) -> tuple[Column, ...] | None:
        """What its rows hold and in which formats, if that is known."""
        columns = self.prepared.columns if self.prepared is not None else None
        if columns is None:
            return None
        return tuple(
            msgspec.structs.replace(column, binary=self.format(index) == 1)
            for index, column in enumerate(columns)
        )

    def format(self, index: int) -> int:
        """The format code that a column is wanted in."""
        return _format(self.formats, index)


class Op(msgspec.Struct, frozen=True, gc=False):
    """One frontend message. `statement` is what it asks, when it asks."""

    kind: bytes
    statement: PgStatement | None = None
    portal: Portal | None = None
    prepared: Prepared | None = None
    maximum: int = 0
    """Rows that an Execute wants at a time, 0 = all."""
    payload: bytes = b""
    ended: Portal | None = None
    """A portal that ends with this."""
    unknown: bool = False
    """It uses what we know nothing of: the server refuses it, or we were not there."""


class Said:
    """The state of one client's connection. Raises Malformed for what is no frontend message."""

    def __init__(self) -> None:
        self.status = IDLE
        self._bounds = 0
        """Beginnings and ends of transactions that were said so far."""
        self._prepared: dict[bytes, Prepared] = {}
        self._portals: dict[bytes, Portal] = {}
        self._cursors: dict[str, PgStatement] = {}
        """By their names, what they were declared with."""
        self._named: set[bytes] = set()
        """Names that statements have had."""

    def hear(self, kind: bytes, payload: bytes) -> Op:
        """The next message. Raises Unknown for the use of a statement or portal that is none."""
        if kind == b"Q":
            sql = payload.rstrip(b"\0").decode("utf-8", "surrogateescape")
            return Op(kind, self._statement(sql, (), "query"))
        if kind == b"P":
            return self._parse(kind, payload)
        if kind == b"B":
            return self._bind(kind, payload)
        if kind == b"D":
            return self._describe(kind, payload)
        if kind == b"E":
            data = Payload(payload)
            portal = self._portal(data.string())
            return Op(kind, portal.statement, portal, maximum=data.long())
        if kind == b"C":
            data = Payload(payload)
            if data.byte() == b"S":
                self._prepared.pop(data.string(), None)
                return Op(kind)
            return Op(kind, ended=self._portals.pop(data.string(), None))
        return Op(kind, payload=payload)

    def _parse(self, kind: bytes, payload: bytes) -> Op:
        data = Payload(payload)
        name = data.string()
        sql = data.string().decode("utf-8", "surrogateescape")
        prepared = Prepared(sql, [data.long() for _ in range(data.short())])
        if len(self._prepared) >= LIMIT:
            raise Malformed(f"more than {LIMIT} prepared statements")
        self._prepared[name] = prepared
        if name and len(self._named) < LIMIT:
            self._named.add(name)
        return Op(kind, prepared=prepared)

    def _bind(self, kind: bytes, payload: bytes) -> Op:
        data = Payload(payload)
        name, source = data.string(), data.string()
        prepared = self._known(source)
        formats = [data.short() for _ in range(data.short())]
        values = [data.value() for _ in range(data.short())]
        results = [data.short() for _ in range(data.short())]
        params = tuple(
            _param(one, _format(formats, index), _oid(prepared, index))
            for index, one in enumerate(values)
        )
        portal = Portal(self._statement(prepared.sql, params, "execute"), results, prepared)
        if len(self._portals) >= LIMIT:
            raise Malformed(f"more than {LIMIT} portals")
        ended, self._portals[name] = self._portals.get(name), portal
        return Op(kind, portal=portal, prepared=prepared, ended=ended)

    def _describe(self, kind: bytes, payload: bytes) -> Op:
        data = Payload(payload)
        what, name = data.byte(), data.string()
        if what == b"S":
            prepared = self._known(name)
            return Op(kind, self._statement(prepared.sql, (), "describe"), prepared=prepared)
        declared = self._cursors.get(name.decode("utf-8", "surrogateescape"))
        if name not in self._portals and declared is not None:
            asked = msgspec.structs.replace(declared, step="portal")
            return Op(kind, asked, Portal(asked, ()))
        portal = self._portal(name)
        asked = msgspec.structs.replace(portal.statement, step="portal", params=(), block=0)
        return Op(kind, asked, portal)

    def _known(self, name: bytes) -> Prepared:
        prepared = self._prepared.get(name)
        if prepared is None:
            shown = name.decode("utf-8", "replace")
            what = f'prepared statement "{shown}"' if name else "unnamed prepared statement"
            never = bool(name) and name not in self._named and len(self._named) < LIMIT
            raise Unknown("26000", f"{what} does not exist", never=never)
        return prepared

    def _portal(self, name: bytes) -> Portal:
        portal = self._portals.get(name)
        if portal is None:
            shown = name.decode("utf-8", "replace")
            raise Unknown("34000", f'portal "{shown}" does not exist')
        return portal

    def _statement(
        self, sql: str, params: tuple[str | bytes | None, ...], step: str
    ) -> PgStatement:
        declared = _DECLARE.match(sql)
        if declared:
            name = _unquoted(declared[1])
            sql = f"{sql[: declared.start(1)]}c{sql[declared.end(1) :]}"
            if len(self._cursors) < LIMIT:
                self._cursors[name] = PgStatement(sql, params, step)
        elif sql.lstrip()[:5].upper() in ("FETCH", "MOVE "):
            sql, params = self._fetched(sql, params)
        elif step != "describe":
            self._close(sql)
            self._bounds += bounds(sql)
        return self.in_block(PgStatement(sql, params, step, self.status != IDLE))

    def in_block(self, statement: PgStatement) -> PgStatement:
        """A statement, as it is asked in the transaction that is open now, if any. What is asked
        about a statement is of none."""
        outside = self.status == IDLE or statement.step not in ("query", "execute")
        if outside or statement.block == self._bounds:
            return statement
        return msgspec.structs.replace(statement, block=self._bounds)

    def _fetched(
        self, sql: str, params: tuple[str | bytes | None, ...]
    ) -> tuple[str, tuple[str | bytes | None, ...]]:
        """A cursor stands for the query it was declared with, whatever it is called this time."""
        found = _FETCH.match(sql)
        declared = self._cursors.get(_unquoted(found[2])) if found else None
        if found is None or declared is None:
            return sql, params
        return f"{found[1].rstrip()} FROM ({declared.sql})", declared.params

    def _close(self, sql: str) -> None:
        closed = _CLOSE.match(sql)
        if closed is None:
            return
        name = _unquoted(closed[2])
        if closed[1]:
            self._cursors.pop(name, None)
        elif name == "all":
            self._prepared.clear()
        else:
            self._prepared.pop(name.encode(), None)

    def prepared(self, name: bytes) -> Prepared | None:
        """What a name stands for."""
        return self._prepared.get(name)

    def parsed(self, prepared: Prepared) -> None:
        """The unnamed statement is another one."""
        self._prepared[b""] = prepared

    def bound(self, portal: Portal) -> None:
        """The unnamed portal is another one."""
        self._portals[b""] = portal

    def forget(self, prepared: Prepared) -> None:
        """Its Parse was refused, or ignored after an error."""
        self._prepared = {name: one for name, one in self._prepared.items() if one is not prepared}

    def ran(self, sql: str, *, failed: bool = False) -> None:
        """A statement is over: follow the transaction."""
        if failed:
            self.status = FAILED if self.status != IDLE else IDLE
            return
        for text in look(sql).text.split(" ; "):
            self.status = after(self.status, text)

    def refuses(self, op: Op) -> bool:
        """In a transaction that has failed, a step towards anything but its end."""
        if self.status != FAILED or op.kind not in (b"P", b"B", b"D", b"E"):
            return False
        known = op.prepared or op.statement
        return known is not None and not ends_failure(known.sql)

    def ready(self) -> None:
        """Sync or the end of a simple query: portals and cursors end with the transaction, but for
        cursors that were declared to be held."""
        if self.status == IDLE:
            self._portals.clear()
            held = {name: one for name, one in self._cursors.items() if _HELD.search(one.sql)}
            self._cursors = held


def described(op: Op, kind: bytes, payload: bytes) -> None:
    """A Describe was answered: what it tells belongs to the prepared statement."""
    prepared = op.prepared or (op.portal.prepared if op.portal is not None else None)
    if prepared is None:
        return
    if kind == b"t" and len(payload) >= 2:
        count = unpack_from("!H", payload)[0]
        if len(payload) < 2 + 4 * count:
            raise Malformed("a message is shorter than it says")
        prepared.oids = list(unpack_from(f"!{count}I", payload, 2))
    elif kind == b"T":
        prepared.columns = read_columns(payload)
        prepared.fitting = b""


def is_executed_by(op: Op, payload: bytes, kind: bytes, following: bytes) -> bool:
    """True for a portal's Describe when this Execute follows: only its answer tells whether there
    is an error, which may come from the values and is none of the description's."""
    portal = op.portal
    if portal is None or portal.prepared is None or portal.asked >= 0:
        return False
    return kind == b"E" and following[:-4] == payload[1:]


def after(status: bytes, text: str) -> bytes:
    """The transaction's status after one statement, in its one spelling."""
    words = text.split(" ", 3)
    if words[0] in ("BEGIN", "START"):
        return OPEN if status == IDLE else status
    if words[0] in ("COMMIT", "END", "ABORT"):
        return IDLE if "CHAIN" not in text or "NO CHAIN" in text else OPEN
    if words[0] == "ROLLBACK":
        if "TO" in words[1:3]:
            return OPEN if status != IDLE else IDLE
        return IDLE if words[1:2] != ["PREPARED"] else status
    if words[:2] == ["PREPARE", "TRANSACTION"]:
        return IDLE
    return status


def bounds(sql: str) -> bool:
    """True for what begins or ends a transaction."""
    looked = look(sql)
    if "ROLLBACK" in looked.commands and " TO " not in looked.text:
        return True
    return not _BOUNDS.isdisjoint(looked.commands)


def is_copy_in(sql: str) -> bool:
    """True for COPY … FROM STDIN: the client's data come before the answer."""
    return _COPY_IN.match(sql) is not None


def is_session(sql: str) -> bool:
    """True for a text of nothing but statements about the connection itself, or of nothing."""
    statement = look(sql)
    return statement.effect == "session" or not statement.text


def ends_failure(sql: str) -> bool:
    """True for what is listened to in a failed transaction: its end, and nothing at all."""
    return look(sql).commands[0] in ("ROLLBACK", "COMMIT", "ABORT", "END", "")


def _param(data: bytes | None, form: int, oid: int) -> str | bytes | None:
    if data is None:
        return None
    if form == 1:
        text = shown(oid, data)
        return data if text is None else text
    try:
        return canonical(oid, data.decode())
    except UnicodeDecodeError:
        return data


def _format(formats: Sequence[int], index: int) -> int:
    if len(formats) == 1:
        return formats[0]
    return formats[index] if index < len(formats) else 0


def _oid(prepared: Prepared, index: int) -> int:
    return prepared.oids[index] if index < len(prepared.oids) else 0


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
