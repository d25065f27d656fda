"""The service under test: file and `-- CMD` -> `ServiceOptions`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from ci_gate.config.flags import Surroundings
from ci_gate.config.references import SERVICE, check_references, escape_foreign, expand
from ci_gate.config.schema import ReadySection, ServiceSection
from ci_gate.config.signing import signings
from ci_gate.config.units import duration, origin
from ci_gate.recorder.options import Upstream
from ci_gate.service.options import Ready, ServiceOptions


def resolve_service(
    command: tuple[str, ...],
    around: Surroundings,
    dependencies: Sequence[Upstream],
    app_port: int,
) -> ServiceOptions:
    """The service as configured; CMD (`command`) and `app_port` win over the file.

    Raises UsageError for references that will have no value, before anything is started.
    """
    section = around.settings.service
    names = [SERVICE, *(one.name for one in dependencies)]
    signing = signings(around.settings)
    secrets = [one.secret for one in signing]
    for name, value in section.env.items():
        place = around.place("service", "env", name)
        check_references(value, names, around.env, place, secrets=secrets)
    shell = isinstance(section.command, str) and bool(section.command)
    if command:
        # CMD replaces whatever the file says about where the service comes from.
        section = _without_origin(section)
        command = tuple(escape_foreign(item) for item in command)
        for item in command:
            check_references(item, names, around.env, "the command after --")
    else:
        _check_command(section, names, around)
    return ServiceOptions(
        name=service_name(around),
        command=command or _command(section),
        shell=shell and not command,
        image=expand(section.image, {}, around.env, around.place("service", "image")),
        url=origin(section.url) if section.url else "",
        port=app_port or (section.port if isinstance(section.port, int) else 0),
        auto_port=not app_port and section.port == "auto",
        env=dict(section.env),
        signing=signing,
        keep_env=section.keep_env,
        ready=_ready(section.ready),
        clock=section.clock,
        folder=around.folder,
        stop_timeout=duration(section.stop_timeout),
    )


def given_service(command: tuple[str, ...], around: Surroundings) -> ServiceOptions:
    """The service of `replay`: only CMD is started there, since there are no mocks for it.

    The configured command is `run`'s to start; without CMD something answers already.
    """
    if not command:
        return ServiceOptions(name=service_name(around), folder=around.folder)
    return resolve_service(command, around, (), 0)


def service_name(around: Surroundings) -> str:
    """The configured name, else that of the folder in letters that every file system has."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", around.folder_name).strip("-._")
    return around.settings.service.name or plain or "service"


def _without_origin(section: ServiceSection) -> ServiceSection:
    return ServiceSection(
        name=section.name,
        port=section.port,
        env=section.env,
        keep_env=section.keep_env,
        ready=section.ready,
        clock=section.clock,
        stop_timeout=section.stop_timeout,
    )


def _command(section: ServiceSection) -> tuple[str, ...]:
    if isinstance(section.command, str):
        return (section.command,) if section.command else ()
    return section.command


def _check_command(section: ServiceSection, names: Collection[str], around: Surroundings) -> None:
    shell = isinstance(section.command, str)
    for number, item in enumerate(_command(section)):
        place = around.place("service", "command", *(() if shell else (number,)))
        check_references(item, names, around.env, place, shell=shell)


def _ready(section: ReadySection) -> Ready:
    timeout = duration(section.timeout)
    if section.path:
        return Ready(how="path", what=section.path, timeout=timeout)
    if section.log:
        return Ready(how="log", what=section.log, timeout=timeout)
    return Ready(how="port", what=str(section.port) if section.port else "", timeout=timeout)
