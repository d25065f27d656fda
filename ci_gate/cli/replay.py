"""`ci-gate replay`."""

from __future__ import annotations

import click

from ci_gate.cli.common import (
    common_options,
    judge_options,
    snapshot_option,
    surroundings,
)
from ci_gate.cli.group import COMMANDS, GateCommand, command_line

EXAMPLES = """
# replay against the service that runs on the recorded port
ci-gate replay --fail-if "latency.p95 > 50" --fail-if "requests.failed > 0"

# against another address, the failing requests of the recording only
ci-gate replay --target http://127.0.0.1:9000 --only 'response.status >= `500`'
"""


@click.command(
    cls=GateCommand,
    name="replay",
    short_help=COMMANDS["replay"],
    examples=EXAMPLES,
    takes_command=True,
)
@snapshot_option
@click.option(
    "--target",
    default="",
    metavar="URL",
    help="The service's address [default: the recorded port on this machine].",
)
@judge_options
@common_options
def command(
    snapshot: str,
    target: str,
    fail_if: tuple[str, ...],
    warn_if: tuple[str, ...],
    only: tuple[str, ...],
    out: str,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Send a snapshot's requests to a running service and compare the answers.

    Alone it sees answers only: what the service calls is not measured here, see `ci-gate run`.
    With CMD the service is started, and stopped when the replay is over. Exit codes: 0 pass,
    1 fail, 3 inconclusive.
    """
    from ci_gate.cli.output import output
    from ci_gate.cli.results import show_result
    from ci_gate.config.flags import ReplayFlags
    from ci_gate.config.resolve import replay_options
    from ci_gate.gate.replay import replay
    from ci_gate.net.loop import run

    flags = ReplayFlags(
        command=command_line(),
        snapshot=snapshot,
        target=target,
        fail_if=fail_if,
        warn_if=warn_if,
        only=only,
        out=out,
    )
    options = replay_options(flags, surroundings(config, base=""))
    with output(quiet=quiet, no_color=no_color) as sink:
        result = run(replay(options, sink))
    return show_result(result, as_json=as_json, no_color=no_color)
