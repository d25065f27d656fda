"""examples/orders in one run and in three shards, with the real command: the same result."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ci.runner import checkout

REGRESSIONS = ("", "dropped-call")
VARYING = ("avg", "p50", "p95", "p99", "max")


def comparable(folder: Path) -> dict[str, Any]:
    """result.json without times, and without notices on how it came about."""
    found: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    del found["notices"]
    (run,) = found["runs"]
    assert run["counts"].pop("seconds") > 0
    run["latencies"] = {route: len(samples) for route, samples in run["latencies"].items()}
    for route in found["routes"]:
        assert all(route.pop(name) > 0 for name in VARYING)
    verdict = found["verdict"]
    # Whether this machine was slow is said of latencies only.
    verdict["evaluations"] = [one for one in verdict["evaluations"] if one["level"] == "fail"]
    verdict["warnings"] = [one for one in verdict["warnings"] if "latency" not in one]
    for cause in found["causes"]:
        cause["moment"] = cause["moment"]["error"]
    found["environment"] |= {"seconds": 0, "started_at": ""}
    return found


@pytest.mark.long
def test_three_shards_are_one_run(make_gate: Callable[[Path], Any], tmp_path: Path) -> None:
    """Unchanged and with a regression: result.json of the merged run is that of one run; its
    other files are there too, and what is missing or incomplete is refused with exit code 2."""
    gate = make_gate(checkout(tmp_path))
    names = [f"shard-{index}" for index in (1, 2, 3)]
    for regression in REGRESSIONS:
        one = gate("run", "--quiet", "--out", "one", REGRESSION=regression)
        assert one.code == bool(regression), one.text
        codes = [
            gate("run", "--quiet", "--shard", f"{name[-1]}/3", "--out", name, REGRESSION=regression)
            for name in names
        ]
        assert any(done.code for done in codes) == bool(regression)
        merged = gate("merge", *names, "--quiet", "--out", "merged")
        assert merged.code == one.code, merged.text
        assert comparable(gate.folder / "merged") == comparable(gate.folder / "one")
        files = [
            {path.name for path in (gate.folder / out).rglob("*")} for out in ("one", "merged")
        ]
        assert files[0] == files[1]
    explained = gate("explain", "merged", "C1")
    assert explained.code == 0, explained.text
    refused = gate("merge", *names[:2], "--out", "merged")
    assert (refused.code, "1 shard missing: 3/3" in refused.text) == (2, True)
    refused = gate("publish", "shard-1", "--dry-run")
    assert (refused.code, "is shard 1/3 of a run" in refused.text) == (2, True)
