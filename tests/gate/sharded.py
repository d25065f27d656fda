"""Running a service in shards and in one run, and what of the results has to be the same."""

from __future__ import annotations

from typing import Any

import msgspec

from ci_gate.gate.events import ignore
from ci_gate.gate.merge import merge
from ci_gate.model.result import Result, ShardPart
from ci_gate.net.loop import run as loop_run


def shards(acting: Any, count: int, how: str = "", **more: Any) -> list[Result]:
    """Each of `count` shards, in run directories shard-1, shard-2…; the result of each."""
    found = []
    for index in range(1, count + 1):
        out = str(acting.folder / f"shard-{index}")
        part = ShardPart(index=index, count=count)
        found.append(acting.run(how, shard=part, out=out, **more))
    return found


def merged(acting: Any, *folders: str, **more: Any) -> Result:
    """What they come to together, in the run directory merged."""
    paths = [str(acting.folder / name) for name in folders]
    out = str(acting.folder / "merged")
    return loop_run(merge(acting.options(out=out, **more), paths, ignore))


def in_shards(acting: Any, count: int, how: str = "", **more: Any) -> Result:
    """All shards, merged."""
    shards(acting, count, how, **more)
    return merged(acting, *(f"shard-{index}" for index in range(1, count + 1)), **more)


def comparable(result: Result) -> dict[str, Any]:
    """A result without times and the notices on how it came about."""
    found: dict[str, Any] = msgspec.to_builtins(result)
    for name in ("notices", "runs", "routes"):
        del found[name]
    found["environment"] |= {"seconds": 0, "started_at": ""}
    for cause in found["causes"]:
        cause["moment"] = cause["moment"]["error"]
    found["counts"] = [msgspec.structs.replace(run.counts, seconds=0) for run in result.runs]
    found["samples"] = {name: len(one) for name, one in result.runs[0].latencies.items()}
    found["figures"] = [(one.route, one.total, one.failed) for one in result.routes]
    return found
