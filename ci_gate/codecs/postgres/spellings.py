"""One statement written in several ways (see `codecs.spellings` for what each function does)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from struct import pack, unpack_from

import msgspec

from ci_gate.codecs.postgres.frames import frame, frames
from ci_gate.codecs.postgres.sql import look
from ci_gate.model.message import Message, PgResult, PgStatement


class PostgresSpellings:
    """SQL: comments and blanks (see `sql.look`), and what `meaning` sees through.

    `meaning` is imported where it is asked: sqlglot takes its time, and most runs never ask."""

    def alike(self, request: Message) -> Hashable:
        """Step, commands, tables, and the parameters in any order."""
        assert isinstance(request, PgStatement)
        looked = look(request.sql)
        params = tuple(sorted(map(repr, request.params)))
        return request.step, looked.commands, frozenset(looked.tables), params, request.body

    def same(self, request: Message, recorded: Message) -> bool:
        """By canonical form, with equal parameters in the same places."""
        assert isinstance(request, PgStatement)
        assert isinstance(recorded, PgStatement)
        from ci_gate.codecs.postgres.meaning import in_order, meaning

        one, other = meaning(request.sql), meaning(recorded.sql)
        if one is None or other is None or one.form != other.form:
            return False
        if request.step in ("describe", "portal", "parse"):
            return True  # they are asked without parameters
        return in_order(one, request.params) == in_order(other, recorded.params) is not None

    def spelled(self, request: Message, recorded: Message) -> Message:
        """Text and parameters as recorded, when only the way of writing differs."""
        assert isinstance(request, PgStatement)
        assert isinstance(recorded, PgStatement)
        if request.sql == recorded.sql:
            return request
        live, known = look(request.sql), look(recorded.sql)
        if (live.text, live.literals) == (known.text, known.literals):
            return msgspec.structs.replace(request, sql=recorded.sql)
        if self.same(request, recorded):
            return msgspec.structs.replace(request, sql=recorded.sql, params=recorded.params)
        return request

    def answer(self, answer: Message, recorded: Message, request: Message) -> Message:
        """A description names the parameters' types in the order of the live text."""
        assert isinstance(answer, PgResult)
        assert isinstance(recorded, PgStatement)
        assert isinstance(request, PgStatement)
        from ci_gate.codecs.postgres.meaning import meaning

        one, other = meaning(request.sql), meaning(recorded.sql)
        if request.step != "describe" or one is None or other is None:
            return answer
        body = answer.body
        assert isinstance(body, bytes)
        return msgspec.structs.replace(answer, body=_reordered(body, one.order, other.order))


def _reordered(body: bytes, live: Sequence[int], recorded: Sequence[int]) -> bytes:
    """The messages of a description with ParameterDescription in another order."""
    told = b""
    for kind, payload in frames(body):
        if kind == b"t":
            payload = _types(payload, live, recorded)
        told += frame(kind, payload)
    return told


def _types(payload: bytes, live: Sequence[int], recorded: Sequence[int]) -> bytes:
    types = unpack_from(f"!{unpack_from('!H', payload)[0]}I", payload, 2)
    moved = list(types)
    for mine, theirs in zip(live, recorded, strict=True):
        if mine <= len(types) and theirs <= len(types):
            moved[mine - 1] = types[theirs - 1]
    return pack(f"!H{len(moved)}I", len(moved), *moved)
