"""Text of unknown origin, made safe to show: visible, bounded, unable to command a log reader.

Nothing is dropped. What a person cannot see (a control character, an ANSI sequence, a bidi or
zero-width mark, a no-break space, half of a surrogate pair) may be the very difference that is
reported, so it is written as the escape that Python would use: \\x1b, \\u202e, \\ud800.
"""

from __future__ import annotations

import re

_NAMED = {"\r": "\\r", "\n": "\\n", "\t": "\\t"}

_INDENT = re.compile(r"\n[ \t]*")

_COMMAND_AT_START = re.compile(r"(?m)^((?:\x1b\[[0-9;]*m|[^\S\n])*)::")
"""`::error::` after any blanks and colours: where GitHub's runner looks for a command."""
_COMMAND_ANYWHERE = re.compile(r"#(?=#[A-Za-z]{0,20}\[)")
"""`##[error]`, `##vso[…]`, `##teamcity[…]`: runners look for these anywhere in a line."""


def visible(text: str) -> str:
    """`text` with every character that cannot be seen as an ASCII escape; newlines and tabs stay.

    The result holds only characters that XML 1.0 and UTF-8 can carry.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" else _escape(char) for char in text)


def one_line(text: str, limit: int = 0) -> str:
    """`text` as one visible line (newlines and tabs escaped too), at most `limit` characters."""
    if limit:
        text = cut(text, limit)
    if text.isprintable():
        return text
    line = "".join(char if char.isprintable() else _escape(char) for char in text)
    return cut(line, limit) if limit else line


def cut(text: str, limit: int) -> str:
    """At most `limit` characters (at least one) of `text`, an ellipsis in place of the rest."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def focus(expected: str, actual: str, width: int) -> tuple[str, str]:
    """Both texts cut to `width` characters around the first place where they differ.

    The start is replaced by an ellipsis only when the difference would otherwise be out of sight.
    """
    if len(expected) <= width and len(actual) <= width:
        return expected, actual
    same = _common(expected, actual)
    if same < width * 2 // 3:
        return cut(expected, width), cut(actual, width)
    start = same - width // 3
    return "…" + cut(expected[start:], width - 1), "…" + cut(actual[start:], width - 1)


def squeezed(expected: str, actual: str) -> tuple[str, str]:
    """Both texts with line breaks and indentation as one space, unless that is all that differs."""
    one, other = (_INDENT.sub(" ", text) for text in (expected, actual))
    return (one, other) if one != other else (expected, actual)


def block(text: str, lines: int, width: int) -> list[str]:
    """`text` as at most `lines` visible lines of at most `width` characters, the rest counted."""
    parts = text.split("\n")
    kept = [cut(visible(cut(part, width)), width) for part in parts[:lines]]
    if len(parts) > lines:
        kept.append(f"… {len(parts) - lines} more lines")
    return kept


def guard(text: str) -> str:
    """Lines for a log, changed where a CI system would otherwise execute them as commands.

    No line gets longer: two colons become the one character that looks the same.
    """
    return _COMMAND_ANYWHERE.sub("·", _COMMAND_AT_START.sub(r"\1∷", text))


def guard_json(document: str) -> str:
    """The same for JSON on one line, with an escape that reads back as what was there."""
    return _COMMAND_ANYWHERE.sub(r"\\u0023", document)


def log_line(text: str, limit: int = 2000) -> str:
    """One visible line for a job log that cannot become a workflow command of any CI system."""
    return guard(one_line(text, limit))


def _common(one: str, other: str) -> int:
    """Length of the common prefix, found by halving: slices compare at C speed."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _escape(char: str) -> str:
    """The ASCII escape of one character."""
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
