"""WireMock's mappings and __files: stubs become calls with the answers they give.

A stub says which requests it answers, not which was made: `wiremockasked` makes one of them, and
rules of what the stub leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

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


class _File(msgspec.Struct, frozen=True):
    mappings: list[msgspec.Raw] | None = None
    """None: the file is one mapping."""


class _Scenario(msgspec.Struct, frozen=True):
    name: str
    before: str
    after: str


class _Part(NamedTuple):
    """One mapping where it stands. It is read only when it is its turn: there may be many."""

    document: Json
    line: int
    raw: msgspec.Raw
    scenario: _Scenario | None

    def decode(self) -> dict[str, Any]:
        """Its content. Raises Wrong."""
        return self.document.decode_part(self.raw, dict[str, Any])


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
    parts: list[_Part] = []
    for name in _inputs(source):
        try:
            parts += _parts(Json(source, name))
        except Wrong as error:
            yield Fault(error.where, str(error))
    for part in _ordered(parts):
        where = part.document.at_line(part.line)
        try:
            yield from _Stub(source, where, part.decode()).read()
        except Wrong as error:
            yield Fault(error.where, str(error))
        except Bad as error:
            yield Fault(where, str(error))


def _parts(document: Json) -> list[_Part]:
    """The mappings of a file."""
    found = document.decode(_File).mappings
    raws = [msgspec.Raw(document.data.strip())] if found is None else found
    lines = document.lines(raws)
    return [
        _Part(document, line, raw, _scenario(raw)) for line, raw in zip(lines, raws, strict=True)
    ]


def _scenario(raw: msgspec.Raw) -> _Scenario | None:
    """The scenario of a mapping; of what is no mapping there will be an error."""
    if b'"scenarioName"' not in bytes(raw):
        return None
    try:
        stub = msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    name, before, after = (
        value if isinstance(value, str) else ""
        for value in map(stub.get, ("scenarioName", "requiredScenarioState", "newScenarioState"))
    )
    return _Scenario(name, before, after) if name else None


def _ordered(parts: list[_Part]) -> list[_Part]:
    """By scenario state (the first first, then what each leads to), then as they are written."""
    told = [one.scenario for one in parts if one.scenario]
    depth: dict[tuple[str, str], int] = {}
    for _ in range(min(len(told), 50)):
        for one in told:
            if one.after and one.after != _STARTED:
                before = depth.get((one.name, one.before), 0)
                depth.setdefault((one.name, one.after), before + 1)

    def key(part: _Part) -> int:
        one = part.scenario
        return depth.get((one.name, one.before), 0) if one else 0

    return sorted(parts, key=key)


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
