"""What publishing needs of a forge, and what can go wrong with one.

A forge file makes calls and states its limits; when to make them is decided once, in
`forge.publish`. Abilities that not every forge has are small protocols of their own, looked for
at run time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol, runtime_checkable
from urllib.parse import quote

import msgspec

from ci_gate.errors import CannotRun
from ci_gate.report.text import log_line

Trouble = Literal["permission", "busy", "refused", "broken"]
"""permission: the token may not (401, 403, 404); busy: rate limits, 5xx, timeouts, after all
retries; refused: the request was understood and not taken (422); broken: anything else."""

Kind = Literal["status", "check"]
"""status: a commit or build status. check: a report with annotations (check run, Code Insights)."""

Pause = Callable[[float], None]
"""Waits that many seconds."""

LONGEST_WAIT = 60.0
"""Seconds that one wait for a forge may take; who asks for more is not waited for."""

_SECRET = 4
"""Shorter texts are no tokens, and cutting them out would eat words."""


class ForgeError(CannotRun):
    """A forge did not do what it was asked. Never leaves publishing: it becomes a notice."""

    def __init__(self, kind: Trouble, text: str, *, unsure: bool = False) -> None:
        super().__init__(text)
        self.kind = kind
        self.unsure = unsure
        """True when the forge may have done it all the same: a 5xx or a timeout after a write."""


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """One comment of a change request, as the forge lists it."""

    id: int
    author: str
    """What `Forge.me` would say if it were ours."""
    body: str
    machine: bool = False
    """True when the forge says that no person wrote it."""
    url: str = ""


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """One finding at a line of a file of the repository."""

    path: str
    line: int
    level: Literal["failure", "warning", "notice"]
    title: str
    message: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict as a forge shows it beside a commit."""

    name: str
    """Context, key or name: "ci-gate/orders"."""
    outcome: Literal["pass", "fail", "inconclusive"]
    """As the forge is to take it: "pass" in report mode."""
    title: str
    """One line."""
    summary: str
    """Markdown, within the forge's limits."""
    link: str = ""
    annotations: tuple[Annotation, ...] = ()
    figures: tuple[tuple[str, int], ...] = ()
    """(title, number), at most ten."""


class Forge(Protocol):
    """The calls that the publishing rule makes. Every method raises ForgeError and nothing else."""

    @property
    def name(self) -> str:
        """As people call it: "GitHub"."""
        ...

    @property
    def style(self) -> Literal["html", "links"]:
        """How a comment can hide a line: HTML comments, or link-reference definitions."""
        ...

    def me(self) -> str:
        """Who we are there, as `Comment.author` has it; "" when the forge does not tell."""
        ...

    def comments(self) -> Iterable[Comment]:
        """All comments of the change request, over all pages, in any order."""
        ...

    def create(self, body: str) -> Comment:
        """Write a comment. Not repeated by itself: who calls looks first whether it is there."""
        ...

    def update(self, comment: int, body: str) -> Comment:
        """Replace the text of a comment."""
        ...

    def remove(self, comment: int) -> None:
        """Delete a comment; one that is gone already is no error."""
        ...

    def close(self) -> None:
        """Give back the connections; the forge is not used afterwards."""
        ...


@runtime_checkable
class Proves(Protocol):
    """A forge that knows to which commit a change request belongs now."""

    def problem(self) -> str:
        """Why nothing may be posted to this change request; "" when it is the right one."""
        ...

    def parents(self, commit: str) -> list[str] | None:
        """The parents of a commit, or None when the forge does not know it."""
        ...


@runtime_checkable
class Finds(Protocol):
    """A forge that can look for change requests that a run does not name."""

    def candidates(self) -> list[int]:
        """Numbers that it may have been for; each is still to be proven."""
        ...


@runtime_checkable
class Reports(Protocol):
    """A forge that shows a verdict beside a commit: status, check run, Code Insights report."""

    def report(self, report: Report, kinds: Sequence[Kind]) -> list[str]:
        """Show it as each of `kinds` that the forge has; what could not be done, one line each."""
        ...


def hide(text: str, token: str) -> str:
    """`text` as one line for people, without the token in any of its usual spellings."""
    if len(token) >= _SECRET:
        for spelled in {token, quote(token, safe=""), quote(token)}:
            text = text.replace(spelled, "***")
    return log_line(re.sub(r"\s+", " ", text), 300)


def of_status(status: int, what: str, said: str = "", *, limited: bool = False) -> ForgeError:
    """The error for an HTTP status; `what` names the call, `said` is the forge's own text."""
    text = f"{what}: {status}" + (f" {said}" if said else "")
    if limited or status == 429:
        return ForgeError("busy", text)
    if status in (401, 403, 404):
        return ForgeError("permission", text)
    if status >= 500:
        return ForgeError("busy", text, unsure=True)
    return ForgeError("refused" if status in (400, 409, 413, 422) else "broken", text)
