"""A judged run on disk: result.json, exchanges.jsonl, changes/, junit.xml, summary.md."""

from __future__ import annotations

from ci_gate.gate.judging import Judged
from ci_gate.report import junit, markdown
from ci_gate.store.runs import RunDirectory

CHANGES = 1000
"""Live exchanges that are kept for `accept`."""


def write_run(folder: RunDirectory, judged: Judged) -> None:
    """Write everything and close the run directory. Raises CannotRun when the disk refuses."""
    result = judged.result
    with folder:
        folder.write_result(result)
        for row in judged.rows:
            folder.append_exchange(row)
        for change in judged.changes[:CHANGES]:
            folder.write_change(change)
        started = result.environment.started_at
        folder.write_text(
            folder.junit, junit.render(result.service, judged.rows, started_at=started)
        )
        folder.write_text(folder.summary, markdown.render(result))
