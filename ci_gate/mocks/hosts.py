"""Hosts as a client names them to a forward proxy, and how it is told that one is not there."""

from __future__ import annotations

import json

from ci_gate.model.message import HttpRequest, HttpResponse


def host_of(request: HttpRequest) -> str:
    """The authority of an absolute-form target, which the conversation has put into Host (RFC 9112
    section 3.2.2)."""
    for name, value in request.headers:
        if name.lower() == b"host":
            return value.decode("latin-1")
    return ""


def host_port(authority: str, default: int) -> tuple[str, int]:
    """Host, in lower case, and port of "user@host:port", "[::1]:80", "host"."""
    authority = authority.rpartition("@")[2]
    host, colon, port = authority.rpartition(":")
    if colon and port.isdigit() and not host.endswith(":") and len(port) <= 5:
        return host.strip("[]").lower(), int(port)
    return authority.strip("[]").lower(), default


def named(host: str, port: int) -> str:
    """How reports name a host: with its port unless that is the usual one."""
    return host if port in (80, 443) else f"{host}:{port}"


def refusal(reason: str) -> HttpResponse:
    """501 with the reason: a host that nobody recorded is never called."""
    body = json.dumps({"error": "ci-gate refused this call", "reason": reason}).encode()
    return HttpResponse(501, b"Not Implemented", ((b"Content-Type", b"application/json"),), body)
