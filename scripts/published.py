"""The proof: published services, gated many times. usage: published.py [RUNS [SERVICE]...]

RUNS unchanged runs of each service (default 20), a quarter as many with the machine's clock a month
ahead, as many again while other processes load every core, and one with each of its regressions.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "e2e" / "published"))

from harness import SERVICES, Bench, Unavailable, busy, load, passes  # found above

HEAD = (
    "| service | requests | calls | noise | rebased | values that travel | rules | unchanged "
    "| a month later | cores loaded | regressions red | s a run |"
)


def prove(name: str, runs: int, folder: Path) -> tuple[str, bool]:
    """A row of the table, and whether all is well."""
    service = load(name)
    bench = Bench(service, folder)
    for done in (bench.record(), bench.learn()):
        if done.code:
            print(done.text, file=sys.stderr)
            return f"| {name} | not recorded or not learned |", False
    few = max(runs // 4, 1)
    plain, seconds, said = passes(bench.run, runs)
    counts = bench.result()["runs"][0]["counts"]
    month, _, later = passes(bench.in_a_month, few)
    with busy():
        loaded, _, worse = passes(bench.run, few)
    red = sum(bench.regressed(one).code == 1 for one in service.regressions)
    for text in filter(None, (said, later, worse)):
        print(text, file=sys.stderr)
    learned = bench.snapshot()
    rules = service.config.count("allow:")
    row = (
        f"| {name} | {counts['total']} | {counts['matched']} | {learned['noise']} | "
        f"{learned['rebased']} | {learned['bindings']} | {rules} | {plain} of {runs} | "
        f"{month} of {few} | {loaded} of {few} | {red} of {len(service.regressions)} | "
        f"{seconds:.1f} |"
    )
    well = (plain, month, loaded, red) == (runs, few, few, len(service.regressions))
    return row, well


def main() -> int:
    """The whole table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rows, failed = [], False
    for name in sys.argv[2:] or SERVICES:
        with tempfile.TemporaryDirectory() as folder:
            try:
                row, well = prove(name, runs, Path(folder))
            except Unavailable as error:
                row, well = f"| {name} | skipped: {error} |", True
        rows.append(row)
        failed = failed or not well
        print(row, flush=True)
    print("\n".join([HEAD, "|:--" * (HEAD.count("|") - 1) + "|", *rows]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
