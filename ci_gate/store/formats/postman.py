"""Postman collections v2.0 and v2.1: requests, with the responses that were saved as examples."""

from __future__ import annotations

import functools
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ci_gate.model.message import Headers
from ci_gate.store.formats import messages
from ci_gate.store.formats.documents import Json, Wrong
from ci_gate.store.formats.found import Fault, Found, Item, Lost, ReadOptions, Skipped
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.source import Source

_NAME = re.compile(r"\{\{([^{}]{1,200})\}\}")
_REQUEST = re.compile(rb'"request"[ \t\r\n]*:')
_DEEPEST = 60
_BOUNDARY = "ci-gate-import-boundary"
_MEDIA = {"json": "application/json", "xml": "application/xml", "html": "text/html"}


class _Unknown(Exception):
    """A {{name}} without a value."""


def recognises(source: Source) -> bool:
    """A JSON object with info and the address of its schema."""
    return any(_is_collection(source, name) for name in _collections(source)[:20])


def _collections(source: Source) -> tuple[str, ...]:
    return source.having(".json") if source.is_folder else source.names


def _is_collection(source: Source, name: str) -> bool:
    head = source.head(name, 1 << 16)
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" and (
        b"schema.getpostman.com/json/collection" in head
        or b"schema.postman.com/json/collection" in head
    )


def read(source: Source, options: ReadOptions) -> Iterator[Item]:
    """Each request of each collection, folders in their order."""
    try:
        values = _environment(source, options)
    except Wrong as error:
        yield Fault(error.where, f"not an environment of Postman: {error}")
        values = {}
    for name in _collections(source):
        if source.is_folder and not _is_collection(source, name):
            continue
        try:
            document = Json(source, name)
            collection = document.decode(dict[str, Any])
        except Wrong as error:
            yield Fault(error.where, str(error))
            continue
        yield from _Collection(source.where(name), document, collection, values, options).read()


def _environment(source: Source, options: ReadOptions) -> dict[str, str]:
    """The one that was given, else the only one beside the collection."""
    where, names = source, source.having(".postman_environment.json") if source.is_folder else ()
    if options.environment is not None:
        where, names = options.environment, options.environment.names
    if len(names) != 1:
        return {}
    document = Json(where, names[0]).decode(dict[str, Any])
    return _values(document.get("values"))


def _values(listed: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and not one.get("disabled") and one.get("enabled") is not False:
            value = one.get("value", one.get("initial"))
            found[str(one.get("key", one.get("id", "")))] = "" if value is None else str(value)
    return found


def _inside(folder: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """The items of a folder and of those in it, as they are written."""
    items = folder.get("item")
    for item in items if isinstance(items, list) and depth <= _DEEPEST else []:
        if isinstance(item, dict):
            yield item
            yield from _inside(item, depth + 1)


class _Collection:
    """One collection with the values of its names."""

    def __init__(
        self,
        where: str,
        document: Json,
        collection: dict[str, Any],
        values: Mapping[str, str],
        options: ReadOptions,
    ) -> None:
        self._where = where
        self._document = document
        self._collection = collection
        self._options = options
        self._values = _values(collection.get("variable")) | dict(values)
        self._lost: list[str] = []

    def read(self) -> Iterator[Item]:
        auth = self._collection.get("auth")
        if self._collection.get("event"):
            yield Lost(self._where, "scripts: what they set or test does not come over")
        yield from self._items(self._collection.get("item"), "", auth, 0)

    def _items(self, items: Any, path: str, auth: Any, depth: int) -> Iterator[Item]:
        if depth > _DEEPEST:
            yield Fault(self._where, "folders are nested too deeply")
            return
        for item in items if isinstance(items, list) else []:
            if not isinstance(item, dict):
                yield Fault(self._where, f"an item of {path or 'the collection'} is no object")
                continue
            name = f"{path}/{str(item.get('name') or '')[:100]}".lstrip("/")
            own = item.get("auth") or auth
            if isinstance(item.get("item"), list):
                yield from self._items(item["item"], name, own, depth + 1)
            else:
                where = f"{self._where} {name}"
                try:
                    yield from self._request(item, where, own)
                except _Unknown as error:
                    yield Skipped(where, f"no value for {error}: give it with --environment")
                except Bad as error:
                    line = self._lines.get(id(item))
                    yield Fault(
                        f"{self._document.at_line(line)} {name}" if line else where, str(error)
                    )

    @functools.cached_property
    def _lines(self) -> dict[int, int]:
        """The lines of the requests, by the identity of their items: as many as there are keys of
        that name in the text; else nothing is known."""
        asked = [one for one in _inside(self._collection, 0) if "request" in one]
        data = self._document.data
        found = [one.start() for one in _REQUEST.finditer(data)]
        if len(found) != len(asked):
            return {}
        line, before, lines = 1, 0, {}
        for item, at in zip(asked, found, strict=True):
            line, before = line + data.count(b"\n", before, at), at
            lines[id(item)] = line
        return lines

    def _request(self, item: dict[str, Any], where: str, auth: Any) -> Iterator[Item]:
        if item.get("event"):
            yield Lost(where, "scripts: what they set or test does not come over")
        asked = item.get("request")
        saved = [one for one in item.get("response") or [] if isinstance(one, dict)]
        if not saved:
            yield from self._exchange(asked, None, where, auth)
        for one in saved:
            yield from self._exchange(one.get("originalRequest") or asked, one, where, auth)

    def _exchange(
        self, asked: Any, saved: dict[str, Any] | None, where: str, auth: Any
    ) -> Iterator[Item]:
        if isinstance(asked, str):
            asked = {"method": "GET", "url": asked}
        if not isinstance(asked, dict):
            raise Bad("an item without a request")
        self._lost = []
        to = messages.address(self._url(asked.get("url")))
        body, media = self._body(asked.get("body"))
        headers = self._headers(asked, auth, media)
        request, lost = messages.request(
            messages.method(self._filled(asked.get("method") or "GET")),
            to,
            headers,
            body,
            coded=False,
        )
        response = None
        if saved is not None and saved.get("code"):
            content = saved.get("body")
            response, more = messages.response(
                messages.status(saved.get("code")),
                str(saved.get("status") or ""),
                messages.fields(_pairs(saved.get("header"))),
                content.encode("utf-8", "surrogatepass") if isinstance(content, str) else b"",
                coded=False,
            )
            lost = lost or more
        yield from (Lost(where, one) for one in (*self._lost, lost) if one)
        yield Found(
            where=where,
            inbound=self._options.inbound is not False,
            request=request,
            response=response,
            scheme=to.scheme,
            host=to.host,
            port=to.port,
            took=messages.number((saved or {}).get("responseTime")),
        )

    def _filled(self, value: Any, *, host: bool = False) -> str:
        """Text with the values of its names, of which some hold names again. `host`: a name that
        stands for the address may have no value: ours is known."""
        text = str(value if value is not None else "")
        for _ in range(5):
            unknown = [name for name in _NAME.findall(text) if name.strip() not in self._values]
            if host and unknown and text.startswith("{{"):
                text = _NAME.sub("", text, count=1)
                continue
            if unknown:
                raise _Unknown("{{" + unknown[0][:60] + "}}")
            new = _NAME.sub(lambda found: self._values[found[1].strip()], text)
            if new == text or len(new) > 1 << 20:
                break
            text = new
        return text

    def _url(self, url: Any) -> str:
        if isinstance(url, str):
            return self._schemed(self._filled(url, host=True))
        if not isinstance(url, dict):
            raise Bad("a request without a URL")
        raw = url.get("raw")
        path = url.get("path")
        if isinstance(path, list) or not isinstance(raw, str):
            raw = self._built(url)
        text = self._filled(raw, host=True)
        for one in url.get("variable") or []:
            if isinstance(one, dict) and one.get("key"):
                value = quote(self._filled(one.get("value")), safe="")
                name = re.escape(str(one["key"]))
                text = f"/{value}".join(re.split(rf"/:{name}(?=/|\?|$)", text))
        return self._schemed(text)

    def _built(self, url: dict[str, Any]) -> str:
        host, path = url.get("host"), url.get("path")
        name = ".".join(map(str, host)) if isinstance(host, list) else str(host or "")
        steps = "/".join(
            str(one.get("value", "") if isinstance(one, dict) else one) for one in path
        ) if isinstance(path, list) else str(path or "").lstrip("/")  # fmt: skip
        scheme = f"{url['protocol']}://" if url.get("protocol") and name else ""
        port = f":{url['port']}" if url.get("port") else ""
        text = f"{scheme}{name}{port}/{steps}"
        pairs = [
            f"{one.get('key') or ''}" + ("" if one.get("value") is None else f"={one['value']}")
            for one in url.get("query") or []
            if isinstance(one, dict) and not one.get("disabled")
        ]
        return text + (f"?{'&'.join(pairs)}" if pairs else "")

    def _schemed(self, text: str) -> str:
        if "://" in text.partition("?")[0] or text.startswith("/"):
            return text
        return f"http://{text}" if text else "/"

    def _headers(self, asked: dict[str, Any], auth: Any, media: str) -> Headers:
        pairs = [
            (self._filled(name), self._filled(value)) for name, value in _pairs(asked.get("header"))
        ]
        names = {name.lower() for name, _ in pairs}
        if media and "content-type" not in names:
            pairs.append(("Content-Type", media))
        if "authorization" not in names:
            pairs += self._authorised(asked.get("auth") or auth)
        return messages.fields(pairs)

    def _authorised(self, auth: Any) -> list[tuple[str, str]]:
        if not isinstance(auth, dict) or auth.get("type") in (None, "noauth"):
            return []
        kind = str(auth["type"])
        listed = auth.get(kind)
        given = _values(listed) if isinstance(listed, list) else {}
        if isinstance(listed, dict):
            given = {key: str(value) for key, value in listed.items()}
        if kind == "bearer":
            return [("Authorization", f"Bearer {self._filled(given.get('token', ''))}")]
        if kind == "basic":
            pair = f"{self._filled(given.get('username', ''))}:{self._filled(given.get('password', ''))}"
            return [("Authorization", f"Basic {b64encode(pair.encode()).decode()}")]
        if kind == "apikey" and given.get("in", "header") == "header":
            return [(self._filled(given.get("key", "")), self._filled(given.get("value", "")))]
        self._lost.append(f"authorization of the type {kind[:30]}")
        return []

    def _body(self, body: Any) -> tuple[bytes, str]:
        """The body and its media type."""
        if not isinstance(body, dict) or body.get("disabled"):
            return b"", ""
        mode = body.get("mode")
        if mode == "raw":
            language = ((body.get("options") or {}).get("raw") or {}).get("language", "")
            return self._filled(body.get("raw")).encode("utf-8", "surrogatepass"), _MEDIA.get(
                str(language), ""
            )
        if mode == "urlencoded":
            pairs = [
                f"{quote(self._filled(name), safe='')}={quote(self._filled(value), safe='')}"
                for name, value in _pairs(body.get("urlencoded"))
            ]
            return "&".join(pairs).encode(), "application/x-www-form-urlencoded"
        if mode == "graphql":
            asked = body.get("graphql") or {}
            text = self._filled(asked.get("variables") or "{}")
            try:
                variables = json.loads(text) if text.strip() else {}
            except (ValueError, RecursionError) as error:
                raise Bad("GraphQL variables that are no JSON") from error
            form = {"query": self._filled(asked.get("query")), "variables": variables}
            return json.dumps(form).encode(), "application/json"
        if mode == "formdata":
            return self._multipart(
                body.get("formdata")
            ), f"multipart/form-data; boundary={_BOUNDARY}"
        if mode:
            self._lost.append(f"a request's body of the mode {str(mode)[:30]}")
        return b"", ""

    def _multipart(self, listed: Any) -> bytes:
        parts = []
        for one in listed if isinstance(listed, list) else []:
            if not isinstance(one, dict) or one.get("disabled"):
                continue
            if one.get("type") == "file":
                self._lost.append("a file that a form sends")
                continue
            name = self._filled(one.get("key")).replace('"', "%22").replace("\n", "%0A")
            head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
            parts.append(f"{head}{self._filled(one.get('value'))}\r\n")
        return f"{''.join(parts)}--{_BOUNDARY}--\r\n".encode("utf-8", "surrogatepass")


def _pairs(listed: Any) -> list[tuple[str, str]]:
    """Names and values of a list of fields, or of the text that older collections have."""
    if isinstance(listed, str):
        lines = [line.partition(":") for line in listed.splitlines() if ":" in line]
        return [(name, value) for name, _, value in lines]
    return [
        (str(one.get("key") or ""), "" if one.get("value") is None else str(one["value"]))
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and not one.get("disabled") and one.get("key")
    ]
