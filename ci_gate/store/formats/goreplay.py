"""GoReplay's files: requests and responses as they went over the wire, paired by their ids."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from ci_gate.store.formats import messages, wire
from ci_gate.store.formats.found import Fault, Found, Item, Lost, ReadOptions
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.source import Source

_SEPARATOR = "\n🐵🙈🙉\n".encode()
_HEAD = re.compile(rb"([123]) ([0-9A-Za-z_-]{1,100}) (\d{1,20})(?: (\d{1,20}))?[ \r]*")
_REQUEST, _RESPONSE = b"1", b"2"
_ENDINGS = (".gor", ".gor.gz", ".gz", ".log")


class _Record(msgspec.Struct, frozen=True):
    kind: bytes
    id: bytes
    at: int
    """Nanoseconds since 1970."""
    payload: bytes
    where: str


def recognises(source: Source) -> bool:
    """A first line of type, id and time."""
    names = source.having(*_ENDINGS) if source.is_folder else source.names
    return any(_HEAD.fullmatch(source.head(name).partition(b"\n")[0]) for name in names[:5])


def read(source: Source, options: ReadOptions) -> Iterator[Item]:
    """Pairs, as soon as both are there; requests that were never answered at the end."""
    waiting: dict[bytes, _Record] = {}
    early: dict[bytes, _Record] = {}
    names = source.having(*_ENDINGS) if source.is_folder else source.names
    for name in names:
        for record in _records(source, name):
            if isinstance(record, Fault | Lost):
                yield record
            elif record.kind == _REQUEST:
                answer = early.pop(record.id, None)
                if answer is not None:
                    yield _pair(record, answer, options)
                    continue
                if record.id in waiting:
                    yield Fault(record.where, "a second request of the same id")
                    continue
                waiting[record.id] = record
            else:
                asked = waiting.pop(record.id, None)
                if asked is not None:
                    yield _pair(asked, record, options)
                else:
                    early[record.id] = record
    wire.forget()
    for record in waiting.values():
        yield _pair(record, None, options)
    for record in early.values():
        yield Fault(record.where, "a response without its request")


def _records(source: Source, name: str) -> Iterator[_Record | Fault | Lost]:
    rest, line = b"", 1
    for chunk in source.chunks(name):
        *whole, rest = (rest + chunk).split(_SEPARATOR)
        for one in whole:
            yield _record(one, source.where(name, line))
            line += one.count(b"\n") + 2
    if rest.strip():
        yield Fault(source.where(name, line), "the last record is cut off")


def _record(data: bytes, where: str) -> _Record | Fault | Lost:
    head, newline, payload = data.partition(b"\n")
    found = _HEAD.fullmatch(head)
    if not newline or found is None:
        return Fault(where, "not a record of GoReplay: type, id and time come first")
    kind, name, at, _ = found.groups()
    if kind not in (_REQUEST, _RESPONSE):
        return Lost(where, "what a replay was answered: the original answer counts")
    return _Record(kind, name, int(at), payload, where)


def _pair(asked: _Record, answered: _Record | None, options: ReadOptions) -> Item:
    try:
        request, response = wire.heard(asked.payload, answered.payload if answered else None)
        host = messages.value_of(request.headers, b"host").decode("utf-8", "replace")
        to = messages.address(request.target.decode("utf-8", "surrogateescape"), host)
    except Bad as error:
        return Fault(asked.where, str(error))
    took = max(answered.at - asked.at, 0) / 1e6 if answered else 0.0
    return Found(
        where=asked.where,
        inbound=options.inbound is not False,
        request=request,
        response=response,
        host=to.host,
        port=to.port,
        at=asked.at / 1e9,
        took=took,
    )
