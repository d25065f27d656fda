"""A snapshot's calls as WireMock stubs: mappings, and __files for what is no short text."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec

from ci_gate.codecs.http1 import keys
from ci_gate.model.exchange import STARTUP
from ci_gate.model.message import HttpRequest
from ci_gate.store.formats.ours import KEY, ours_of
from ci_gate.store.formats.outgoing import Outgoing, Sent, media_of, shown, split_host, text_of

_COMPARED = frozenset(("accept", "content-type", "if-match", "if-none-match", "range"))
"""Fields of a request that our own mocks compare; the others would make a stub answer nobody."""
_UNSAID = frozenset(("content-length", "transfer-encoding", "content-encoding"))
"""Fields of an answer that WireMock makes itself: it frames its own messages, and bodies are here
without their coding."""
_LONGEST = 64 * 1024


def write(outgoing: Outgoing) -> Iterator[tuple[str, bytes]]:
    """One mapping an exchange. Equal requests are a scenario: each answer leads to the next."""
    calls = list(outgoing.returning(inbound=False))
    if outgoing.snapshot.inbound:
        outgoing.lost["inbound exchanges: stubs are answers of dependencies"] += len(
            outgoing.snapshot.inbound
        )
    turns: dict[object, list[int]] = {}
    for number, sent in enumerate(calls):
        turns.setdefault((sent.host, keys.full(sent.request)), []).append(number)
    for series in turns.values():
        for turn, number in enumerate(series):
            sent = calls[number]
            if sent.response is None:
                continue
            if "1.0" in (sent.request.version, sent.response.version):
                outgoing.lost["HTTP/1.0: comes back as HTTP/1.1"] += 1
            if sent.exchange.groups != (STARTUP,):
                outgoing.lost["which request caused a call"] += 1
            stub = _stub(sent)
            if len(series) > 1:
                name = f"repeated {hashlib.sha256(calls[series[0]].exchange.id.encode()).hexdigest()[:8]}"
                stub["scenarioName"] = name
                stub["requiredScenarioState"] = f"{turn}" if turn else "Started"
                if turn + 1 < len(series):
                    stub["newScenarioState"] = f"{turn + 1}"
            yield from _files(stub, sent)
            data = msgspec.json.format(msgspec.json.encode(stub), indent=2)
            yield f"mappings/{number:06d}-{sent.exchange.id}.json", data + b"\n"


def _stub(sent: Sent) -> dict[str, Any]:
    host, port = split_host(sent.scheme, sent.host)
    response = sent.response
    assert response is not None
    asked: dict[str, Any] = {
        "method": sent.request.method,
        "url": sent.request.target.decode("utf-8", "replace"),
        "scheme": sent.scheme,
        "host": {"equalTo": host},
        "port": port,
    }
    compared = {
        name: {"equalTo": value}
        for name, value in shown(sent.request.headers)
        if name.lower() in _COMPARED
    }
    if compared:
        asked["headers"] = compared
    if sent.asked:
        asked["bodyPatterns"] = [_pattern(sent.request, sent.asked)]
    headers: dict[str, Any] = {}
    for name, value in shown(response.headers):
        if name.lower() in _UNSAID:
            continue
        known = headers.get(name)
        values = [*(known if isinstance(known, list) else [known] if known else []), value]
        headers[name] = values if len(values) > 1 else value
    answered: dict[str, Any] = {"status": response.status, "headers": headers}
    if response.reason:
        answered["statusMessage"] = response.reason.decode("utf-8", "replace")
    ours = msgspec.structs.replace(
        ours_of(sent.exchange),
        at=sent.at.isoformat(timespec="microseconds"),
        headers=shown(sent.request.headers),
        answered=shown(response.headers),
    )
    return {"request": asked, "response": answered, "metadata": {KEY: ours}}


def _pattern(request: HttpRequest, body: bytes) -> dict[str, Any]:
    text = text_of(body)
    if text is None:
        return {"binaryEqualTo": b64encode(body).decode()}
    if "json" in media_of(request.headers):
        return {"equalToJson": text}
    return {"equalTo": text}


def _files(stub: dict[str, Any], sent: Sent) -> Iterator[tuple[str, bytes]]:
    """Put the body into the stub, or give its file."""
    text = text_of(sent.answered)
    if text is not None and len(sent.answered) <= _LONGEST:
        if text:
            stub["response"]["body"] = text
        return
    name = hashlib.sha256(sent.answered).hexdigest()
    stub["response"]["bodyFileName"] = name
    yield f"__files/{name}", sent.answered
