"""Lists of exchanges."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ci_gate.cli.listing import show_inspection
from ci_gate.gate.inspect import Inspection, Line
from ci_gate.model.snapshot import Origin


def test_a_list(capsys: pytest.CaptureFixture[str], golden: Callable[[str, str], None]) -> None:
    """Who, what, when; long and hostile labels on one line."""
    lines = (
        Line(id="a-1", route="GET /x", label="GET /x?" + "y" * 200, answer="200", at=0, took=1.25),
        Line(
            id="b-1", dependency="pay\x1b[31m", route="", label="G\n", answer="no", at=61000, took=0
        ),
    )
    found = Inspection(
        snapshot="snapshots/x",
        origin=Origin(service="x", recorded_at="2026-08-31T10:00:00Z"),
        dependencies=(),
        inbound=1,
        outbound=2,
        exchanges=lines,
    )
    show_inspection(found, as_json=False)
    golden("cli/inspect.txt", capsys.readouterr().out)
