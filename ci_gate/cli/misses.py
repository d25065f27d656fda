"""`ci-gate record --misses`, which is called by `record`."""

from __future__ import annotations

import os

from ci_gate.cli.output import output, say, say_json, tell
from ci_gate.config.options import RunOptions
from ci_gate.report.words import plural


def record_misses(
    options: RunOptions,
    *,
    force: bool,
    writes: bool,
    stand_ins: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Ask for what nobody has recorded; the exit code is 1 when something could not be asked."""
    import msgspec

    from ci_gate.gate.misses import check
    from ci_gate.gate.misses import record_misses as record
    from ci_gate.net.loop import run
    from ci_gate.report.accept import text

    check(options, ci=bool(os.environ.get("CI")), force=force)
    with output(quiet=quiet, no_color=True) as sink:
        found = run(record(options, sink, writes=writes, stand_ins=stand_ins))
    if as_json:
        say_json(msgspec.json.encode(found))
    elif found.added:
        say(text(found.added))
    for one in found.refused:
        tell(f"ci-gate: not asked: {one}")
    tell(f"ci-gate: {plural(len(found.added), 'call')} recorded; run the gate again")
    return int(bool(found.refused))
