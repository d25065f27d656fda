"""Tables of plain text: the same on a terminal and in a job's log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabulate import tabulate

from ci_gate.report.text import one_line

_WIDTH = 60


def plain(heads: Sequence[str], rows: Iterable[Sequence[str]], width: int = _WIDTH) -> str:
    """A table without ornaments and without a final newline.

    Every cell is one visible line of at most `width` characters; numbers stay as they are spelled.
    """
    cells = [[one_line(text, width) for text in row] for row in rows]
    numeric = [
        all(_figure(row[column]) for row in cells) and bool(cells) for column in range(len(heads))
    ]
    align = ["right" if right else "left" for right in numeric]
    return tabulate(
        cells, headers=list(heads), tablefmt="simple", disable_numparse=True, colalign=align
    )


def _figure(text: str) -> bool:
    """True for what our own columns of numbers hold, the empty cell included."""
    return text.replace(",", "").replace(".", "", 1).isdigit() or not text
