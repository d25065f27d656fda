"""A judged run on disk: result.json, exchanges.jsonl, changes/, junit.xml, summary.md."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator

from ci_gate.config.options import ReplayVerbOptions, RunOptions
from ci_gate.gate.judging.judged import Judged
from ci_gate.model.proof import Proof
from ci_gate.model.shard import Shard
from ci_gate.report import comment, junit, markdown
from ci_gate.report import proof as proofs
from ci_gate.store import shards
from ci_gate.store.files import write_file
from ci_gate.store.runs import RunDirectory


@contextlib.contextmanager
def run_directory(
    options: RunOptions | ReplayVerbOptions, started_at: datetime.datetime
) -> Iterator[RunDirectory]:
    """The run directory, made; one that gets no result, because the verb was stopped or could not
    run, is taken away again."""
    folder = RunDirectory.create(options.out, started_at, os.path.join(options.folder, ".ci-gate"))
    try:
        yield folder
    except BaseException:
        folder.abandon()
        raise


def write_run(folder: RunDirectory, judged: Judged) -> None:
    """Write everything and close the run directory. Raises CannotRun when the disk refuses."""
    _write(folder, judged, comment.page(judged.result, comment.Made(), markdown.BUDGET))


def write_shard(folder: RunDirectory, shard: Shard) -> None:
    """Write what `merge` needs of a shard. Raises CannotRun when the disk refuses."""
    write_file(folder.shard, shards.encode(shard))


def write_proof(folder: RunDirectory, judged: Judged, proof: Proof) -> None:
    """As `write_run`: `judged` is one of the unchanged runs, the summary is that of the proof."""
    folder.write_text(folder.proof, proofs.encode(proof).decode())
    _write(folder, judged, proofs.render_markdown(proof))


def _write(folder: RunDirectory, judged: Judged, summary: str) -> None:
    result = judged.result
    with folder:
        folder.write_result(result)
        for row in judged.rows:
            folder.append_exchange(row)
        for change in judged.changes:
            folder.write_change(change)
        started = result.environment.started_at
        text = junit.render(
            result.service, judged.rows, started_at=started, unstable=judged.unstable
        )
        folder.write_text(folder.junit, text)
        folder.write_text(folder.summary, summary)
