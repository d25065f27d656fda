"""examples/httpbin: a published service nobody here wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def test_unchanged_passes_five_times(httpbin: Any, tmp_path: Path) -> None:
    """Five runs over all its endpoints and what their parameters do: five passes."""
    for number in range(5):
        out = tmp_path / str(number)
        done = httpbin("run", "--quiet", "--out", str(out))
        assert done.code == 0, done.text
        result = json.loads((out / "result.json").read_text(encoding="utf-8"))
        assert result["runs"][0]["counts"]["total"] >= 200


def test_a_rule_less_is_red(httpbin: Any, tmp_path: Path) -> None:
    """Without the rule for random bytes the gate fails for exactly that."""
    config = (httpbin.folder / "ci-gate.yml").read_text(encoding="utf-8")
    head, _, rules = config.partition("rules:")
    assert rules
    text = head.replace("../../.venv", str(httpbin.folder.parent.parent / ".venv"))
    (tmp_path / "ci-gate.yml").write_text(text, encoding="utf-8")
    snapshot = str(httpbin.folder / "snapshots" / "httpbin")
    httpbin.folder = tmp_path
    done = httpbin("run", "--quiet", "--in", snapshot, "--out", "run")
    assert done.code == 1, done.text
    causes = httpbin.result()["causes"]
    assert [cause["place"] for cause in causes] == ["response.body"]
