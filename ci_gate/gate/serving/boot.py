"""Starting a command among our listeners: its environment, its trust files, its log."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from ci_gate.config.references import SERVICE, expand
from ci_gate.errors import UsageError
from ci_gate.net.certificates import Authority
from ci_gate.net.trust import TrustFiles
from ci_gate.service.clock import Clock
from ci_gate.service.clock_probe import Program, probe
from ci_gate.service.container import INSIDE, INSIDE_NODE_HOOK, INSIDE_TRUST, Container
from ci_gate.service.environment import scrub
from ci_gate.service.hooks import child_environment
from ci_gate.service.log import ServiceLog
from ci_gate.service.options import ServiceOptions
from ci_gate.service.process import Process


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What is around a command: our proxy and every address by name."""

    proxy: str = ""
    """"http://127.0.0.1:4140"; "" = none: the command calls whom it likes (`replay`)."""
    authority: Authority | None = None
    """Who signs for the hosts behind the proxy."""
    addresses: Mapping[str, str] = {}
    """"service" and each dependency -> URL or host:port."""
    direct: tuple[str, ...] = ()
    """"host:port" of our own listeners."""
    secrets: Mapping[str, str] = {}
    """Name -> what `${secret.NAME}` stands for."""
    clock: Clock | None = None
    """What the command takes for the wall clock; None: the machine's."""


async def start_service(
    service: ServiceOptions,
    around: Surroundings,
    log: ServiceLog | None,
    folder: str,
    marker: str,
) -> Process | Container:
    """Start the service's command or image, its output into `log`; None = a command keeps our
    standard input and outputs, and an image's output goes nowhere.

    `folder` is a temporary one for the trust files, `marker` as for `Process.start`. The
    environment is ours without CI tokens, then proxy and trust, then the service's own. Raises
    UsageError and CannotRun as `Process.start` and `Container.start` do.
    """
    if service.image:
        return await _start_image(service, around, log, folder, marker)
    env = scrub(os.environ, service.keep_env)
    if around.proxy:
        env = child_environment(around.proxy, _trust(around, folder), env, direct=around.direct)
    env |= _own(service, around)
    return await Process.start(
        _command(service, around),
        env=env if around.clock is None else around.clock.environment(env),
        folder=service.folder,
        log=log,
        marker=marker,
        shell=service.shell,
    )


async def _start_image(
    service: ServiceOptions,
    around: Surroundings,
    log: ServiceLog | None,
    folder: str,
    marker: str,
) -> Container:
    if not around.proxy:
        raise UsageError("service.image: only `run`, `record` and `mock` start an image")
    env = child_environment(
        around.proxy, INSIDE_TRUST, {}, direct=around.direct, node_hook=INSIDE_NODE_HOOK
    )
    env |= _own(service, around)
    clock = around.clock
    container = await Container.start(
        service.image,
        env=env if clock is None else clock.environment(env, INSIDE),
        trust=_trust(around, folder),
        log=log if log is not None else ServiceLog("", str),
        marker=marker,
        files={} if clock is None else clock.files(),
    )
    if clock is not None and container.pid:
        clock.reach(container.pid, INSIDE)
    return container


def probed(service: ServiceOptions, around: Surroundings) -> Program:
    """What the service's command starts first; unknown for an image, whose files are not ours."""
    if not service.command:
        return Program("", "unknown")
    words = ["/bin/sh"] if service.shell else _command(service, around)
    return probe(words, {**os.environ, **_own(service, around)}, service.folder)


def _command(service: ServiceOptions, around: Surroundings) -> list[str]:
    return [
        expand(part, around.addresses, os.environ, "service.command", shell=service.shell)
        for part in service.command
    ]


def _trust(around: Surroundings, folder: str) -> TrustFiles:
    assert around.authority is not None, "a proxy has one"
    return around.authority.write_trust(folder, os.environ)


def _own(service: ServiceOptions, around: Surroundings) -> dict[str, str]:
    """What the configuration gives the service."""
    return {
        name: expand(
            value, around.addresses, os.environ, f"service.env.{name}", secrets=around.secrets
        )
        for name, value in service.env.items()
    }


def service_address(port: int) -> dict[str, str]:
    """How `${service.…}` is spelled while the service listens on `port`."""
    return {SERVICE: f"http://127.0.0.1:{port}"} if port else {}
