"""`ci-gate diff`."""

from __future__ import annotations

import click

from ci_gate.cli.common import DEFAULT_CONFIG, output_options, snapshot_option
from ci_gate.cli.group import COMMANDS, GateCommand

EXAMPLES = """
# what this branch edits, compared with where it left main
ci-gate diff main...HEAD

# as the section of a pull request's comment
ci-gate diff origin/main..HEAD --markdown
"""


@click.command(cls=GateCommand, name="diff", short_help=COMMANDS["diff"], examples=EXAMPLES)
@click.argument("revisions", metavar="BASE..HEAD")
@click.option("--markdown", "as_markdown", is_flag=True, help="As the section of a comment.")
@click.option(
    "-c",
    "--config",
    default=DEFAULT_CONFIG,
    show_default=True,
    metavar="FILE",
    help="Configuration, read at both revisions.",
)
@snapshot_option
@output_options
def command(
    revisions: str,
    as_markdown: bool,
    config: str,
    snapshot: str,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """What a change edits in snapshot, rules and configuration, as behaviour.

    Routes, values and calls that were added, removed or changed, rules and conditions that became
    looser. Both revisions are read out of git; nothing is checked out or run.
    Exit codes: 0 whatever was edited, 2 for a revision that is not in the clone.
    """
    del quiet, no_color  # plain lines
    import msgspec

    from ci_gate.cli.output import say, say_json
    from ci_gate.gate.change import ChangeOptions, change
    from ci_gate.report import snapshotdiff

    edits = change(ChangeOptions(revisions=revisions, config=config, snapshot=snapshot))
    if as_json:
        say_json(msgspec.json.encode(edits))
    elif as_markdown:
        say(snapshotdiff.markdown(edits) or snapshotdiff.terminal(edits))
    else:
        say(snapshotdiff.terminal(edits))
    return 0
