"""Telling names inside text that is not read field by field: JSON in logs and streams, URLs, XML."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, unquote_plus

from ci_gate.values.found import Found, is_worth
from ci_gate.values.names import PATTERN, secret_name, secret_parameter

# For RE2, without groups. Each ends where the value may begin.
JSON_NAME = r'\\*"(?i:' + PATTERN + r')\\*"[ \t\r\n]*:'
QUERY_NAME = r"[?&;](?i:" + PATTERN + r"|sig|x-amz-(?:signature|credential)|x-goog-signature)="
XML_NAME = r"<(?:[A-Za-z0-9_-]{1,40}:)?(?i:" + PATTERN + r")[>\s]"
ATTRIBUTE_NAME = r"\b(?i:" + PATTERN + r')="'
LINE_NAME = r"""\b(?i:""" + PATTERN + r""")\b['"]?[ \t]*[=:]"""
"""Only in log lines and reports: `password=…`, `token: …`."""

_JSON_VALUE = re.compile(
    rb'[ \t\r\n]*+(?:(?P<plain>"[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")'
    rb'|(?P<quote>\\++")(?P<nested>[^"\\]*+)(?=\\)|(?P<number>[0-9]{3,19})(?![0-9.eE]))',
    re.DOTALL,
)
_QUERY_VALUE = re.compile(rb"[^&#\s\"'<>\\;,)\]}]++")
_XML_VALUE = re.compile(
    rb"(?:[^<>]{0,1000}>)?+\s*+(?:<!\[CDATA\[(?P<data>[^\]]*+)|(?P<text>[^<]++))"
)
_ATTRIBUTE_VALUE = re.compile(rb'[^"<]++')
_LINE_VALUE = re.compile(
    rb"[ \t]*+(?:(?i:bearer|basic|token)[ \t]++)?(?:\"([^\"\n]++)\"|'([^'\n]++)'|([^\s\"',;&)}\]]++))"
)
_NAME = re.compile(rb"[A-Za-z0-9_.-][A-Za-z0-9_. -]*")


def named(data: bytes, start: int, end: int) -> Found | None:
    """The value behind a telling name, given the match of one of the patterns above."""
    name = _name(data, start, end)
    sign, last = data[start : start + 1], data[end - 1 : end]
    if last == b":" and (sign == b'"' or sign == b"\\"):
        return _json(data, end, secret_name(name))
    if last == b"=" and sign in (b"?", b"&", b";"):
        return _value(data, _QUERY_VALUE, end, secret_parameter(name), unquote_plus, _percent)
    if sign == b"<":
        begin = end if last == b">" else end - 1
        return _xml(data, begin, secret_name(name))
    return _value(data, _ATTRIBUTE_VALUE, end, secret_name(name), html.unescape, _escaped)


def named_in_line(data: bytes, start: int, end: int) -> Found | None:
    """The same for the match of `LINE_NAME`; the value ends with its quote or its word."""
    found = _LINE_VALUE.match(data, end)
    kind = secret_name(_name(data, start, end))
    if found is None or not kind:
        return None
    group = found.lastindex or 0
    text = found[group].decode("utf-8", "replace")
    return Found(*found.span(group), kind, text) if is_worth(text) else None


def _name(data: bytes, start: int, end: int) -> str:
    matched = data[start:end].rpartition(b":")[2] if data[start] == 60 else data[start:end]
    found = _NAME.search(matched)
    return found[0].decode().strip() if found else ""


def _json(data: bytes, position: int, kind: str) -> Found | None:
    found = _JSON_VALUE.match(data, position)
    if found is None:
        return None
    if found["number"] is not None:
        start, end = found.span("number")
        return Found(start, end, kind, found["number"].decode()) if kind != "secret" else None
    group = "nested" if found["plain"] is None else "plain"
    start, end = found.span(group)
    text = found[group].decode("utf-8", "replace")
    if group == "plain":
        start, end = start + 1, end - 1
        try:
            text = json.loads(text, strict=False)
        except ValueError:
            text = text[1:-1]
    return Found(start, end, kind, text, _json_quoted, True) if is_worth(text) else None


def _xml(data: bytes, position: int, kind: str) -> Found | None:
    found = _XML_VALUE.match(data, position)
    if found is None or (data[position - 1 : position] == b">" and found[0].endswith(b">")):
        return None
    group = "text" if found["data"] is None else "data"
    text = html.unescape(found[group].decode("utf-8", "replace")).strip()
    if not is_worth(text):
        return None
    raw = found[group]
    start = found.start(group) + len(raw) - len(raw.lstrip())
    return Found(start, start + len(raw.strip()), kind, text, _escaped, True)


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
    return Found(*found.span(), kind, text, requote, True) if is_worth(text) else None


def _percent(text: str) -> str:
    return quote(text, safe="!*()~:/")


def _json_quoted(text: str) -> str:
    return json.dumps(text)[1:-1]


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)
