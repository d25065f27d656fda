"""Where requests are replayed to: scheme, host and port, and how they are spelled in messages."""

from __future__ import annotations

import os
import ssl
from urllib.parse import urlsplit

import msgspec

from ci_gate.errors import UsageError
from ci_gate.gate.serving.listeners import LOOPBACK
from ci_gate.net.certificates import client_context
from ci_gate.service.options import ServiceOptions
from ci_gate.service.ports import free_port

_DEFAULTS = {"http": 80, "https": 443}
LOCAL = "localhost"
"""Tried as 127.0.0.1 and as ::1."""


class Target(msgspec.Struct, frozen=True):
    """A service that answers."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """ "host:port", an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def spellings(self) -> tuple[str, ...]:
        """How its address may be written in messages, the one for requests first."""
        authority = self.authority
        plain = authority.rpartition(":")[0]
        first = (plain, authority) if self.port == _DEFAULTS[self.scheme] else (authority,)
        if self.host not in (LOOPBACK, LOCAL, "::1"):
            return first
        local = (f"{LOOPBACK}:{self.port}", f"{LOCAL}:{self.port}", f"[::1]:{self.port}")
        return tuple(dict.fromkeys((*first, *local)))

    def tls(self) -> ssl.SSLContext | None:
        """What to speak TLS with, None for plain HTTP; its certificate is verified."""
        return client_context(os.environ) if self.scheme == "https" else None


def of_url(url: str, what: str) -> Target:
    """The target that `url` names; raises UsageError saying that `what` is none."""
    parts = urlsplit(url)
    try:
        port = parts.port or _DEFAULTS.get(parts.scheme, 0)
    except ValueError:
        port = 0
    if parts.scheme not in _DEFAULTS or not parts.hostname or not port:
        raise UsageError(f"{what} {url!r}: write http://host:port")
    return Target(parts.scheme, parts.hostname, port)


def of_service(service: ServiceOptions, recorded_port: int) -> Target:
    """Where the service of `run` answers: its URL, or a port of this machine.

    Raises UsageError when no port is known.
    """
    if service.url:
        return of_url(service.url, "service.url")
    port = free_port() if service.auto_port else service.port or recorded_port
    if not port:
        raise UsageError("the service's port is not known: set service.port or give --app-port")
    return Target("http", LOOPBACK, port)


def of_flag(text: str, recorded_port: int) -> Target:
    """The target of `replay`: as given, else the port that the service was recorded on."""
    if text:
        return of_url(text, "--target")
    if not recorded_port:
        raise UsageError("the snapshot does not know the service's port: give --target URL")
    return Target("http", LOOPBACK, recorded_port)
