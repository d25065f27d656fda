"""`ci-gate import`."""

from __future__ import annotations

import click

from ci_gate.cli.common import common_options, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand

EXAMPLES = """
# what a browser or a proxy has saved: requests that came in
ci-gate import session.har --out snapshots/shop

# a proxymock or Keploy recording, requests and calls
ci-gate import proxymock/recorded-2025-07-23 --out snapshots/shop

# stubs of a dependency, beside requests that are there
ci-gate import wiremock/ --dependency payments --out snapshots/shop --add
"""


@click.command(cls=GateCommand, name="import", short_help=COMMANDS["import"], examples=EXAMPLES)
@click.argument("path", metavar="PATH")
@click.option(
    "--format",
    "form",
    default="",
    metavar="FORMAT",
    help="What PATH is, where that is not plain: har, proxymock, keploy, goreplay, wiremock, "
    "mitmproxy, postman.",
)
@click.option(
    "--out",
    default="",
    metavar="DIR",
    help="Snapshot to write [default: the configured one, else snapshots/<folder name>].",
)
@click.option(
    "--as",
    "direction",
    type=click.Choice(["inbound", "outbound"]),
    help="What the exchanges are, where the format does not say it [default: inbound].",
)
@click.option("--lenient", is_flag=True, help="Skip and count what is broken, instead of refusing.")
@click.option("--add", is_flag=True, help="Add to the snapshot that is there.")
@click.option("--replace", is_flag=True, help="Replace the snapshot that is there.")
@click.option(
    "--dependency",
    default="",
    metavar="NAME",
    help="Who answers calls whose host the format does not say (WireMock, Keploy).",
)
@click.option(
    "--environment",
    default="",
    metavar="FILE",
    help="Values of {{names}}: a Postman environment.",
)
@common_options
def command(
    path: str,
    form: str,
    out: str,
    direction: str | None,
    lenient: bool,
    add: bool,
    replace: bool,
    dependency: str,
    environment: str,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Make a snapshot of another tool's recording.

    PATH is a file or a folder; its format is recognised. What comes over is redacted as a
    recording is. The report at the end says what came over, what did not, and why. Exit codes:
    0 imported, 2 for input that is broken, refused or not recognised.
    """
    from ci_gate.cli.importsummary import show_import
    from ci_gate.cli.output import output
    from ci_gate.config.importing import ImportFlags, import_options
    from ci_gate.gate.importing import import_recording

    flags = ImportFlags(
        path=path,
        form=form,
        out=out,
        direction=direction or "",
        lenient=lenient,
        add=add,
        replace=replace,
        dependency=dependency,
        environment=environment,
    )
    options = import_options(flags, surroundings(config))
    with output(quiet=quiet, no_color=no_color) as sink:
        summary = import_recording(options, sink)
    show_import(summary, as_json=as_json, quiet=quiet)
    return 0
