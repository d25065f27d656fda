"""A snapshot's inbound routes as OpenAPI 3.1: schemas inferred from what was seen, with examples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from ci_gate.store.formats.openapischema import of_text, schema
from ci_gate.store.formats.outgoing import Outgoing, Sent, media_of, text_of

_SEGMENT = re.compile(r"\{([^{}/]+)\}")
_METHODS = frozenset(("get", "put", "post", "delete", "options", "head", "patch", "trace"))
_LONGEST = 4096
"""Bytes of an example that is no JSON."""


def write(outgoing: Outgoing) -> Iterator[tuple[str, bytes]]:
    """One JSON document."""
    routes: dict[str, list[Sent]] = {}
    for sent in outgoing.exchanges(outbound=False):
        routes.setdefault(sent.exchange.route, []).append(sent)
    if outgoing.snapshot.outbound:
        outgoing.lost["calls: an interface is described, not what is behind it"] += len(
            outgoing.snapshot.outbound
        )
    paths: dict[str, dict[str, Any]] = {}
    for route, seen in routes.items():
        method, _, path = route.partition(" ")
        if method.lower() not in _METHODS or not path.startswith("/"):
            outgoing.lost[f"requests by {method}"] += len(seen)
            continue
        template, names = _template(path)
        paths.setdefault(template, {})[method.lower()] = _operation(route, names, seen)
    origin = outgoing.snapshot.origin
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": origin.service or "service",
            "version": origin.commit[:12] or "recorded",
            "description": "Inferred from recorded requests; secrets are stand-ins.",
        },
        "servers": [{"url": f"http://{origin.host or f'localhost:{origin.service_port or 8080}'}"}],
        "paths": paths,
    }
    yield "", msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _template(path: str) -> tuple[str, list[str]]:
    """The path with each variable segment named once: /a/{id}/b/{id2}."""
    names: list[str] = []

    def name(found: re.Match[str]) -> str:
        base = re.sub(r"[^A-Za-z0-9_]", "_", found[1])
        number = sum(one.startswith(base) for one in names)
        names.append(f"{base}{number + 1}" if number else base)
        return "{" + names[-1] + "}"

    return _SEGMENT.sub(name, path), names


def _operation(route: str, names: Sequence[str], seen: Sequence[Sent]) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": route}
    parameters = [*_path_parameters(route, names, seen), *_query_parameters(seen)]
    if parameters:
        operation["parameters"] = parameters
    bodies = [(media_of(one.request.headers), one.asked) for one in seen if one.asked]
    if bodies:
        operation["requestBody"] = {
            "required": len(bodies) == len(seen),
            "content": _content(bodies),
        }
    responses: dict[str, Any] = {}
    answers: dict[int, list[Sent]] = {}
    for one in seen:
        if one.response is not None:
            answers.setdefault(one.response.status, []).append(one)
    for status, those in sorted(answers.items()):
        reason = those[0].response.reason if those[0].response else b""
        responses[str(status)] = {"description": reason.decode("utf-8", "replace") or str(status)}
        told = [
            (media_of(s.response.headers), s.answered) for s in those if s.response and s.answered
        ]
        if told:
            responses[str(status)]["content"] = _content(told)
    operation["responses"] = responses or {"default": {"description": "not recorded"}}
    return operation


def _path_parameters(
    route: str, names: Sequence[str], seen: Sequence[Sent]
) -> Iterator[dict[str, Any]]:
    """Each variable segment with the values that it had."""
    steps = route.partition(" ")[2].split("/")
    places = [at for at, step in enumerate(steps) if _SEGMENT.search(step)]
    for name, at in zip(names, places, strict=False):
        values = []
        for one in seen:
            path = one.request.target.partition(b"?")[0].decode("utf-8", "replace").split("/")
            if at < len(path):
                values.append(unquote(path[at]))
        yield _parameter("path", name, values, required=True)


def _query_parameters(seen: Sequence[Sent]) -> Iterator[dict[str, Any]]:
    found: dict[str, list[str]] = {}
    times: dict[str, int] = {}
    for one in seen:
        query = one.request.target.partition(b"?")[2].decode("utf-8", "replace")
        pairs = parse_qsl(query, keep_blank_values=True)
        for name, value in pairs:
            found.setdefault(name, []).append(value)
        for name in {name for name, _ in pairs}:
            times[name] = times.get(name, 0) + 1
    for name, values in found.items():
        yield _parameter("query", name, values, required=times[name] == len(seen))


def _parameter(where: str, name: str, values: Sequence[str], *, required: bool) -> dict[str, Any]:
    form: dict[str, Any] = {"name": name, "in": where, "required": required}
    form["schema"] = of_text(values)
    if values:
        form["example"] = values[0]
    return form


def _content(bodies: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """Media type -> schema and first example."""
    by_media: dict[str, list[bytes]] = {}
    for media, body in bodies:
        by_media.setdefault(media.partition(";")[0].strip().lower() or "*/*", []).append(body)
    return {media: _media(those) for media, those in by_media.items()}


def _media(bodies: Sequence[bytes]) -> dict[str, Any]:
    values = []
    for body in bodies:
        try:
            values.append(msgspec.json.decode(body))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            text = text_of(bodies[0])
            if text is None:
                return {"schema": {}}  # 3.1: any bytes
            form: dict[str, Any] = {"schema": {"type": "string"}}
            return form | ({"example": text} if len(text) <= _LONGEST else {})
    return {"schema": schema(values), "example": values[0]}
