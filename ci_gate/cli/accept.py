"""`ci-gate accept`."""

from __future__ import annotations

import datetime
import os
import sys
import tempfile
from collections.abc import Collection
from typing import TYPE_CHECKING

import click

from ci_gate.cli.common import DEFAULT_CONFIG, snapshot_option, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand
from ci_gate.errors import UsageError

if TYPE_CHECKING:
    from ci_gate.config.options import RunOptions
    from ci_gate.gate.accept import Acceptance, AcceptOptions
    from ci_gate.model.change import Shown

EXAMPLES = """
# what the first cause of the latest run shows is intended
ci-gate accept C1 --reason 'totals have two decimals (API v2)'

# of a run directory that was downloaded from CI; look at it first
ci-gate accept ci-gate-run C2 C3 --dry-run

# a new call, and what the service does with its answer
ci-gate accept C1 --follow --reason 'asks the stock service first'

# all that is red of one route
ci-gate accept --route 'GET /orders/{id}'
"""


@click.command(cls=GateCommand, name="accept", short_help=COMMANDS["accept"], examples=EXAMPLES)
@click.argument("what", nargs=-1, metavar="[RUN_DIR] [CAUSE]...")
@click.option("--route", default="", metavar="ROUTE", help="All that is red of one route.")
@click.option("--all", "everything", is_flag=True, help="All that is red.")
@click.option(
    "--reason", default="", metavar="TEXT", help="Why, in a line; asked for on a terminal."
)
@click.option(
    "--assume",
    is_flag=True,
    help="Make up an answer to a new call even where its dependency could be asked.",
)
@click.option(
    "--follow",
    is_flag=True,
    help="Then replay what it is about, and accept what follows from it, too.",
)
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="What changes as JSON on stdout.")
@snapshot_option
@click.option(
    "-c",
    "--config",
    metavar="FILE",
    help=f"Configuration; without it {DEFAULT_CONFIG} when there is one.",
)
def command(
    what: tuple[str, ...],
    route: str,
    everything: bool,
    reason: str,
    assume: bool,
    follow: bool,
    yes: bool,
    dry_run: bool,
    as_json: bool,
    snapshot: str,
    config: str | None,
) -> int:
    """Accept an intended change: expect what a run saw, and keep the reason.

    Shows what will change, then rewrites just those expectations in the snapshot: answers, and
    calls that came, went or changed. Other causes stay as they are. What a service does with the
    answer to a new call shows when it is replayed: by the next run, or at once with --follow, which
    accepts it with the same reason, round by round, as long as something follows. RUN_DIR is the latest run
    unless given; a downloaded one is read as untrusted, and refused when more than the snapshot
    has changed since. Exit codes: 0 accepted, 2 refused, with the reason and what to do.
    """
    import msgspec

    from ci_gate.gate.accept import prepare, write
    from ci_gate.gate.accepting.following import left_red

    run, causes = _split(what)
    if sum((bool(causes), bool(route), everything)) != 1:
        raise click.UsageError("give causes, such as C1, or --route, or --all")
    options = _options(run, causes, route, snapshot, config, everything=everything, assume=assume)
    again = _run_options(snapshot, config) if follow and not dry_run else None
    acceptance = prepare(options, reason.strip() or "…")
    left = left_red(options, acceptance.run)
    if not as_json:
        _show(acceptance)
    if dry_run:
        return _end(acceptance, as_json=as_json, written=False)
    reason = _asked(reason.strip())
    if not yes and not _agreed():
        return _end(acceptance, as_json=as_json, written=False)
    acceptance = prepare(options, reason)
    kept = write(acceptance, options)
    if again is not None:
        more = _followed(again, options, acceptance, left, reason, yes=yes, as_json=as_json)
        acceptance = msgspec.structs.replace(acceptance, shown=(*acceptance.shown, *more))
    return _end(acceptance, as_json=as_json, written=True, kept=kept, followed=follow)


def _run_options(snapshot: str, config: str | None) -> RunOptions:
    """How the service is replayed. Raises UsageError when it cannot be."""
    from ci_gate.config.flags import RunFlags
    from ci_gate.config.resolve import run_options

    found = run_options(RunFlags(snapshot=snapshot), surroundings(config))
    if not (found.service.command or found.service.image or found.service.url):
        raise UsageError("--follow replays: give service.command in ci-gate.yml")
    return found


def _followed(
    again: RunOptions,
    options: AcceptOptions,
    acceptance: Acceptance,
    left: Collection[str],
    reason: str,
    *,
    yes: bool,
    as_json: bool,
) -> tuple[Shown, ...]:
    """Replay and accept what follows, round by round; what was accepted."""
    from ci_gate.cli.output import output, tell
    from ci_gate.gate.accept import also_made, prepare, write
    from ci_gate.gate.accepting.following import ROUNDS, following
    from ci_gate.net.loop import run

    shown: list[Shown] = []
    exchanges = {name for cause in acceptance.causes for name in cause.exchanges}
    rounds = ROUNDS if acceptance.leads else 0
    for number in range(1, rounds + 1):
        with (
            tempfile.TemporaryDirectory(prefix="ci-gate-") as folder,
            output(quiet=True, no_color=True) as sink,
        ):
            tell(f"ci-gate: what follows? replay {number}, of {len(exchanges)} requests")
            where = os.path.join(folder, "run")
            wanted = run(following(again, options, exchanges, left, where, sink))
            if wanted is None:
                break
            found = prepare(wanted, reason)
            if not as_json:
                _show(found)
            if not yes and not _agreed():
                break
            write(found, wanted)
            also_made(acceptance, found, options)
            shown += found.shown
    return tuple(shown)


def _split(what: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The run directory, and the causes."""
    from ci_gate.gate.accept import is_cause

    folders = [one for one in what if not is_cause(one) or os.path.isdir(one)]
    if len(folders) > 1 or (folders and what[0] != folders[0]):
        raise click.UsageError(f"{folders[-1]} is no cause, such as C1; RUN_DIR comes first")
    return (folders[0] if folders else ""), tuple(one for one in what if one not in folders)


def _options(
    run: str,
    causes: tuple[str, ...],
    route: str,
    snapshot: str,
    config: str | None,
    *,
    everything: bool,
    assume: bool,
) -> AcceptOptions:
    from ci_gate.config.dependencies import resolve_dependencies
    from ci_gate.config.judging import resolve_rules, snapshot_folder
    from ci_gate.gate.accept import AcceptOptions

    around = surroundings(config)
    return AcceptOptions(
        snapshot=snapshot_folder(snapshot, around),
        run=run,
        causes=causes,
        route=route,
        everything=everything,
        assume=assume,
        dependencies=resolve_dependencies((), around.settings),
        rules=resolve_rules(around),
        routes=around.settings.routes,
        folder=around.folder,
        today=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


def _show(acceptance: Acceptance) -> None:
    from ci_gate.cli.output import say
    from ci_gate.report.accept import text
    from ci_gate.report.text import one_line

    for cause in acceptance.causes:
        say(f"{cause.id}  {one_line(cause.title, 200)}")
    say("\n" + text(acceptance.shown))


def _asked(reason: str) -> str:
    """The reason, from the flag or from whoever sits there."""
    from ci_gate.cli.output import is_terminal
    from ci_gate.gate.accept import REASON

    if not reason and is_terminal(sys.stdin):
        reason = click.prompt("Why is this intended", err=True).strip()
    if not reason:
        raise UsageError(
            "nothing was accepted: say why with --reason, which is kept beside the expectation"
        )
    if len(reason) > REASON or not reason.isprintable():
        raise UsageError(f"--reason: one line of at most {REASON} characters")
    return reason


def _agreed() -> bool:
    from ci_gate.cli.output import is_terminal

    if not is_terminal(sys.stdin):
        raise UsageError("nothing was accepted: give --yes where nobody can be asked")
    return click.confirm("Expect this from now on?", err=True)


def _end(
    acceptance: Acceptance,
    *,
    as_json: bool,
    written: bool,
    kept: bool = True,
    followed: bool = False,
) -> int:
    import msgspec

    from ci_gate.cli.output import say_json, tell

    if as_json:
        form = {
            "run": acceptance.run,
            "causes": [one.id for one in acceptance.causes],
            "left": acceptance.left,
            "written": written,
            "changes": [msgspec.to_builtins(one) for one in acceptance.shown],
        }
        say_json(msgspec.json.encode(form))
    elif not written:
        tell("ci-gate: nothing was written")
    else:
        left = f"; still red: {', '.join(acceptance.left[:20])}" if acceptance.left else ""
        tell(f"ci-gate: accepted {', '.join(one.id for one in acceptance.causes)}{left}")
        if acceptance.leads and not followed:
            tell("ci-gate: what the service does with the answers shows in the next run")
        tell("ci-gate: look at it with `git diff`, run the gate again, and commit the snapshot")
    if written and not kept:
        tell("ci-gate: the run directory cannot be written: accept other causes of a new run")
    return 0
