"""`ci-gate inspect`."""

from __future__ import annotations

import click

from ci_gate.cli.common import common_options, snapshot_option, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand

EXAMPLES = """
# everything, in recorded order
ci-gate inspect

# what failed while recording, and what was sent to payments
ci-gate inspect 'response.status >= `500`'
ci-gate inspect "dependency == 'payments' && request.method == 'POST'"

# one exchange, in full
ci-gate inspect --show 3f2a9c1b7e-1

# all bodies that mention a currency, for other programs
ci-gate inspect --json --show 'response.body.currency'
"""


@click.command(cls=GateCommand, name="inspect", short_help=COMMANDS["inspect"], examples=EXAMPLES)
@click.argument("expressions", nargs=-1, metavar="[ID|EXPRESSION]...")
@snapshot_option
@click.option("--show", is_flag=True, help="Whole exchanges instead of a list.")
@common_options
def command(
    expressions: tuple[str, ...],
    snapshot: str,
    show: bool,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """List, select and show the exchanges of a snapshot.

    Selects by id, by the beginning of an id, or by JMESPath over one exchange: id, dependency
    (empty for inbound), route, groups, at, took, error, request.{method, target, path, query,
    headers, trailers, body}, response.{status, headers, trailers, body}. Headers and query are
    objects of lists; a JSON body is its value.
    """
    del quiet, no_color  # a list is the result itself, and has no colours
    from ci_gate.cli.listing import show_inspection
    from ci_gate.config.judging import snapshot_folder
    from ci_gate.gate.inspect import InspectOptions, inspect

    folder = snapshot_folder(snapshot, surroundings(config, reading=True))
    options = InspectOptions(snapshot=folder, expressions=expressions, documents=show)
    show_inspection(inspect(options), as_json=as_json)
    return 0
