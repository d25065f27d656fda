"""Texts as words: the parts of a text that can vary while the rest stays.

A text is cut three times. Words stand between blanks, quotes, brackets and the signs of markup
and queries; points in time are one word whatever is in them. Pieces stand between the signs of
URLs and addresses. Runs are letters and digits; a UUID is one run. A path of indices names one:
"7", "7.2", "7.2.0".
"""

from __future__ import annotations

import functools
import re

from ci_gate.values.times import HTTP, ISO

LEVELS = 3
LONGEST = 1 << 20
"""Characters; a longer text is not looked into."""

_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_SPLITS = (
    re.compile(rf"({HTTP}|{ISO}|[^\s\"'`<>=&;,?()\[\]{{}}\\]+)"),
    re.compile(r"([^/:@.|#~!$*^%+]+)"),
    re.compile(rf"({_UUID}|[A-Za-z0-9]+)"),
)


@functools.lru_cache(maxsize=64)
def split(text: str, level: int) -> tuple[str, ...]:
    """What stands between and the words by turns: the words are at 1, 3, 5…

    `level` 0 gives the words of a text, 1 the pieces of a word, 2 the runs of a piece. Joined,
    the result is the text.
    """
    return tuple(_SPLITS[level].split(text))


def word(text: str, path: str) -> str | None:
    """The word with that path of indices ("7.2"), None when there is none."""
    for level, index in enumerate(path.split(".")):
        parts = split(text, level) if level < LEVELS and index.isdigit() else ()
        at = 2 * int(index) + 1 if parts else 0
        if not at or at >= len(parts):
            return None
        text = parts[at]
    return text


def replace_word(text: str, path: str, new: str, level: int = 0) -> str:
    """The text with that word replaced; unchanged when there is none."""
    index, _, rest = path.partition(".")
    parts = list(split(text, level))
    at = 2 * int(index) + 1
    if at >= len(parts):
        return text
    parts[at] = replace_word(parts[at], rest, new, level + 1) if rest else new
    return "".join(parts)
