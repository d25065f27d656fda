"""Jenkins and everything else: what would be a comment goes to the job's log, once.

There is nothing to look up and nothing to update: a log belongs to its run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from ci_gate.forge.base import Comment
from ci_gate.report.text import guard, visible

_HIDDEN = 2
"""Lines on top of a comment that are for machines."""


class JobLog:
    """A log. `say` takes one safe line at a time."""

    name = "the job log"
    style: Literal["html"] = "html"

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said: dict[int, Comment] = {}

    def me(self) -> str:
        """Whoever writes here is we."""
        return "ci-gate"

    def comments(self) -> Iterable[Comment]:
        """What this run has said."""
        return list(self._said.values())

    def create(self, body: str) -> Comment:
        """Say the text, line by line, without what is for machines."""
        self._announce(body)
        return self._keep(max(self._said, default=0) + 1, body)

    def update(self, comment: int, body: str) -> Comment:
        """A log cannot be changed: the newer text comes after the older."""
        self._announce(body)
        return self._keep(comment, body)

    def remove(self, comment: int) -> None:
        """Forget it."""
        self._said.pop(comment, None)

    def close(self) -> None:
        """There is nothing to close."""

    def _announce(self, body: str) -> None:
        for line in body.rstrip("\n").split("\n")[_HIDDEN:]:
            self._say(guard(visible(line)))

    def _keep(self, number: int, body: str) -> Comment:
        self._said[number] = Comment(id=number, author=self.me(), body=body, machine=True)
        return self._said[number]
