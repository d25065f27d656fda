"""`ci-gate learn`."""

from __future__ import annotations

import click

from ci_gate.cli.common import common_options, map_option, snapshot_option, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand, command_line

EXAMPLES = """
# learn as configured in ci-gate.yml; then look at what `git diff snapshots` shows
ci-gate learn

# more replays, for what varies rarely
ci-gate learn --replays 5 --in snapshots/orders -- python -m orders
"""


@click.command(
    cls=GateCommand,
    name="learn",
    short_help=COMMANDS["learn"],
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
    "--replays",
    type=int,
    default=3,
    metavar="N",
    help="How often the service is booted and replayed [default: 3].",
)
@click.option(
    "--busy",
    is_flag=True,
    help="Load every core in the second replay, for what depends on how fast the machine is.",
)
@click.option(
    "--fill",
    is_flag=True,
    help="First take from the service the answers that an import came without.",
)
@map_option
@common_options
def command(
    snapshot: str,
    app_port: int | None,
    replays: int,
    busy: bool,
    fill: bool,
    maps: tuple[str, ...],
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Replay the unchanged service and write down what varies.

    The service is booted and replayed under its mocks a few times. What differs from replay to
    replay gets a kind by evidence; where all agree on something else than was recorded, that is
    expected from then on, and listed. What nothing explains is named, and nothing is written.
    Exit codes: 0 learned, 1 not everything could be explained, 2 usage or configuration.
    """
    from ci_gate.cli.output import output
    from ci_gate.cli.summaries import show_lesson
    from ci_gate.config.flags import RunFlags
    from ci_gate.config.resolve import run_options
    from ci_gate.gate.learn import learn
    from ci_gate.net.loop import run

    flags = RunFlags(command=command_line(), snapshot=snapshot, app_port=app_port, maps=maps)
    options = run_options(flags, surroundings(config))
    with output(quiet=quiet, no_color=no_color) as sink:
        summary = run(learn(options, sink, replays, busy=busy, fill=fill))
    show_lesson(summary, as_json=as_json, quiet=quiet)
    return summary.exit_code
