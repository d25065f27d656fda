"""WireMock's mappings and __files: stubs become calls with the answers they give.

A stub says which requests it answers, not which was made: `wiremockasked` makes one of them, and
rules of what the stub leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ci_gate.model.message import Headers
from ci_gate.store.formats import messages
from ci_gate.store.formats.documents import Json, Wrong
from ci_gate.store.formats.found import Fault, Found, Item, Lost, ReadOptions, Relaxed, Skipped
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.ours import KEY, Ours, ours_in
from ci_gate.store.formats.source import Source
from ci_gate.store.formats.times import seconds
from ci_gate.store.formats.wiremockasked import Asked, decoded

REASON = "the WireMock stub leaves it open"
_REFUSED = {
    "proxyBaseUrl": "a stub that forwards: it has no answer of its own",
    "transformers": "a stub whose answer is made anew from each request",
    "fault": "a stub that breaks the connection",
}
_STARTED = "Started"
_OTHERS = (b'"log"', b'"info"', b'"msgType"', b'"schemaVersion"', b"api.keploy.io")
"""What the JSON of other tools has."""


class _Mappings(msgspec.Struct, frozen=True):
    mappings: list[msgspec.Raw]


def recognises(source: Source) -> bool:
    """A folder of mappings, or a JSON file of one."""
    names = _inputs(source)
    if source.is_folder:
        found = any(_folder(name) == "mappings" for name in names)
        return found or any(name.partition("/")[0] == "__files" for name in source.names)
    head = source.head(names[0]) if names else b""
    if head.lstrip()[:1] != b"{":
        return False
    data = source.read(names[0])
    stub = all(word in data for word in (b'"request"', b'"response"', b'"url'))
    return stub and not any(word in data for word in _OTHERS)


def _inputs(source: Source) -> tuple[str, ...]:
    names = source.having(".json")
    inside = tuple(name for name in names if "mappings" in name.split("/")[:-1])
    return inside or tuple(name for name in names if "__files" not in name.split("/"))


def _folder(name: str) -> str:
    return name.rpartition("/")[0].rpartition("/")[2]


def read(source: Source, options: ReadOptions) -> Iterator[Item]:
    """Each stub, in the order in which they would be asked."""
    stubs: list[tuple[int, str, dict[str, Any]]] = []
    for name in _inputs(source):
        try:
            stubs += _stubs(Json(source, name))
        except Wrong as error:
            yield Fault(error.where, str(error))
    for where, stub in _ordered(stubs):
        try:
            yield from _Stub(source, where, stub).read()
        except Bad as error:
            yield Fault(where, str(error))


def _stubs(document: Json) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Number, place and content of each mapping of a file."""
    whole = document.decode(dict[str, Any])
    parts = [msgspec.Raw(document.data)]
    if "mappings" in whole:
        parts = document.decode(_Mappings).mappings
    for number, raw in enumerate(parts):
        where = document.where(raw) if len(parts) > 1 else document.where(msgspec.Raw(b"{"))
        yield number, where, document.decode_part(raw, dict[str, Any])


def _ordered(
    stubs: list[tuple[int, str, dict[str, Any]]],
) -> list[tuple[str, dict[str, Any]]]:
    """By scenario state (the first first, then what each leads to), then as they are written."""
    depth: dict[tuple[Any, Any], int] = {}
    for _ in range(min(len(stubs), 50)):
        for _, _, stub in stubs:
            scenario, after = stub.get("scenarioName"), stub.get("newScenarioState")
            before = depth.get((scenario, stub.get("requiredScenarioState")), 0)
            if scenario is not None and after is not None and after != _STARTED:
                depth.setdefault((scenario, after), before + 1)

    def key(at: int) -> tuple[int, int]:
        stub = stubs[at][2]
        return depth.get((stub.get("scenarioName"), stub.get("requiredScenarioState")), 0), at

    return [stubs[at][1:] for at in sorted(range(len(stubs)), key=key)]


def _ours(stub: dict[str, Any]) -> Ours:
    """What our own exports put into a stub's metadata."""
    metadata = stub.get("metadata")
    return ours_in(metadata.get(KEY) if isinstance(metadata, dict) else None)


class _Stub:
    """One mapping."""

    def __init__(self, source: Source, where: str, stub: dict[str, Any]) -> None:
        self._source = source
        self._where = where
        self._stub = stub
        self._lost: list[str] = []

    def read(self) -> Iterator[Item]:
        asked = self._stub.get("request")
        answered = self._stub.get("response")
        if not isinstance(asked, dict) or not isinstance(answered, dict):
            raise Bad("a mapping has a request and a response")
        for key, why in _REFUSED.items():
            if answered.get(key):
                yield Skipped(self._where, why)
                return
        told = Asked(asked)
        to = told.address
        if to is None:
            yield Skipped(self._where, "a stub for every URL of a pattern: none of them is named")
            return
        self._lost += told.lost
        ours = _ours(self._stub)
        headers = messages.fields(ours.headers if ours.id else told.headers)
        request, _ = messages.request(told.verb, to, headers, told.body, coded=False)
        code = messages.status(answered.get("status", 200))
        response, lost = messages.response(
            code, self._text(answered.get("statusMessage")),
            messages.fields(ours.answered) if ours.id else self._said(answered),
            self._content(answered), coded=False,
        )  # fmt: skip
        self._lost.append(lost)
        if self._stub.get("scenarioName") and not ours.id:
            self._lost.append("a scenario's states: its answers are given in their order")
        for key in ("delayDistribution", "chunkedDribbleDelay"):
            if answered.get(key):
                self._lost.append(f"{key}: answers come at once")
        yield from (Lost(self._where, one) for one in dict.fromkeys(self._lost) if one)
        yield Found(
            where=self._where,
            inbound=False,
            request=request,
            response=response,
            scheme=to.scheme,
            host=to.host,
            port=to.port,
            at=seconds(ours.at),
            took=ours.took or messages.number(answered.get("fixedDelayMilliseconds")),
            session=ours.session,
            causes=(),
            redacted=ours.redacted,
        )
        # Our own exports say all of the request.
        for place in () if ours.id else told.open:
            yield Relaxed(
                at=place,
                reason=REASON,
                scheme=to.scheme,
                host=to.host,
                port=to.port,
                method=told.verb,
                target=to.target,
            )

    def _said(self, answered: dict[str, Any]) -> Headers:
        headers = answered.get("headers")
        found: list[tuple[str, str]] = []
        for name, value in headers.items() if isinstance(headers, dict) else ():
            values = value if isinstance(value, list) else [value]
            found += [(name, self._text(one)) for one in values]
        return messages.fields(found)

    def _content(self, answered: dict[str, Any]) -> bytes:
        if isinstance(answered.get("body"), str):
            return str(answered["body"]).encode("utf-8", "surrogatepass")
        if "jsonBody" in answered:
            return msgspec.json.encode(answered["jsonBody"])
        if isinstance(answered.get("base64Body"), str):
            return decoded(answered["base64Body"])
        name = answered.get("bodyFileName")
        if isinstance(name, str):
            ending = f"__files/{name}"
            found = [one for one in self._source.names if f"/{one}".endswith(f"/{ending}")]
            if len(found) != 1:
                raise Bad(f"its body's file {ending[:80]} is not there")
            return b"".join(self._source.chunks(found[0]))
        return b""

    def _text(self, value: Any) -> str:
        return value if isinstance(value, str) else "" if value is None else str(value)
