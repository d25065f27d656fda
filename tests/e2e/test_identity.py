"""A service that verifies tokens: green though nothing in the snapshot verifies, red when it stops."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.identity import REAL, RECORDED, REQUESTS, age, clocked, record, refused, statuses
from tests.e2e.identity_provider import provider

SERVICE = Path(__file__).with_name("identity_service.py")
CLOCKS = [pytest.param("auto", marks=pytest.mark.long), "real"]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, make_gate: Callable[[Path], Any]) -> Path:
    """A folder with the service and its snapshot, recorded a month ago; the provider is gone."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copy(SERVICE, folder)
    with provider() as idp:
        gate = make_gate(folder)
        record(gate, idp, [sys.executable, SERVICE.name])
        assert statuses(gate) == RECORDED
        assert gate.alive() == []
    age(folder / "snapshots" / "shop", 31)
    (folder / "tokens.json").unlink()
    return folder


@pytest.fixture
def shop(recorded: Path, tmp_path: Path, make_gate: Callable[[Path], Any]) -> Iterator[Any]:
    """The gate in a folder of its own with the aged snapshot."""
    folder = tmp_path / "shop"
    shutil.copytree(recorded, folder)
    gate = make_gate(folder)
    yield gate
    left = gate.alive()
    gate.kill_all()
    assert left == []


def changed(gate: Any) -> set[str]:
    """The exchanges that a run failed."""
    return {name for cause in gate.result()["causes"] for name in cause["exchanges"]}


def test_nothing_of_the_real_secrets_is_kept(recorded: Path) -> None:
    """Neither in the snapshot nor beside it."""
    for path in (path for path in recorded.rglob("*") if path.is_file()):
        data = path.read_bytes()
        assert not [name for name, secret in REAL.items() if secret.encode() in data], path


@pytest.mark.parametrize("clock", ["auto", "real"])
def test_an_unchanged_service_passes(shop: Any, clock: str) -> None:
    """Keys by discovery, four algorithms, cookies, the code flow, sessions, shared secrets and
    webhooks, a month later, by either clock."""
    clocked(shop, clock)
    done = shop("run", "--out", "run")
    assert done.code == 0, done.text
    assert f"{REQUESTS} of {REQUESTS} requests unchanged" in done.text


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_service_that_verifies_no_signature_is_red(shop: Any, clock: str) -> None:
    """What was forged when it was recorded is forged now: the service must go on refusing it."""
    clocked(shop, clock)
    done = shop("run", "--out", "run", IDENTITY="trusting")
    assert done.code == 1, done.text
    assert "status 401 became 200" in done.text
    # Forged tokens of both kinds, those out of date, and the forged webhook.
    assert refused(shop.folder) <= changed(shop)


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_service_that_takes_tokens_for_ever_is_red(shop: Any, clock: str) -> None:
    """What was out of date when it was recorded is out of date now."""
    clocked(shop, clock)
    done = shop("run", "--out", "run", IDENTITY="lasting")
    assert done.code == 1, done.text
    assert len(changed(shop)) == 1


def test_what_the_configuration_sets_wins(shop: Any) -> None:
    """A token that `replay.set.headers` puts into every request is sent as it is."""
    path = shop.folder / "ci-gate.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text + "replay: {set: {headers: {Authorization: 'Bearer mine'}}}\n", encoding="utf-8"
    )
    done = shop("run", "--out", "run", "--only", "route == 'GET /orders'")
    assert done.code == 0, done.text
    done = shop("run", "--out", "run", "--only", "route == 'GET /me' && response.status == `200`")
    assert done.code == 1, done.text


def test_a_secret_that_signs_nothing_is_refused(shop: Any) -> None:
    """With its place, and what to write."""
    path = shop.folder / "ci-gate.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("secret.github", "secret.githb"), encoding="utf-8")
    done = shop("run", "--out", "run")
    assert done.code == 2
    assert "service.env.HOOK_SECRET: nothing says what ${secret.githb} signs" in done.err


@pytest.mark.long
@pytest.mark.parametrize("clock", ["auto", "real"])
def test_learning_finds_nothing_to_open(shop: Any, clock: str) -> None:
    """Keys and secrets are other ones in every replay, and no place of the snapshot shows it; the
    session that the service makes travels to the next request."""
    clocked(shop, clock)
    done = shop("learn")
    assert done.code == 0, done.text
    assert "2 values travel" in done.text
    for _ in range(5):
        done = shop("run", "--out", "run")
        assert done.code == 0, done.text
