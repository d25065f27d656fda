"""`ci-gate check`."""

from __future__ import annotations

import click

from ci_gate.cli.common import common_options, snapshot_option, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand

EXAMPLES = """
# configuration, and the snapshot it names
ci-gate check

# another snapshot, for a program to read
ci-gate check --in snapshots/orders --json
"""


@click.command(cls=GateCommand, name="check", short_help=COMMANDS["check"], examples=EXAMPLES)
@snapshot_option
@common_options
def command(snapshot: str, config: str | None, quiet: bool, as_json: bool, no_color: bool) -> int:
    """Check configuration and snapshot; nothing is run.

    Finds unknown keys and references, variables that are not set, rules and conditions that name
    a route or dependency the snapshot does not have, rules that have expired, and files that
    cannot be read. Exit codes: 0 nothing but warnings, 2 otherwise.
    """
    del no_color  # plain lines
    import msgspec

    from ci_gate.cli.output import printable, say, say_json
    from ci_gate.gate.check import CheckOptions, check

    report = check(CheckOptions(around=surroundings(config, reading=True), snapshot=snapshot))
    if as_json:
        say_json(msgspec.json.encode(report))
    else:
        shown = [one for one in report.findings if one.level == "error" or not quiet]
        lines = [f"{one.level}: {printable(one.text)}" for one in shown]
        read = f"{report.snapshot}: {report.inbound} inbound, {report.outbound} outbound exchanges"
        state = "not good" if report.failed else "good"
        say("\n".join([*lines, f"{report.config or 'no configuration'}, {read}: {state}"]))
    return 2 if report.failed else 0
