"""What turns one text into another: case, blanks, cutting, escaping, separators, pre- and suffixes."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, quote_plus

from ci_gate.diff.render import clean
from ci_gate.diff.transforms.numbers import is_number_text, number_transforms

_QUOTED = 12
"""Characters of a prefix, suffix or separator that a claim may quote."""

_BLANKS = re.compile(r"\s+")
_CAMEL = re.compile(r"_([a-z0-9])")

Change = Callable[[str], str]


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _latin(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")


def _windows(text: str) -> str:
    return text.encode("utf-8").decode("cp1252")


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def camel(text: str) -> str:
    """ "userId" of "user_id"."""
    return _CAMEL.sub(lambda found: found[1].upper(), text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()


_CHANGES: tuple[tuple[str, str, Change], ...] = (
    ("upper-cased", "", str.upper),
    ("lower-cased", "", str.lower),
    ("trimmed", "no longer trimmed", str.strip),
    ("first letter upper-cased", "", _capitalised),
    ("blanks collapsed", "", lambda text: _BLANKS.sub(" ", text).strip()),
    ("HTML-escaped", "no longer HTML-escaped", html.escape),
    ("HTML-escaped", "no longer HTML-escaped", lambda text: html.escape(text, quote=False)),
    ("JSON-encoded a second time", "decoded once more", json.dumps),
    ("URL-encoded", "URL-decoded", lambda text: quote(text, safe="")),
    ("URL-encoded", "URL-decoded", quote),
    ("URL-encoded", "URL-decoded", quote_plus),
    ("base64-encoded", "base64-decoded", _base64),
    ("snake_case became camelCase", "camelCase became snake_case", camel),
    ("accents removed", "", _without_accents),
    ("UTF-8 read as Latin-1", "", _latin),
    ("UTF-8 read as Latin-1", "", _windows),
    ("non-ASCII characters replaced by ?", "", _ascii),
)
"""(claim, claim of the reverse or "", change)."""


def text_transforms(expected: str, actual: str) -> tuple[str, ...]:
    """Every claim that turns one text into another, the most telling first."""
    if expected == actual:
        return ()
    if not actual:
        return ("became empty",)
    if not expected:
        return ("no longer empty",)
    found: dict[str, None] = {}
    for claim, reverse, change in _CHANGES:
        if _gives(change, expected, actual):
            found[claim] = None
        elif reverse and _gives(change, actual, expected):
            found[reverse] = None
    if is_number_text(expected) and is_number_text(actual):
        found |= dict.fromkeys(number_transforms(expected, actual))
    found |= dict.fromkeys((*_cut(expected, actual), *_separators(expected, actual)))
    found |= dict.fromkeys(_affixes(expected, actual))
    return tuple(found)


def _gives(change: Change, text: str, wanted: str) -> bool:
    try:
        return change(text) == wanted
    except (UnicodeError, binascii.Error, ValueError):
        return False


def _cut(expected: str, actual: str) -> list[str]:
    """Claims about a text that ends early, with an ellipsis or without."""
    for sign in ("", "…", "..."):
        kept = actual[: len(actual) - len(sign)]
        shorter = kept and actual.endswith(sign) and len(kept) < len(expected)
        if shorter and expected.startswith(kept):
            return [f"truncated to {len(actual)} characters", "truncated"]
    return []


def _separators(expected: str, actual: str) -> list[str]:
    """ "“,” became “.”" when one character stands everywhere in the place of another."""
    if len(expected) != len(actual):
        return []
    pairs = {(a, b) for a, b in zip(expected, actual, strict=True) if a != b}
    if len(pairs) != 1:
        return []
    (pair,) = pairs
    before, after = pair
    whole = expected.replace(before, after) == actual
    if not whole or before.isalnum() or after.isalnum() or not (before + after).isprintable():
        return []
    return [f"“{before}” became “{after}”"]


def _affixes(expected: str, actual: str) -> list[str]:
    """Claims about a text that was put before or after, or taken away."""
    found = []
    for whole, part, done in ((actual, expected, "added"), (expected, actual, "removed")):
        extra = len(whole) - len(part)
        if extra <= 0 or len(part) < 2:
            continue
        if whole.endswith(part):
            found.append(_affix("prefix", whole[:extra], done))
        if whole.startswith(part) and done == "added":
            found.append(_affix("suffix", whole[len(part) :], done))
    return [one for one in found if one]


def _affix(what: str, text: str, done: str) -> str:
    fit = len(text) <= _QUOTED and text.isprintable() and clean(text) == text
    return f"{what} “{text}” {done}" if fit and text.strip() else ""
