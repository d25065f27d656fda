"""JSON bodies as readable JSON: which known writing style gives a body's exact bytes back.

A style is up to four words: the white space ("compact" when none is named, "spaced", "indent2",
"indent4", "tab"), "ascii" (characters beyond ASCII are written as lower-case \\u escapes), "html"
(`<`, `>`, `&`, U+2028 and U+2029 are) and "newline" (a final line feed). Number lexemes and all
other escapes are kept as they were written, because only white space and the escapes a style
names are ever rewritten. What no style reproduces byte by byte is not JSON for this module.
"""

from __future__ import annotations

import json
import re

import msgspec

_LINE_INDENT = re.compile(rb"\n +")
_ESCAPE = re.compile(r"\\(?:u[0-9a-f]{4}|.)", re.DOTALL)
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_HTML = re.compile("[<>&\u2028\u2029]")
_HTML_CODES = frozenset((0x3C, 0x3E, 0x26, 0x2028, 0x2029))
_SPACES = ("", "spaced", "indent2", "indent4", "tab")
_FLAGS = ("ascii", "html", "newline")


def to_json(body: bytes) -> tuple[bytes, str] | None:
    """`body` as indented JSON text and the style that gives it back, or None.

    None: not a JSON object or array, duplicate keys, or no style reproduces it exactly.
    """
    if body[:1] not in (b"{", b"[") or not _is_plain_json(body):
        return None
    newline = body.endswith(b"\n")
    core = body[:-1] if newline else body
    space = _space_of(core)
    if space is None:
        return None
    words = [space] if space else []
    readable, flags = _readable(core)
    words += flags
    if newline:
        words.append("newline")
    style = " ".join(words)
    text = msgspec.json.format(readable, indent=2)
    return (text, style) if from_json(text, style) == body else None


def from_json(text: bytes, style: str) -> bytes:
    """The body's bytes, from its JSON text in any indentation and its style.

    Raises ValueError for an unknown style; `text` must be valid JSON.
    """
    space, flags = _parse(style)
    core = _spaced(text, space)
    if "ascii" in flags or "html" in flags:
        core = _escaped(core.decode(), flags).encode()
    return core + b"\n" if "newline" in flags else core


def _parse(style: str) -> tuple[str, tuple[str, ...]]:
    if not style:
        return "", ()
    words = style.split(" ")
    space = words.pop(0) if words[0] in _SPACES else ""
    for word in words:
        if word not in _FLAGS:
            known = ", ".join((*_SPACES[1:], *_FLAGS))
            raise ValueError(f"unknown style word {word!r}; known are {known}")
    return space, tuple(words)


def _spaced(text: bytes, space: str) -> bytes:
    if space == "":
        return msgspec.json.format(text, indent=-1)
    if space == "spaced":
        return msgspec.json.format(text, indent=0)
    if space == "tab":
        lines = msgspec.json.format(text, indent=1)
        return _LINE_INDENT.sub(lambda m: b"\n" + b"\t" * (m.end() - m.start() - 1), lines)
    return msgspec.json.format(text, indent=2 if space == "indent2" else 4)


def _space_of(core: bytes) -> str | None:
    """The white-space style of `core`, found from its first bytes and then verified."""
    second = core[1:3]
    if second[:1] == b"\n":
        candidates = {b"\t": ("tab",), b" ": ("indent2", "indent4")}.get(second[1:2], ())
    else:
        candidates = ("", "spaced")
    for space in candidates:
        if _spaced(core, space) == core:
            return space
    return None


def _is_plain_json(body: bytes) -> bool:
    """True for strict JSON in UTF-8 without duplicate keys, of a depth we can walk."""
    try:
        body.decode()
        msgspec.json.format(body, indent=-1)
        json.loads(body, object_pairs_hook=_unique, parse_int=str, parse_float=str)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return False
    return True


def _unique(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("duplicate key")


def _readable(core: bytes) -> tuple[bytes, list[str]]:
    """`core` with the escapes that a style can restore written as characters, and those styles."""
    if b"\\u" not in core:
        return core, []
    text = core.decode()
    best, words = text, list[str]()
    for flags in (["ascii"], ["html"], ["ascii", "html"]):
        plain = _unescaped(text, flags)
        if len(plain) >= len(best) or _LONE_SURROGATE.search(plain):
            continue
        if _escaped(plain, tuple(flags)) == text:
            best, words = plain, flags
    return best.encode(), words


def _escaped(text: str, flags: tuple[str, ...]) -> str:
    """Escape characters; they occur inside strings only, so no parsing is needed."""
    if "html" in flags:
        text = _HTML.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
    if "ascii" in flags:
        text = _BEYOND_ASCII.sub(_escape_of, text)
    return text


def _escape_of(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _unescaped(text: str, flags: list[str]) -> str:
    """Write the escapes that `flags` would make as characters; other escapes stay."""

    def character(match: re.Match[str]) -> str:
        if match[0][1] != "u" or len(match[0]) != 6:
            return match[0]
        code = int(match[0][2:], 16)
        if ("ascii" in flags and code > 0x7F) or ("html" in flags and code in _HTML_CODES):
            return chr(code)
        return match[0]

    plain = _ESCAPE.sub(character, text)
    return _SURROGATES.sub(_joined, plain)


def _joined(match: re.Match[str]) -> str:
    high, low = ord(match[0][0]) - 0xD800, ord(match[0][1]) - 0xDC00
    return chr(0x10000 + (high << 10) + low)
