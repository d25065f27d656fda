"""`ci-gate prove`."""

from __future__ import annotations

import click

from ci_gate.cli.common import (
    common_options,
    judge_options,
    map_option,
    snapshot_option,
    surroundings,
)
from ci_gate.cli.group import COMMANDS, GateCommand, command_line

EXAMPLES = """
# what the gate of this folder catches, as configured in ci-gate.yml
ci-gate prove

# a nightly job: ten unchanged runs, and every regression must be caught
ci-gate prove --runs 10 --min 1 --json

# a quick look: fifty places, spread evenly over kinds and routes
ci-gate prove --runs 1 --places 50

# what a latency condition would catch
ci-gate prove --fail-if 'latency.p95 > 250'
"""


@click.command(
    cls=GateCommand,
    name="prove",
    short_help=COMMANDS["prove"],
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
@click.option(
    "--runs",
    type=int,
    default=5,
    metavar="N",
    help="How often the unchanged service must pass [default: 5].",
)
@click.option(
    "--min",
    "minimum",
    type=float,
    default=0.95,
    metavar="SHARE",
    help="Share of the seeded regressions that must be caught [default: 0.95].",
)
@click.option(
    "--places",
    type=int,
    metavar="N",
    help="How many places get a regression, spread evenly over kinds and routes [default: 600; fewer "
    "where there is much to judge each time].",
)
@map_option
@judge_options
@common_options
def command(
    snapshot: str,
    app_port: int | None,
    runs: int,
    minimum: float,
    places: int | None,
    maps: tuple[str, ...],
    fail_if: tuple[str, ...],
    warn_if: tuple[str, ...],
    only: tuple[str, ...],
    out: str,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Show what the gate catches of this service, and what it would let pass.

    The unchanged service must pass N runs. Then regressions are seeded, one at a time, into what it
    said and called, behind the service and before the comparing: its code is not touched. Each is
    judged as a run is, with your rules and what was learned; the table says what caught it, or
    which rule or learned place hides it.
    Exit codes: 0 enough is caught, 1 too little, or an unchanged run is red, 2 usage or
    configuration, 3 inconclusive.
    """
    from ci_gate.cli.output import output, say
    from ci_gate.config.flags import RunFlags
    from ci_gate.config.resolve import run_options
    from ci_gate.gate.prove import prove
    from ci_gate.net.loop import run
    from ci_gate.policy.verdict import exit_code
    from ci_gate.report.proof import encode, render

    flags = RunFlags(
        command=command_line(),
        snapshot=snapshot,
        app_port=app_port,
        maps=maps,
        fail_if=fail_if,
        warn_if=warn_if,
        only=only,
        out=out,
    )
    options = run_options(flags, surroundings(config))
    with output(quiet=quiet, no_color=no_color) as sink:
        proof = run(prove(options, sink, runs, minimum, places))
    say(encode(proof).decode() if as_json else render(proof))
    return exit_code(proof.verdict)
