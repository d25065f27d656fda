"""Variables and compose services -> the dependencies they stand for. No value of a variable is
copied but the server of a URL: what else is in there may be a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from ci_gate.config.sections import RESERVED
from ci_gate.config.telemetry import is_telemetry
from ci_gate.config.units import origin
from ci_gate.gate.detect.compose import Compose, Service
from ci_gate.gate.detect.findings import Found, Guess

_SUFFIX = re.compile(r"_(?:URL|URI|HOST|HOSTNAME|ENDPOINT|DSN)\Z")
_FILLER = re.compile(r"_(?:API|SERVICE|SVC|BASE|SERVER)\Z")
_OWN = frozenset(
    {"APP", "BASE", "PUBLIC", "SITE", "FRONTEND", "WEB", "CALLBACK", "REDIRECT", "SELF", "ROOT",
     "SERVER", "LISTEN", "BIND", "ALLOWED", "VIRTUAL", "STATIC", "MEDIA", "CDN"}
)  # fmt: skip
"""Prefixes of variables that are about the service itself, or about browsers."""
_TELEMETRY = re.compile(r"(?:OTEL|OTLP|SENTRY|STATSD|DATADOG|DD_|JAEGER|ZIPKIN)")
_SCHEMES = {
    "postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql",
    "redis": "redis", "rediss": "redis", "mongodb": "mongodb", "mongodb+srv": "mongodb",
    "amqp": "amqp", "amqps": "amqp", "kafka": "kafka", "grpc": "grpc",
    "http": "http", "https": "http",
}  # fmt: skip
_WORDS = (
    ("POSTGRES", "postgres"), ("PG", "postgres"), ("DATABASE", "postgres"), ("DB", "postgres"),
    ("MYSQL", "mysql"), ("MARIADB", "mysql"), ("REDIS", "redis"), ("MONGO", "mongodb"),
    ("RABBIT", "amqp"), ("AMQP", "amqp"), ("KAFKA", "kafka"),
)  # fmt: skip
_LOCAL = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1"})  # noqa: S104 - recognised, not bound


def guess_dependencies(
    variables: Mapping[str, Found], compose: Compose | None, own_port: int
) -> tuple[Guess, ...]:
    """The dependencies that the address variables stand for, by name."""
    found: dict[str, Guess] = {}
    for variable, value in variables.items():
        suffix = _SUFFIX.search(variable)
        if suffix is None or _about_itself(variable, value.value, own_port):
            continue
        guess = _guess(variable, variables, compose)
        if guess.name in found:
            env = (*found[guess.name].env, *guess.env)
            guess = msgspec.structs.replace(found[guess.name], env=env)
        found[guess.name] = guess
    return tuple(found[name] for name in sorted(found))


def _about_itself(variable: str, value: str, own_port: int) -> bool:
    if _SUFFIX.sub("", variable) in _OWN:
        return True
    host, port = _server(value)
    return host in _LOCAL and port == own_port != 0


def _guess(variable: str, variables: Mapping[str, Found], compose: Compose | None) -> Guess:
    found = variables[variable]
    prefix = _SUFFIX.sub("", variable)
    name = dependency_name(prefix)
    host, port = _server(found.value)
    port = port or _companion(prefix, variables)
    service = compose.services.get(host) if compose else None
    protocol = _protocol(variable, found.value, service)
    host, port = _published(host, port, service)
    return Guess(
        name=name,
        protocol=protocol,
        upstream=_upstream(protocol, found.value, host, port),
        telemetry=bool(_TELEMETRY.match(variable)) or is_telemetry(host, port),
        env=_env(variable, prefix, name, found.value, variables),
        source=f"{variable} in {found.source}",
    )


def dependency_name(prefix: str) -> str:
    """PAYMENTS_API_BASE -> payments; ORDERS_DB -> orders-db."""
    while _FILLER.search(prefix):
        prefix = _FILLER.sub("", prefix)
    name = prefix.lower().replace("_", "-").strip("-") or "dependency"
    return f"{name}-api" if name in RESERVED else name


def _server(value: str) -> tuple[str, int]:
    """(host, port) of a URL, HOST:PORT or HOST; ("", 0) for what is none."""
    try:
        parts = urlsplit(value if "://" in value else f"//{value}")
        return parts.hostname or "", parts.port or 0
    except ValueError:
        return "", 0


def _companion(prefix: str, variables: Mapping[str, Found]) -> int:
    value = variables[f"{prefix}_PORT"].value if f"{prefix}_PORT" in variables else ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0


def _protocol(variable: str, value: str, service: Service | None) -> str:
    scheme = value.partition("://")[0].partition("+")[0].lower() if "://" in value else ""
    if scheme in _SCHEMES:
        return _SCHEMES[scheme]
    image = service.image.upper() if service else ""
    words = set(variable.split("_"))
    for word, protocol in _WORDS:
        if word in image or any(part.startswith(word) for part in words if len(word) > 2):
            return protocol
        if word in words:
            return protocol
    return "http"


def _published(host: str, port: int, service: Service | None) -> tuple[str, int]:
    """Where a compose service can be reached from outside its network."""
    for published, inside in service.ports if service else ():
        if published and inside == (port or inside):
            return "localhost", published
    return host, port


def _upstream(protocol: str, value: str, host: str, port: int) -> str:
    if not host:
        return ""
    shown = f"[{host}]" if ":" in host else host
    if protocol != "http":
        return f"{shown}:{port}" if port else ""
    scheme = "https" if value.startswith("https:") else "http"
    try:
        return origin(f"{scheme}://{shown}:{port}" if port else f"{scheme}://{shown}")
    except ValueError:
        return ""


def _env(
    variable: str, prefix: str, name: str, value: str, variables: Mapping[str, Found]
) -> tuple[tuple[str, str], ...]:
    """The variable with our address in the place of its own."""
    if variable.endswith(("_HOST", "_HOSTNAME")) and "://" not in value:
        port = f"{prefix}_PORT"
        if port in variables:
            return ((variable, f"${{{name}.host}}"), (port, f"${{{name}.port}}"))
        return ()
    if "://" in value and not value.startswith(("http://", "https://")):
        return ((variable, _database_url(prefix, name, value)),)
    path = ""
    if value.startswith(("http://", "https://")):
        try:
            path = urlsplit(value).path.rstrip("/")
        except ValueError:
            path = ""
    return ((variable, f"${{{name}.url}}{path.replace('${', '$${')}"),)


def _database_url(prefix: str, name: str, value: str) -> str:
    """The URL of a database at our address: its user and name stay, its password is a variable,
    because the real server asks for it while recording."""
    try:
        parts = urlsplit(value)
        user, password = (parts.username or "").replace("${", "$${"), parts.password
    except ValueError:
        return f"${{{name}.url}}"
    if password is not None:
        user += f":${{env.{prefix}_PASSWORD:-}}"
    at = f"{user}@" if user else ""
    path = parts.path.replace("${", "$${")
    return f"{parts.scheme}://{at}${{{name}.address}}{path}"
