"""`ci-gate import`: what it prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.store.formats.test_har import entry, har


def test_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[..., Any]) -> None:
    """A report for people on stderr, for programs on stdout; exit 2 for what is broken."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = str(har(tmp_path, entry(), entry("data:,x")))
    called = call("import", path, "--out", "s", "--json")
    assert called.code == 0
    told = json.loads(called.out)
    assert (told["inbound"], told["outbound"], told["skipped"]) == (1, 0, 1)
    called = call("import", path, "--out", "s", "--replace")
    assert "s: 1 inbound and 0 outbound exchanges of HAR 1.2, 1 skipped" in called.err
    assert call("import", path, "--out", "s").code == 2
    assert call("import", path, "--out", "s", "--add", "--replace").code == 2
    assert call("import", str(tmp_path / "none")).code == 2
