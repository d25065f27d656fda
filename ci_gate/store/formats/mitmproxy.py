"""mitmproxy's flow dumps, of format 4 (2016) and later: what differs between them, we do not read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from ci_gate.model.message import Headers
from ci_gate.store.formats import messages
from ci_gate.store.formats.found import Fault, Found, Item, Lost, ReadOptions, Skipped
from ci_gate.store.formats.messages import Address, Bad
from ci_gate.store.formats.source import Source
from ci_gate.store.formats.tnetstrings import Torn, elements

_HEAD = re.compile(rb"[1-9]\d{1,11}:\d{1,9}:[a-z_]{2,30}[;,]")
_ENDINGS = (".mitm", ".flow", ".flows", ".dump")


def recognises(source: Source) -> bool:
    """A length, and then the first key of a flow."""
    names = source.having(*_ENDINGS) if source.is_folder else source.names
    return any(_HEAD.match(source.head(name)) for name in names[:5])


def read(source: Source, options: ReadOptions) -> Iterator[Item]:
    """Each flow; what is no HTTP is told."""
    for name in source.having(*_ENDINGS) if source.is_folder else source.names:
        number = 0
        try:
            for offset, flow in elements(source.chunks(name)):
                number += 1
                where = f"{source.where(name)} flow {number} (byte {offset})"
                try:
                    yield from _flow(flow, where, options)
                except Bad as error:
                    yield Fault(where, str(error))
        except Torn as error:
            where = f"{source.where(name)} flow {number + 1} (byte {error.offset})"
            yield Fault(where, str(error))


def _flow(flow: Any, where: str, options: ReadOptions) -> Iterator[Item]:
    if not isinstance(flow, dict):
        raise Bad("not a flow")
    kind = _text(flow.get("type")) or "http"
    if kind == "websocket":
        yield Skipped(where, "what was said on a WebSocket, beside its handshake's flow")
        return
    if kind != "http":
        yield Skipped(where, f"a {kind[:20]} flow: not HTTP")
        return
    asked, answered = flow.get("request"), flow.get("response")
    if not isinstance(asked, dict):
        raise Bad("a flow without a request")
    lost: list[str] = []
    headers = _fields(asked)
    to = _address(asked, headers)
    version, told = messages.version_of(_text(asked.get("http_version")))
    lost.append(told)
    request, told = messages.request(
        messages.method(_text(asked.get("method"))),
        to,
        headers,
        _content(asked, "request", lost),
        coded=True,
        version=version,
    )
    lost.append(told)
    response = None
    if isinstance(answered, dict):
        body = _content(answered, "response", lost)
        code = messages.status(answered.get("status_code", answered.get("code")))
        reason = _text(answered.get("reason", answered.get("msg")))
        response, told = messages.response(code, reason, _fields(answered), body, coded=True)
        lost.append(told)
        if flow.get("websocket") or code == 101:
            lost.append("what was said on a WebSocket: the handshake alone is kept")
    yield from (Lost(where, one) for one in lost if one)
    at = _time(asked.get("timestamp_start"))
    ends = (_time(_at(answered, "timestamp_end")), _time(_at(answered, "timestamp_start")))
    ended = next((one for one in ends if one is not None), at)
    yield Found(
        where=where,
        inbound=options.inbound is not False,
        request=request,
        response=response,
        scheme=to.scheme,
        host=to.host,
        port=to.port,
        at=at,
        took=max((ended or 0.0) - (at or 0.0), 0.0) * 1000,
        session=_text(_at(flow.get("client_conn"), "id")),
        notes=(),
    )


def _address(asked: dict[str, Any], headers: Headers) -> Address:
    """By name where the client has named it; a transparent proxy knows only the number."""
    scheme = _text(asked.get("scheme")) or "http"
    host, port = _text(asked.get("host")), asked.get("port")
    named = _text(asked.get("authority"))
    named = named or messages.value_of(headers, b"host").decode("utf-8", "replace")
    path = _text(asked.get("path")) or "/"
    if path == "*":
        raise Bad("OPTIONS * asks no service")
    if not named:
        named = f"[{host}]" if ":" in host else host
        named += f":{port}" if isinstance(port, int) and port else ""
    return messages.address(f"{scheme}://{named}{path if path[:1] == '/' else '/' + path}")


def _fields(side: dict[str, Any]) -> Headers:
    listed = side.get("headers")
    pairs = []
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, list) or len(one) != 2:
            raise Bad("a header that is no pair")
        pairs.append((_text(one[0]), _text(one[1])))
    return messages.fields(pairs)


def _content(side: dict[str, Any], which: str, lost: list[str]) -> bytes:
    content = side.get("content")
    if isinstance(content, str):
        return content.encode("utf-8", "surrogateescape")
    if content is None:
        stream = b"event-stream" in messages.value_of(_fields(side), b"content-type")
        length = messages.value_of(_fields(side), b"content-length")
        if stream or length not in (b"", b"0"):
            lost.append(f"a {which}'s body that the tool has not kept")
    return content if isinstance(content, bytes) else b""


def _time(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and math.isfinite(value) and 0 < value < 1e11 else None


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, list):  # HTTP/1.1 as [1, 1], in the oldest files
        return ".".join(str(one) for one in value[:3])
    return value if isinstance(value, str) else ""


def _at(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
