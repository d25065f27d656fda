"""Variables that say where other services are, and what the files say their values are."""

from __future__ import annotations

import re

from ci_gate.gate.detect.compose import Compose
from ci_gate.gate.detect.findings import Found
from ci_gate.gate.detect.folder import SOURCES, Texts

ENV_FILES = (".env", ".env.example", ".env.sample")
_LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)$")
_ENV = re.compile(r"^ENV[ \t]+([A-Za-z_][A-Za-z0-9_]*)[= \t][ \t]*(\S+)", re.MULTILINE)
_SOURCE = re.compile(
    r"""(?:process\.env(?:\.|\[['"])|environ(?:\.get\(|\[)\s*['"]|(?:os\.|System\.)?[gG]etenv\(\s*['"]"""
    r"""|LookupEnv\("|ENV(?:\.fetch\(|\[)['"]|env::var\("|GetEnvironmentVariable\(")"""
    r"([A-Z][A-Z0-9_]{1,60})"
    r"""(?:['"]?\]?\s*(?:,|\|\||\?\?|or)\s*['"]([^'"\n]{1,200})['"])?"""
)
_ADDRESS = re.compile(
    r"[A-Z][A-Z0-9_]*_(?:URL|URI|HOST|HOSTNAME|ENDPOINT|DSN)\Z|PORT\Z|[A-Z0-9_]+_PORT\Z"
)


def find_variables(texts: Texts, compose: Compose | None) -> dict[str, Found]:
    """Address variables (`*_URL`, `*_HOST`, their `*_PORT`, `PORT`) by name, in a stable order.

    A value of "" means that the code reads the variable and nothing says what it holds.
    """
    found: dict[str, Found] = {}
    for path in ENV_FILES:
        for name, value in _dotenv(texts.get(path, "")):
            _keep(found, name, value, path)
    own = compose.services.get(compose.own) if compose else None
    if own and compose:
        for name, value in own.env.items():
            _keep(found, name, value, compose.path)
    for name, value in _ENV.findall(texts.get("Dockerfile", "")):
        _keep(found, name, value, "Dockerfile")
    for path, text in texts.items():
        if path.endswith(SOURCES):
            for name, value in _SOURCE.findall(text):
                _keep(found, name, value, path)
    return dict(sorted(found.items()))


def _keep(found: dict[str, Found], name: str, value: str, source: str) -> None:
    """The first file that gives a value wins over those that only name the variable."""
    if _ADDRESS.match(name) and (name not in found or (value and not found[name].value)):
        found[name] = Found(value.strip(), source)


def _dotenv(text: str) -> list[tuple[str, str]]:
    pairs = []
    for line in text.splitlines():
        match = _LINE.match(line)
        if match:
            value = match[2].strip()
            if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            else:
                value = value.partition(" #")[0].strip()
            pairs.append((match[1], value))
    return pairs
