"""`make demo`: the gate on examples/orders: an unchanged service passes, nine regressions do not.

Every run is the real command in a process of its own, with neither network nor database. The result
is read from result.json, and a regression counts as caught only when its first cause is the right one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
EXAMPLE = TOP / "examples" / "orders"
SHOWN = "dropped-insert"
RULE = "─" * 78


def gate(out: Path, regression: str = "") -> tuple[int, dict[str, Any], str]:
    """One run: exit code, result, what it printed."""
    command = [sys.executable, "-m", "ci_gate", "run", "--quiet", "--out", str(out)]
    env = {**os.environ, "REGRESSION": regression, "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=EXAMPLE, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    path = out / "result.json"
    result = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return done.returncode, result, done.stdout + done.stderr


def is_cause(cause: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether a cause is the one a regression should have."""
    examples = cause.get("examples") or [{}]
    return (
        cause["change"] in expected["change"]
        and expected.get("place", "") in cause.get("place", "")
        and expected.get("dependency", "") in cause.get("dependency", "")
        and expected.get("call", "") in examples[0].get("call", "")
    )


def passes(folder: Path) -> bool:
    """The unchanged service."""
    start = time.perf_counter()
    code, result, printed = gate(folder / "unchanged")
    total = result["runs"][0]["counts"]["total"] if result.get("runs") else 0
    good = code == 0 and total > 0
    print(f"{'pass' if good else 'WRONG'}    unchanged: {total} requests replayed", end="")
    print(f", exit code {code}, {time.perf_counter() - start:.1f} s")
    if not good:
        print(printed)
    return good


def caught(folder: Path, name: str, expected: dict[str, Any]) -> bool:
    """One regression."""
    start = time.perf_counter()
    code, result, printed = gate(folder / name, name)
    causes = result.get("causes", [])
    good = code == 1 and bool(causes) and is_cause(causes[0], expected)
    print(f"{'caught' if good else 'MISSED'}  {name}: {expected['says']}")
    title = causes[0]["title"] if causes else "no cause"
    print(f"        → {title}  (exit code {code}, {time.perf_counter() - start:.1f} s)")
    if not good:
        print(printed)
    return good


def main() -> int:
    """All runs, one report, one last line."""
    expected = json.loads((EXAMPLE / "regressions.json").read_text(encoding="utf-8"))
    print("The order service of examples/orders against its recorded traffic, offline:\n")
    with tempfile.TemporaryDirectory(prefix="ci-gate-demo-") as name:
        folder = Path(name)
        good = passes(folder)
        count = sum(caught(folder, regression, expected[regression]) for regression in expected)
        summary = folder / SHOWN / "summary.md"
        if summary.is_file():
            print(f"\nWhat a reviewer would see of {SHOWN} (summary.md):\n{RULE}")
            print(summary.read_text(encoding="utf-8").rstrip())
            print(RULE)
    print(f"demo: {int(good)} pass, {count} of {len(expected)} regressions caught")
    return 0 if good and count == len(expected) else 1


if __name__ == "__main__":
    sys.exit(main())
