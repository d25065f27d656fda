"""Keploy's test sets: tests as inbound exchanges, mocks as calls, noise as rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from ci_gate.model.message import Headers
from ci_gate.store.formats import keploydata, keploynoise, keployqueries, messages
from ci_gate.store.formats.documents import Json, Wrong, Yaml
from ci_gate.store.formats.found import Fault, Found, Item, Lost, ReadOptions, Skipped
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.source import Source
from ci_gate.store.formats.times import seconds

_OURS = re.compile(rb"(?m)^\s*\"?version\"?:\s*\"?api\.keploy\.io/")
_ENDINGS = (".yaml", ".yml", ".json")
_DATABASES = frozenset(("Postgres", "Redis"))
_UNREAD = {
    "PostgresV2": "its packets have no description that is public",
    "Generic": "bytes of a protocol that it does not name",
}
_AT_START = frozenset(("config", "connection"))
"""Types of mocks that belong to no test."""


def recognises(source: Source) -> bool:
    """YAML or JSON documents of api.keploy.io."""
    names = [one for one in source.having(*_ENDINGS) if _is_input(one)]
    return any(_OURS.search(source.head(name)) for name in names[:40])


def read(source: Source, options: ReadOptions) -> Iterator[Item]:
    """Each test set: its tests, then its mocks."""
    names = [one for one in source.having(*_ENDINGS) if _is_input(one)]
    for name in names:
        if name.rpartition("/")[2].partition(".")[0] == "keploy":
            yield from _configured(source, name)
    folders = dict.fromkeys(_set_of(name) for name in names)
    for folder in folders:
        mine = [one for one in names if _set_of(one) == folder]
        yield from _TestSet(source, folder, options).read(mine)


def _is_input(name: str) -> bool:
    parts = name.lower().split("/")
    return not any(part in ("reports", "testreports") for part in parts[:-1])


def _set_of(name: str) -> str:
    """ "test-set-0" of "test-set-0/tests/test-1.yaml"."""
    folder = name.rpartition("/")[0]
    if folder.rpartition("/")[2] == "tests":
        folder = folder.rpartition("/")[0]
    return folder


def _documents(source: Source, name: str) -> Iterator[tuple[int, Any]]:
    if not name.endswith(".json"):
        yield from Yaml(source, name).documents()
        return
    value = Json(source, name).decode(object)
    for one in value if isinstance(value, list) else [value]:
        yield 1, one


def _configured(source: Source, name: str) -> Iterator[Item]:
    """test.globalNoise of keploy.yml."""
    try:
        for _, document in _documents(source, name):
            noise = _at(document, "test", "globalNoise", "global")
            yield from keploynoise.everywhere(noise, source.where(name))
    except Wrong as error:
        yield Fault(error.where, str(error))


class _TestSet:
    """One folder of tests and mocks."""

    def __init__(self, source: Source, folder: str, options: ReadOptions) -> None:
        self._source = source
        self._folder = folder
        self._options = options
        self._causes: dict[str, tuple[str, ...]] = {}
        """Mock -> the tests that it belongs to, where a mapping says it."""
        self._mapped = False
        self._databases = keploydata.Databases()

    def read(self, names: list[str]) -> Iterator[Item]:
        kinds = {name: name.rpartition("/")[2].partition(".")[0] for name in names}
        for name in names:
            if kinds[name] == "mappings":
                yield from self._each(name, self._mapping)
        for name in names:
            if kinds[name] not in ("mappings", "mocks", "config", "keploy"):
                yield from self._each(name, self._test)
        for name in names:
            if kinds[name] == "mocks":
                yield from self._each(name, self._mock)
        yield from self._databases.finish()

    def _each(self, name: str, take: Any) -> Iterator[Item]:
        try:
            for line, document in _documents(self._source, name):
                where = self._source.where(name, line)
                if not isinstance(document, dict):
                    if document is not None:
                        yield Fault(where, "not a document of Keploy")
                    continue
                try:
                    yield from take(document, where)
                except Bad as error:
                    yield Fault(where, str(error))
        except Wrong as error:
            yield Fault(error.where, str(error))

    def _mapping(self, document: dict[str, Any], _where: str) -> Iterator[Item]:
        """`tests: [{id, mocks: "a,b"}]`, `mock_entries: [{name}]` or a list of names."""
        tests = document.get("tests") or _at(document, "spec", "tests")
        self._mapped = True
        for one in tests if isinstance(tests, list) else []:
            test = _text(_at(one, "id"))
            listed = _at(one, "mock_entries") or _at(one, "mocks") or []
            if isinstance(listed, str):
                listed = listed.split(",")
            for mock in listed:
                name = _text(_at(mock, "name") if isinstance(mock, dict) else mock).strip()
                if test and name:
                    self._causes[name] = (*self._causes.get(name, ()), self._named(test))
        yield from ()

    def _named(self, test: str) -> str:
        return f"{self._folder}/{test}"

    def _test(self, document: dict[str, Any], where: str) -> Iterator[Item]:
        kind = _text(document.get("kind"))
        if not _text(document.get("version")).startswith("api.keploy.io/"):
            return  # a file of the user's own
        if kind != "Http":
            yield Skipped(where, f"a test of kind {kind[:30]}: no codec of ours")
            return
        spec = document.get("spec")
        name = self._named(_text(document.get("name")))
        yield from self._http(spec, where, name=name, inbound=True)
        noise = _at(spec, "assertions", "noise") or document.get("noise")
        body = _text(_at(spec, "resp", "body"))
        yield from keploynoise.of_test(noise, body, name, where)

    def _mock(self, document: dict[str, Any], where: str) -> Iterator[Item]:
        kind, name = _text(document.get("kind")), _text(document.get("name"))
        spec = document.get("spec")
        causes = self._causes.get(name)
        if _text(_at(spec, "metadata", "type")) in _AT_START and kind not in _DATABASES:
            causes = ()
        if kind == "Http":
            yield from self._http(spec, where, name=name, inbound=False, causes=causes)
            yield from keploynoise.of_mock(document.get("noise"), spec, where)
        elif kind in _DATABASES and isinstance(spec, dict):
            yield from self._databases.take(kind, document, where, causes)
        elif kind == "PostgresV3" and isinstance(spec, dict):
            yield from keployqueries.found(document, where, causes)
        else:
            why = _UNREAD.get(kind, "no codec of ours")
            yield Skipped(where, f"a mock of kind {kind[:30]}: {why}")

    def _http(
        self,
        spec: Any,
        where: str,
        *,
        name: str,
        inbound: bool,
        causes: tuple[str, ...] | None = None,
    ) -> Iterator[Item]:
        asked, answered = _at(spec, "req"), _at(spec, "resp")
        if not isinstance(asked, dict):
            raise Bad("it has no spec.req")
        headers = _fields(asked)
        if any(one[0].lower() == b"set-cookie" and b"," in one[1] for one in _fields(answered)):
            yield Lost(where, "Set-Cookie fields that the tool has joined to one")
        host = messages.value_of(headers, b"host").decode("utf-8", "replace")
        to = messages.address(_text(asked.get("url")) or "/", host)
        lost: list[str] = []
        body = _body(asked, lost)
        request, more = messages.request(
            messages.method(asked.get("method")), to, headers, body, coded=False
        )
        lost.append(more)
        response = None
        if isinstance(answered, dict) and answered.get("status_code") not in (None, "0", 0):
            response, more = messages.response(
                messages.status(answered.get("status_code")),
                _text(answered.get("status_message")),
                _fields(answered),
                _body(answered, lost),
                coded=False,
            )
            lost.append(more)
        yield from (Lost(where, one) for one in lost if one)
        at, took = keploydata.times(spec)
        begun = seconds(asked.get("timestamp"))
        if begun is not None:
            ended = seconds(_at(answered, "timestamp"))
            at, took = begun, max(((ended or begun) - begun) * 1000, 0.0)
        yield Found(
            where=where,
            inbound=inbound,
            request=request,
            response=response,
            scheme=to.scheme,
            host=to.host,
            port=to.port,
            at=at,
            took=took,
            session=_text(_at(spec, "metadata", "connID")),
            name=name if inbound else "",
            causes=causes,
        )


def _fields(side: Any) -> Headers:
    headers = _at(side, "header")
    found: list[tuple[str, str]] = []
    for name, value in headers.items() if isinstance(headers, dict) else ():
        values = value if isinstance(value, list) else [value]
        found += [(name, _text(one)) for one in values]
    return messages.fields(found)


def _body(side: dict[str, Any], lost: list[str]) -> bytes:
    """Text, bytes, or the chunks of a stream."""
    body = side.get("body")
    if _text(side.get("body_skipped")) == "true":
        lost.append("a body that the tool has not kept")
    chunks = body if isinstance(body, list) else [body]
    if not body and isinstance(side.get("stream_body"), list):
        chunks = side["stream_body"]
    parts = []
    for chunk in chunks:
        data = _at(chunk, "data") if isinstance(chunk, dict) else chunk
        parts.append(data if isinstance(data, bytes) else _text(data).encode("utf-8", "replace"))
    if not any(parts) and _at(side, "body_ref", "path"):
        lost.append("a body that lies in a file of its own")
    return b"".join(parts)


def _at(value: Any, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return msgspec.json.encode(value).decode()
    return ""
