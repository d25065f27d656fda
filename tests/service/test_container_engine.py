"""The service as a container of a real engine: Docker where its API answers, else podman."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from typing import Any

import docker
import pytest

from ci_gate.net.trust import TrustFiles
from ci_gate.service.container import INSIDE_NODE_HOOK, INSIDE_TRUST, LABEL, Container
from ci_gate.service.hooks import child_environment
from ci_gate.service.log import ServiceLog
from ci_gate.service.options import Ready
from ci_gate.service.outcome import ServiceFailed, ServiceUp
from ci_gate.service.ports import free_port
from ci_gate.service.readiness import wait_ready

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed"),
]

IMAGE = "localhost/ci-gate-test:latest"
SERVICE = """
package main

import ("fmt"; "io"; "net/http"; "os"; "os/signal"; "syscall")

func main() {
	answer, err := http.Get("https://api.example/from-inside")
	if err != nil { fmt.Println(err); os.Exit(4) }
	text, _ := io.ReadAll(answer.Body)
	fmt.Println(string(text))
	if os.Getenv("DIE") != "" { os.Exit(3) }
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	go func() { <-ended; fmt.Println("ended well"); os.Exit(0) }()
	http.ListenAndServe("127.0.0.1:" + os.Getenv("PORT"), http.NotFoundHandler())
}
"""
PODMAN_CONF = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


def answering(host: str) -> bool:
    """Whether a Docker API answers there."""
    if not os.path.exists(host.removeprefix("unix://")):
        return False
    with contextlib.closing(docker.DockerClient(host)) as client:
        return bool(client.ping())


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Docker API."""
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if answering(host):
        yield host
        return
    if shutil.which("podman") is None or shutil.which("runc") is None:
        pytest.skip("no Docker API answers, and podman with runc is not installed")
    folder = tmp_path_factory.mktemp("podman")
    (folder / "containers.conf").write_text(PODMAN_CONF)
    (folder / "registries.conf").write_text("unqualified-search-registries = []\n")
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
    )
    env = {
        **os.environ,
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf"),
    }
    host = f"unix://{folder}/podman.sock"
    command = ["podman", "system", "service", "--time=0", host]
    with (folder / "output").open("wb") as output:
        podman = subprocess.Popen(command, env=env, stdout=output, stderr=output)
    try:
        end = time.monotonic() + 20
        while not (folder / "podman.sock").exists() and podman.poll() is None:
            if time.monotonic() > end:
                break
            time.sleep(0.05)
        if not (folder / "podman.sock").exists():
            pytest.skip(f"podman does not run here: {(folder / 'output').read_text()[-200:]}")
        yield host
    finally:
        podman.terminate()
        podman.wait()
        subprocess.run(["podman", "rmi", "--all", "--force"], env=env, capture_output=True)
        subprocess.run(["umount", str(folder / "graph" / "overlay")], capture_output=True)


@pytest.fixture(scope="module")
def image(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image with nothing but one static program in it."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "main.go").write_text(SERVICE)
    env = {**os.environ, "CGO_ENABLED": "0"}
    subprocess.run(["go", "build", "-o", "service", "main.go"], cwd=folder, env=env, check=True)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.add(folder / "service", "service")
    (folder / "image.tar").write_bytes(content.getvalue())
    with contextlib.closing(docker.DockerClient(engine)) as client:
        client.api.import_image_from_file(
            str(folder / "image.tar"),
            repository=IMAGE.partition(":")[0],
            tag="latest",
            changes=['CMD ["/service"]'],
        )
        yield IMAGE
        client.images.remove(IMAGE, force=True)


def environment(proxy: Any, port: int, **more: str) -> dict[str, str]:
    """What the gate gives a container."""
    base = {"PORT": str(port), **more}
    return child_environment(proxy.url, INSIDE_TRUST, base, node_hook=INSIDE_NODE_HOOK)


def containers(engine: str) -> list[Any]:
    """All of ours that the engine knows."""
    with contextlib.closing(docker.DockerClient(engine)) as client:
        found: list[Any] = client.containers.list(all=True, filters={"label": LABEL})
        return found


def test_container_of_an_engine(
    engine: str, image: str, proxy: Any, trust: TrustFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It calls through our proxy with TLS, gets ready on our loopback, ends well and is removed."""
    monkeypatch.setenv("DOCKER_HOST", engine)

    async def main() -> None:
        port = free_port()
        log = ServiceLog("", str)
        container = await Container.start(
            image, env=environment(proxy, port), trust=trust, log=log, marker="engine.1"
        )
        try:
            ready = Ready(how="path", what="/")
            up = await wait_ready(ready, "localhost", port, container, log)
            assert isinstance(up, ServiceUp), up
            assert container.members()[0].name() == "service"
        finally:
            await container.stop(timeout=10)
        assert container.exit_code == 0
        assert log.last_lines()[-1] == "ended well"

    asyncio.run(main())
    (call,) = proxy.seen
    assert (call["tunnel"], call["target"], call["tls"]) == (
        "api.example:443",
        "/from-inside",
        True,
    )
    assert containers(engine) == []


def test_container_that_dies_in_an_engine(
    engine: str, image: str, proxy: Any, trust: TrustFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container that ends by itself is known to have, with its code and its last lines."""
    monkeypatch.setenv("DOCKER_HOST", engine)

    async def main() -> None:
        port = free_port()
        log = ServiceLog("", str)
        env = environment(proxy, port, DIE="1")
        container = await Container.start(image, env=env, trust=trust, log=log, marker="engine.2")
        outcome = await wait_ready(Ready(), "localhost", port, container, log)
        await container.stop()
        assert isinstance(outcome, ServiceFailed)
        assert outcome.exit_code == 3
        assert "from-inside" in outcome.last_lines[0]

    asyncio.run(main())
    assert containers(engine) == []
