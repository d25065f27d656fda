"""A PostgreSQL mock of Keploy as the bytes of both sides: the client's it keeps, the server's it
describes message by message (PostgreSQL's documentation, section 55.7). Pure."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

from ci_gate.codecs.base import Side
from ci_gate.codecs.postgres.frames import frame
from ci_gate.store.formats.messages import Bad

_ALONE = {"1": b"", "2": b"", "3": b"", "n": b"", "s": b"", "I": b""}
"""Backend messages without content."""
_ERROR = {
    "severity": "S",
    "severityunlocalized": "V",
    "code": "C",
    "message": "M",
    "detail": "D",
    "hint": "H",
    "position": "P",
    "schemaname": "s",
    "tablename": "t",
    "columnname": "c",
    "constraintname": "n",
    "routine": "R",
}
_ASKING = (196608).to_bytes(4, "big") + b"user\0keploy\0\0"
_STARTUP = (len(_ASKING) + 4).to_bytes(4, "big") + _ASKING
_READY = frame(b"R", bytes(4)) + frame(b"Z", b"I")


def said(spec: dict[str, Any], *, begun: bool) -> list[tuple[Side, bytes]]:
    """What each side says. `begun`: the connection was opened by an earlier mock. Raises Bad."""
    found: list[tuple[Side, bytes]] = []
    asked = [one for one in spec.get("postgresrequests") or [] if isinstance(one, dict)]
    answered = [one for one in spec.get("postgresresponses") or [] if isinstance(one, dict)]
    opening = any(one.get("identifier") == "StartupRequest" for one in asked)
    if not begun and not opening:
        found += [(Side.CLIENT, _STARTUP), (Side.SERVER, _READY)]
    for one in asked:
        if one.get("header") == ["p"]:
            continue  # a password: the server's word is enough
        found.append((Side.CLIENT, _asked(one)))
    data = b"".join(_answer(one) for one in answered)
    if data:
        found.append((Side.SERVER, data))
    return found


def _asked(one: dict[str, Any]) -> bytes:
    payload, query = one.get("payload"), one.get("query")
    if isinstance(payload, str) and payload:
        return _decoded(payload)
    if one.get("header") == ["Q"] and isinstance(query, dict):
        return frame(b"Q", _zero(query.get("string")))
    raise Bad("a request of it has no payload")


def _decoded(payload: str) -> bytes:
    try:
        return b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Bad("a payload of it is no base64") from error


def _answer(answer: dict[str, Any]) -> bytes:
    payload = answer.get("payload")
    if isinstance(payload, str) and payload:
        return _decoded(payload)
    kinds = answer.get("header")
    pieces = _Pieces(answer)
    return b"".join(pieces.piece(str(kind)) for kind in kinds if kind) if kinds else b""


class _Pieces:
    """The backend messages of one answer, in the order in which its header names them."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer
        self._rows = self._each("data_row")
        self._tags = self._each("command_complete")
        self._statuses = self._each("parameter_status")

    def _each(self, key: str) -> Iterator[dict[str, Any]]:
        value = self._answer.get(key)
        listed = value if isinstance(value, list) else [value]
        return iter([one for one in listed if isinstance(one, dict)])

    def _one(self, key: str) -> dict[str, Any]:
        value = self._answer.get(key)
        if isinstance(value, list):
            value = value[0] if value else None
        return value if isinstance(value, dict) else {}

    def piece(self, kind: str) -> bytes:
        if kind in _ALONE:
            return frame(kind.encode(), b"")
        if kind == "R":
            # 0 = let in; a demand for a password is answered outside of what is recorded.
            asked = str(self._answer.get("auth_type") or "0")
            return frame(b"R", bytes(4)) if asked == "0" else b""
        if kind == "S":
            one = next(self._statuses, {})
            return frame(b"S", _zero(one.get("name")) + _zero(one.get("value")))
        if kind == "K":
            one = self._one("backend_key_data")
            return frame(b"K", _int(one.get("process_id"), 4) + _int(one.get("secret_key"), 4))
        if kind == "Z":
            status = self._one("ready_for_query").get("txstatus")
            return frame(b"Z", _int(status or 73, 1))
        if kind == "C":
            return frame(b"C", _zero(next(self._tags, {}).get("command_tag_type")))
        if kind == "t":
            oids = self._one("parameter_description").get("parameteroids") or []
            return frame(b"t", _int(len(oids), 2) + b"".join(_int(one, 4) for one in oids))
        if kind == "T":
            return self._columns()
        if kind == "D":
            return self._row()
        if kind in ("E", "N"):
            one = self._one("error_response" if kind == "E" else "notice_response")
            low = {key.replace("_", "").lower(): value for key, value in one.items()}
            told = b"".join(
                code.encode() + _zero(low[name]) for name, code in _ERROR.items() if low.get(name)
            )
            return frame(kind.encode(), told + b"\0")
        raise Bad(f"an answer of it has the message {kind[:10]!r}, which it does not describe")

    def _columns(self) -> bytes:
        fields = self._one("row_description").get("fields") or []
        data = _int(len(fields), 2)
        for one in fields:
            field = one if isinstance(one, dict) else {}
            data += _zero(field.get("field_name")) + _int(field.get("table_oid"), 4)
            data += _int(field.get("table_attribute_number"), 2)
            data += _int(field.get("data_type_oid"), 4) + _int(field.get("data_type_size"), 2)
            data += _int(field.get("type_modifier"), 4) + _int(field.get("format"), 2)
        return frame(b"T", data)

    def _row(self) -> bytes:
        values = next(self._rows, {}).get("row_values") or []
        data = _int(len(values), 2)
        for one in values:
            if one is None:
                data += b"\xff\xff\xff\xff"
                continue
            text = one if isinstance(one, bytes) else str(one).encode("utf-8", "replace")
            data += len(text).to_bytes(4, "big") + text
        return frame(b"D", data)


def _zero(value: Any) -> bytes:
    return str(value or "").encode("utf-8", "replace").replace(b"\0", b"") + b"\0"


def _int(value: Any, size: int) -> bytes:
    try:
        number = int(value or 0)
        return (number % (1 << 8 * size)).to_bytes(size, "big")
    except (TypeError, ValueError) as error:
        raise Bad(f"{str(value)[:20]!r} is no number") from error
