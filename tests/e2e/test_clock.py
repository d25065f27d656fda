"""An old recording with the real command: the service lives in its days, or shows that it does not."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from ci_gate.service.clock_library import available

OLD = "2023-05-06"
DATED = re.compile(r"(\\?\"on\\?\": ?\\?\")\d{4}-\d\d-\d\d")


def age(snapshot: Path) -> None:
    """Have a snapshot recorded at noon of the day OLD."""
    path = snapshot / "snapshot.json"
    text = path.read_text(encoding="utf-8")
    recorded = json.loads(text)["recorded_at"]
    path.write_text(text.replace(recorded, f"{OLD}T12:00:00+00:00"), encoding="utf-8")


def forget_days(snapshot: Path) -> None:
    """Take out what learning saw of places that vary: it was on the day that is no longer told."""
    for path in snapshot.rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r', "seen": \[[^\]]*\]', "", text), encoding="utf-8")


@pytest.fixture
def dated(small: Any, upstream: int, tmp_path: Path) -> Any:
    """The small service, which tells the day in every answer, recorded years ago."""
    reason = available(str(tmp_path))[1]
    if reason:
        pytest.skip(reason)
    config = small.folder / "ci-gate.yml"
    text = re.sub(r"localhost:\d+", f"localhost:{upstream}", config.read_text(encoding="utf-8"))
    config.write_text(text, encoding="utf-8")
    small.env["SMALL"] = "dated"
    snapshot = small.folder / "snapshots" / "small"
    shutil.rmtree(snapshot)
    drive = f"{sys.executable} drive.py"
    done = small("record", "--in-port", "0", "--out-port", "0", "--drive", drive)
    assert done.code == 0, done.text
    age(snapshot)
    edited = 0
    for path in (path for path in snapshot.rglob("*") if path.is_file()):
        text, count = DATED.subn(rf"\g<1>{OLD}", path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        edited += count
    assert edited
    return small


def clocked(gate: Any, clock: str) -> None:
    """Write `service.clock` into the configuration."""
    path = gate.folder / "ci-gate.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("service:\n", f"service:\n  clock: {clock}\n"), encoding="utf-8")


@pytest.mark.parametrize("clock", ["", "auto", "recorded"])
def test_an_old_recording_passes_on_its_own_day(dated: Any, clock: str) -> None:
    """The day in every answer is the recorded one, without any rule; unconfigured, too."""
    if clock:
        clocked(dated, clock)
    done = dated("run", "--out", "run")
    assert done.code == 0, done.text
    assert "the clock is" not in done.text


def test_an_old_recording_fails_on_another_day(dated: Any) -> None:
    """By the machine's clock every answer differs in the day, and in nothing else."""
    clocked(dated, "real")
    done = dated("run", "--out", "run")
    assert done.code == 1, done.text
    assert {cause["place"] for cause in dated.result()["causes"]} == {"response.body.$.on"}


@pytest.mark.parametrize("clock", ["auto", "real"])
def test_tls_to_the_mocks_holds_at_both_times(orders: Any, tmp_path: Path, clock: str) -> None:
    """examples/orders, aged by years: its payments are called by TLS, and its dates may vary."""
    folder = tmp_path / "orders"
    folder.mkdir()
    shutil.copytree(orders.folder / "orders", folder / "orders")
    shutil.copytree(orders.folder / "snapshots", folder / "snapshots")
    text = (orders.folder / "ci-gate.yml").read_text(encoding="utf-8")
    text = text.replace("../../.venv/bin/python", sys.executable)
    (folder / "ci-gate.yml").write_text(text, encoding="utf-8")
    age(folder / "snapshots" / "orders")
    forget_days(folder / "snapshots" / "orders")
    orders.folder = folder
    clocked(orders, clock)
    done = orders("run", "--out", "run")
    assert done.code == 0, done.text
    assert "43 of 43" in done.text
