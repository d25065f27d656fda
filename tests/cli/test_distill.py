"""`ci-gate distill`: what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.gate.test_distilling import journal


def test_distill(tmp_path: Path, call: Callable[..., Any]) -> None:
    """A table of what is dropped for people, one line for programs."""
    path = journal(tmp_path / "j.jsonl", 6)
    called = call("distill", path, "--max", "9", "--out", "s")
    assert called.code == 0
    assert "route and status" in called.err
    assert "POST /orders 201" in called.err
    called = call("distill", path, "--out", "s", "--replace", "--json")
    assert json.loads(called.out)["exchanges"] == 15
    assert call("distill", path, "--out", "s").code == 2
    assert call("distill", path, "--max", "0").code == 2
