"""A compose file: which of its services is ours, and what it says about it and the others."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from ci_gate.gate.detect.folder import Texts

NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
MAX_TEXT = 100_000
MAX_ALIASES = 100
_PORT = re.compile(r"(?:(?:[0-9.]+:)?([0-9]{1,5}):)?([0-9]{1,5})(?:/tcp)?\Z")


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One service of the file."""

    name: str
    image: str = ""
    builds: bool = False
    command: str | tuple[str, ...] = ""
    env: dict[str, str] = {}
    ports: tuple[tuple[int, int], ...] = ()
    """(published or 0, inside the container)."""


class Compose(msgspec.Struct, frozen=True, kw_only=True):
    """The file's services; `own` is the name of the one that is built from this folder, or ""."""

    path: str
    services: dict[str, Service]
    own: str = ""


def read_compose(texts: Texts, path: str = "", folder_name: str = "") -> Compose | None:
    """The compose file of the folder (or at `path`); None when there is none to be understood."""
    for name in (path,) if path else NAMES:
        text = texts.get(name)
        if text is None or len(text) > MAX_TEXT or text.count("*") > MAX_ALIASES:
            continue
        try:
            data = yaml.safe_load(text)
        except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
            continue
        found = data.get("services") if isinstance(data, dict) else None
        if isinstance(found, dict):
            services = {
                str(k): _service(str(k), v) for k, v in found.items() if isinstance(v, dict)
            }
            return Compose(path=name, services=services, own=_own(services, folder_name))
    return None


def _own(services: dict[str, Service], folder_name: str) -> str:
    built = [name for name, service in services.items() if service.builds]
    if folder_name in built:
        return folder_name
    with_ports = [name for name in built if services[name].ports]
    return (with_ports or built or [""])[0]


def _service(name: str, data: dict[Any, Any]) -> Service:
    command = data.get("command")
    return Service(
        name=name,
        image=str(data.get("image") or ""),
        builds="build" in data,
        command=tuple(map(str, command)) if isinstance(command, list) else str(command or ""),
        env=_env(data.get("environment")),
        ports=tuple(_ports(data.get("ports"))),
    )


def _env(data: Any) -> dict[str, str]:
    if isinstance(data, dict):
        return {str(key): "" if value is None else str(value) for key, value in data.items()}
    if isinstance(data, list):
        pairs = (str(item).partition("=") for item in data)
        return {key: value for key, _, value in pairs}
    return {}


def _ports(data: Any) -> list[tuple[int, int]]:
    result = []
    for item in data if isinstance(data, list) else []:
        if isinstance(item, dict):
            published, target = str(item.get("published") or 0), str(item.get("target") or 0)
            if published.isdigit() and target.isdigit():
                result.append((int(published), int(target)))
            continue
        found = _PORT.match(str(item))
        if found:
            result.append((int(found[1] or 0), int(found[2])))
    return [(published, target) for published, target in result if 0 < target < 65536]
