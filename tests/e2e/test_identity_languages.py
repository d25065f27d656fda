"""The same in Go and Node, by the libraries that services there use: golang-jwt, keyfunc, jose."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.identity import RECORDED, REQUESTS, age, clocked, record, refused, statuses
from tests.e2e.identity_provider import provider

pytestmark = pytest.mark.long
HERE = Path(__file__).parent
MODULES = ["github.com/golang-jwt/jwt/v5@v5.2.1", "github.com/MicahParks/keyfunc/v3@v3.3.5"]
JOSE = "jose@5.10.0"


def prepare(*command: str, cwd: Path) -> None:
    """Run a step of the preparation; skip where it cannot be done."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        pytest.skip(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-300:]}")


def go(folder: Path) -> list[str]:
    """The service in Go, linked statically: it sees the machine's clock and no other."""
    source = folder / "source"
    source.mkdir()
    shutil.copy(HERE / "identity_service.go", source / "main.go")
    prepare("go", "mod", "init", "shop", cwd=source)
    prepare("go", "get", *MODULES, cwd=source)
    prepare("go", "build", "-o", str(folder / "shop"), ".", cwd=source)
    shutil.rmtree(source)
    return ["./shop"]


def node(folder: Path) -> list[str]:
    """The service in Node."""
    shutil.copy(HERE / "identity_service.mjs", folder / "service.mjs")
    prepare(
        "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", ".", JOSE, cwd=folder
    )
    return ["node", "service.mjs"]


@pytest.fixture(scope="module", params=[go, node], ids=["go", "node"])
def recorded(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    make_gate: Callable[[Path], Any],
) -> Path:
    """A folder with the service and its snapshot, recorded a month ago; the provider is gone."""
    folder = tmp_path_factory.mktemp("shop")
    command = request.param(folder)
    with provider() as idp:
        gate = make_gate(folder)
        record(gate, idp, command)
        assert statuses(gate) == RECORDED
    age(folder / "snapshots" / "shop", 31)
    return folder


@pytest.fixture
def shop(recorded: Path, tmp_path: Path, make_gate: Callable[[Path], Any]) -> Iterator[Any]:
    """The gate in a folder of its own with the aged snapshot."""
    folder = tmp_path / "shop"
    shutil.copytree(recorded, folder, symlinks=True)
    gate = make_gate(folder)
    yield gate
    left = gate.alive()
    gate.kill_all()
    assert left == []


@pytest.mark.parametrize("clock", ["auto", "real"])
def test_a_month_later(shop: Any, clock: str) -> None:
    """Unchanged it passes, 3 of 3; without a look at signatures, or at times, it is red."""
    clocked(shop, clock)
    for _ in range(3):
        done = shop("run", "--out", "run")
        assert done.code == 0, done.text
        assert f"{REQUESTS} of {REQUESTS} requests unchanged" in done.text
    done = shop("run", "--out", "run", IDENTITY="trusting")
    assert done.code == 1, done.text
    causes = shop.result()["causes"]
    assert refused(shop.folder) <= {name for cause in causes for name in cause["exchanges"]}
    done = shop("run", "--out", "run", IDENTITY="lasting")
    assert done.code == 1, done.text
    causes = shop.result()["causes"]
    assert len({name for cause in causes for name in cause["exchanges"]}) == 1


def test_behind_a_shell(shop: Any) -> None:
    """What a wrapper starts is known when it is ready: a Go program gets the machine's time."""
    path = shop.folder / "ci-gate.yml"
    text = path.read_text(encoding="utf-8")
    command = text.partition("command: ")[2].partition("\n")[0]
    line = " ".join(json.loads(command))
    path.write_text(text.replace(command, f'"true; {line}"'), encoding="utf-8")
    for _ in range(2):
        done = shop("run", "--out", "run")
        assert done.code == 0, done.text


@pytest.mark.parametrize("clock", ["auto", "real"])
def test_learned_and_run(shop: Any, clock: str) -> None:
    """What it learns of itself opens nothing, and it passes by that."""
    clocked(shop, clock)
    done = shop("learn")
    assert done.code == 0, done.text
    done = shop("run", "--out", "run")
    assert done.code == 0, done.text
