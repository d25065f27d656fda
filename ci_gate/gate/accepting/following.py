"""`accept --follow`: what a service does with the answer to a call that was just accepted.

A call that nobody had recorded was refused in the run that found it, so what the service answers
with it, and calls next, shows only when it is replayed again. That is done here, for the accepted
exchanges alone, and what shows is accepted with the same reason. What was red of the first run and
was not accepted stays red.
"""

from __future__ import annotations

import os
from collections.abc import Collection

import msgspec

from ci_gate.config.options import RunOptions
from ci_gate.errors import CannotRun
from ci_gate.gate import events
from ci_gate.gate.accept import AcceptOptions
from ci_gate.gate.run import run
from ci_gate.store.runs import RunDirectory, read_result

ROUNDS = 5
"""Replays at most: each may bring calls that nobody could see before."""


def left_red(options: AcceptOptions, folder: str) -> frozenset[str]:
    """Fingerprints of the causes of a run that `options` do not accept."""
    result = read_result(RunDirectory(folder).result)
    wanted = {one.upper() for one in options.causes}
    return frozenset(
        one.fingerprint
        for one in result.causes
        if not (
            options.everything
            or one.id in wanted
            or (options.route and options.route in one.routes)
        )
    )


async def following(
    options: RunOptions,
    accepting: AcceptOptions,
    exchanges: Collection[str],
    left: Collection[str],
    folder: str,
    sink: events.Sink,
) -> AcceptOptions | None:
    """What is to be accepted next, after a replay of `exchanges`; None = nothing follows.

    `left`: fingerprints of causes that stay red; `folder`: of a run directory that is to be made.
    Raises what `run` raises, and CannotRun for a service that does not answer.
    """
    if not exchanges:
        return None
    only = tuple(sorted(exchanges))
    plain = msgspec.structs.replace(options, only=only, out=folder, edits=None, baseline="")
    result = await run(plain, sink)
    if not any(one.counts.answered for one in result.runs):
        why = result.verdict.reasons[0] if result.verdict.reasons else "nothing was answered"
        raise CannotRun(f"what follows is not known: {why}")
    causes = tuple(
        one.id
        for one in result.causes
        if one.exchanges and not one.notice and not one.standing and one.fingerprint not in left
    )
    if not causes:
        return None
    return msgspec.structs.replace(
        accepting, run=os.path.abspath(folder), causes=causes, route="", everything=False
    )
