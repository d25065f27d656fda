"""What Keploy takes for noise, as rules of ours: "body.user.ts" -> response.body.$.user.ts. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ci_gate.store.formats.found import Item, Lost, Relaxed

REASON = "Keploy takes it for noise"
_NOT_COMPARED = frozenset(("date", "content-length", "connection", "keep-alive"))
"""Header fields that nobody has to be told of."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_DEEPEST = 40


def of_test(noise: Any, body: str, test: str, where: str) -> Iterator[Item]:
    """Rules for the answer of one test's route; `body`: what it has answered."""
    for path, patterns in _paths(noise):
        yield from _rule(path, patterns, "response", _json(body), where, {"name": test})


def of_mock(noise: Any, spec: Any, where: str) -> Iterator[Item]:
    """Rules for the request of one mock."""
    if isinstance(noise, dict):
        noise = noise.get("req")
    request = spec.get("req") if isinstance(spec, dict) else None
    if not isinstance(request, dict) or not noise:
        return
    body = request.get("body")
    target = str(request.get("url") or "/").partition("://")[2].partition("/")
    path = str(request.get("url")) if not target[0] else "/" + target[2]
    about = {
        "method": str(request.get("method") or "GET"),
        "target": path.encode("utf-8", "replace"),
    }
    for one, patterns in _paths(noise):
        value = _json(body) if isinstance(body, str) else None
        yield from _rule(one, patterns, "request", value, where, about)


def everywhere(noise: Any, where: str) -> Iterator[Item]:
    """Rules for every answer, of the configuration's global noise."""
    for path, patterns in _paths(noise):
        yield from _rule(path, patterns, "response", None, where, {"everywhere": True})


def _paths(noise: Any) -> Iterator[tuple[str, Any]]:
    """Paths and their patterns: a mapping, one nested by body and header, or a list."""
    if isinstance(noise, list):
        yield from ((one, None) for one in noise if isinstance(one, str))
    elif isinstance(noise, dict):
        for key, value in noise.items():
            if isinstance(value, dict):
                yield from ((f"{key}.{inner}", patterns) for inner, patterns in value.items())
            else:
                yield key, value


def _rule(
    path: str, patterns: Any, side: str, value: Any, where: str, about: dict[str, Any]
) -> Iterator[Item]:
    part, _, inner = path.partition(".")
    if part == "header":
        if side == "response" and inner.lower() in _NOT_COMPARED:
            return
        place = f"{side}.headers{_step(inner.lower())}"
    elif part == "body" and inner:
        place = f"{side}.body.$" + "".join(_inside(value, inner.split(".")[:_DEEPEST]))
    else:
        what = "a whole body" if part == "body" else "what is no place of ours"
        yield Lost(where, f"noise over {what} ({path[:60]}): say it in a rule")
        return
    if not inner:
        return
    if patterns:
        yield Lost(where, f"the patterns of the noise at {path[:60]}: any value is let pass")
    yield Relaxed(at=place, reason=REASON, **about)


def _inside(value: Any, steps: list[str]) -> Iterator[str]:
    """Steps of a place; every list on the way is gone through."""
    for step in steps:
        while isinstance(value, list):
            yield "[*]"
            value = next((one for one in value if isinstance(one, dict | list)), None)
        yield _step(step)
        value = value.get(step) if isinstance(value, dict) else None


def _step(name: str) -> str:
    return f".{name}" if _PLAIN.match(name) else f"[{json.dumps(name)}]"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
