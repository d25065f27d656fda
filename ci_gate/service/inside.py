"""Whether we run in a container, which one, and what `localhost` then means.

A service that the gate starts beside its own container has to share that container's network, and
one that is expected on `localhost` can be in there only if it was started there.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import psutil

from ci_gate.errors import UsageError

# A folder that an engine keeps for one container: Docker's containers/<id>, podman's
# overlay-containers/<id>.
_IN_MOUNT = re.compile(r"/(?:[a-z]{1,20}-)?containers/([0-9a-f]{64})/")
# .../docker/<id>, docker-<id>.scope, libpod-<id>.scope, kubepods/pod.../<id>
_IN_GROUP = re.compile(r"([0-9a-f]{64})(?:\.scope)?$")
_SHORT = re.compile(r"[0-9a-f]{12}")
"""How Docker and podman name a container that was given no host name: how its id begins."""
_OF_ENGINE = ("/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
"""Files that an engine mounts into each of its containers, from a folder of that container's."""
_LOCAL = {"localhost", "ip6-localhost", "0.0.0.0", "::", "::1"}  # noqa: S104 - nobody listens here
_CONNECT = 0.5
"""Seconds that a connection on loopback may take."""


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """The container that this process is in."""

    container: str = ""
    """Its id, 64 hexadecimal digits or the first 12, as the Docker API takes them; "" when it
    cannot be told, or in no container."""
    engine: bool = False
    """Whether we are in a container at all."""
    shared: bool = False
    """Whether its network has others in it: a pod's, a Bitbucket step's (its services are on
    localhost), or the machine's own."""


def inside(root: str = "/", env: dict[str, str] | None = None) -> Inside:
    """Which container we are in, from the process's own mounts and control groups.

    `root` is where `proc` and the engines' marker files are looked for, `env` the environment
    (default: this process's). Marker files alone are not believed: they stay in file systems that
    were made from an image and are no container any more.
    """
    known = os.environ if env is None else env
    pod = "KUBERNETES_SERVICE_HOST" in known
    top = Path(root)
    mounts = _text(top / "proc/self/mountinfo")
    found = _from_mounts(mounts) or _from_groups(_text(top / "proc/self/cgroup"))
    mounted = any(_mount_point(line) in _OF_ENGINE for line in mounts.splitlines())
    marked = (top / ".dockerenv").exists() or (top / "run/.containerenv").exists()
    engine = bool(found) or (mounted and (marked or pod))
    if engine and not found:
        name = _text(top / "proc/sys/kernel/hostname").strip()
        found = name if _SHORT.fullmatch(name) else ""
    shared = pod or "BITBUCKET_BUILD_NUMBER" in known or _of_machine(top / "sys/class/net")
    return Inside(container=found, engine=engine, shared=engine and shared)


def refuse_own_localhost(url: str, where: Inside, alone: bool | None = None) -> None:
    """Raise UsageError where service.url means this container itself and nothing can be there.

    That is: we are in a container of our own network, `url` points at loopback, nobody listens at
    its port, and no process but ours and those that started us is in here to begin to (`alone`,
    looked up by default). Elsewhere the usual wait for readiness says what it finds.
    """
    host, port = _address(url)
    if not where.engine or where.shared or not is_local(host) or _listens(host, port):
        return
    if not (_alone() if alone is None else alone):
        return
    raise UsageError(
        f"service.url: {url} is this container itself, where nothing listens. Ways out: "
        "service.image, which is started beside this container and shares its network; "
        "a service of the job, by its name (http://orders:8080); "
        "the gate on the machine itself (on GitHub: uses: OWNER/ci-gate/host@...); "
        "or this container in the machine's network (docker run --network host)"
    )


def is_local(host: str) -> bool:
    """Whether a host name or address means the machine, or container, that asks."""
    return host.lower().rstrip(".") in _LOCAL or bool(re.fullmatch(r"127(?:\.\d{1,3}){1,3}", host))


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_CONNECT):
            return True
    except OSError:
        return False


def _alone() -> bool:
    """Whether every process that can be seen is an ancestor, a descendant or ourselves."""
    this = psutil.Process()
    family = {this.pid, *(one.pid for one in this.parents())}
    family.update(one.pid for one in this.children(recursive=True))
    return set(psutil.pids()) <= family


def _of_machine(interfaces: Path) -> bool:
    """Whether a network has an interface that is no end of a pair into another: the machine's."""
    return any(
        folder.name != "lo"
        and (own := _text(folder / "ifindex"))
        and own == _text(folder / "iflink")
        for folder in (interfaces.iterdir() if interfaces.is_dir() else ())
    )


def _from_mounts(text: str) -> str:
    """The id in where one of the engine's own files is mounted from; of other mounts it may be
    somebody else's, as where all containers' folders are mounted in."""
    for line in text.splitlines():
        if _mount_point(line) in _OF_ENGINE:
            found = _IN_MOUNT.search(line)
            if found:
                return found[1]
    return ""


def _mount_point(line: str) -> str:
    fields = line.split(" ", 5)
    return fields[4] if len(fields) > 5 else ""


def _from_groups(text: str) -> str:
    for line in text.splitlines():
        found = _IN_GROUP.search(line.strip())
        if found:
            return found[1]
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
