"""`ci-gate forget`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ci_gate.cli.common import DEFAULT_CONFIG, snapshot_option, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand
from ci_gate.errors import UsageError

if TYPE_CHECKING:
    from ci_gate.gate.forget import Forgetting

EXAMPLES = """
# a route that the service does not have any more
ci-gate forget 'DELETE /orders/{id}'

# one exchange, by the beginning of its id
ci-gate forget 3f2a9c1b --dry-run
"""
_SHOWN = 50


@click.command(cls=GateCommand, name="forget", short_help=COMMANDS["forget"], examples=EXAMPLES)
@click.argument("what", nargs=-1, required=True, metavar="ROUTE|ID...")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="What goes as JSON on stdout.")
@snapshot_option
@click.option(
    "-c",
    "--config",
    metavar="FILE",
    help=f"Configuration; without it {DEFAULT_CONFIG} when there is one.",
)
def command(
    what: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    as_json: bool,
    snapshot: str,
    config: str | None,
) -> int:
    """Take behaviour that is gone on purpose out of the snapshot.

    Exchanges of a route, or of an id or its beginning, go with all their calls and bindings, and
    so does what cannot be replayed without them. `ci-gate diff` shows them as removed behaviour.
    Exit codes: 0 forgotten, 2 for what is not there.
    """
    import msgspec

    from ci_gate.cli.output import is_terminal, say, say_json, tell
    from ci_gate.config.judging import snapshot_folder
    from ci_gate.gate.forget import ForgetOptions, prepare, write

    around = surroundings(config, reading=True)
    options = ForgetOptions(
        snapshot=snapshot_folder(snapshot, around), what=what, routes=around.settings.routes
    )
    forgetting = prepare(options)
    if not as_json:
        say(_text(forgetting))
    wanted = not dry_run
    if wanted and not yes:
        if not is_terminal(sys.stdin):
            raise UsageError("nothing was forgotten: give --yes where nobody can be asked")
        wanted = click.confirm("Forget this?", err=True)
    if wanted:
        write(forgetting, options)
    if as_json:
        gone = [msgspec.to_builtins(one) for one in forgetting.gone]
        form = {"written": wanted, "gone": gone, "bindings": forgetting.bindings}
        say_json(msgspec.json.encode(form | {"doubtful": forgetting.doubtful}))
    else:
        tell("ci-gate: " + ("forgotten; commit the snapshot" if wanted else "nothing was written"))
    return 0


def _text(forgetting: Forgetting) -> str:
    from ci_gate.report.text import one_line
    from ci_gate.report.words import plural
    from ci_gate.values.redaction.masks import masked

    lines = [f"removed behaviour: {plural(len(forgetting.gone), 'request')}"]
    for one in forgetting.gone[:_SHOWN]:
        why = f"  (needs {one.needs})" if one.needs else ""
        lines.append(f"- {one_line(masked(one.label), 160)}  {one.id}{why}")
        lines += [f"    - {one_line(masked(call), 160)}" for call in one.calls[:10]]
        if len(one.calls) > 10:
            lines.append(f"    … {len(one.calls) - 10} more calls")
    if len(forgetting.gone) > _SHOWN:
        lines.append(f"… and {len(forgetting.gone) - _SHOWN} more")
    if forgetting.bindings:
        lines.append(f"{plural(forgetting.bindings, 'value')} travel no more")
    if forgetting.doubtful:
        names = ", ".join(forgetting.doubtful[:10])
        more = ", …" if len(forgetting.doubtful) > 10 else ""
        lines.append(f"these read what was written there, and may answer otherwise: {names}{more}")
    return "\n".join(lines) + "\n"
