"""Connections of the service that went past our listeners: what to say of them, and what mends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ci_gate.config.telemetry import is_telemetry
from ci_gate.diff.render import clean
from ci_gate.gate.summary import Uncaptured
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import BACKGROUND
from ci_gate.model.snapshot import Dependency
from ci_gate.recorder.dependencies import Address, parse_address
from ci_gate.recorder.options import Upstream
from ci_gate.service.watch import Escape

_LOCAL = ("127.0.0.1", "localhost", "::1")


class Known:
    """What addresses are, as far as configuration and snapshot say."""

    def __init__(self, dependencies: Iterable[Dependency], upstreams: Sequence[Upstream]) -> None:
        self._names: dict[tuple[str, int], str] = {}
        self._telemetry: set[tuple[str, int]] = set()
        for upstream in upstreams:
            if upstream.address:
                place = self._name(upstream)
                if upstream.role == "telemetry":
                    self._telemetry.add(place)
        for dependency in dependencies:
            if dependency.address:
                self._name(dependency)

    def _name(self, one: Dependency | Upstream) -> tuple[str, int]:
        place = _place(parse_address(one.address, one.protocol))
        self._names.setdefault(place, one.name)
        return place

    def left_out(self, address: str) -> bool:
        """True for telemetry, which is nobody's regression."""
        place = _split(address)
        return place in self._telemetry or is_telemetry(*place)

    def fix(self, address: str, recording: bool) -> str:
        """What to do about a connection to `address`."""
        name = self._names.get(_split(address), "")
        if name:
            return (
                f"this is {name}: let the service call ${{{name}.url}} "
                f"(service.env), or give its client the proxy (docs/clients.md)"
            )
        if recording:
            return (
                "give the client the proxy, or its own listener: --map "
                f"NAME@PORT=http://{address} and ${{NAME.url}} (docs/clients.md)"
            )
        return (
            "its client does not use the proxy that the environment names: give it the proxy, or "
            "a listener under dependencies and ${NAME.url} (docs/clients.md), and record again"
        )


def differences(escapes: Iterable[Escape], known: Known) -> tuple[Difference, ...]:
    """What each address came to in a run; telemetry is a notice."""
    return tuple(
        Difference(
            change="escape",
            group=BACKGROUND,
            dependency=one.address,
            actual=one.address,
            detail=f"{_times(one.connections)}; {known.fix(one.address, recording=False)}",
            notice=known.left_out(one.address),
        )
        for one in escapes
    )


def uncaptured(escapes: Iterable[Escape], known: Known) -> tuple[Uncaptured, ...]:
    """What a recording lacks, without telemetry."""
    return tuple(
        Uncaptured(
            address=one.address,
            count=one.connections,
            fix=known.fix(one.address, recording=True),
        )
        for one in escapes
        if not known.left_out(one.address)
    )


def broken(notes: Mapping[tuple[str, str], int]) -> tuple[Difference, ...]:
    """Connections to a mock that came to no call: TLS that failed, bytes that are no protocol.
    Fail closed: what was meant to be said there nobody knows."""
    return tuple(
        Difference(
            change="unexpected",
            group=BACKGROUND,
            dependency=name,
            effect="write",
            actual=clean(f"{text} ({count} times)" if count > 1 else text),
            detail=clean(text),
        )
        for (name, text), count in notes.items()
    )


def _times(connections: int) -> str:
    return "1 connection" if connections == 1 else f"{connections} connections"


def _place(address: Address) -> tuple[str, int]:
    _, host, port = address
    return ("127.0.0.1" if host in _LOCAL else host), port


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return _place(("", host.strip("[]"), int(port)))
