"""A PostgreSQL server of ours that knows by its bytes what was asked before.

Where they mean what they meant (see `postgres.premises`), what was said of an answer is said again.
What the client has said by then is kept as if it had been read.
"""

from __future__ import annotations

import msgspec

from ci_gate.codecs.base import Action
from ci_gate.codecs.postgres.frames import frames
from ci_gate.codecs.postgres.mocking import Mocking
from ci_gate.codecs.postgres.premises import Premise, premise_of
from ci_gate.codecs.postgres.said import Op
from ci_gate.model.message import Body, Message, PgResult, PgStatement

LONGEST = 16 << 10
"""Bytes of an answer that is kept as it was said."""


class _Answered(msgspec.Struct, frozen=True):
    """What the meaning of some bytes rests on, and what was said to them."""

    premise: Premise
    answer: Body
    said: bytes


class Recalling(Mocking):
    """See `codecs.base.Recalling`."""

    def __init__(self, session: dict[str, str]) -> None:
        super().__init__(session)
        self._last: Op | None = None
        """What asked last."""

    @property
    def reusable(self) -> bool:
        """Nothing is pending, and something was asked before."""
        return (
            self._waiting is None
            and self._last is not None
            and not self._heard
            and not self._own
            and not self._unheard
            and not self._skipping
            and not self._closing
            and self._copying is None
            and self._held is None
            and self._later is None
            and self._reader.at_rest
        )

    def _ask(self, op: Op, statement: PgStatement, at: int, actions: list[Action]) -> None:
        self._last = op
        super()._ask(op, statement, at, actions)

    def premise(self, data: bytes, answer: Message, said: bytes) -> object | None:
        """See `codecs.base.Recalling`."""
        assert isinstance(answer, PgResult)
        if self._last is None or len(said) > LONGEST or not _is_good(answer):
            return None
        premise = premise_of(data, self._last, self._said)
        return _Answered(premise, answer.body, said) if premise is not None else None

    def holds(self, premise: object) -> bool:
        """See `codecs.base.Recalling`."""
        assert isinstance(premise, _Answered)
        return premise.premise.holds(self._said)

    def asked(self, request: Message) -> Message:
        """See `codecs.base.Recalling`: another transaction may be open."""
        assert isinstance(request, PgStatement)
        return self._said.in_block(request)

    def again(self, premise: object, answer: Message) -> bytes:
        """See `codecs.base.Recalling`."""
        assert isinstance(premise, _Answered)
        assert isinstance(answer, PgResult)
        if answer.body != premise.answer or answer.at:
            return b""
        premise.premise.heard(self._said, self._number)
        self._number += 1
        return premise.said


def _is_good(answer: PgResult) -> bool:
    body = answer.body
    return isinstance(body, bytes) and not any(kind == b"E" for kind, _ in frames(body))
