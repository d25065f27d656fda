"""Routes: paths with their variable segments folded, by the segments' own text or by config.

A route must come out the same in every recording of the same service, so a segment is folded only
for what it is, never for what other requests had in its place.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from ci_gate.values.redaction.standins import is_stand_in

_MEMO_ENTRIES = 8192
_MEMO_BYTES = 1024
_memo: dict[bytes, str] = {}

_VARIABLE = re.compile(
    rb"[0-9]+"
    rb"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    rb"|[0-7][0-9A-HJKMNP-TV-Z]{25}"
    rb"|(?=[a-fA-F]*[0-9])[0-9a-fA-F]{8,}"
)
"""Digits, a UUID, a ULID, eight or more hex digits of which one is a digit."""

_PLAIN = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=:@/-]*")
_ESCAPED = re.compile(rb"%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~!$&'()*+,;=:@/-]")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def fold_path(path: bytes | str) -> str:
    """The path with variable segments as {id}, {id2}… and the rest as people can read it:
    needless percent-encoding is undone, everything that is not plain ASCII is percent-encoded."""
    raw = path.encode("utf-8", "surrogateescape") if isinstance(path, str) else path
    folded = _memo.get(raw)
    if folded is None:
        folded = _fold(raw)
        if len(raw) <= _MEMO_BYTES:
            if len(_memo) >= _MEMO_ENTRIES:
                _memo.clear()
            _memo[raw] = folded
    return folded


def match_route(patterns: tuple[str, ...], method: str, path: bytes | str) -> str:
    """The first of the config's `routes:` ("GET /orders/{id}"; each {name} is one segment that is
    not empty) that covers the call, else "METHOD " and the folded path."""
    if patterns:
        shown = shown_path(path.encode("utf-8") if isinstance(path, str) else path)
        segments = shown.split("/")
        for pattern in patterns:
            wanted, _, shape = pattern.partition(" ")
            if wanted == method and _covers(shape.strip().split("/"), segments):
                return pattern
    return f"{method} {fold_path(path)}"


def shown_path(path: bytes) -> str:
    """A path or query as ASCII text; equal for spellings that mean the same (RFC 3986 6.2.2)."""
    if _PLAIN.fullmatch(path):
        return path.decode("ascii")
    return _ESCAPED.sub(_shown, path).decode("ascii")


def _shown(match: re.Match[bytes]) -> bytes:
    text = match[0]
    if len(text) == 1:
        return b"%%%02X" % text[0]
    value = int(text[1:], 16)
    return bytes((value,)) if value in _UNRESERVED else text.upper()


def _fold(path: bytes) -> str:
    folded = 0
    segments: list[str] = []
    for segment in path.split(b"/"):
        if segment and is_variable(segment):
            folded += 1
            segments.append("{id}" if folded == 1 else f"{{id{folded}}}")
        else:
            segments.append(shown_path(segment))
    return "/".join(segments)


def is_variable(segment: bytes) -> bool:
    """True for a segment that its own text shows to be a value: digits, a UUID, a stand-in…"""
    text = unquote_to_bytes(segment) if b"%" in segment else segment
    return bool(_VARIABLE.fullmatch(text) or is_stand_in(text.decode("utf-8", "replace")))


def _covers(shape: list[str], segments: list[str]) -> bool:
    return len(shape) == len(segments) and all(
        bool(segment) if wanted[:1] == "{" and wanted[-1:] == "}" else wanted == segment
        for wanted, segment in zip(shape, segments, strict=True)
    )
