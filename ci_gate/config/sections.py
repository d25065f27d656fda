"""What a type cannot say about ci-gate.yml: durations, ports, addresses, names, exclusions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ci_gate.config.lines import Path
from ci_gate.config.problems import Problems, hint
from ci_gate.config.redaction import check_redaction
from ci_gate.config.schema import Configuration, DependencySection, ServiceSection
from ci_gate.config.signing import check_signing
from ci_gate.config.units import LOOPBACK, duration, endpoint, origin, port

KNOWN_PROTOCOLS = ("http", "raw", "postgres", "mysql", "redis", "grpc", "mongodb", "kafka", "amqp")
RESERVED = frozenset({"service", "env", "secret", "startup", "background", "inbound", "proxy"})
"""Names that mean something else where a dependency's name may stand."""

_DATED = ("response.body", "response.headers.")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_ROUTE = re.compile(r"[A-Z][A-Z0-9_-]{0,30} /\S*\Z|[A-Z][A-Z0-9_-]{0,30} \*\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def check_sections(settings: Configuration, problems: Problems) -> None:
    """Complain about every value that has the right type and cannot be meant."""
    _check_service(settings.service, problems)
    for name, dependency in settings.dependencies.items():
        _check_dependency(("dependencies", name), name, dependency, problems)
    _check_replay(settings, problems)
    check_signing(settings, problems)
    check_redaction(settings.redaction, problems)
    for key, conditions in (("fail_if", settings.gate.fail_if), ("warn_if", settings.gate.warn_if)):
        for number, condition in enumerate(conditions):
            path = ("gate", key, number)
            if isinstance(condition, str):
                _filled(condition, path, problems)
            else:
                _route(condition.route, (*path, "route"), problems)
                _filled(condition.condition, (*path, "if"), problems)
    for number, route in enumerate(settings.routes):
        _route(route, ("routes", number), problems)


def _check_service(service: ServiceSection, problems: Problems) -> None:
    at: Path = ("service",)
    given = [key for key in ("command", "image", "url") if getattr(service, key)]
    if len(given) > 1:
        problems.add((*at, given[1]), f"{given[0]} is given too; one of command, image, url")
    if isinstance(service.command, str):
        if service.command and not service.command.strip():
            problems.add((*at, "command"), "empty")
    elif service.command and not service.command[0]:
        problems.add((*at, "command", 0), "empty; the first item is the program")
    if service.name and not _NAME.match(service.name):
        problems.add((*at, "name"), "letters, digits, and . _ - between them")
    if service.url:
        _try(origin, service.url, (*at, "url"), problems)
    if service.port != "auto" and service.port != 0:
        _try(port, service.port, (*at, "port"), problems)
    if service.port == "auto" and service.url:
        problems.add((*at, "port"), "auto is for services that we start; give url its own port")
    for name in service.env:
        if not _VARIABLE.match(name):
            problems.add((*at, "env", name), "not a name for a variable")
        elif "\x00" in service.env[name]:
            problems.add((*at, "env", name), "a variable cannot hold a zero byte")
    _try(duration, service.stop_timeout, (*at, "stop_timeout"), problems)
    _check_ready(service, problems)


def _check_ready(service: ServiceSection, problems: Problems) -> None:
    ready, at = service.ready, ("service", "ready")
    given = [key for key in ("path", "port", "log") if getattr(ready, key)]
    if len(given) > 1:
        problems.add((*at, given[1]), f"{given[0]} is given too; one of path, port, log")
    if ready.path and (not ready.path.startswith("/") or re.search(r"\s", ready.path)):
        problems.add((*at, "path"), "starts with / and has no blanks, such as /healthz")
    if ready.port:
        _try(port, ready.port, (*at, "port"), problems)
    if ready.log:
        try:
            re.compile(ready.log)
        except (re.error, OverflowError, RecursionError) as error:
            problems.add((*at, "log"), f"not a regular expression: {error}")
    _try(duration, ready.timeout, (*at, "timeout"), problems)


def _check_dependency(
    at: Path, name: str, dependency: DependencySection, problems: Problems
) -> None:
    if not _NAME.match(name):
        problems.add(at, "a dependency's name has letters, digits, and . _ - between them")
    if name in RESERVED:
        problems.add(at, f"{name} means something else; choose another name")
    protocol = dependency.protocol
    if protocol not in KNOWN_PROTOCOLS:
        known = ", ".join(KNOWN_PROTOCOLS)
        remedy = hint(protocol, KNOWN_PROTOCOLS)
        problems.add((*at, "protocol"), f"unknown protocol; known: {known}{remedy}")
    elif dependency.upstream:
        check = origin if protocol == "http" else endpoint
        _try(check, dependency.upstream, (*at, "upstream"), problems)
    elif protocol != "http" and dependency.role != "telemetry":
        problems.add(at, "upstream is missing; write HOST:PORT, such as localhost:5432")
    if isinstance(dependency.listen, str):
        _try(listening, dependency.listen, (*at, "listen"), problems)
    elif dependency.listen != 0:
        _try(port, dependency.listen, (*at, "listen"), problems)
    for key in ("background", "reads", "writes"):
        for number, route in enumerate(getattr(dependency, key)):
            _route(route, (*at, key, number), problems)
    for number, place in enumerate(dependency.dates):
        if not place.startswith(_DATED):
            problems.add((*at, "dates", number), f"a place in its answers; begin with {_DATED[0]}")
    for number, route in enumerate(dependency.writes):
        if route in dependency.reads:
            problems.add((*at, "writes", number), "is in reads, too; a call does one or the other")


def _check_replay(settings: Configuration, problems: Problems) -> None:
    replay = settings.replay
    for key in ("concurrency", "workers"):
        if not 1 <= getattr(replay, key) <= 1024:
            problems.add(("replay", key), "a number from 1 to 1024")
    if replay.workers > 1 and settings.service.port != "auto":
        problems.add(("replay", "workers"), "more than one needs service.port: auto")
    _try(duration, replay.settle, ("replay", "settle"), problems)
    _try(duration, replay.timeout, ("replay", "timeout"), problems)
    for name, value in replay.set.headers.items():
        path = ("replay", "set", "headers", name)
        if not _HEADER.match(name):
            problems.add(path, "not a name for a header")
        if _CONTROL.search(value):
            problems.add(path, "a header's value is one line")
    for name, value in replay.set.values.items():
        if not _NAME.match(name):
            path = ("replay", "set", "values", name)
            problems.add(path, "letters, digits, and . _ - between them")
        _filled(value, ("replay", "set", "values", name), problems)


def listening(text: str) -> tuple[str, int]:
    """(host, port) of a `listen:` value: "15432" or "0.0.0.0:15432"."""
    return endpoint(text, LOOPBACK)


def _route(text: str, path: Path, problems: Problems) -> None:
    if not _ROUTE.match(text):
        problems.add(path, 'a route is METHOD /path, such as "GET /orders/{id}"')


def _filled(text: str, path: Path, problems: Problems) -> None:
    if not text.strip():
        problems.add(path, 'empty; write a condition such as "requests.failed > 0"')


def _try(check: Callable[[Any], object], value: object, path: Path, problems: Problems) -> None:
    try:
        check(value)
    except ValueError as error:
        problems.add(path, str(error))
