"""Starting a command among our listeners: its environment, its trust files, its log."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from ci_gate.config.references import SERVICE, expand
from ci_gate.net.certificates import Authority
from ci_gate.net.trust import TrustFiles
from ci_gate.service.container import INSIDE_NODE_HOOK, INSIDE_TRUST, Container
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


def _trust(around: Surroundings) -> TrustFiles:
    return around.authority.write_trust(around.folder, os.environ)


def _own(service: ServiceOptions, around: Surroundings) -> dict[str, str]:
    """What the configuration gives the service."""
    return {
        name: expand(value, around.addresses, os.environ, f"service.env.{name}")
        for name, value in service.env.items()
    }


async def start_command(
    service: ServiceOptions, around: Surroundings, log: ServiceLog | None
) -> Process:
    """Start the service's command; log None = it keeps our standard input and outputs.

    Its environment is ours without CI tokens, then proxy and trust, then its own.
    """
    base = scrub(os.environ, service.keep_env)
    env = child_environment(around.proxy, _trust(around), base, direct=around.direct)
    return await Process.start(
        [
            expand(part, around.addresses, os.environ, "service.command", shell=service.shell)
            for part in service.command
        ],
        env=env | _own(service, around),
        folder=service.folder,
        log=log,
        marker=around.marker,
        shell=service.shell,
    )


async def start_service(
    service: ServiceOptions, around: Surroundings, log: ServiceLog
) -> Process | Container:
    """Start the service as command or image, its output into `log`."""
    if not service.image:
        return await start_command(service, around, log)
    env = child_environment(
        around.proxy, INSIDE_TRUST, {}, direct=around.direct, node_hook=INSIDE_NODE_HOOK
    )
    return await Container.start(
        service.image,
        env=env | _own(service, around),
        trust=_trust(around),
        log=log,
        marker=around.marker,
    )


def service_address(port: int) -> dict[str, str]:
    """How `${service.…}` is spelled while the service listens on `port`."""
    return {SERVICE: f"http://127.0.0.1:{port}"} if port else {}
