"""Keploy's database mocks: the bytes they hold, or stand for, heard by our own codecs.

PostgreSQL mocks keep the client's bytes and describe the server's; Redis mocks keep both. A tap of
ours hears them, as it would on the connection, and says which statements and answers they were.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import msgspec

from ci_gate.codecs.base import Conversation, Role, Session, Side, Undecodable, Whole
from ci_gate.codecs.registry import codec
from ci_gate.model.message import Message, Raw
from ci_gate.store.formats import keploypostgres
from ci_gate.store.formats.found import Fault, Found, Handshake, Item, Lost, Skipped
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.times import seconds

_PORTS = {"postgres": 5432, "redis": 6379}
_SCHEMES = {"Postgres": "postgres", "Redis": "redis"}


def times(spec: Any) -> tuple[float | None, float]:
    """Begin (seconds since 1970) and duration (milliseconds) of a mock; its keys are spelled in
    several ways."""
    low = {key.lower(): value for key, value in spec.items()} if isinstance(spec, dict) else {}
    begun = seconds(low.get("reqtimestampmock"))
    ended = seconds(low.get("restimestampmock"))
    if begun is None:
        return None, 0.0
    return begun, max(((ended or begun) - begun) * 1000, 0.0)


def about(
    spec: dict[str, Any],
    where: str,
    causes: tuple[str, ...] | None,
    *,
    scheme: str,
    session: str,
    request: Message,
    response: Message | None,
) -> Found:
    """An exchange with where and when a mock says it was."""
    at, took = times(spec)
    metadata = spec.get("metadata")
    host = str(metadata.get("destAddr") or "") if isinstance(metadata, dict) else ""
    name, _, port = host.rpartition(":")
    return Found(
        where=where,
        inbound=False,
        request=request,
        response=response,
        scheme=scheme,
        host=name.lower() or "database",
        port=int(port) if port.isascii() and port.isdigit() else _PORTS[scheme],
        at=at,
        took=took,
        session=f"{scheme} {session}",
        causes=causes,
    )


class Databases:
    """The connections of one test set."""

    def __init__(self) -> None:
        self._connections: dict[tuple[str, str], _Connection] = {}

    def take(
        self, kind: str, document: dict[str, Any], where: str, causes: tuple[str, ...] | None
    ) -> Iterator[Item]:
        """One mock. Raises Bad for what breaks the format."""
        scheme, name = _SCHEMES[kind], str(document.get("connectionId") or "")
        connection = self._connections.get((scheme, name))
        if connection is None:
            connection = self._connections[scheme, name] = _Connection(scheme, name)
        yield from connection.take(document["spec"], where, causes)

    def finish(self) -> Iterator[Item]:
        """What was asked and never answered."""
        for connection in self._connections.values():
            yield from connection.left()


class _Connection:
    def __init__(self, scheme: str, name: str) -> None:
        self._scheme = scheme
        self._name = name
        self._tap: Conversation = codec(scheme).converse(Role.RECORD)
        self._asked: dict[int, tuple[Message, Found]] = {}
        self._begun = False
        self._paired = 0

    def take(
        self, spec: dict[str, Any], where: str, causes: tuple[str, ...] | None
    ) -> Iterator[Item]:
        empty = about(
            spec,
            where,
            causes,
            scheme=self._scheme,
            session=self._name,
            request=Raw(),
            response=None,
        )
        postgres = self._scheme == "postgres"
        said = keploypostgres.said(spec, begun=self._begun) if postgres else _redis(spec)
        self._begun = True
        known = len(self._asked) + self._paired
        for side, data in said:
            yield from self._hear(side, data, empty)
        if len(self._asked) + self._paired == known:
            yield Lost(where, f"{self._scheme}: what the codec says by itself (handshake, session)")

    def _hear(self, side: Side, data: bytes, about: Found) -> Iterator[Item]:
        for action in self._tap.feed(side, data, 0):
            if isinstance(action, Undecodable):
                yield Fault(about.where, f"{self._scheme}: {action.reason}")
            elif isinstance(action, Session):
                yield Handshake(self._scheme, about.host, about.port, action.facts)
            elif isinstance(action, Whole) and action.side is Side.CLIENT:
                self._asked[action.number] = (action.message, about)
            elif isinstance(action, Whole):
                asked = self._asked.pop(action.number, None)
                if asked is not None:
                    self._paired += 1
                    yield msgspec.structs.replace(
                        asked[1], request=asked[0], response=action.message
                    )

    def left(self) -> Iterator[Item]:
        for _, about in self._asked.values():
            yield Skipped(about.where, f"{self._scheme}: asked, and never answered")


def _redis(spec: dict[str, Any]) -> list[tuple[Side, bytes]]:
    """Lists of messages, each with its data as text or base64."""
    low = {key.lower(): value for key, value in spec.items()}
    said = []
    for key, side in (("redisrequests", Side.CLIENT), ("redisresponses", Side.SERVER)):
        for one in low.get(key) or []:
            for message in (one.get("message") if isinstance(one, dict) else None) or []:
                data = message.get("data") if isinstance(message, dict) else None
                if not isinstance(data, str):
                    raise Bad("a message of it has no data")
                binary = message.get("type") == "binary"
                said.append((side, _bytes(data) if binary else data.encode("utf-8", "replace")))
    return said


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Bad("a message of it is no base64") from error
