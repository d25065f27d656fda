"""The PostgreSQL codec: conversations, and pure functions over statements and results."""

from __future__ import annotations

import msgspec

from ci_gate.codecs.base import Conversation, Role
from ci_gate.codecs.postgres import form
from ci_gate.codecs.postgres.asking import Asking
from ci_gate.codecs.postgres.copydata import copy_data, copy_form
from ci_gate.codecs.postgres.frames import Malformed, frame
from ci_gate.codecs.postgres.handshake import fatal
from ci_gate.codecs.postgres.literals import lifted, literals_form, with_literals
from ci_gate.codecs.postgres.params import as_they_were, in_one_order, params_form, params_of
from ci_gate.codecs.postgres.recalling import Recalling
from ci_gate.codecs.postgres.replaying import Replaying
from ci_gate.codecs.postgres.sql import look
from ci_gate.codecs.postgres.tapping import Tapping
from ci_gate.model.exchange import INSIDE, Exchange, Facts
from ci_gate.model.message import Key, Message, Part, PgResult, PgStatement

LABEL_LENGTH = 200
_ABOUT = ("describe", "portal", "parse")
"""Steps that ask about a statement."""
NO_RECORDED = "58P01"
"""SQLSTATE of a miss: undefined_file, which no driver handles by itself."""


class Postgres:
    """Frontend/backend protocol 3. See `codecs.base.Codec` for what each does."""

    name = "postgres"
    alpn: tuple[str, ...] = ("postgresql",)

    def converse(self, role: Role, session: dict[str, str] | None = None) -> Conversation:
        """A conversation for one new connection; `session` is what the server has told of itself
        (ParameterStatus), and "tls": "on" where it offered encryption."""
        if role is Role.MOCK:
            return Recalling(session or {})
        if role is Role.REPLAY:
            return Asking(session) if session and "nonce" in session else Replaying()
        return Tapping(session)

    def refusal(self, reason: str) -> bytes:
        """ErrorResponse, FATAL."""
        return fatal(reason, "08006")

    def full(self, request: Message) -> tuple[object, ...]:
        """Text in one spelling, literals, parameters, those of IN lists in one order, and what COPY
        sent."""
        statement = _statement(request)
        looked, params = look(statement.sql), statement.params
        if looked.lists:
            params = in_one_order(params, looked.lists)
        step = "" if statement.step in ("query", "execute") else statement.step
        return (step, looked.text, looked.literals, params, statement.body)

    def key(self, request: Message) -> Key:
        """coarse: (protocol, step, text)."""
        full = self.full(request)
        return Key(("postgres", str(full[0]), str(full[1])), full)

    def local(self, request: Message, shared: dict[str, object]) -> Message | None:
        """Nothing: what a mock says by itself, the conversation says."""
        return None

    def about_session(self, request: Message) -> bool:
        """Descriptions of statements and portals are, and what only prepares one."""
        return _statement(request).step in _ABOUT

    def miss(self, request: Message, reason: str) -> Message:
        """ErrorResponse on that statement; the connection stays usable."""
        text = f"ci-gate: no recorded exchange for {self.label(request)}: {reason}"
        values = {"severity": "ERROR", "level": "ERROR", "code": NO_RECORDED, "message": text}
        return PgResult(frame(b"E", form.error(values)))

    def fit(self, recorded: Message, request: Message) -> Message:
        """As recorded: the formats are the portal's, and `say` goes by them."""
        return recorded

    def places(self, message: Message) -> tuple[Part, ...]:
        """Of a statement `sql` without its `literals`, these, `params`, `transaction` and what COPY
        sent; of a result `results`, read as JSON (see `postgres.form`)."""
        if isinstance(message, PgStatement):
            params = in_one_order(message.params, look(message.sql).lists)
            return (
                *_text_parts(message.sql),
                Part("params", params_form(message.sql, params), "json"),
                Part("transaction", INSIDE if message.transaction else "outside"),
                _copied(message),
            )
        assert isinstance(message, PgResult)
        body = message.body
        if isinstance(body, bytes):
            try:
                return (Part("results", form.result_form(body), "json"), Part("at", message.at))
            except Malformed:
                pass
        return (Part("results", body, "binary"), Part("at", message.at))

    def with_places(self, message: Message, parts: dict[str, Part]) -> Message:
        """The message with other parts."""
        values = {name: part.value for name, part in parts.items()}
        if isinstance(message, PgStatement):
            sql, params = values.get("sql"), values.get("params")
            body, rows = values.get("body"), values.get("rows")
            changed: dict[str, object] = {}
            literals = values.get("literals")
            if isinstance(sql, str) or isinstance(literals, bytes):
                changed["sql"] = _with_text(message.sql, sql, literals)
            if isinstance(params, bytes):
                lists = look(message.sql).lists
                changed["params"] = as_they_were(message.params, params_of(params), lists)
            if isinstance(body, bytes):
                changed["body"] = body
            if isinstance(rows, bytes):
                changed["body"] = copy_data(rows)
            return msgspec.structs.replace(message, **changed)
        assert isinstance(message, PgResult)
        results = values.get("results")
        if parts.get("results") is None or parts["results"].media != "json":
            return message
        assert isinstance(results, bytes)
        return msgspec.structs.replace(message, body=form.result_body(results))

    def route(self, request: Message) -> str:
        """ "SELECT orders": the command and the tables it names."""
        looked = look(_statement(request).sql)
        tables = ", ".join(looked.tables[:3])
        return _ascii(" ".join(filter(None, (looked.commands[0], tables)))) or "SQL"

    def label(self, request: Message) -> str:
        """The statement as it was written, on one line, and its parameters."""
        statement = _statement(request)
        text = " ".join(statement.sql.split())
        if statement.params and statement.step == "execute":
            shown = ", ".join(map(_shown, statement.params))
            text = f"{text} [{shown}]"
        text = _ascii(text)
        return text if len(text) <= LABEL_LENGTH else text[: LABEL_LENGTH - 3] + "..."

    def facts(self, exchange: Exchange) -> Facts:
        """What the text says; a description is about the connection."""
        statement = _statement(exchange.request)
        looked = look(statement.sql)
        described = statement.step in _ABOUT
        return Facts(
            effect="session" if described else looked.effect,
            targets=looked.tables or (exchange.dependency,),
            transaction=_transaction(statement),
        )

    def prepare(self, message: Message) -> bytes:
        """The result's messages."""
        body = message.body
        assert isinstance(body, bytes)
        return body


def _transaction(statement: PgStatement) -> str:
    if statement.block:
        return str(statement.block)
    return INSIDE if statement.transaction else ""


def _statement(message: Message) -> PgStatement:
    assert isinstance(message, PgStatement)
    return message


def _text_parts(sql: str) -> tuple[Part, ...]:
    """A text without its literals, and these where it has any."""
    found = lifted(sql)
    text = Part("sql", found.text, "text")
    return (text, Part("literals", literals_form(sql), "json")) if found.literals else (text,)


def _with_text(sql: str, text: object, literals: object) -> str:
    """A statement with another text between its literals, or with other literals."""
    kept = literals if isinstance(literals, bytes) else literals_form(sql)
    return with_literals(sql, text if isinstance(text, str) else lifted(sql).text, kept)


def _copied(statement: PgStatement) -> Part:
    """What COPY sent: its rows where they can be told apart."""
    body = statement.body
    rows = copy_form(statement.sql, body) if isinstance(body, bytes) and body else None
    return Part("body", body, "text") if rows is None else Part("rows", rows, "json")


def _shown(value: str | bytes | None) -> str:
    if value is None:
        return "NULL"
    return value if isinstance(value, str) else f"{len(value)} bytes"


def _ascii(text: str) -> str:
    """The text on one line that every terminal can show."""
    if text.isascii() and text.isprintable():
        return text
    shown = text.encode("ascii", "backslashreplace").decode()
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in shown)
