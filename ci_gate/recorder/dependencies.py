"""Which dependency an address is: as configured, else named after its host the first time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ci_gate.codecs.http1.authority import PORTS
from ci_gate.codecs.registry import codec
from ci_gate.errors import UsageError
from ci_gate.model.snapshot import Dependency
from ci_gate.recorder.options import Upstream
from ci_gate.recorder.proxy import Target, Tls

Address = tuple[str, str, int]
"""Scheme, host in lower case, port."""


def parse_address(text: str, protocol: str) -> Address:
    """ "https://api.example" or "localhost:5432" as (scheme, host, port). Raises UsageError."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = protocol, text
    rest = rest.rstrip("/")
    host, colon, port = rest.rpartition(":")
    if not colon or rest.endswith("]"):  # [::1] alone: its colons are not before a port
        host, port = rest, str(PORTS.get(scheme, 0))
    if not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536 or not host:
        raise UsageError(f"{text!r}: not an address; write scheme://host:port")
    return scheme, host.strip("[]").lower(), int(port)


class Dependencies:
    """Names addresses while recording.

    `hidden` are our own listeners (host, port): a client that uses the proxy even for them is
    passed through without being recorded twice.
    """

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        is_telemetry: Callable[[str, int], bool],
        found: Callable[[Dependency], None],
    ) -> None:
        self.hidden: set[tuple[str, int]] = set()
        self._is_telemetry = is_telemetry
        self._found = found
        self._by_address: dict[Address, Target] = {}
        self._known: dict[str, Dependency] = {}
        for one in upstreams:
            if one.address:
                address = parse_address(one.address, one.protocol)
                tls = Tls(bool(one.client_tls), one.server_tls, one.ca)
                self._add(address, one.name, one.protocol, one.address, one.role, tls)

    def target(self, scheme: str, host: str, port: int, protocol: str = "http") -> Target:
        """What is at an address; an unknown one becomes a dependency that speaks `protocol`."""
        address = (scheme, host.lower(), port)
        target = self._by_address.get(address)
        if target is None:
            if (host, port) in self.hidden:
                return Target("", codec("http"), hidden=True)
            if self._is_telemetry(host, port):
                return Target(host, codec("http"), telemetry=True)
            default = PORTS.get(scheme) == port
            shown = f"[{host}]" if ":" in host else host
            name = _free(host if default else f"{host}-{port}", self._known)
            url = f"{scheme}://{shown}" + ("" if default else f":{port}")
            target = self._add(address, name, protocol, url, "")
        return target

    def is_telemetry(self, scheme: str, host: str, port: int) -> bool:
        """Whether calls to an address are answered here; nothing becomes known by asking."""
        known = self._by_address.get((scheme, host.lower(), port))
        return known.telemetry if known is not None else self._is_telemetry(host, port)

    def _add(
        self,
        address: Address,
        name: str,
        protocol: str,
        url: str,
        role: str,
        tls: Tls = Tls(),  # noqa: B008 - frozen
    ) -> Target:
        telemetry = role == "telemetry"
        target = Target(name, codec(protocol), telemetry=telemetry, tls=tls)
        self._by_address[address] = target
        if not telemetry:
            dependency = Dependency(name=name, protocol=protocol, address=url)
            self._known[name] = dependency
            self._found(dependency)
        return target

    def session(self, name: str, facts: dict[str, str]) -> None:
        """What a handshake has told of a dependency: the last one counts."""
        known = self._known.get(name)
        if known is not None and facts and known.session != facts:
            self._known[name] = msgspec.structs.replace(known, session=facts)
            self._found(self._known[name])

    def all(self) -> tuple[Dependency, ...]:
        """Every dependency known by now, in the order they came."""
        return tuple(self._known.values())


def _free(name: str, taken: dict[str, Dependency]) -> str:
    """The same host over http and https is two dependencies."""
    choice, number = name, 2
    while choice in taken:
        choice, number = f"{name}-{number}", number + 1
    return choice
