"""A tap on a PostgreSQL connection that knows by its bytes what was said before.

Databases are told the same, and say the same, again and again. What the client says in one piece
where nothing is pending, and the server answers in one piece, is read until it has come twice; when
it comes again and means what it meant (see `postgres.premises`), its messages are what they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ci_gate.codecs.base import Action, Side, Whole
from ci_gate.codecs.postgres.frames import frames
from ci_gate.codecs.postgres.premises import Premise, premise_of
from ci_gate.codecs.postgres.recording import Recording
from ci_gate.codecs.postgres.said import Op
from ci_gate.model.message import Message, PgResult, PgStatement

_CLIENT = Side.CLIENT
_SERVER = Side.SERVER

ASKED_BYTES = 4096
"""Longest piece of a client that is kept in mind."""
ANSWER_BYTES = 16 << 10
"""Longest piece of a server."""
TOTAL = 8 << 20
"""Bytes that are kept in mind at a time, of all connections."""
ONCE = 1 << 15
"""Pieces that are known to have come once."""


class _Known(msgspec.Struct, frozen=True):
    """What a client has said, and how it was answered."""

    premise: Premise
    op: Op
    asked: tuple[Message, ...]
    answers: dict[bytes, tuple[Message, ...]]
    """What the server said -> a message for each that was asked."""


class _Asked(msgspec.Struct, frozen=True, gc=False):
    """What the client said last where nothing was pending; nothing was heard of the server since."""

    data: bytes
    at: int
    number: int
    """Of the first message that it asks."""
    messages: tuple[Message, ...]
    op: Op
    """What asked last of it."""
    known: _Known | None
    """None: it was read."""


class Memory:
    """What was said before, on any connection."""

    def __init__(self) -> None:
        self.known: dict[bytes, _Known] = {}
        """By what the client said."""
        self._size = 0
        self._once: set[int] = set()

    def is_again(self, data: bytes) -> bool:
        """It has come before: what comes once is not worth the effort."""
        if hash(data) in self._once:
            return True
        if len(self._once) >= ONCE:
            self._once.clear()
        self._once.add(hash(data))
        return False

    def room(self, size: int) -> None:
        """So many bytes more are kept."""
        self._size += size
        if self._size > TOTAL:
            self.known.clear()
            self._size = size


_MEMORY = Memory()


class Tapping(Recording):
    """See `Recording`."""

    def __init__(self, wishes: Mapping[str, str] | None = None, memory: Memory = _MEMORY) -> None:
        super().__init__(wishes)
        self._memory = memory
        self._asked: _Asked | None = None

    @property
    def _is_at_rest(self) -> bool:
        """Nothing is half said, and everything is answered."""
        return (
            self._handshake is None
            and self._facts is None
            and not self._over
            and not self._due
            and not self._suspended
            and self._copy is None
            and self._client.at_rest
            and self._server.at_rest
        )

    def feed(self, side: Side, data: bytes, at: int) -> Sequence[Action]:
        """See `Conversation.feed`."""
        asked, self._asked = self._asked, None
        if side is _SERVER and asked is not None and asked.known is not None:
            answers = asked.known.answers.get(data)
            if answers is not None:
                asked.known.premise.heard(self._said, asked.number)
                return _wholes(_SERVER, asked.number, answers, asked.at, at)
        if asked is not None and asked.known is not None:
            # It is answered in another way, or something else comes first.
            self._number = asked.number
            super().feed(_CLIENT, asked.data, asked.at)  # what it asks was told
        if side is _CLIENT:
            return self._hear_client(data, at)
        actions = super().feed(side, data, at)
        if asked is not None:
            self._keep(asked, data, actions)
        return actions

    def _hear_client(self, data: bytes, at: int) -> Sequence[Action]:
        number, rests = self._number, self._is_at_rest
        known = self._memory.known.get(data) if rests else None
        if known is not None and known.premise.holds(self._said):
            messages = tuple(map(self._in_block, known.asked))
            self._asked = _Asked(data, at, number, messages, known.op, known)
            self._number += len(messages)
            return _wholes(_CLIENT, number, messages, at, at)
        actions = super().feed(_CLIENT, data, at)
        if rests and len(data) <= ASKED_BYTES and self._memory.is_again(data):
            messages = tuple(one.message for one in actions if isinstance(one, Whole))
            asking = [due.op for due in self._due if due.number >= 0]
            if asking and len(asking) == len(messages) == len(actions):
                self._asked = _Asked(data, at, number, messages, asking[-1], None)
        return actions

    def _in_block(self, message: Message) -> Message:
        return self._said.in_block(message) if isinstance(message, PgStatement) else message

    def _keep(self, asked: _Asked, data: bytes, actions: Sequence[Action]) -> None:
        """The answer to a piece has come as one piece: this is what both mean."""
        if not self._is_at_rest or len(data) > ANSWER_BYTES:
            return
        told = {one.number: one.message for one in actions if isinstance(one, Whole)}
        answers = [told.get(asked.number + index) for index in range(len(asked.messages))]
        good = tuple(one for one in answers if isinstance(one, PgResult) and not one.at)
        if not len(good) == len(answers) == len(actions) or _fails(good):
            return
        premise = premise_of(asked.data, asked.op, self._said)
        if premise is None:
            return
        self._memory.room(len(asked.data) + len(data))
        known = self._memory.known.get(asked.data)
        if known is None or known is not asked.known or not known.premise.holds(self._said):
            known = _Known(premise, asked.op, asked.messages, {})
            self._memory.known[asked.data] = known
        known.answers[data] = good


def _fails(answers: Sequence[PgResult]) -> bool:
    """An error is in it; it may lie behind rows."""
    bodies = [one.body for one in answers if isinstance(one.body, bytes)]
    return any(kind == b"E" for body in bodies for kind, _ in frames(body))


def _wholes(
    side: Side, number: int, messages: Sequence[Message], started: int, ended: int
) -> list[Action]:
    """Messages, numbered from one on."""
    return [
        Whole(side, number + index, message, started, ended)
        for index, message in enumerate(messages)
    ]
