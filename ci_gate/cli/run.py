"""`ci-gate run`."""

from __future__ import annotations

import click

from ci_gate.cli.common import (
    base_options,
    common_options,
    judge_options,
    map_option,
    mode_option,
    snapshot_option,
    surroundings,
)
from ci_gate.cli.group import COMMANDS, GateCommand, command_line

EXAMPLES = """
# the gate as configured in ci-gate.yml
ci-gate run

# without a configuration
ci-gate run --in snapshots/orders -- python -m orders

# only what is new since another run
ci-gate run --baseline .ci-gate/runs/20260831T100000Z

# the second of three parts, each in a job of its own; see `ci-gate merge`
ci-gate run --shard 2/3 --out runs/shard-2

# one exchange again, alone with what it needs: its chain
ci-gate run --only 3f2a9c1b7e-1
"""


@click.command(
    cls=GateCommand,
    name="run",
    short_help=COMMANDS["run"],
    examples=EXAMPLES,
    takes_command=True,
)
@snapshot_option
@click.option(
    "--app-port",
    type=int,
    metavar="PORT",
    help="The service's port [default: the configured one, else the recorded one].",
)
@map_option
@judge_options
@mode_option
@base_options
@click.option(
    "--shard",
    default="",
    metavar="I/N|auto",
    help="Judge the Ith of N parts; `ci-gate merge` judges all. auto: as GitLab's parallel: says.",
)
@common_options
def command(
    snapshot: str,
    app_port: int | None,
    maps: tuple[str, ...],
    fail_if: tuple[str, ...],
    warn_if: tuple[str, ...],
    only: tuple[str, ...],
    out: str,
    mode: str,
    base: str,
    baseline: str,
    shard: str,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """The gate: mocks up, service up, replay, compare, judge.

    Needs no network: every dependency is served from the snapshot, and a call that was not
    recorded fails. Whatever the conditions say, a difference that no rule excuses fails the run.
    Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive.
    """
    from ci_gate.cli.output import output
    from ci_gate.cli.results import show_result
    from ci_gate.config.flags import RunFlags
    from ci_gate.config.resolve import run_options
    from ci_gate.gate.run import run as gate
    from ci_gate.net.loop import run

    flags = RunFlags(
        command=command_line(),
        snapshot=snapshot,
        app_port=app_port,
        maps=maps,
        fail_if=fail_if,
        warn_if=warn_if,
        only=only,
        out=out,
        mode=mode,  # type: ignore[arg-type]  # click has checked it
        baseline=baseline,
        shard=shard,
    )
    options = run_options(flags, surroundings(config, base=base))
    with output(quiet=quiet, no_color=no_color) as sink:
        result = run(gate(options, sink))
    return show_result(result, as_json=as_json, no_color=no_color)
