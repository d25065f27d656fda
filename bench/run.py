"""`make bench`: our speed as ratios to public tools, measured in one run; prints one table.

    python bench/run.py [help] [mock] [replay] [record] [gate] [snapshot] [learn] [noise] [slow]
                        [postgres] [load] [redis] [import]

Ours and theirs alternate, medians are compared, and nothing fails for being slow: figures from a
busy machine say little, and a table that says "no" is for a person to read.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tabulate import tabulate

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.lines import Line
from bench.measures import MEASURES


def row(line: Line) -> list[str]:
    """A line as the table shows it."""
    return [
        line.metric,
        figure(line.ours, line.unit),
        "" if line.theirs is None else figure(line.theirs, line.unit),
        "" if line.ratio is None else f"{line.ratio:.2f}",
        line.target,
        "yes" if line.ok else "no",
    ]


def figure(value: float, unit: str) -> str:
    """A number with its unit."""
    text = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3f}"
    return f"{text} {unit}".strip()


def main() -> None:
    """Measure what is asked for, everything by default."""
    wanted = sys.argv[1:] or list(MEASURES)
    rows = []
    with tempfile.TemporaryDirectory(prefix="ci-gate-bench-") as folder:
        for name in wanted:
            if name not in MEASURES:
                sys.exit(f"bench: no measure {name!r}; there are {', '.join(MEASURES)}")
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            rows += [row(line) for line in MEASURES[name](Path(folder) / name)]
    print(
        tabulate(
            rows, ["metric", "ours", "theirs", "ratio", "target", "ok?"], disable_numparse=True
        )
    )


if __name__ == "__main__":
    main()
