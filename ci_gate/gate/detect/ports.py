"""The port the service listens on: what the project's files say, the most specific first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ci_gate.gate.detect.compose import Compose
from ci_gate.gate.detect.findings import Command, Found
from ci_gate.gate.detect.folder import SOURCES, Texts

_EXPOSE = re.compile(r"^EXPOSE[ \t]+([0-9]{2,5})", re.MULTILINE)
_FLAG = re.compile(r"(?:--port[= ]|-p |-b \S*:|--bind[= ]\S*:|:)([0-9]{2,5})\b")
_PROPERTY = re.compile(r"^server\.port[ \t]*=[ \t]*([0-9]{2,5})", re.MULTILINE)
_YAML = re.compile(r"^server:[ \t]*\n[ \t]+port:[ \t]*([0-9]{2,5})", re.MULTILINE)
_CODE = (
    re.compile(r"""PORT['"]?\]?\)?[ \t]*(?:,|\|\||\?\?|or)[ \t]*['"]?([0-9]{2,5})"""),
    re.compile(r"\.listen\([ \t]*([0-9]{2,5})\b"),
    re.compile(r"ListenAndServe(?:TLS)?\([ \t]*\"[^\":\n]{0,40}:([0-9]{2,5})\""),
    re.compile(r"\bport[ \t]*[=:][ \t]*([0-9]{2,5})\b"),
    re.compile(r"HTTPServer\(\([^)\n]{0,60},[ \t]*([0-9]{2,5})\)"),
)
_READS = re.compile(
    r"""(?:process\.env\.|environ(?:\.get\(|\[)['"]|getenv\(['"]|Getenv\(")PORT\b"""
)
_FRAMEWORKS = (("manage.py", 8000), ("uvicorn", 8000), ("flask", 5000), ("spring", 8080))


def find_port(
    texts: Texts, env: Mapping[str, Found], command: Command | None, compose: Compose | None
) -> Found | None:
    """The most likely port with where it was found, or None."""
    for found in _candidates(texts, env, command, compose):
        if found.value.isdigit() and 0 < int(found.value) < 65536:
            return found
    return None


def reads_port_variable(texts: Texts, command: Command | None) -> bool:
    """True when the service takes its port from the variable PORT."""
    line = " ".join(command.words) if command else ""
    return "$PORT" in line or "${PORT" in line or any(map(_READS.search, _sources(texts)))


def _candidates(
    texts: Texts, env: Mapping[str, Found], command: Command | None, compose: Compose | None
) -> Iterator[Found]:
    if "PORT" in env:
        yield env["PORT"]
    if command:
        for found in _FLAG.findall(" ".join(command.words)):
            yield Found(found, command.source)
    for path in ("application.properties", "src/main/resources/application.properties"):
        yield from (Found(found, path) for found in _PROPERTY.findall(texts.get(path, "")))
    for name in ("application.yml", "application.yaml"):
        for path in (name, f"src/main/resources/{name}"):
            yield from (Found(found, path) for found in _YAML.findall(texts.get(path, "")))
    yield from (Found(one, "Dockerfile") for one in _EXPOSE.findall(texts.get("Dockerfile", "")))
    own = compose.services.get(compose.own) if compose else None
    if own and compose:
        yield from (Found(str(inside), compose.path) for _, inside in own.ports)
    for pattern in _CODE:
        for path, text in texts.items():
            if path.endswith(SOURCES):
                yield from (Found(found, path) for found in pattern.findall(text))
    line = " ".join(command.words) if command else ""
    for word, number in _FRAMEWORKS:
        if word in line:
            yield Found(str(number), f"the usual port of {word}")


def _sources(texts: Texts) -> Iterator[str]:
    return (text for path, text in texts.items() if path.endswith(SOURCES))
