"""`ci-gate export`: what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_gate.store.snapshot import write_snapshot
from tests.store.formats.exchanges import unholdable


def test_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[..., Any]) -> None:
    """What was written and what cannot be held, for people and for programs."""
    monkeypatch.chdir(tmp_path)
    whole = unholdable()
    kept = tuple(one for one in whole.inbound if one.id != "aa06-1")
    write_snapshot("s", type(whole)(
        origin=whole.origin, dependencies=whole.dependencies, inbound=kept, outbound=whole.outbound,
    ))  # fmt: skip
    called = call("export", "--in", "s", "--format", "har", "--out", "x.har")
    assert called.code == 0
    assert "exchanges over redis" in called.err
    called = call("export", "--in", "s", "--format", "curl", "--out", "x.sh", "--json")
    assert json.loads(called.out)["files"] == 1
    assert call("export", "--in", "s", "--format", "curl", "--out", "x.sh").code == 2
    assert call("export", "--in", "s", "--format", "pdf", "--out", "y").code == 2
