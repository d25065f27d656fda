"""Starting a command among our listeners: its environment, its trust files, its log."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from ci_gate.config.references import SERVICE, expand
from ci_gate.net.certificates import Authority
from ci_gate.service.environment import scrub
from ci_gate.service.hooks import child_environment
from ci_gate.service.log import ServiceLog
from ci_gate.service.options import ServiceOptions
from ci_gate.service.process import Process


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What is around a command: our proxy, the trust files' folder, and every address by name."""

    proxy: str
    """"http://127.0.0.1:4140"."""
    authority: Authority
    folder: str
    """A temporary folder of this run."""
    addresses: Mapping[str, str]
    """"service" and each dependency -> URL or host:port."""
    direct: tuple[str, ...] = ()
    """"host:port" of our own listeners."""
    marker: str


def environment(service: ServiceOptions, around: Surroundings) -> dict[str, str]:
    """The environment of the service: ours without CI tokens, proxy and trust, then its own."""
    base = scrub(os.environ, service.keep_env)
    trust = around.authority.write_trust(around.folder, os.environ)
    env = child_environment(around.proxy, trust, base, direct=around.direct)
    for name, value in service.env.items():
        env[name] = expand(value, around.addresses, os.environ, f"service.env.{name}")
    return env


async def start(
    service: ServiceOptions,
    around: Surroundings,
    log: ServiceLog | None,
    command: tuple[str, ...] = (),
) -> Process:
    """Start the service's command (or `command`) with `environment`; log None = it keeps ours."""
    parts = command or service.command
    return await Process.start(
        [
            expand(part, around.addresses, os.environ, "service.command", shell=service.shell)
            for part in parts
        ],
        env=environment(service, around),
        folder=service.folder,
        log=log,
        marker=around.marker,
        shell=service.shell and not command,
    )


def service_address(port: int) -> dict[str, str]:
    """How `${service.…}` is spelled while the service listens on `port`."""
    return {SERVICE: f"http://127.0.0.1:{port}"} if port else {}
