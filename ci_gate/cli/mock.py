"""`ci-gate mock`."""

from __future__ import annotations

import click

from ci_gate.cli.common import common_options, map_option, snapshot_option, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand, command_line

EXAMPLES = """
# run the service against recorded dependencies
ci-gate mock --in snapshots/orders -- python -m orders

# run a test suite of your own against them
ci-gate mock -- pytest

# serve payments on port 8081 until Ctrl-C
ci-gate mock --map payments@8081=https://api.payments.example:443
"""


@click.command(
    cls=GateCommand,
    name="mock",
    short_help=COMMANDS["mock"],
    examples=EXAMPLES,
    takes_command=True,
)
@snapshot_option
@click.option(
    "--out-port",
    type=int,
    metavar="PORT",
    help="The proxy the service calls out through [default: 4140; 0 = a free one].",
)
@map_option
@common_options
def command(
    snapshot: str,
    out_port: int | None,
    maps: tuple[str, ...],
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Serve a snapshot's dependencies, and run a command against them.

    A call that nothing was recorded for gets an error of its own protocol (HTTP: 501) and is
    never forwarded. CMD keeps stdin and stdout; our own lines go to stderr. The exit code is
    CMD's; without CMD and service.command, Ctrl-C ends it.
    """
    from ci_gate.cli.output import output
    from ci_gate.cli.summaries import show_mocking
    from ci_gate.config.flags import MockFlags
    from ci_gate.config.resolve import mock_options
    from ci_gate.gate.mock import mock
    from ci_gate.net.loop import run

    flags = MockFlags(command=command_line(), snapshot=snapshot, out_port=out_port, maps=maps)
    options = mock_options(flags, surroundings(config))
    with output(quiet=quiet, no_color=no_color, shared=True) as sink:
        summary = run(mock(options, sink))
    show_mocking(summary, as_json=as_json, quiet=quiet)
    return summary.exit_code
