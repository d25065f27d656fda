"""The mermaid chart of latencies."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.result import RouteFigures
from ci_gate.report.chart import ROUTES, label, latency_chart


def figures(number: int, route: str = "GET /r") -> list[RouteFigures]:
    """Routes with rising latencies."""
    return [
        RouteFigures(route=f"{route}{at}", total=1, failed=0, p50=float(at), p95=at * 2.0 + 1)
        for at in range(number)
    ]


def test_chart() -> None:
    """Quoted labels, plain decimals and the one keyword every mermaid version reads."""
    assert latency_chart(figures(2)) == [
        "xychart-beta horizontal",
        '    title "latency in ms: bars p95, line p50"',
        '    x-axis ["GET /r0", "GET /r1"]',
        '    y-axis "ms" 0 --> 3.30',
        "    bar [1.00, 3.00]",
        "    line [0.00, 1.00]",
    ]


def test_one_route_is_no_chart() -> None:
    """One bar compares nothing."""
    assert latency_chart(figures(1)) == []


def test_chart_fits_what_forges_draw_without_a_click() -> None:
    """However many routes with however long names: at most twelve, below 2,000 characters."""
    lines = latency_chart(figures(500, "GET /" + "x" * 300))
    assert lines[2].count('"') == 2 * ROUTES
    assert len("\n".join(lines)) < 2000


@given(st.text(st.characters()))
def test_label_means_nothing_to_mermaid(route: str) -> None:
    """No quote, bracket, semicolon, comment or line break gets into a label."""
    assert re.fullmatch(r"[A-Za-z0-9 /{}_.*?-]{1,32}", label(route))


def test_figures_that_are_none() -> None:
    """A file may claim any latency: numbers stay short enough to be read, and finite."""
    claimed = [RouteFigures(route="a", total=1, failed=0, p50=1e308, p95=1e308)] * 12
    lines = latency_chart(claimed)
    assert "inf" not in "".join(lines)
    assert len("\n".join(lines)) < 2000
