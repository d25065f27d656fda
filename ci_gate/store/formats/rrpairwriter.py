"""A snapshot as proxymock's Markdown pairs: one file an exchange, a folder a host."""

from __future__ import annotations

import contextlib
import json
import uuid
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec

from ci_gate.model.message import Headers
from ci_gate.store.formats.ours import KEY, ours_of
from ci_gate.store.formats.outgoing import Outgoing, Sent, media_of, shown, split_host, text_of

_NAMES = uuid.UUID("6f0a1c58-31d1-4f43-9a5c-6c69cbd3e0a4")
"""Makes the same pair's id the same each time."""


def write(outgoing: Outgoing) -> Iterator[tuple[str, bytes]]:
    """Files by the time of their request."""
    for number, sent in enumerate(outgoing.returning(), 1):
        host, _ = split_host(sent.scheme, sent.host)
        folder = "localhost" if sent.exchange.inbound else _safe(host)
        stamp = sent.at.strftime("%Y-%m-%d_%H-%M-%S.%fZ")
        for message in (sent.request, sent.response):
            if message is not None and not _is_grouped(message.headers):
                outgoing.lost["the order of a header's lines that others stand between"] += 1
        yield (
            f"{folder}/{stamp}-{number:06d}.md",
            _pair(sent, number).encode(),
        )


def _safe(host: str) -> str:
    kept = "".join(one if one.isalnum() or one in ".-_" else "-" for one in host)
    return kept.strip(".") or "unnamed"


def _pair(sent: Sent, number: int) -> str:
    """The pair as people read it, and below it as it was."""
    request, response = sent.request, sent.response
    host, port = split_host(sent.scheme, sent.host)
    path = request.target.decode("utf-8", "replace")
    name = str(uuid.uuid5(_NAMES, f"{sent.exchange.id} {number}"))
    stamp = sent.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    direction = "IN" if sent.exchange.inbound else "OUT"
    first = f"{request.method} {sent.scheme}://{host}:{port}{path} HTTP/{request.version}"
    query = path.partition("?")[2]
    blocks = [
        _section("REQUEST", _head(first, request.headers), _shown(sent.asked, request.headers)),
    ]
    if response is not None:
        line = f"HTTP/{response.version} {response.status} {response.reason.decode('utf-8', 'replace')}"
        body = _shown(sent.answered, response.headers)
        blocks.append(_section("RESPONSE", _head(line.rstrip(), response.headers), body))
    blocks += [
        _section(
            "SIGNATURE",
            f"http:host is {host}\nhttp:method is {request.method}\n"
            f"http:queryparams is {query or '-NONE-'}\nhttp:url is {path.partition('?')[0]}",
        ),
        _section(
            "METADATA",
            f"direction: {direction}\nuuid: {name}\nts: {stamp}\n"
            f"duration: {round(sent.exchange.took)}ms\ntags: sequence={number}, source=ci-gate",
        ),
        _section("INTERNAL - DO NOT MODIFY", f"json: {json.dumps(_internal(sent, name, stamp))}"),
    ]
    return "\n".join(blocks)


def _section(title: str, *blocks: str) -> str:
    fenced = "\n\n".join(f"```\n{block}\n```" if block else "```\n```" for block in blocks)
    return f"### {title} ###\n{fenced}\n"


def _head(first: str, headers: Headers) -> str:
    joined: dict[str, list[str]] = {}
    for name, value in shown(headers):
        joined.setdefault(name, []).append(value.replace(",", "\\,"))
    lines = [f"{name}: {', '.join(values)}" for name, values in sorted(joined.items())]
    return "\n".join(
        [first, *(one for one in lines if not one.lower().startswith("content-length:"))]
    )


def _shown(body: bytes, headers: Headers) -> str:
    """JSON laid out, other text as it is; what is no text, or would end the block, is below only."""
    text = text_of(body)
    if text is None:
        return ""
    if "json" in media_of(headers):
        with contextlib.suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return "" if "```" in text or "\r" in text or "\n### " in f"\n{text}" else text


def _internal(sent: Sent, name: str, stamp: str) -> dict[str, Any]:
    request, response = sent.request, sent.response
    host, port = split_host(sent.scheme, sent.host)
    path = request.target.decode("utf-8", "replace")
    http: dict[str, Any] = {
        "req": {
            "url": path.partition("?")[0],
            "uri": path,
            "version": request.version,
            "method": request.method,
            "host": host,
            "headers": _fields(request.headers),
        }
    }
    if sent.asked:
        http["req"]["bodyBase64"] = b64encode(sent.asked).decode()
    if response is not None:
        reason = response.reason.decode("utf-8", "replace")
        http["res"] = {
            "contentType": media_of(response.headers),
            "statusCode": response.status,
            "statusMessage": f"{response.status} {reason}".strip(),
            "headers": _fields(response.headers),
        }
        if sent.answered:
            http["res"]["bodyBase64"] = b64encode(sent.answered).decode()
    return {
        "msgType": "rrpair",
        "ts": stamp,
        "isTls": sent.scheme == "https",
        "l7protocol": sent.scheme,
        "duration": round(sent.exchange.took),
        "tags": {"source": "ci-gate"},
        "uuid": b64encode(uuid.UUID(name).bytes).decode(),
        "direction": "IN" if sent.exchange.inbound else "OUT",
        "network_address": f"{host}:{port}",
        "command": request.method,
        "location": path.partition("?")[0],
        "status": str(response.status) if response is not None else "",
        "http": http,
        KEY: msgspec.to_builtins(ours_of(sent.exchange)),
    }


def _is_grouped(headers: Headers) -> bool:
    """The lines of each header stand together."""
    fields = _fields(headers)
    return [name for name, _ in shown(headers)] == [name for name in fields for _ in fields[name]]


def _fields(headers: Headers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in shown(headers):
        found.setdefault(name, []).append(value)
    return found
