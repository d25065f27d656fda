"""`ci-gate export`."""

from __future__ import annotations

import click

from ci_gate.cli.common import common_options, snapshot_option, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand

EXAMPLES = """
# for a browser's developer tools, or any tool that reads HAR
ci-gate export --format har --out shop.har

# the dependencies' answers as WireMock stubs
ci-gate export --format wiremock --out wiremock/

# the requests as a script, to record them again
ci-gate export --format curl --out requests.sh
"""


@click.command(cls=GateCommand, name="export", short_help=COMMANDS["export"], examples=EXAMPLES)
@snapshot_option
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(["har", "wiremock", "proxymock", "rrpair", "curl", "openapi"]),
    help="What to write; proxymock and rrpair are the same.",
)
@click.option(
    "--out",
    required=True,
    metavar="PATH",
    help="File to write; a folder for wiremock and proxymock.",
)
@click.option("--force", is_flag=True, help="Replace the file that is there.")
@common_options
def command(
    snapshot: str,
    form: str,
    out: str,
    force: bool,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Write a snapshot in another tool's format.

    What the format cannot hold is listed. Secrets are stand-ins there, too. Exit codes: 0 written,
    2 for a snapshot that cannot be read, or where something is there already.
    """
    import msgspec

    from ci_gate.cli.output import output, say_json, tell
    from ci_gate.cli.summaries import table
    from ci_gate.config.judging import snapshot_folder
    from ci_gate.gate.exporting import ExportOptions, export

    around = surroundings(config, reading=True)
    options = ExportOptions(
        snapshot=snapshot_folder(snapshot, around),
        out=out,
        format=form,
        force=force,
        routes=around.settings.routes,
    )
    with output(quiet=quiet, no_color=no_color) as sink:
        summary = export(options, sink)
    if as_json:
        say_json(msgspec.json.encode(summary))
    elif not quiet:
        blocks = [
            f"{summary.out}: {summary.inbound} inbound and {summary.outbound} outbound exchanges, "
            f"{summary.files} files",
            table("cannot be held", ("times",), list(summary.lost)),
        ]
        tell("\n\n".join(block for block in blocks if block))
    return 0
