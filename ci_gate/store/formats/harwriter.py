"""A snapshot as HAR 1.2. Fields of our own begin with an underscore, as the format asks."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.store.formats.ours import KEY, ours_of
from ci_gate.store.formats.outgoing import Outgoing, Sent, media_of, shown, text_of


def write(outgoing: Outgoing) -> Iterator[tuple[str, bytes]]:
    """One file."""
    entries = [_entry(one) for one in outgoing.returning()]
    creator = {"name": "ci-gate", "version": "1"}
    document = {"log": {"version": "1.2", "creator": creator, "entries": entries}}
    yield "", msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _entry(sent: Sent) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "startedDateTime": sent.at.isoformat(timespec="microseconds"),
        "time": sent.exchange.took,
        "request": _request(sent),
        "response": _response(sent),
        "cache": {},
        "timings": {"send": 0, "wait": sent.exchange.took, "receive": 0},
        "_direction": "inbound" if sent.exchange.inbound else "outbound",
        f"_{KEY}": ours_of(sent.exchange),
    }
    if sent.exchange.connection:
        entry["connection"] = str(sent.exchange.connection)
    return entry


def _request(sent: Sent) -> dict[str, Any]:
    request = sent.request
    query = request.target.partition(b"?")[2].decode("utf-8", "replace")
    form: dict[str, Any] = {
        "method": request.method,
        "url": sent.url,
        "httpVersion": f"HTTP/{request.version}",
        "cookies": [],
        "headers": _fields(request),
        "queryString": [{"name": name, "value": value} for name, value in parse_qsl(query, True)],
        "headersSize": -1,
        "bodySize": len(sent.asked),
    }
    if sent.asked:
        form["postData"] = {"mimeType": media_of(request.headers), **_text(sent.asked)}
    return form


def _response(sent: Sent) -> dict[str, Any]:
    response = sent.response or HttpResponse(status=0)
    return {
        "status": response.status,
        "statusText": response.reason.decode("utf-8", "replace"),
        "httpVersion": f"HTTP/{response.version}",
        "cookies": [],
        "headers": _fields(response),
        "content": {
            "size": len(sent.answered),
            "mimeType": media_of(response.headers),
            **(_text(sent.answered) if sent.answered else {}),
        },
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _fields(message: HttpRequest | HttpResponse) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in shown(message.headers)]


def _text(data: bytes) -> dict[str, str]:
    """A body; base64 where it is no text (of requests, as HAR 1.3 proposes it)."""
    text = text_of(data)
    if text is not None:
        return {"text": text}
    return {"text": b64encode(data).decode(), "encoding": "base64"}
