"""`ci-gate merge`."""

from __future__ import annotations

import click

from ci_gate.cli.common import (
    base_options,
    common_options,
    condition_options,
    mode_option,
    out_option,
    snapshot_option,
    surroundings,
)
from ci_gate.cli.group import COMMANDS, GateCommand

EXAMPLES = """
# the run directories of three jobs with `ci-gate run --shard I/3`
ci-gate merge runs/shard-1 runs/shard-2 runs/shard-3

# all that a folder holds
ci-gate merge runs --out runs/merged
"""


@click.command(cls=GateCommand, name="merge", short_help=COMMANDS["merge"], examples=EXAMPLES)
@click.argument("run_dirs", metavar="RUN_DIR...", nargs=-1, required=True)
@snapshot_option
@condition_options
@out_option
@mode_option
@base_options
@common_options
def command(
    run_dirs: tuple[str, ...],
    snapshot: str,
    fail_if: tuple[str, ...],
    warn_if: tuple[str, ...],
    out: str,
    mode: str,
    base: str,
    baseline: str,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Judge all shards of one run together.

    The verdict is that of one run which replays everything. RUN_DIR is a run directory of
    `ci-gate run --shard I/N`, or a folder that holds some. Nothing is run: snapshot and
    configuration are read, and have to be those that the shards were run with. Conditions,
    start-up, background calls and unused mocks are judged here.
    Exit codes: 0 pass, 1 fail, 2 usage, or not all shards of one run, 3 inconclusive.
    """
    from ci_gate.cli.output import output
    from ci_gate.cli.results import show_result
    from ci_gate.config.flags import RunFlags
    from ci_gate.config.resolve import merge_options
    from ci_gate.gate.merge import merge
    from ci_gate.net.loop import run

    flags = RunFlags(
        snapshot=snapshot,
        fail_if=fail_if,
        warn_if=warn_if,
        out=out,
        mode=mode,  # type: ignore[arg-type]  # click has checked it
        baseline=baseline,
    )
    options = merge_options(flags, surroundings(config, base=base))
    with output(quiet=quiet, no_color=no_color) as sink:
        result = run(merge(options, run_dirs, sink))
    return show_result(result, as_json=as_json, no_color=no_color)
