"""Dependencies: the file's and `--map`'s, as the stages want them."""

from __future__ import annotations

from ci_gate.config.mapping import parse_map
from ci_gate.config.schema import Configuration, DependencySection
from ci_gate.config.sections import listening
from ci_gate.config.units import LOOPBACK, origin
from ci_gate.errors import UsageError
from ci_gate.recorder.options import Upstream


def resolve_dependencies(maps: tuple[str, ...], settings: Configuration) -> tuple[Upstream, ...]:
    """The configured dependencies, then those that only `--map` names; a mapped name wins.

    Raises UsageError when two want the same listener or the same name is mapped twice.
    """
    found = {name: _upstream(name, one) for name, one in settings.dependencies.items()}
    mapped: set[str] = set()
    for text in maps:
        upstream = parse_map(text)
        if upstream.name in mapped:
            raise UsageError(f"--map {text}: {upstream.name} is mapped twice; give NAME@")
        mapped.add(upstream.name)
        found[upstream.name] = _merged(found.get(upstream.name), upstream)
    _check_listeners(found)
    return tuple(found.values())


def _merged(configured: Upstream | None, mapped: Upstream) -> Upstream:
    """What the file says besides protocol, address and listener stays."""
    if configured is None:
        return mapped
    return Upstream(
        name=mapped.name,
        protocol=mapped.protocol,
        address=mapped.address,
        listen=mapped.listen,
        listen_host=mapped.listen_host,
        role=configured.role,
        raw=configured.raw,
        mode=configured.mode,
        client_tls=configured.client_tls,
        server_tls=mapped.server_tls or configured.server_tls,
        ca=configured.ca,
        background=configured.background,
        reads=configured.reads,
        writes=configured.writes,
        dates=configured.dates,
        latency=configured.latency,
    )


def _upstream(name: str, section: DependencySection) -> Upstream:
    host, listen = (LOOPBACK, section.listen) if isinstance(section.listen, int) else ("", 0)
    if isinstance(section.listen, str):
        host, listen = listening(section.listen)
    http = section.protocol == "http"
    return Upstream(
        name=name,
        protocol=section.protocol,
        address=origin(section.upstream) if http and section.upstream else section.upstream,
        listen=listen,
        listen_host=host,
        role=section.role,
        raw=section.raw,
        mode=section.mode,
        client_tls=section.tls.client,
        server_tls=bool(section.tls.server),
        ca=section.tls.ca,
        background=section.background,
        reads=section.reads,
        writes=section.writes,
        dates=section.dates,
        latency=section.latency,
    )


def _check_listeners(found: dict[str, Upstream]) -> None:
    taken: dict[int, str] = {}
    for upstream in found.values():
        other = taken.get(upstream.listen, "")
        if upstream.listen and other:
            raise UsageError(
                f"dependencies {other} and {upstream.name} both listen on port {upstream.listen}; "
                "give one of them another port"
            )
        taken[upstream.listen] = upstream.name
