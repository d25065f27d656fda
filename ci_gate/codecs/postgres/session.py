"""What a mock says by itself: the handshake, and statements about the connection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ci_gate.codecs.postgres.columns import Column, write_columns, write_row
from ci_gate.codecs.postgres.form import refused
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.said import FAILED, after
from ci_gate.codecs.postgres.sql import look

DEFAULTS = {
    "application_name": "",
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "default_transaction_read_only": "off",
    "in_hot_standby": "off",
    "integer_datetimes": "on",
    "IntervalStyle": "postgres",
    "is_superuser": "off",
    "server_encoding": "UTF8",
    "server_version": "15.0",
    "session_authorization": "postgres",
    "standard_conforming_strings": "on",
    "TimeZone": "UTC",
}
"""What a server says of itself when nothing was recorded of it."""

_REPORTED = {
    name.lower(): name
    for name in (
        "application_name", "client_encoding", "DateStyle", "IntervalStyle", "TimeZone",
        "standard_conforming_strings", "default_transaction_read_only", "session_authorization",
    )
}  # fmt: skip
"""Settings whose change a server reports."""

_SET = re.compile(r"^SET\s+(?:SESSION\s+|LOCAL\s+)?(\w+)\s*(?:=|\bTO\b)\s*(.+?)\s*$", re.I | re.S)
_TIME_ZONE = re.compile(r"^SET\s+(?:SESSION\s+|LOCAL\s+)?TIME\s+ZONE\s+(.+?)\s*$", re.I | re.S)
_NAMES = re.compile(r"^SET\s+NAMES\s+(.+?)\s*$", re.I | re.S)

_TAGS = {
    "START": "START TRANSACTION", "END": "COMMIT", "ABORT": "ROLLBACK", "DISCARD": "DISCARD ALL",
    "CLOSE": "CLOSE CURSOR",
}  # fmt: skip
_VOID = Column("pg_advisory_unlock_all", 2278, size=4)


def greeting(session: Mapping[str, str], asked: Mapping[str, str], minor: int) -> bytes:
    """Everything up to the first ReadyForQuery: any password is right, because none is known.

    `asked`: the startup message's parameters; `minor`: the protocol's minor version it asked for.
    """
    facts = {**(session or DEFAULTS)}
    for name, value in asked.items():
        if name.lower() in _REPORTED and name.lower() != "session_authorization":
            facts[_REPORTED[name.lower()]] = value
    out = [frame(b"v", b"\0\0\0\0\0\0\0\0")] if minor else []
    out.append(frame(b"R", b"\0\0\0\0"))
    out += [frame(b"S", f"{name}\0{value}\0".encode()) for name, value in facts.items()]
    out.append(frame(b"K", b"\0\0\0\1\0\0\0\1"))
    out.append(frame(b"Z", b"I"))
    return b"".join(out)


def asked_for(payload: bytes) -> dict[str, str]:
    """The parameters of a startup message (its payload)."""
    words = payload[4:].split(b"\0")
    return {
        name.decode("latin-1"): value.decode("utf-8", "replace")
        for name, value in zip(words[::2], words[1::2], strict=False)
        if name
    }


def answers(sql: str, status: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(frames, status after it) of every statement of a text of nothing but session statements."""
    texts = look(sql).text.split(" ; ")
    spelled = sql.split(";") if len(texts) > 1 else [sql]
    for index, text in enumerate(texts):
        word = text.split(" ", 1)[0]
        if not word:
            yield frame(b"I"), status
            return
        if status == FAILED and word not in ("ROLLBACK", "COMMIT", "ABORT", "END"):
            yield in_failure(), status
            return
        before, status = status, after(status, text)
        out = b""
        if word == "SELECT":
            out = frame(b"T", write_columns([_VOID])) + frame(b"D", write_row([b""]))
            tag = "SELECT 1"
        elif word in ("COMMIT", "END") and before == FAILED:
            tag = "ROLLBACK"
        else:
            tag = _tag(word, text)
        original = spelled[index] if index < len(spelled) else ""
        yield out + frame(b"C", tag.encode() + b"\0") + reported(original), status


def _tag(word: str, text: str) -> str:
    if word == "ROLLBACK" and " PREPARED " in text:
        return "ROLLBACK PREPARED"
    if text.endswith(" ALL") and word in ("CLOSE", "DEALLOCATE"):
        return f"{_TAGS.get(word, word)} ALL"
    return _TAGS.get(word, word)


def reported(sql: str) -> bytes:
    """ParameterStatus for a SET of what a server reports."""
    sql = sql.strip()
    found = _SET.match(sql)
    name, value = (found[1], found[2]) if found else ("", "")
    zone, names = _TIME_ZONE.match(sql), _NAMES.match(sql)
    if zone:
        name, value = "timezone", zone[1]
    elif names:
        name, value = "client_encoding", names[1]
    known = _REPORTED.get(name.lower())
    if known is None or value.upper() == "DEFAULT":
        return b""
    return frame(b"S", f"{known}\0{_plain(value)}\0".encode())


def _plain(value: str) -> str:
    value = value.strip().rstrip(";").strip()
    return value[1:-1].replace("''", "'") if value[:1] in "'\"" and len(value) > 1 else value


def in_failure() -> bytes:
    """What every statement gets in a transaction that has failed."""
    text = "current transaction is aborted, commands ignored until end of transaction block"
    return frame(b"E", refused("25P02", text))
