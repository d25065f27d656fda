"""`ci-gate distill`."""

from __future__ import annotations

import click

from ci_gate.cli.common import common_options, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand

EXAMPLES = """
# of a large snapshot what shows every kind of behaviour, in its place
ci-gate distill snapshots/shop --max 100

# of a journal
ci-gate distill recording.jsonl --out snapshots/shop
"""


@click.command(cls=GateCommand, name="distill", short_help=COMMANDS["distill"], examples=EXAMPLES)
@click.argument("path", metavar="IN")
@click.option(
    "--max", "maximum", type=int, default=300, metavar="N", help="Inbound exchanges kept [default: 300]."
)  # fmt: skip
@click.option(
    "--out",
    default="",
    metavar="DIR",
    help="Snapshot to write [default: the one that is distilled].",
)
@click.option("--replace", is_flag=True, help="Replace the snapshot that is there.")
@common_options
def command(
    path: str,
    maximum: int,
    out: str,
    replace: bool,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Keep the fewest chains that show all a recording shows.

    IN is a snapshot or a journal. Of every route, status, shape of request and response and set of
    calls one stays, rare ones first, each with what it needs before it. The same input gives the
    same choice. Exit codes: 0 written, 2 for what is no recording.
    """
    import msgspec

    from ci_gate.cli.output import output, say_json, tell
    from ci_gate.cli.summaries import table
    from ci_gate.config.service import service_name
    from ci_gate.errors import UsageError
    from ci_gate.gate.distilling import DistillOptions, distill

    if maximum < 1:
        raise UsageError(f"--max {maximum}: at least 1")
    around = surroundings(config, reading=True)
    options = DistillOptions(
        path=path,
        out=out,
        maximum=maximum,
        replace=replace,
        service=service_name(around),
        routes=around.settings.routes,
    )
    with output(quiet=quiet, no_color=no_color) as sink:
        summary = distill(options, sink)
    if as_json:
        say_json(msgspec.json.encode(summary))
    elif not quiet:
        head = (
            f"{summary.out}: {summary.inbound} inbound and {summary.outbound} outbound exchanges of "
            f"{summary.exchanges}, {summary.kinds} kinds of behaviour"
        )
        rows = [
            (f"{one.route} {one.status or ''}".rstrip(), one.kept, one.dropped, one.uncovered)
            for one in summary.table
        ]
        columns = ("kept", "dropped", "kinds without room")
        tell("\n\n".join([head, table("route and status", columns, rows)]))
    return 0
