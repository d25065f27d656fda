"""Latency per route as a mermaid chart. A decoration: the numbers stand in the table beside it.

`xychart-beta` is the one spelling that both GitHub's and GitLab's mermaid parse. It has no legend,
so the title says what bars and line are. GitLab draws at most 2,000 characters of mermaid a page
without a click, which bounds routes and labels.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ci_gate.model.result import RouteFigures

ROUTES = 12
_LABEL = 32
_MOST = 1e7
"""Milliseconds that are drawn; a file that says more is no measurement, and would not fit."""
_HEADROOM = 1.1
_UNSAFE = re.compile(r"[^A-Za-z0-9 /{}_.*-]")


def latency_chart(routes: Sequence[RouteFigures]) -> list[str]:
    """The lines of the chart for at most 12 routes, or none when there is nothing to compare."""
    shown = [one for one in routes if one.p95 > 0][:ROUTES]
    if len(shown) < 2:
        return []
    labels = ", ".join(f'"{label(one.route)}"' for one in shown)
    top = max(min(one.p95, _MOST) for one in shown)
    return [
        "xychart-beta horizontal",
        '    title "latency in ms: bars p95, line p50"',
        f"    x-axis [{labels}]",
        f'    y-axis "ms" 0 --> {_number(top * _HEADROOM)}',
        f"    bar [{', '.join(_number(one.p95) for one in shown)}]",
        f"    line [{', '.join(_number(one.p50) for one in shown)}]",
    ]


def label(route: str) -> str:
    """A route in characters that mean nothing to mermaid inside quotes, at most 32 of them."""
    # A label without a character is no label to mermaid.
    safe = _UNSAFE.sub("?", route).strip() or "?"
    return safe if len(safe) <= _LABEL else safe[: _LABEL - 2] + ".."


def _number(value: float) -> str:
    """Plain decimals: mermaid does not read 1e+06."""
    return f"{min(max(value, 0.0), _MOST * _HEADROOM):.2f}"
