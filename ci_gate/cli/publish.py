"""`ci-gate publish`."""

from __future__ import annotations

import os

import click

from ci_gate.cli.common import DEFAULT_CONFIG, output_options
from ci_gate.cli.group import COMMANDS, GateCommand

EXAMPLES = """
# in a second job that has the right to comment and runs nothing of the change
ci-gate publish ci-gate-run

# show what would be sent; needs neither token nor network
ci-gate publish ci-gate-run --dry-run

# one comment for each leg of a matrix
ci-gate publish ci-gate-run --key eu --comment always
"""


@click.command(cls=GateCommand, name="publish", short_help=COMMANDS["publish"], examples=EXAMPLES)
@click.argument("run_dir", metavar="RUN_DIR")
@click.option("--dry-run", is_flag=True, help="Print what would be sent; send nothing.")
@click.option("--key", default="", metavar="KEY", help="Tells comments of one service apart.")
@click.option(
    "--comment",
    type=click.Choice(["changes", "always", "never"]),
    default="changes",
    show_default=True,
    help="When to begin a comment; one that is there is kept up to date.",
)
@click.option("--check-run", is_flag=True, help="Also a check run with annotations (GitHub).")
@click.option("--no-status", is_flag=True, help="No commit status.")
@click.option(
    "-c",
    "--config",
    default=DEFAULT_CONFIG,
    metavar="FILE",
    help="The service's configuration in the clone; it and the snapshot are compared, not run. "
    f"[default: {DEFAULT_CONFIG}]",
)
@click.option(
    "--base", default="", metavar="REVISION", help="Compare with this [default: the change's base]."
)
@output_options
def command(
    run_dir: str,
    dry_run: bool,
    key: str,
    comment: str,
    check_run: bool,
    no_status: bool,
    config: str,
    base: str,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Write a run's verdict to the change request it was for.

    Reads result.json of RUN_DIR, or of a .zip of it, and nothing else, as untrusted: it is the word
    of the job that ran the change. What the change edits in snapshot and configuration is read from
    the clone, when that has the change's commits. Platform, change request and token come from the
    environment (CI_GATE_TOKEN, GITHUB_TOKEN, GITLAB_TOKEN, BITBUCKET_TOKEN).
    Exit codes: 0 whatever the forge did, 2 usage, or a result that is not one of this change.
    """
    import msgspec

    from ci_gate.cli.output import output, printable, say, say_json
    from ci_gate.gate.publish import PublishOptions, publish

    options = PublishOptions(
        run=run_dir,
        key=key,
        comment=comment,  # type: ignore[arg-type]  # click has checked it
        check_run=check_run,
        status=not no_status,
        dry_run=dry_run,
        config=config,
        base=base,
        env=dict(os.environ),
    )
    with output(quiet=quiet, no_color=no_color) as sink:
        published = publish(options, sink)
    if as_json:
        say_json(msgspec.json.encode(published))
    elif dry_run:
        say(f"to {printable(published.target)}:\n\n{published.body}")
    elif not quiet or published.notice:
        text = published.notice or published.reason or published.url
        say(f"{published.action}: {printable(published.target)}: {printable(text)}")
    return 0
