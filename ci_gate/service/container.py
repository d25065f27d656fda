"""The service under test as a container, through the Docker API (Docker, podman).

The container shares the machine's network, because our listeners are on its loopback addresses;
where we are in a container ourselves it is started beside ours and shares ours.
Files go in as an archive, not as mounts, so that it also works where the daemon sees another file
system than we do.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import sys
import tarfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from ci_gate.errors import CannotRun
from ci_gate.net.trust import TrustFiles
from ci_gate.service.environment import MARKER
from ci_gate.service.hooks import node_hook_path
from ci_gate.service.inside import Inside, inside
from ci_gate.service.log import ServiceLog
from ci_gate.service.outcome import ServiceFailed, exit_text
from ci_gate.service.tree import has_marker

if TYPE_CHECKING:  # the library takes a fifth of a second to import
    from docker import DockerClient
    from docker.models.containers import Container as DockerContainer

LABEL = "ci-gate.run"
INSIDE = "/ci-gate"
INSIDE_NODE_HOOK = f"{INSIDE}/node_hook.js"
INSIDE_TRUST = TrustFiles(
    bundle=f"{INSIDE}/ca-bundle.pem",
    ca=f"{INSIDE}/ca.pem",
    java_truststore=f"{INSIDE}/truststore.jks",
)
"""What `child_environment` takes for a container, with `node_hook=INSIDE_NODE_HOOK`."""


class Container:
    """A container started by `start`; to be used like a `Process`."""

    def __init__(
        self, client: DockerClient, container: DockerContainer, log: ServiceLog, beside: str
    ) -> None:
        self._client = client
        self._container = container
        self._log = log
        # The marker of its processes where they are among ours, whose numbers the daemon has not.
        self._beside = beside
        self._loop = asyncio.get_running_loop()
        self._exit_code: int | None = None
        self._ended = asyncio.Event()
        self._closed = False
        threading.Thread(target=self._follow, name="ci-gate-container", daemon=True).start()

    @classmethod
    async def start(
        cls,
        image: str,
        *,
        env: Mapping[str, str],
        trust: TrustFiles,
        log: ServiceLog,
        marker: str,
        files: Mapping[str, bytes] | None = None,
    ) -> Container:
        """Start `image` with its own command, the variables `env` and the files of `trust`.

        The files lie at INSIDE_TRUST; `files` (name -> content) beside them, writable by whoever
        the container runs as. Raises CannotRun when there is no Docker API, no such image,
        or when the container cannot be made or started.
        """
        if sys.platform != "linux":
            raise CannotRun(
                "service.image needs Linux, where a container can share the machine's network; "
                "start the service yourself and set service.url"
            )
        shared = _shared(inside())
        making = asyncio.ensure_future(
            asyncio.to_thread(_made, image, dict(env), _archive(trust, files or {}), marker, shared)
        )
        try:
            client, container = await asyncio.shield(making)
        except asyncio.CancelledError:
            # It may just have come into being: take it away before giving way.
            with contextlib.suppress(CannotRun):
                await asyncio.to_thread(_removed, *await making)
            raise
        return cls(client, container, log, marker if shared else "")

    @property
    def pid(self) -> int:
        """Process id of its first process on this machine; 0 when it cannot be known."""
        if self._beside:
            return min((pid for pid in psutil.pids() if has_marker(pid, self._beside)), default=0)
        with contextlib.suppress(CannotRun), _explained("its state cannot be asked for"):
            self._container.reload()
            return int(self._container.attrs.get("State", {}).get("Pid", 0))
        return 0

    @property
    def exit_code(self) -> int | None:
        """None while it runs; 128 and more: the signal that ended it."""
        return self._exit_code

    def alive(self) -> bool:
        """Whether it runs."""
        return not self._ended.is_set()

    def members(self) -> list[psutil.Process]:
        """Its processes, as far as they can be seen from here."""
        try:
            first = psutil.Process(self.pid)
            return [first, *first.children(recursive=True)]
        except (psutil.Error, ValueError):
            return []

    async def wait(self) -> int:
        """Wait for its end; its exit code, -1 when it could not be asked for any more."""
        await self._ended.wait()
        return -1 if self._exit_code is None else self._exit_code

    def last_lines(self) -> tuple[str, ...]:
        """The last lines of output, redacted."""
        return self._log.last_lines()

    def failure(self) -> ServiceFailed:
        """What to report when it has ended and should not have."""
        code = self._exit_code
        how = "is not running" if code is None else exit_text(code)
        return ServiceFailed(
            reason=f"the service's container {how}", exit_code=code, last_lines=self.last_lines()
        )

    async def drained(self, seconds: float = 1.0) -> None:
        """Wait until all output has been taken, at most `seconds`."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)

    async def stop(self, timeout: float = 10.0) -> None:
        """End and remove it: SIGTERM, after `timeout` seconds SIGKILL. May be called twice."""
        if self._closed:
            return
        self._closed = True
        try:
            with _explained("the service's container cannot be stopped"):
                await asyncio.to_thread(self._container.stop, timeout=int(timeout))
            await self.drained()
        finally:
            await asyncio.to_thread(_removed, self._client, self._container)
            self._log.close()

    def _follow(self) -> None:
        """In a thread: its output until its end, then its exit code."""
        code: int | None = None
        with contextlib.suppress(Exception):  # whatever breaks here: it can no longer be seen
            for data in self._container.logs(stream=True, follow=True):
                self._loop.call_soon_threadsafe(self._log.feed, data)
            code = int(self._container.wait()["StatusCode"])
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._end, code)

    def _end(self, code: int | None) -> None:
        self._exit_code = code
        self._ended.set()


def remove_containers(run: str) -> list[str]:
    """Remove the containers of an earlier run, whose markers start with `run` and a dot; their
    names. Raises CannotRun when there is no Docker API."""
    removed: list[str] = []
    with _explained("no Docker API"), contextlib.closing(_client()) as client:
        for container in client.containers.list(all=True, filters={"label": LABEL}):
            if container.labels.get(LABEL, "").startswith(f"{run}."):
                container.remove(force=True)
                removed.append(f"{container.name} (container)")
    return removed


def _client() -> DockerClient:
    import docker

    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    path = host.removeprefix("unix://")
    if path != host and not os.path.exists(path):
        raise FileNotFoundError(f"there is no socket {path}")
    return docker.from_env()


def _shared(where: Inside) -> str:
    """Whose network and processes the container is to share: "container:<id>", or "" = the
    machine's network and nobody's processes."""
    if not where.engine:
        return ""
    if not where.container:
        raise CannotRun(
            "service.image: this container cannot tell its own id, so nothing can be started "
            "beside it; run the gate on the machine itself, or start the service yourself and "
            "set service.url"
        )
    return f"container:{where.container}"


def _check_daemon(client: DockerClient, shared: str) -> None:
    """Raise CannotRun for a daemon that does not run the container we are in."""
    import docker.errors

    name = shared.removeprefix("container:")
    try:
        client.containers.get(name)
    except docker.errors.NotFound as error:
        raise CannotRun(
            f"service.image: the Docker API does not know this container ({name[:12]}), so it "
            "runs elsewhere, as docker:dind does, and cannot share our network; give us the "
            "socket of the daemon that runs us, or start the service yourself and set service.url"
        ) from error


def _made(
    image: str, env: dict[str, str], archive: bytes, marker: str, shared: str
) -> tuple[DockerClient, DockerContainer]:
    with _explained("service.image needs a Docker API (set DOCKER_HOST, or start the daemon)"):
        client = _client()
    container: DockerContainer | None = None
    try:
        if shared:
            with _explained("service.image: this container cannot be looked up"):
                _check_daemon(client, shared)
        with _explained(f"service.image: {image} cannot be started (is it built or pulled?)"):
            container = client.containers.create(
                image,
                environment={**env, MARKER: marker},
                labels={LABEL: marker},
                network_mode=shared or "host",
                pid_mode=shared or None,
            )
            container.put_archive("/", archive)
            container.start()
    except BaseException:
        _removed(client, container)
        raise
    return client, container


def _removed(client: DockerClient, container: DockerContainer | None) -> None:
    with contextlib.suppress(CannotRun), _explained("it cannot be removed"):
        if container is not None:
            container.remove(force=True)
    client.close()


def _archive(trust: TrustFiles, files: Mapping[str, bytes]) -> bytes:
    """A tar archive of the trust files and the Node hook, where the container expects them, and of
    `files` in INSIDE."""
    ours = {
        INSIDE_TRUST.bundle: trust.bundle,
        INSIDE_TRUST.ca: trust.ca,
        INSIDE_TRUST.java_truststore: trust.java_truststore,
        INSIDE_NODE_HOOK: node_hook_path(),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        # The container may run as any user.
        for inside, outside in ours.items():
            _add(archive, inside, Path(outside).read_bytes(), 0o644)
        for name, content in files.items():
            _add(archive, f"{INSIDE}/{name}", content, 0o666)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(path.removeprefix("/"))
    entry.size = len(content)
    entry.mode = mode
    archive.addfile(entry, io.BytesIO(content))


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    """Errors of the Docker library, and of what it is built on, as CannotRun."""
    import docker.errors
    import requests

    try:
        yield
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        text: Any = getattr(error, "explanation", None) or error
        raise CannotRun(f"{what}: {text}") from error
