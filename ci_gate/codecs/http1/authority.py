"""Hosts and request targets: RFC 9112 section 3.2's four forms, RFC 3986's authority."""

from __future__ import annotations

import re

import msgspec

from ci_gate.codecs.http1.malformed import Malformed

PORTS = {"http": 80, "https": 443}

_ABSOLUTE = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)", re.DOTALL)
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.%A-Za-z]+\]|[^:\[\]@/?#\\\s]+)(?::([0-9]{0,5}))?")


class Authority(msgspec.Struct, frozen=True):
    """Who answers: `scheme` "http" or "https", `host` without brackets, `port` as a number."""

    scheme: str
    host: str
    port: int

    @property
    def field(self) -> bytes:
        """The Host field's value: the port only when it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.port == PORTS.get(self.scheme):
            return host.encode("utf-8")
        return f"{host}:{self.port}".encode()


def parse_authority(text: bytes, scheme: str) -> Authority:
    """`host[:port]`, user information left out; raises Malformed when it is neither."""
    host = text.rpartition(b"@")[2]
    match = _HOST.fullmatch(host)
    if match is None:
        raise Malformed(400, f"the host {host[:80]!r} cannot be read")
    port = int(match[2]) if match[2] else PORTS.get(scheme, 80)
    if not 0 < port < 65536:
        raise Malformed(400, f"the port {port} does not exist")
    return Authority(scheme, match[1].strip(b"[]").decode("utf-8", "replace"), port)


def split_target(target: bytes) -> tuple[str, bytes, bytes]:
    """An absolute-form target as (scheme, authority, origin-form); ("", b"", target) otherwise."""
    if target[:1] in (b"/", b"*"):
        return "", b"", target
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        return "", b"", target
    origin = match[3].partition(b"#")[0]
    if origin[:1] != b"/":
        origin = b"/" + origin
    return match[1].decode("ascii").lower(), match[2], origin
