"""`run`: the gate. Mocks up, service up and ready, replay, compare, judge, report, all stopped."""

from __future__ import annotations

import time

import msgspec

from ci_gate.config.options import RunOptions
from ci_gate.errors import UsageError
from ci_gate.gate import events
from ci_gate.gate.judging.allowing import allowed
from ci_gate.gate.judging.baseline import letting_pass
from ci_gate.gate.judging.comparing import evidence_of
from ci_gate.gate.judging.confirming import confirmed
from ci_gate.gate.judging.judged import About, judged
from ci_gate.gate.judging.reporting import run_directory, write_run, write_shard
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.observation import Observation
from ci_gate.gate.planning import make_plan
from ci_gate.gate.recording.folding import fold_leftover
from ci_gate.gate.redact import held_clean
from ci_gate.gate.shards.sharding import among_all, as_part, kept, own
from ci_gate.model.result import Result


async def run(options: RunOptions, sink: events.Sink) -> Result:
    """Gate the service as it is now against the snapshot; the run directory is written.

    A failed gate, also a service that does not start, is a result; so is a snapshot with nothing
    to replay, for which nothing is started. Raises UsageError for configuration and snapshot,
    CannotRun for what the environment does not give.
    """
    began = time.monotonic()
    service = options.service
    if not (service.command or service.url or service.image):
        raise UsageError(
            "nothing to run: give service.command in ci-gate.yml, or `ci-gate run -- CMD`"
        )
    fold_leftover(options.snapshot, options.routes, sink)
    plan = make_plan(options)
    what = letting_pass(options, plan)
    cleaning = Cleaning(options)
    observation = Observation(options, plan, cleaning, sink)
    with run_directory(options, plan.started_at) as folder:
        seen = await observation.run(folder.service_log)
        sink(events.Stage("compare"))
        evidence = evidence_of(seen, about(options), cleaning, time.monotonic() - began)
        if options.shard is not None:
            where = (folder.service_log, sink)
            evidence, seen = await among_all(evidence, seen, what, options, *where)
        plain = evidence.calls
        evidence = await confirmed(allowed(evidence, what), options, sink)
        evidence = msgspec.structs.replace(evidence, seconds=time.monotonic() - began)
        outcome = judged(evidence)
        if options.shard is not None:
            write_shard(folder, kept(evidence, plain, seen, options))
            # What is kept of what differs, for `accept`, is kept of all that this shard has seen.
            part = as_part(judged(own(evidence)), options.shard, empty=not plan.steps)
            outcome = msgspec.structs.replace(part, changes=outcome.changes)
        result = msgspec.structs.replace(
            held_clean(outcome.result, options.snapshot, options.redaction),
            report_only=options.report_only,
            edits=options.edits,
        )
        write_run(folder, msgspec.structs.replace(outcome, result=result))
        sink(events.Stage("report", folder.path))
    return result


def about(options: RunOptions) -> About:
    """What is run, as the user names it."""
    return About(
        mode="run",
        service=options.service.name,
        snapshot=options.snapshot,
        config=options.config,
        folder=options.folder,
    )
