"""Which container we are in, by what engines leave in /proc, and what localhost means there."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ci_gate.errors import UsageError
from ci_gate.service.inside import Inside, inside, is_local, refuse_own_localhost

ID = "4f" * 32
OTHER = "0b" * 32
OVERLAY = "700 600 0:57 / / rw,relatime - overlay overlay rw,lowerdir=/l"
DOCKER = (
    f"712 700 254:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/vda1 rw"
)
PODMAN = (
    f"712 700 0:25 /containers/storage/overlay-containers/{ID}/userdata/hosts /etc/hosts rw"
    " - tmpfs tmpfs rw"
)
KUBELET = "712 700 8:1 /var/lib/kubelet/pods/1b2c/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw"
MOUNTED_IN = (
    f"713 700 8:1 /var/lib/docker/containers/{OTHER}/mounts /var/lib/docker/containers/{OTHER}/mounts"
    " rw - ext4 /dev/sda1 rw"
)
HOST = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard"


def root(
    folder: Path, *mounts: str, group: str = "0::/", name: str = "vm", marker: bool = False
) -> str:
    """A root folder with those files in it."""
    proc = folder / "proc" / "self"
    kernel = folder / "proc" / "sys" / "kernel"
    proc.mkdir(parents=True)
    kernel.mkdir(parents=True)
    (proc / "mountinfo").write_text("\n".join(mounts) + "\n")
    (proc / "cgroup").write_text(group + "\n")
    (kernel / "hostname").write_text(name + "\n")
    if marker:
        (folder / ".dockerenv").touch()
    return str(folder)


@pytest.mark.parametrize("mount", [DOCKER, PODMAN])
def test_id_in_mounts(tmp_path: Path, mount: str) -> None:
    """Where the engine's own files are mounted from names our container, whatever its cgroup."""
    assert inside(root(tmp_path, OVERLAY, mount), {}) == Inside(container=ID, engine=True)


@pytest.mark.parametrize(
    "group",
    [
        f"12:memory:/docker/{ID}",
        f"0::/system.slice/docker-{ID}.scope",
        f"0::/machine.slice/libpod-{ID}.scope",
        f"3:cpu:/docker/{OTHER}/docker/{ID}",
        f"0::/kubepods/burstable/pod1b2c/{ID}",
    ],
)
def test_id_in_cgroup(tmp_path: Path, group: str) -> None:
    """Where the mounts say nothing the control group does; the innermost container is ours."""
    assert inside(root(tmp_path, OVERLAY, group=group), {}).container == ID


def test_mounted_folders_of_others(tmp_path: Path) -> None:
    """Another container's folder that is mounted into ours is not taken for our own."""
    assert inside(root(tmp_path, OVERLAY, MOUNTED_IN, DOCKER), {}).container == ID
    assert inside(root(tmp_path / "b", HOST, MOUNTED_IN), {}) == Inside()


def test_short_name(tmp_path: Path) -> None:
    """An engine that hides its folders still names a container by how its id begins."""
    hidden = DOCKER.replace(f"containers/{ID}", "x")
    found = inside(root(tmp_path, OVERLAY, hidden, name=ID[:12], marker=True), {})
    assert found == Inside(container=ID[:12], engine=True)
    named = inside(root(tmp_path / "b", OVERLAY, hidden, name="builder", marker=True), {})
    assert named == Inside(container="", engine=True)


def test_pod(tmp_path: Path) -> None:
    """In a pod the network is shared, and the id may stay unknown."""
    where = inside(root(tmp_path, OVERLAY, KUBELET), {"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert where == Inside(container="", engine=True, shared=True)


def network(folder: Path, **interfaces: tuple[int, int]) -> None:
    """Interfaces of the network below `folder`: name -> its own index, and that of its peer."""
    for name, (own, peer) in interfaces.items():
        place = folder / "sys" / "class" / "net" / name
        place.mkdir(parents=True)
        (place / "ifindex").write_text(f"{own}\n")
        (place / "iflink").write_text(f"{peer}\n")


def test_networks(tmp_path: Path) -> None:
    """A network of our own ends in a pair; the machine's, and that of a Bitbucket step, has others
    in it."""
    own, none, machine = (tmp_path / name for name in "abc")
    network(own, lo=(1, 1), eth0=(12, 13))
    network(none, lo=(1, 1))
    network(machine, lo=(1, 1), eth0=(2, 2), veth1=(13, 12))
    for folder, shared in ((own, False), (none, False), (machine, True)):
        assert inside(root(folder, OVERLAY, DOCKER), {}).shared is shared
    step = {"BITBUCKET_BUILD_NUMBER": "7"}
    assert inside(root(tmp_path / "d", OVERLAY, DOCKER), step).shared
    assert inside(root(tmp_path / "e", HOST), step) == Inside()


def test_no_container(tmp_path: Path) -> None:
    """A machine whose disk was made from an image keeps the marker file and is no container."""
    cut = "4:memory:/process_api/2077f48293a8a00041af48f392f62deb"
    assert inside(root(tmp_path, HOST, group=cut, marker=True), {}) == Inside()
    assert inside(str(tmp_path / "nothing"), {}) == Inside()


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.1", True),
        ("::1", True),
        ("0.0.0.0", True),
        ("127.0.0.1.example", False),
        ("172.17.0.1", False),
        ("orders", False),
        ("", False),
    ],
)
def test_is_local(host: str, local: bool) -> None:
    """Every way to write the own machine is known, and nothing else is taken for it."""
    assert is_local(host) is local


@pytest.fixture
def unused() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_refusal_names_ways_out(unused: int) -> None:
    """A service expected in our own, otherwise empty container is refused with what to do."""
    url = f"http://localhost:{unused}"
    with pytest.raises(UsageError) as refused:
        refuse_own_localhost(url, Inside(engine=True), alone=True)
    text = str(refused.value)
    assert url in text
    for way in ("service.image", "by its name", "/host@", "--network host"):
        assert way in text


def test_no_refusal_where_it_may_be(unused: int) -> None:
    """Outside of containers, in pods, beside other processes and for other hosts we wait as usual."""
    url = f"http://localhost:{unused}"
    refuse_own_localhost(url, Inside(), alone=True)
    refuse_own_localhost(url, Inside(engine=True, shared=True), alone=True)
    refuse_own_localhost(url, Inside(engine=True), alone=False)
    refuse_own_localhost("http://orders:8080", Inside(engine=True), alone=True)
    refuse_own_localhost("http://[broken", Inside(engine=True), alone=True)


def test_no_refusal_where_somebody_listens() -> None:
    """A service that already answers in our container is what service.url is for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        refuse_own_localhost(f"http://127.0.0.1:{port}", Inside(engine=True), alone=True)


def test_others_are_seen(unused: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is neither ours nor above us may be the service; our own children are not."""
    url, where = f"http://localhost:{unused}", Inside(engine=True)
    this = psutil.Process()
    family = [this.pid, *(one.pid for one in this.parents())]
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        monkeypatch.setattr(psutil, "pids", lambda: [*family, child.pid])
        with pytest.raises(UsageError):
            refuse_own_localhost(url, where)
        monkeypatch.setattr(psutil, "pids", lambda: [*family, child.pid, 2**30])
        refuse_own_localhost(url, where)
        child.communicate(b"\n")
