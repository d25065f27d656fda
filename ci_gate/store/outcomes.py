"""What a database said again and again, kept once: in its dependency.json, by a digest. Pure.

Content decides the name, so that an edit of one exchange's outcome changes that of no other, and two
branches that say something else of it never mean the same name.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, PgResult, RedisReply
from ci_gate.store.disk import DiskResponse
from ci_gate.store.remembered import remembered

SMALLEST = 100
"""Bytes of an outcome that is kept apart; a shorter one is read best where it was said."""
_NAMES = ("results", "reply")


class DiskOutcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One of: results (PostgreSQL), reply (Redis)."""

    results: msgspec.Raw = msgspec.Raw()
    reply: msgspec.Raw = msgspec.Raw()


class Outcomes:
    """Those of one dependency's exchanges that come more than once."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        said: Counter[Message] = Counter(
            one.response
            for one in exchanges
            if isinstance(one.response, PgResult | RedisReply)
            and isinstance(one.response.body, bytes)
            and len(one.response.body) >= SMALLEST // 2
        )
        self._often = {message for message, count in said.items() if count > 1}
        self.kept: dict[str, dict[str, object]] = {}
        """By name, what is told of them."""

    def apart(self, exchange: Exchange, form: dict[str, object]) -> dict[str, object]:
        """An exchange's disk form with the name of its outcome in its place, where that is kept
        apart; else with the outcome a row a line."""
        response = form.get("response")
        if not isinstance(response, dict):
            return form
        often = exchange.response in self._often
        for name in _NAMES:
            told = response.get(name)
            if isinstance(told, msgspec.Raw) and len(bytes(told)) >= SMALLEST:
                if not often:
                    return form | {"response": response | {name: lined(told)}}
                key = hashlib.sha256(bytes(told)).hexdigest()[:12]
                self.kept[key] = {name: lined(told)}
                rest = {other: value for other, value in response.items() if other != name}
                return form | {"response": {"outcome": key} | rest}
        return form


def lined(told: msgspec.Raw) -> msgspec.Raw:
    """Results or a reply as JSON on lines that a diff can tell apart: a row, an item a line."""
    return msgspec.Raw(_lined(bytes(told)))


@remembered
def _lined(told: bytes) -> bytes:
    if told[:1] != b"[":
        return told
    items = msgspec.json.decode(told, type=list[msgspec.Raw])
    return _list([_outcome(bytes(one)) for one in items], b"")


def _outcome(told: bytes) -> bytes:
    """One statement's: its rows, and the lines that COPY told, below one another."""
    if len(told) < SMALLEST or told[:1] != b"{":
        return told
    members = []
    for name, value in msgspec.json.decode(told, type=dict[str, msgspec.Raw]).items():
        inner = bytes(value)
        if name in ("rows", "data") and inner[:1] == b"[":
            rows = msgspec.json.decode(inner, type=list[msgspec.Raw])
            inner = _list([bytes(row) for row in rows], b"    ")
        members.append(b"    " + msgspec.json.encode(name) + b": " + inner)
    return b"{\n" + b",\n".join(members) + b"\n  }"


def _list(items: list[bytes], pad: bytes) -> bytes:
    inner = b"\n" + pad + b"  "
    return b"[" + inner + (b"," + inner).join(items) + b"\n" + pad + b"]" if items else b"[]"


def whole(response: DiskResponse, outcomes: Mapping[str, DiskOutcome]) -> DiskResponse:
    """A response with its outcome in place of the name. Raises ValueError for a name that is none."""
    kept = outcomes.get(response.outcome)
    if kept is None:
        raise ValueError(f"its outcome {response.outcome} is not in dependency.json beside it")
    return msgspec.structs.replace(response, outcome="", results=kept.results, reply=kept.reply)
