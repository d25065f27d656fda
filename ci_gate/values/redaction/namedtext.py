"""Telling names inside text that is not read field by field: JSON in logs and streams, URLs, XML."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, unquote_plus

from ci_gate.values.redaction.cards import card_digits
from ci_gate.values.redaction.found import Found, is_worth
from ci_gate.values.redaction.names import PATTERN as SECRET
from ci_gate.values.redaction.names import is_password, secret_name, telling_name, telling_parameter
from ci_gate.values.redaction.personal import KINDS as PERSONAL_KINDS
from ci_gate.values.redaction.personal import PATTERN as PERSONAL
from ci_gate.values.redaction.personal import is_of_kind
from ci_gate.values.redaction.standins import is_stand_in, number_kind

PATTERN = f"(?:{SECRET}|{PERSONAL})"
"""Every telling name, for RE2 without case."""

# For RE2, without groups. Each ends where the value may begin.
JSON_NAME = r'\\*"(?i:' + PATTERN + r')\\*"[ \t\r\n]*:'
QUERY_NAME = (
    r"(?:[?&]|; ?)(?i:" + PATTERN + r"|sig|x-amz-(?:signature|credential)|x-goog-signature)="
)
XML_NAME = r"<(?:[A-Za-z0-9_-]{1,40}:)?(?i:" + PATTERN + r")[>\s]"
ATTRIBUTE_NAME = r"\b(?i:" + PATTERN + r')="'
DSN_NAME = r"[ \"'](?i:password|passwd|pwd)="
"""Of a connection string: `host=db user=app password=…`."""
LINE_NAME = r"""\b(?i:""" + PATTERN + r""")\b['"]?[ \t]*[=:]"""
"""Only in log lines and reports: `password=…`, `token: …`."""

_JSON_VALUE = re.compile(
    rb'[ \t\r\n]*+(?:(?P<plain>"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*")'
    rb'|(?P<quote>\\++")(?P<nested>[^"\\]*+)(?=\\)|(?P<number>-?[0-9]{1,19}(?:\.[0-9]{1,20})?)(?![0-9.eE]))',
    re.DOTALL,
)
_QUERY_VALUE = re.compile(rb"[^&#\s\"'<>\\;,)\]}]++")
_XML_VALUE = re.compile(
    rb"(?:[^<>]{0,1000}>|(?![^<>]{0,1000}>))\s*+(?:<!\[CDATA\[(?P<data>[^\]]*+)|(?P<text>[^<]++))"
)
_ATTRIBUTE_VALUE = re.compile(rb'[^"<]++')
_LINE_VALUE = re.compile(
    rb"[ \t]*+(?:(?i:bearer|basic|token)[ \t]++)?(?:\"([^\"\n]++)\"|'([^'\n]++)'|([^\s\"',;&)}\]]++))"
)
_DSN = re.compile(rb"\b(?i:host|hostaddr|dbname|database|user|server|port)=\S")
_NAME = re.compile(rb"[A-Za-z0-9_.-][A-Za-z0-9_. -]*")


def named(data: bytes, start: int, end: int) -> Found | None:
    """The value behind a telling name, given the match of one of the patterns above."""
    name = _name(data, start, end)
    sign, last = data[start : start + 1], data[end - 1 : end]
    if last == b":" and (sign == b'"' or sign == b"\\"):
        return _json(data, end, telling_name(name), is_password(name))
    if last == b"=" and sign in (b"?", b"&", b";"):
        return _value(data, _QUERY_VALUE, end, telling_parameter(name), unquote_plus, _percent)
    if last == b"=":
        if _DSN.search(data, max(0, start - 200), start) is None:
            return None
        return _value(data, _QUERY_VALUE, end, secret_name(name), str, str)
    if sign == b"<":
        begin = end if last == b">" else end - 1
        return _xml(data, begin, telling_name(name))
    return _value(data, _ATTRIBUTE_VALUE, end, telling_name(name), html.unescape, _escaped)


def named_in_line(data: bytes, start: int, end: int) -> Found | None:
    """The same for the match of `LINE_NAME`; the value ends with its quote or its word."""
    found = _LINE_VALUE.match(data, end)
    kind = telling_name(_name(data, start, end))
    if found is None or not kind:
        return None
    group = found.lastindex or 0
    text = found[group].decode("utf-8", "replace")
    return Found(*found.span(group), kind, text, rule="name") if counts(kind, text) else None


def counts(kind: str, text: str) -> bool:
    """True when the value of a field whose name tells `kind` is one to replace."""
    if kind in PERSONAL_KINDS:
        return is_of_kind(text, kind) or bool(is_stand_in(text))
    return is_worth(text)


def _kind_of_number(kind: str, text: str, password: bool) -> str:
    """The kind of the stand-in of a JSON number, which stays one; "" for one that stays as it is."""
    if kind == "coordinate":
        return kind if counts(kind, text) else ""
    if password or (kind in PERSONAL_KINDS and counts(kind, text)):
        return number_kind(text)
    if kind == "card":
        return kind if card_digits(text) else ""
    return kind if kind == "cvv" and text.isdigit() and len(text) >= 3 else ""


def _name(data: bytes, start: int, end: int) -> str:
    matched = data[start:end].rpartition(b":")[2] if data[start] == 60 else data[start:end]
    found = _NAME.search(matched)
    return found[0].decode().strip() if found else ""


def _json(data: bytes, position: int, kind: str, password: bool) -> Found | None:
    found = _JSON_VALUE.match(data, position)
    if found is None or not kind:
        return None
    if found["number"] is not None:
        start, end = found.span("number")
        text = found["number"].decode()
        kind = _kind_of_number(kind, text, password)
        return Found(start, end, kind, text, rule="name") if kind else None
    group = "nested" if found["plain"] is None else "plain"
    start, end = found.span(group)
    text = found[group].decode("utf-8", "replace")
    if group == "plain":
        start, end = start + 1, end - 1
        try:
            text = json.loads(text, strict=False)
        except ValueError:
            text = text[1:-1]
    remember = kind not in PERSONAL_KINDS
    return (
        Found(start, end, kind, text, _json_quoted, remember, "name")
        if counts(kind, text)
        else None
    )


def _xml(data: bytes, position: int, kind: str) -> Found | None:
    found = _XML_VALUE.match(data, position)
    if found is None or (data[position - 1 : position] == b">" and found[0].endswith(b">")):
        return None
    group = "text" if found["data"] is None else "data"
    text = html.unescape(found[group].decode("utf-8", "replace")).strip()
    if not kind or not counts(kind, text):
        return None
    raw = found[group]
    start = found.start(group) + len(raw) - len(raw.lstrip())
    remember = kind not in PERSONAL_KINDS
    return Found(start, start + len(raw.strip()), kind, text, _escaped, remember, "name")


def _value(
    data: bytes,
    pattern: re.Pattern[bytes],
    position: int,
    kind: str,
    unquote: Callable[[str], str],
    requote: Callable[[str], str],
) -> Found | None:
    found = pattern.match(data, position)
    if found is None or not kind:
        return None
    text = unquote(found[0].decode("utf-8", "replace"))
    remember = kind not in PERSONAL_KINDS
    return (
        Found(*found.span(), kind, text, requote, remember, "name") if counts(kind, text) else None
    )


def _percent(text: str) -> str:
    return quote(text, safe="!*()~:/")


def _json_quoted(text: str) -> str:
    return json.dumps(text)[1:-1]


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)
