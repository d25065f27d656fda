"""COPY FROM STDIN beside a mock: the client's data come before the answer, and belong to the question."""

from __future__ import annotations

import msgspec

from ci_gate.codecs.postgres.said import Op
from ci_gate.model.message import PgStatement


class Copying:
    """The data that a client was invited to send."""

    __slots__ = ("_data", "op")

    def __init__(self, op: Op) -> None:
        self.op = op
        self._data: list[bytes] = []

    def hear(self, kind: bytes, payload: bytes) -> PgStatement | None:
        """CopyData, CopyDone or CopyFail; the whole statement when there will be no more."""
        if kind == b"d":
            self._data.append(payload)
            return None
        assert self.op.statement is not None
        return msgspec.structs.replace(self.op.statement, body=b"".join(self._data))


def may_copy(statement: PgStatement) -> PgStatement:
    """Asks whether the server refuses to be sent anything."""
    return msgspec.structs.replace(statement, step="copy")
