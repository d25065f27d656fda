"""The charts of comments and pages, through mermaid's own parsers: today's, and version 10."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from ci_gate.model.result import Result, RouteFigures
from ci_gate.report.chart import latency_chart
from ci_gate.report.comment import Made, comment, page
from tests.ci.tools import NPM, program
from tests.report.conftest import DATA, HOSTILE, hostile_result

PARSER = Path(__file__).with_name("mermaid.mjs")
PARSERS = {"mermaid", "mermaid-10"}
DRAWN = re.compile(r"^```mermaid\n(.*?)\n```$", re.MULTILINE | re.DOTALL)

NAMES = (
    *HOSTILE,
    'GET /"quoted"',
    "GET /\\",
    "%% a comment",
    "%%{init: {'theme': 'forest'}}%%",
    "---\ntitle: x\n---",
    "] bar [1, 2",
    '"] \n line [1e9',
    "x-axis",
    "y-axis --> 3",
    "end",
    ";",
    "#quot;",
    "<br/>",
    "&lt;b&gt;",
    "",
    " ",
    "GET /日本語/é",
    "GET /" + "x" * 500,
    "{}",
    "{{x}}",
    "$$x$$",
    "click a href",
)
NUMBERS = (0.0, 0.001, 1.0, 1e-9, 1e6, 1e16, 1e308)


def parsed(charts: Sequence[str]) -> dict[str, list[str]]:
    """What each parser complains about in each chart."""
    if not all((NPM.parent / name).is_dir() for name in (*PARSERS, "jsdom")):
        pytest.skip("mermaid is not installed: scripts/setup-npm")
    done = subprocess.run(
        [program("node"), "--input-type=module", "--eval", PARSER.read_text(encoding="utf-8")],
        cwd=NPM.parent,
        input=json.dumps(charts),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    complaints: dict[str, list[str]] = json.loads(done.stdout)
    assert complaints.keys() == PARSERS
    return complaints


def figures(name: str, p95: float = 2.0, p50: float = 1.0) -> RouteFigures:
    """A route of that name and latency."""
    return RouteFigures(route=name, total=1, failed=0, p50=p50, p95=p95)


def drawn() -> list[str]:
    """Every chart in comments and pages of the results that reports are tested with, among them a
    hostile one; and charts of names and figures chosen to end a chart early."""
    results = [hostile_result(), hostile_result(NAMES)]
    results += [
        msgspec.json.decode((DATA / f"{name}.json").read_bytes(), type=Result)
        for name in ("pass", "fail", "inconclusive")
    ]
    texts = [
        text
        for result in results
        for text in (page(result, Made()), comment(result, "github", Made()))
    ]
    charts = [one for text in texts for one in DRAWN.findall(text)]
    for name in NAMES:
        charts.append("\n".join(latency_chart([figures("GET /"), figures(name)])))
        charts.append("\n".join(latency_chart([figures(name)] * 2)))
    for one in NUMBERS[1:]:
        for other in NUMBERS:
            chart = latency_chart([figures("a", one, other), figures("b", 3.0, other)])
            charts.append("\n".join(chart))
    return charts


def test_every_chart_is_read() -> None:
    """Whatever routes are called and figures say, both parsers take the chart as it is drawn."""
    charts = drawn()
    assert len(charts) > 50
    assert all(len(one) < 2000 for one in charts)
    for parser, complaints in parsed(charts).items():
        refused = [pair for pair in zip(complaints, charts, strict=True) if pair[0]]
        assert refused == [], parser


def test_the_parsers_complain() -> None:
    """What is no chart is refused, so that the test above can fail."""
    bad = ["xychart-beta\n    x-axis [GET /{x}", 'xychart-beta\n    x-axis ["a]\n    bar [1e]']
    for complaints in parsed(bad).values():
        assert all(complaints)


def test_the_reports_draw_charts() -> None:
    """Comments and pages hold charts, fenced as forges expect them."""
    for made in (page(hostile_result(), Made()), comment(hostile_result(), "gitlab", Made())):
        assert DRAWN.search(made)
