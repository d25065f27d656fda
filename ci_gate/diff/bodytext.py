"""Bodies that are compared as text or as bytes, described for people: excerpts, sizes, hashes."""

from __future__ import annotations

import difflib
import hashlib

from ci_gate.diff.render import LIMIT, clean
from ci_gate.model.message import Body, Opaque, Pieces, Stored
from ci_gate.values.redaction.masks import masked

_WINDOW = 32 * 1024
_LINES = 200
_DETAIL = 2000
_BREAKS = (" ", "\n", "\t", '"', "'", ">", "<", ",", ";")


def size_of(body: Body) -> int:
    """Bytes of a body, wherever it lies."""
    if isinstance(body, bytes):
        return len(body)
    if isinstance(body, Pieces):
        return sum(len(piece.data) for piece in body.items)
    return body.size


def same_bytes(expected: Body, actual: Body) -> bool:
    """True when two bodies hold the same bytes as far as can be told without reading a file: a
    stored one is told by its hash. An `Opaque` one equals only an equal `Opaque`."""
    if expected == actual:
        return True
    if isinstance(expected, Stored) and isinstance(actual, bytes):
        expected, actual = actual, expected
    if isinstance(expected, bytes) and isinstance(actual, Stored):
        return len(expected) == actual.size and _sha256(expected) == actual.sha256
    return False


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def describe(body: Body, media: str) -> str:
    """A body in one short line: "json, 120 bytes: {…"."""
    size = size_of(body)
    if not size:
        return "no body"
    unit = "byte" if size == 1 else "bytes"
    if isinstance(body, Stored):
        return f"{media or 'body'}, {size} {unit}, sha256 {body.sha256[:12]}"
    if isinstance(body, Opaque):
        return f"not kept, {size} {unit}, keyed hash {body.digest[:12]}"
    data = b"".join([piece.data for piece in body.items]) if isinstance(body, Pieces) else body
    text = decoded(data)
    if media == "binary" or text is None:
        return f"binary, {size} {unit}, sha256 {_sha256(data)[:12]}"
    return f"{media or 'text'}, {size} {unit}: {clean(text, LIMIT - 40)}"


def decoded(data: bytes, charset: str = "") -> str | None:
    """The text of some bytes, None when they are none."""
    try:
        return data.decode(charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        return None


def excerpts(expected: str, actual: str) -> tuple[str, str, str]:
    """(expected, actual, unified diff) around the first difference, masked and bounded.

    Masked before anything is cut out: half a secret would not be recognised.
    """
    at = _first_difference(expected, actual)
    before = masked(_printable(_around(expected, at)))
    after = masked(_printable(_around(actual, at)))
    if before == after:
        return before[:LIMIT], after[:LIMIT], "they differ only in what is masked here"
    at = _first_difference(before, after)
    start = max(before.rfind("\n", 0, at) + 1, at - 60)
    dots = "…" if start and before[start - 1] != "\n" else ""
    old, new = _cut(dots + before[start:]), _cut(dots + after[start:])
    return old, new, _unified(before, after)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _first_difference(expected: str, actual: str) -> int:
    """Index of the first character that differs, by halving: slices compare in C."""
    low, high = 0, min(len(expected), len(actual))
    while low < high:
        middle = (low + high + 1) // 2
        if expected[low:middle] == actual[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _around(text: str, at: int) -> str:
    """At most two windows of text around `at`, cut between words so that no value is halved."""
    start = at - _WINDOW
    if start <= 0:
        start = 0
    else:
        found = [text.find(sign, start, at) for sign in _BREAKS]
        start = min((one for one in found if one >= 0), default=at)
    stop = at + _WINDOW
    if stop < len(text):
        stop = max([text.rfind(sign, at, stop) for sign in _BREAKS])
        stop = max(stop, start)
    return text[start:stop]


def _cut(text: str) -> str:
    line, _, rest = text.partition("\n")
    if len(line) > LIMIT:
        return line[: LIMIT - 1] + "…"
    return line + (" …" if rest and len(line) < LIMIT - 2 else "")


def _unified(before: str, after: str) -> str:
    """A unified diff of at most `_DETAIL` characters. Equal ends are cut off first, and what is
    left to `_LINES` lines, because the algorithm is quadratic."""
    old, new = before.split("\n"), after.split("\n")
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    first = max(start - 2, 0)
    lines = difflib.unified_diff(
        [_cut(line) for line in old[first : first + _LINES]],
        [_cut(line) for line in new[first : first + _LINES]],
        "expected",
        "actual",
        n=2,
        lineterm="",
    )
    text = "\n".join(lines)
    return text if len(text) <= _DETAIL else text[: _DETAIL - 1] + "…"
