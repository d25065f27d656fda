"""A forge in memory, to try the publishing rule by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from ci_gate.forge.base import Comment, ForgeError
from ci_gate.forge.markers import State, marked, read
from ci_gate.forge.publish import Draft


class Memory:
    """Comments in a dictionary; `errors` are raised by the calls they are for, one each."""

    name = "Memory"
    style: Literal["html"] = "html"

    def __init__(self, me: str = "bot") -> None:
        self.author = me
        self.kept: dict[int, Comment] = {}
        self.calls: list[str] = []
        self.errors: dict[str, list[ForgeError]] = {}
        self.after_create: Callable[[], None] = lambda: None
        self.known = True
        self._next = 0

    def say(self, author: str, body: str, *, machine: bool = False) -> Comment:
        """A comment of somebody."""
        self._next += 1
        made = Comment(
            id=self._next, author=author, body=body, machine=machine, url=f"u/{self._next}"
        )
        self.kept[made.id] = made
        return made

    def keys(self) -> list[tuple[str, str]]:
        """(author, key) of every marked comment."""
        found = [(one.author, read(one.body)) for one in self.kept.values()]
        return [(author, said.key) for author, said in found if said is not None]

    def me(self) -> str:
        """The author of what is created, unless it is not to be known."""
        self._call("me")
        return self.author if self.known else ""

    def comments(self) -> Iterable[Comment]:
        """Newest first, so that order must not matter."""
        self._call("comments")
        return list(reversed(self.kept.values()))

    def create(self, body: str) -> Comment:
        """Kept, then perhaps failed."""
        self.calls.append("create")
        error = self.errors.get("create", [])[:1]
        if error and not error[0].unsure:
            raise self.errors["create"].pop(0)
        made = self.say(self.author, body, machine=True)
        if error:
            raise self.errors["create"].pop(0)
        self.after_create()
        return made

    def update(self, comment: int, body: str) -> Comment:
        """Replaced."""
        self._call("update")
        old = self.kept[comment]
        self.kept[comment] = Comment(
            id=comment, author=old.author, body=body, machine=old.machine, url=old.url
        )
        return self.kept[comment]

    def remove(self, comment: int) -> None:
        """Gone."""
        self._call("remove")
        self.kept.pop(comment, None)

    def close(self) -> None:
        """Nothing."""

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.errors.get(name):
            raise self.errors[name].pop(0)


def draft(run: int = 10, text: str = "report", **given: object) -> Draft:
    """A draft of run `run`."""
    values: dict[str, object] = {
        "key": "orders",
        "state": State(run=str(run), attempt="1", sha="abc1234", at="2026-11-20T10:00:00Z"),
        "text": text,
    }
    return Draft(**{**values, **given})  # type: ignore[arg-type]  # the test names the fields


def body(run: int, text: str = "report", key: str = "orders") -> str:
    """What a run wrote earlier."""
    one = draft(run, text, key=key)
    return marked(text, key, one.stamped(), "html")
