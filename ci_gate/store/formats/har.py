"""HAR 1.2, as browsers and proxies write it (and 1.3, which differs in what we do not read)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import msgspec

from ci_gate.model.message import Headers
from ci_gate.store.formats import messages
from ci_gate.store.formats.documents import Json, Wrong
from ci_gate.store.formats.found import Fault, Found, Item, Lost, ReadOptions, Skipped
from ci_gate.store.formats.messages import Bad
from ci_gate.store.formats.ours import ours_in
from ci_gate.store.formats.source import Source
from ci_gate.store.formats.times import seconds

_SPACE = re.compile(r"\s+")


class _Named(msgspec.Struct, frozen=True):
    name: str
    value: Any = ""


class _Content(msgspec.Struct, frozen=True, rename="camel"):
    text: str | None = None
    mime_type: str | None = ""
    encoding: str | None = None
    size: float | None = 0


class _PostData(msgspec.Struct, frozen=True, rename="camel"):
    mime_type: str | None = ""
    text: str | None = None
    params: list[_Named] | None = None
    encoding: str | None = None


class _Request(msgspec.Struct, frozen=True, rename="camel"):
    method: str
    url: str
    http_version: str | None = ""
    headers: list[_Named] = []
    post_data: _PostData | None = None
    body_size: float | None = -1


class _Response(msgspec.Struct, frozen=True, rename="camel"):
    status: int | float | str
    status_text: str | None = ""
    http_version: str | None = ""
    headers: list[_Named] = []
    content: _Content = _Content()


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    request: _Request
    response: _Response | None = None
    started_date_time: str = ""
    time: float | None = 0
    connection: Any = ""
    direction: str = msgspec.field(name="_direction", default="")
    """Our own exports say it."""
    ours: Any = msgspec.field(name="_ci-gate", default=None)


class _Log(msgspec.Struct, frozen=True):
    entries: list[msgspec.Raw]


class _Har(msgspec.Struct, frozen=True):
    log: _Log


def recognises(source: Source) -> bool:
    """One JSON file whose object begins with a log, or a folder of *.har."""
    names = source.having(".har") if source.is_folder else source.names
    if not names or (source.is_folder and len(names) != len(source.names)):
        return False
    head = source.head(names[0]).removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[:1] == b"{" and head[1:].lstrip().startswith(b'"log"')


def read(source: Source, options: ReadOptions) -> Iterator[Item]:
    """The entries of each file, in order."""
    for name in source.having(".har") if source.is_folder else source.names:
        document = Json(source, name)
        broken: Fault | None = None
        try:
            entries = document.decode(_Har).log.entries
        except Wrong as error:
            entries = document.whole_items("entries")
            broken = Fault(error.where, f"not a HAR file: {error}")
        for number, raw in enumerate(entries):
            try:
                entry = document.decode_part(raw, _Entry)
                yield from _entry(entry, f"{source.where(name)} entry {number}", options)
            except Wrong as error:
                yield Fault(error.where, f"entry {number}: {error}")
            except Bad as error:
                yield Fault(document.where(raw), f"entry {number}: {error}")
        if broken is not None:
            yield broken


def _entry(entry: _Entry, where: str, options: ReadOptions) -> Iterator[Item]:
    asked, answered = entry.request, entry.response
    if asked.url.partition(":")[0] in ("data", "blob", "about", "chrome-extension", "file"):
        yield Skipped(where, "a URL that no server answers (data:, blob:, …)")
        return
    found = messages.address(asked.url)
    version, lost = messages.version_of(asked.http_version)
    yield from _lost(where, lost)
    headers = _fields(asked.headers)
    body, lost = _sent(asked)
    yield from _lost(where, lost)
    request, lost = messages.request(
        messages.method(asked.method), found, headers, body, coded=False, version=version
    )
    yield from _lost(where, lost)
    response = None
    code = 0 if answered is None else _code(answered)
    if answered is not None and code == 101:
        yield Lost(where, "what was said on a WebSocket: the handshake alone is kept")
    if answered is not None and code:
        response, lost = messages.response(
            code,
            answered.status_text or "",
            _fields(answered.headers),
            _content(answered.content),
            coded=False,
            version=messages.version_of(answered.http_version)[0],
        )
        yield from _lost(where, lost)
        if not answered.content.text and (answered.content.size or 0) > 0:
            yield Lost(where, "a response's body that the tool has not kept")
    ours = ours_in(entry.ours)
    yield Found(
        where=where,
        inbound=entry.direction != "outbound" if options.inbound is None else options.inbound,
        request=request,
        response=response,
        scheme=found.scheme,
        host=found.host,
        port=found.port,
        at=seconds(entry.started_date_time),
        took=max(float(entry.time or 0), 0.0),
        session=str(entry.connection or "")[:100],
        name=ours.id,
        causes=ours.groups or None,
        redacted=ours.redacted,
    )


def _code(answered: _Response) -> int:
    """0: there was no answer (blocked, aborted)."""
    if isinstance(answered.status, float):
        return messages.status(int(answered.status)) if answered.status else 0
    return messages.status(answered.status) if answered.status not in (0, "0", "", -1) else 0


def _fields(named: list[_Named]) -> Headers:
    pairs = [
        (one.name, one.value if isinstance(one.value, str) else str(one.value)) for one in named
    ]
    return messages.fields(
        # A browser joins values of the fields it shows by a line feed.
        (name, part)
        for name, value in pairs
        for part in (value.split("\n") if name.lower() == "set-cookie" else [value])
    )


def _sent(asked: _Request) -> tuple[bytes, str]:
    """The body of a request, and what was lost of it."""
    data = asked.post_data
    if data is None:
        lost = "a request's body that the tool has not kept" if (asked.body_size or 0) > 0 else ""
        return b"", lost
    if data.text:
        if data.encoding == "base64":
            return _base64(data.text), ""
        return data.text.encode("utf-8", "surrogatepass"), ""
    if not data.params:
        return b"", ""
    if "urlencoded" not in (data.mime_type or ""):
        return b"", "a request's body that the tool has kept as fields only"
    pairs = [f"{quote_plus(p.name)}={quote_plus(str(p.value or ''))}" for p in data.params]
    return "&".join(pairs).encode(), "a form that the tool has kept as fields: encoded anew"


def _content(content: _Content) -> bytes:
    if not content.text:
        return b""
    if content.encoding == "base64":
        return _base64(content.text)
    return content.text.encode("utf-8", "surrogatepass")


def _base64(text: str) -> bytes:
    try:
        return b64decode(_SPACE.sub("", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Bad("its body is no base64") from error


def _lost(where: str, what: str) -> Iterator[Item]:
    if what:
        yield Lost(where, what)
