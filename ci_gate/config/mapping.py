"""`--map [NAME@][HOST:]PORT=PROTO://HOST:PORT`: a fixed listener for one dependency."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ci_gate.codecs.registry import PROTOCOLS
from ci_gate.config.problems import hint
from ci_gate.config.sections import RESERVED
from ci_gate.config.units import LOOPBACK, endpoint, origin
from ci_gate.errors import UsageError
from ci_gate.recorder.options import Upstream

_FORM = "[NAME@][HOST:]PORT=PROTO://HOST:PORT"
_EXAMPLE = "payments@8081=https://api.payments.example:443"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_SCHEMES = ("http", "https", "rediss", *(name for name in PROTOCOLS if name != "http"))


def parse_map(text: str) -> Upstream:
    """One `--map`. Without NAME the dependency is called as its host. Raises UsageError."""
    try:
        return _parse(text)
    except ValueError as error:
        message = f"--map {text[:120]}: {error}; write {_FORM}, such as {_EXAMPLE}"
        raise UsageError(message) from error


def _parse(text: str) -> Upstream:
    local, equals, remote = text.partition("=")
    scheme, separator, address = remote.partition("://")
    if not equals or not separator:
        raise ValueError("not a mapping")
    name, at, listen = local.rpartition("@")
    if at and (not _NAME.match(name) or name in RESERVED):
        raise ValueError(f'"{name}" is not a name for a dependency')
    if scheme not in _SCHEMES:
        raise ValueError(
            f"unknown protocol {scheme}; known: {', '.join(_SCHEMES)}{hint(scheme, _SCHEMES)}"
        )
    listen_host, listen_port = endpoint(listen, LOOPBACK)
    if scheme in ("http", "https"):
        protocol, target = "http", origin(remote)
        host = urlsplit(target).hostname or ""
    else:
        protocol, target = "redis" if scheme == "rediss" else scheme, address
        host = "{}-{}".format(*endpoint(address))
    return Upstream(
        name=name or host.replace(":", "-").strip("-"),
        protocol=protocol,
        address=target,
        listen=listen_port,
        listen_host=listen_host,
        server_tls=scheme == "rediss",
    )


def parse_dependency(text: str) -> Upstream:
    """`NAME=PROTO://HOST[:PORT]`: a dependency without a fixed listener. Raises UsageError."""
    name, equals, remote = text.partition("=")
    if not equals or not _NAME.match(name) or name in RESERVED:
        raise UsageError(
            f"{text[:120]}: not a dependency; write NAME=PROTO://HOST:PORT, "
            "such as payments=https://api.payments.example"
        )
    # The port of the mapping's own side does not matter here.
    return parse_map(f"{name}@1={remote}")
