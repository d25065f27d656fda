"""What a command is started with."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.serving.boot import Surroundings, probed, service_address, start_service
from ci_gate.net.certificates import Authority
from ci_gate.service.log import ServiceLog
from ci_gate.service.options import ServiceOptions

DUMP = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"


def started(
    tmp_path: Path, service: dict[str, Any], around: Surroundings
) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment that a command gets."""
    given = {"command": (sys.executable, "-S", "-c", DUMP), "folder": str(tmp_path), **service}
    path = tmp_path / "log"

    async def run() -> None:
        log = ServiceLog(str(path), str)
        options = ServiceOptions(name="x", **given)
        process = await start_service(options, around, log, str(tmp_path), "test.1")
        await process.wait()
        await process.stop()

    asyncio.run(run())
    arguments, environment = json.loads(path.read_text(encoding="utf-8"))
    return arguments, environment


def around(tmp_path: Path) -> Surroundings:
    """A proxy and two addresses."""
    return Surroundings(
        proxy="http://127.0.0.1:4140",
        authority=Authority.open(str(tmp_path / "state")),
        addresses={"service": "http://127.0.0.1:80", "db": "127.0.0.1:15432"},
        direct=("127.0.0.1:4140",),
    )


def test_the_environment_of_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours without CI tokens, then proxy and trust, then its own, which wins."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_x")
    monkeypatch.setenv("GITLAB_TOKEN", "kept")
    monkeypatch.setenv("OURS", "here")
    service = {
        "env": {"DB": "${db.host} ${db.port}", "HTTP_PROXY": "own", "S": "${service.port}"},
        "keep_env": ("GITLAB_TOKEN",),
    }
    _, env = started(tmp_path, service, around(tmp_path))
    assert "GITHUB_TOKEN" not in env
    assert (env["GITLAB_TOKEN"], env["OURS"]) == ("kept", "here")
    assert (env["DB"], env["S"], env["HTTP_PROXY"]) == ("127.0.0.1 15432", "80", "own")
    assert env["HTTPS_PROXY"] == "http://127.0.0.1:4140"
    assert Path(env["SSL_CERT_FILE"]).parent == tmp_path


def test_references_in_the_command(tmp_path: Path) -> None:
    """Addresses reach arguments, too; a shell line keeps the shell's own variables."""
    command = (sys.executable, "-S", "-c", DUMP, "--db=${db.address}")
    arguments, _ = started(tmp_path, {"command": command}, around(tmp_path))
    assert arguments == ["--db=127.0.0.1:15432"]
    line = f'A=1; exec {sys.executable} -S -c "{DUMP}" "${{A}} ${{db.port}}"'
    service = {"command": (line,), "shell": True}
    assert started(tmp_path, service, around(tmp_path))[0] == ["1 15432"]


def test_without_a_proxy_nothing_is_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`replay -- CMD` calls whom it likes: no proxy, no trust files, still no CI tokens."""
    for name in ("HTTP_PROXY", "http_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_x")
    _, env = started(tmp_path, {}, Surroundings())
    assert not {"HTTP_PROXY", "http_proxy", "SSL_CERT_FILE", "GITHUB_TOKEN"} & set(env)
    assert not list(tmp_path.glob("*.pem"))


def test_an_image_without_a_proxy_is_refused(tmp_path: Path) -> None:
    """`replay` has no network to give to a container."""
    service = ServiceOptions(name="x", image="busybox")
    with pytest.raises(UsageError, match=r"service\.image"):
        asyncio.run(start_service(service, Surroundings(), None, str(tmp_path), "test.1"))


def test_how_the_service_is_spelled() -> None:
    """`${service.…}` has an address when its port is known."""
    assert service_address(80) == {"service": "http://127.0.0.1:80"}
    assert service_address(0) == {}


def test_what_the_command_starts_first(tmp_path: Path) -> None:
    """A command is looked into, an image cannot be."""
    command = ServiceOptions(name="x", command=(sys.executable,), folder=str(tmp_path))
    assert probed(command, Surroundings()).kind != "unknown"
    assert probed(ServiceOptions(name="x", image="i"), Surroundings()).kind == "unknown"
