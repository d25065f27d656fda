"""The one publishing rule: our comment is found, written once, kept up to date, never fought over.

1. Ours is what carries our marker with our key and was written by us; all pages are looked at.
   A person who quotes the marker, and an earlier bot user of ours, are left alone.
2. None there: one is created, unless there is nothing to say. Several there (a race of two
   runs): the one with the lowest id is kept, the others are removed.
3. A comment of a newer run is never overwritten by an older one; one that says the same already
   is not sent again.
4. A create that failed without an answer may have happened: it is looked for before it is tried
   again. After a create all are listed once more, so that two writers end with one comment.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from ci_gate.forge.base import Comment, Forge, ForgeError, Pause
from ci_gate.forge.markers import Marked, State, Style, digest, marked, read

Mode = Literal["changes", "always", "never"]
MODES: tuple[Mode, ...] = ("changes", "always", "never")

TRIES = 3
"""How often a create is tried."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said, and for which run."""

    key: str
    state: State
    """Its digest is filled in here."""
    text: str
    mode: Mode = "changes"
    worth_saying: bool = True
    """False: nothing differs, so that `changes` would not begin a comment for it."""

    def body(self, style: Style) -> str:
        """The whole comment, hidden lines first."""
        return marked(self.text, self.key, self.stamped(), style)

    def stamped(self) -> State:
        """The state with the digest of the text."""
        return msgspec.structs.replace(self.state, digest=digest(self.text))


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done about the comments that are there."""

    action: Literal["create", "update", "skip"]
    reason: str = ""
    """Why nothing is written."""
    comment: Comment | None = None
    """The one that is ours."""
    remove: tuple[int, ...] = ()
    """Duplicates, to be removed."""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a draft."""

    action: Literal["created", "updated", "skipped"]
    reason: str = ""
    url: str = ""


def ours(comments: Iterable[Comment], me: str, key: str) -> list[tuple[Comment, Marked]]:
    """Our comments with this key, lowest id first. With `me` unknown, no person's comment."""
    found = []
    for comment in comments:
        mine = comment.author == me if me else comment.machine
        said = read(comment.body) if mine else None
        if said is not None and said.key == key:
            found.append((comment, said))
    return sorted(found, key=lambda pair: pair[0].id)


def decide(draft: Draft, comments: Iterable[Comment], me: str) -> Step:
    """What to do, given all comments of the change request."""
    mine = ours(comments, me, draft.key)
    if not mine:
        if draft.mode == "changes" and not draft.worth_saying:
            return Step(action="skip", reason="nothing to say, and no comment to bring up to date")
        return Step(action="create")
    first = mine[0][0]
    remove = tuple(comment.id for comment, _ in mine[1:])
    newest = max((said.state for _, said in mine), key=_age)
    if newest.newer_than(draft.state):
        reason = f"run {newest.run or newest.at} has commented already, and it is newer"
        if mine[0][1].state == newest:
            return Step(action="skip", reason=reason, comment=first, remove=remove)
        # Who wrote the newer one is about to move its text into the first and to remove the rest.
        return Step(action="skip", reason=reason, comment=first)
    if first_says(mine[0], draft):
        return Step(
            action="skip", reason="the comment says so already", comment=first, remove=remove
        )
    return Step(action="update", comment=first, remove=remove)


def first_says(mine: tuple[Comment, Marked], draft: Draft) -> bool:
    """True when the comment holds this text already, and nobody edited it since."""
    comment, said = mine
    wanted = draft.stamped()
    return (
        said.state.digest == wanted.digest
        and said.state.sha == wanted.sha
        and comment.body.replace("\r\n", "\n").rstrip().endswith(draft.text.rstrip())
    )


def publish(forge: Forge, draft: Draft, pause: Pause) -> Posted:
    """Bring the change request's comment to what `draft` says. Raises ForgeError."""
    if draft.mode == "never":
        return Posted(action="skipped", reason="comment: never")
    me = forge.me()
    step = decide(draft, forge.comments(), me)
    if step.action == "create":
        return _create(forge, draft, me, pause)
    posted = Posted(action="skipped", reason=step.reason, url=_url(step.comment))
    if step.action == "update":
        assert step.comment is not None
        changed = forge.update(step.comment.id, draft.body(forge.style))
        posted = Posted(action="updated", url=changed.url or step.comment.url)
    _remove(forge, step.remove)
    return posted


def _create(forge: Forge, draft: Draft, me: str, pause: Pause) -> Posted:
    """Create, looking before every further try whether an earlier one did it after all."""
    created: Comment | None = None
    for left in reversed(range(TRIES)):
        try:
            created = forge.create(draft.body(forge.style))
            break
        except ForgeError as error:
            if error.kind != "busy" or not left:
                raise
            pause(float(TRIES - left))
            step = decide(draft, forge.comments(), me)
            if step.action != "create":
                return _settle(forge, draft, me, step)
    assert created is not None
    # The forge knows best under which name it keeps what we write.
    return _settle(forge, draft, me or created.author, None, created)


def _settle(
    forge: Forge, draft: Draft, me: str, step: Step | None, created: Comment | None = None
) -> Posted:
    """After a create: one comment is left, whoever else wrote one meanwhile."""
    if step is None:
        step = decide(draft, forge.comments(), me)
    url = _url(step.comment) or _url(created)
    if step.action == "update" and step.comment is not None:
        url = forge.update(step.comment.id, draft.body(forge.style)).url or url
    _remove(forge, step.remove)
    return Posted(action="created", url=url)


def _remove(forge: Forge, duplicates: Iterable[int]) -> None:
    """Fold duplicates. One that cannot be removed stays: it is ugly and does no harm."""
    for comment in duplicates:
        try:
            forge.remove(comment)
        except ForgeError as error:
            if error.kind == "busy":
                return


def _age(state: State) -> tuple[int, int, str]:
    numbers = state.run.isdecimal() and state.attempt.isdecimal()
    run = (int(state.run[:30]), int(state.attempt[:30])) if numbers else (0, 0)
    return (*run, state.at)


def _url(comment: Comment | None) -> str:
    return comment.url if comment is not None else ""
