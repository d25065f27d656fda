"""`ci-gate redact`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ci_gate.cli.common import common_options, surroundings
from ci_gate.cli.group import COMMANDS, GateCommand, command_line
from ci_gate.errors import UsageError

if TYPE_CHECKING:
    from ci_gate.gate.redact import Redacted
    from ci_gate.model.result import Result

EXAMPLES = """
# nothing is written; exit code 1 when the snapshot holds what should be redacted
ci-gate redact --check snapshots/orders

# replace it in place, and replay the snapshot once to see what that broke
ci-gate redact snapshots/orders --replay
"""
_SHOWN = 50


@click.command(cls=GateCommand, name="redact", short_help=COMMANDS["redact"], examples=EXAMPLES)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--check", is_flag=True, help="Look only: exit code 1 when anything is found.")
@click.option(
    "--replay", is_flag=True, help="Run the gate once afterwards, and name what redaction broke."
)
@common_options
def command(
    paths: tuple[str, ...],
    check: bool,
    replay: bool,
    config: str | None,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Replace what should not be in a snapshot, or look for it.

    PATH is a snapshot, a folder of snapshots, or a file of one; without it the configured
    snapshot. What counts, and what the `redaction` section changes: docs/redaction.md. Values are
    shown by kind and length only. Exit codes: 0 clean or cleaned, 1 found (--check) or broken
    (--replay), 2 usage.
    """
    import msgspec

    from ci_gate.cli.output import output, say, say_json
    from ci_gate.config.judging import redaction_key, snapshot_folder
    from ci_gate.config.redaction import redaction_rules
    from ci_gate.gate.redact import RedactOptions, broken, redact
    from ci_gate.report.text import one_line

    if check and replay:
        raise UsageError("--check writes nothing, so that there is nothing to --replay")
    around = surroundings(config, reading=check)
    options = RedactOptions(
        paths=paths or (snapshot_folder("", around),),
        check=check,
        rules=redaction_rules(around.settings.redaction),
        redaction_key=redaction_key(around.env),
        state_folder=around.state_folder,
    )
    with output(quiet=quiet, no_color=no_color) as sink:
        found = redact(options, sink)
    result = _replayed(config, found, quiet, no_color) if replay else None
    hurt = broken(result, found) if result is not None else {}
    if as_json:
        form = {"counts": found.counts(), "broken": hurt} | msgspec.to_builtins(found)
        say_json(msgspec.json.encode(form))
    else:
        say(_text(found, check=check, quiet=quiet))
        for name, told in hurt.items():
            say(one_line(f"broken by redaction: {name} ({'; '.join(told)})", 300))
        if result is not None:
            say(f"replayed: {result.verdict.outcome}")
    return 1 if (check and found.leaks) or hurt else 0


def _replayed(config: str | None, found: Redacted, quiet: bool, no_color: bool) -> Result:
    """The result of one gate over the snapshot that was cleaned."""
    from ci_gate.cli.output import output
    from ci_gate.config.flags import RunFlags
    from ci_gate.config.resolve import run_options
    from ci_gate.gate.run import run as gate
    from ci_gate.net.loop import run

    if len(found.snapshots) != 1:
        raise UsageError("--replay takes one snapshot: give its folder")
    flags = RunFlags(command=command_line(), snapshot=found.snapshots[0])
    options = run_options(flags, surroundings(config))
    with output(quiet=quiet, no_color=no_color) as sink:
        return run(gate(options, sink))


def _text(found: Redacted, *, check: bool, quiet: bool) -> str:
    from ci_gate.report.text import one_line
    from ci_gate.report.words import plural

    lines = []
    for one in found.leaks[: 0 if quiet and not check else _SHOWN]:
        where = f"{one.snapshot}/{one.file}" if one.file else one.snapshot
        value = f"‹{one.kind}›, {plural(one.size, 'character')}"
        text = f"{where}: {one.exchange} {one.place}: {value} (by {one.rule})"
        lines.append(one_line(text, 300))
    if len(found.leaks) > _SHOWN:
        lines.append(f"… and {len(found.leaks) - _SHOWN} more")
    if found.leaks:
        for key, counts in found.counts().items():
            shown = ", ".join(f"{one_line(name, 80)} {n}" for name, n in list(counts.items())[:12])
            lines.append(f"by {key}: {shown}")
    lines += [one_line(text, 300) for text in found.unfit]
    values = plural(len(found.leaks), "value")
    state = "clean" if not found.leaks else f"{values} to redact" if check else f"{values} replaced"
    told = ", ".join(found.snapshots)
    return "\n".join([*lines, f"{told}: {plural(found.exchanges, 'exchange')}, {state}"]) + "\n"
