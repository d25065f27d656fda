"""`ci-gate explain`."""

from __future__ import annotations

import os

import click

from ci_gate.cli.common import DEFAULT_CONFIG
from ci_gate.cli.group import COMMANDS, GateCommand

EXAMPLES = """
# the first cause of the latest run
ci-gate explain C1

# of a run directory that was downloaded from CI, for a program
ci-gate explain ci-gate-run C2 --json
"""


@click.command(cls=GateCommand, name="explain", short_help=COMMANDS["explain"], examples=EXAMPLES)
@click.argument("what", nargs=-1, metavar="[RUN_DIR] CAUSE")
@click.option("--json", "as_json", is_flag=True, help="The explanation as JSON on stdout.")
@click.option(
    "-c",
    "--config",
    default=DEFAULT_CONFIG,
    show_default=True,
    metavar="FILE",
    help="Configuration, beside which the latest run is looked for.",
)
def command(what: tuple[str, ...], as_json: bool, config: str) -> int:
    """Explain one cause of a run: all that is needed to fix it.

    In under 2,000 tokens: what was expected and what came, the calls recorded and made, what the
    service logged at that moment, likely files, and the commands. RUN_DIR is the latest run unless
    given, and is read as untrusted. Exit codes: 0, 2 for a run directory or a cause that is not
    there.
    """
    from ci_gate.cli.output import say
    from ci_gate.gate.explain import ExplainOptions, explained
    from ci_gate.report.explain import encode, text

    if not 1 <= len(what) <= 2:
        raise click.UsageError(
            "give a cause, such as C1, after the run directory if it is not the latest"
        )
    run, cause = ("", what[0]) if len(what) == 1 else what
    options = ExplainOptions(run=run, cause=cause, folder=os.path.dirname(config) or ".")
    explanation = explained(options)
    say(encode(explanation).decode() if as_json else text(explanation))
    return 0
