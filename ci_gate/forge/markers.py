"""The two hidden lines that begin a comment of ours: whose it is, and which run wrote it.

As HTML comments where a forge hides them, else as link-reference definitions, which Markdown
never shows. Only the first two lines of a comment are looked at, so text that quotes a marker
further down means nothing; and what reports quote cannot hold a marker (`markdown_text.unmarked`).
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal
from urllib.parse import parse_qsl, quote

import msgspec

Style = Literal["html", "links"]

_HTML = re.compile(r"<!-- ci-gate:(comment v1|state) ([^<>\n]{1,600}?) -->")
_LINK = re.compile(r"\[ci-gate:(comment|state)\]: https://ci-gate\.invalid/\?([^\s<>]{1,600})")
_SAFE = "._/"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Which run wrote a comment."""

    run: str = ""
    """The CI system's id of the run; "" when it has none."""
    attempt: str = ""
    sha: str = ""
    at: str = ""
    """UTC, ISO 8601."""
    digest: str = ""
    """SHA-256 (hex) of the text below the hidden lines."""

    def newer_than(self, other: State) -> bool:
        """True when this run is certainly later; runs without comparable ids go by time."""
        mine, theirs = _order(self), _order(other)
        if mine is not None and theirs is not None:
            return mine > theirs
        return bool(self.at and other.at) and self.at > other.at


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """What the hidden lines of a comment say."""

    key: str
    state: State


def digest(text: str) -> str:
    """The digest that the state line carries."""
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def marked(text: str, key: str, state: State, style: Style) -> str:
    """`text` below its two hidden lines. `key` is any text; it is kept as percent-escapes."""
    fields = {"run": f"{state.run}.{state.attempt}", "sha": state.sha, "at": state.at}
    fields["digest"] = state.digest
    pairs = [f"{name}={_quoted(value)}" for name, value in fields.items()]
    if style == "html":
        head = (
            f"<!-- ci-gate:comment v1 key={_quoted(key)} -->\n"
            f"<!-- ci-gate:state {' '.join(pairs)} -->\n"
        )
        return head + text
    head = (
        f"[ci-gate:comment]: https://ci-gate.invalid/?v=1&key={_quoted(key)}\n"
        f"[ci-gate:state]: https://ci-gate.invalid/?{'&'.join(pairs)}\n\n"
    )
    return head + text


def read(body: str) -> Marked | None:
    """The hidden lines of a comment, or None for one that is not marked as ours."""
    lines = body.lstrip("\ufeff").replace("\r\n", "\n").split("\n", 3)[:2]
    found = [_HTML.fullmatch(line.strip()) or _LINK.fullmatch(line.strip()) for line in lines]
    if not found or found[0] is None or not found[0][1].startswith("comment"):
        return None
    fields = _fields(found[0][2])
    if "key" not in fields:
        return None
    second = found[1] if len(found) > 1 else None
    state = _fields(second[2]) if second is not None and second[1] == "state" else {}
    run, _, attempt = state.get("run", "").rpartition(".")
    return Marked(
        key=fields["key"],
        state=State(
            run=run,
            attempt=attempt,
            sha=state.get("sha", ""),
            at=state.get("at", ""),
            digest=state.get("digest", ""),
        ),
    )


def _fields(text: str) -> dict[str, str]:
    return dict(parse_qsl(text.replace(" ", "&"), keep_blank_values=True, max_num_fields=20))


def _quoted(text: str) -> str:
    # "-" is escaped where two stand together: they would end an HTML comment.
    return quote(text[:200], safe=_SAFE).replace("--", "-%2D")


def _order(state: State) -> tuple[int, int] | None:
    if not state.run.isdecimal() or not state.attempt.isdecimal():
        return None
    return int(state.run[:30]), int(state.attempt[:30])
