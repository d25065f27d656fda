"""`ci-gate check`: findings as lines or JSON, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_good_with_a_warning(call: Callable[..., Any]) -> None:
    """Warnings do not fail; --quiet leaves them out."""
    Path("ci-gate.yml").write_text("version: 1\nservice: {command: [a]}")
    called = call("check")
    assert called.code == 0
    assert called.out == (
        "warning: snapshots/shop: no snapshot yet; `ci-gate record` makes it\n"
        "ci-gate.yml, snapshots/shop: 0 inbound, 0 outbound exchanges: good\n"
    )
    assert "warning" not in call("check", "--quiet").out


def test_errors_exit_2(call: Callable[..., Any]) -> None:
    """What the verbs would refuse; a file that cannot be read at all too."""
    Path("ci-gate.yml").write_text("version: 1\nservice: {isolate: auto}")
    called = call("check")
    assert called.code == 2
    assert called.out.startswith("error: ci-gate.yml:2: service.isolate: not supported yet")
    report = json.loads(call("check", "--json").out)
    assert [one["level"] for one in report["findings"]] == ["error", "warning", "warning"]
    Path("ci-gate.yml").write_text("version: 1\nservce: {}")
    called = call("check")
    assert (called.code, called.out) == (2, "")
    assert "did you mean service?" in called.err
