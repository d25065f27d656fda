"""`ci-gate fmt`."""

from __future__ import annotations

import click

from ci_gate.cli.common import common_options, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand

EXAMPLES = """
# after editing a snapshot by hand
ci-gate fmt snapshots/orders

# in CI
ci-gate fmt --check

# once in a clone: git settles edits of the same file by itself
ci-gate fmt --install
"""


@click.command(cls=GateCommand, name="fmt", short_help=COMMANDS["fmt"], examples=EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[DIR...]")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when something would change.")
@click.option("--install", is_flag=True, help="Make git merge snapshots by this command.")
@click.option("--merge", is_flag=True, help="For git: BASE OURS THEIRS [NAME] as one file, OURS.")
@common_options
def command(
    paths: tuple[str, ...],
    check: bool,
    install: bool,
    merge: bool,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Write a snapshot's files as we write them.

    Without DIR it is the configured snapshot. As git's merge driver it settles edits of the same
    file: exchange by exchange and field by field, what one side changed and the other left is
    taken. Exit codes: 0 done, 1 something would change or conflicts, 2 usage.
    """
    import msgspec

    from ci_gate.cli.output import output, say_json, tell
    from ci_gate.config.judging import snapshot_folder
    from ci_gate.errors import UsageError
    from ci_gate.gate import formatting

    if merge:
        if len(paths) not in (3, 4):
            raise UsageError("--merge takes BASE OURS THEIRS, and the file's name for messages")
        conflicts = formatting.merge_files(*paths[:3])
        for place in conflicts:
            tell(f"ci-gate: {paths[-1]}: both sides changed {place}; it has ours")
        return 1 if conflicts else 0
    around = surroundings(config, reading=True)
    folders = paths or (snapshot_folder("", around),)
    if install:
        formatting.install(around.folder)
        if not paths:
            return 0
    with output(quiet=quiet, no_color=no_color) as sink:
        done = [formatting.format_snapshot(one, sink, check=check) for one in folders]
    changed = [f"{one.snapshot}/{path}" for one in done for path in one.changed]
    if as_json:
        say_json(msgspec.json.encode(done))
    elif not quiet:
        for path in changed:
            tell(f"{'would change' if check else 'changed'}: {path}")
    return 1 if check and changed else 0
