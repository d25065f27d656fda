"""`ci-gate init`."""

from __future__ import annotations

from typing import Literal

import click

from ci_gate.cli.common import output_options
from ci_gate.cli.group import COMMANDS, GateCommand, command_line

EXAMPLES = """
# look around, write ci-gate.yml and .gitattributes
ci-gate init

# only show what would be written
ci-gate init --print

# say what cannot be seen in the files
ci-gate init --port 8080 --ready /healthz --dependency payments=https://api.payments.example \\
  -- python -m orders

# the workflow that runs the gate, and owners for what it believes
ci-gate init --ci github --owner @acme/orders
"""


@click.command(
    cls=GateCommand,
    name="init",
    short_help=COMMANDS["init"],
    examples=EXAMPLES,
    takes_command=True,
)
@click.option("--name", default="", metavar="NAME", help="Service [default: the folder's name].")
@click.option(
    "--command",
    "shell",
    default="",
    metavar="SHELL",
    help="Start command as a shell line; as a list it goes after --.",
)
@click.option("--port", type=click.IntRange(1, 65535), metavar="PORT", help="The service's port.")
@click.option("--ready", default="", metavar="PATH", help="Path that answers once it is up.")
@click.option("--snapshot", default="", metavar="DIR", help="Snapshot [default: snapshots/<name>].")
@click.option(
    "--dependency",
    "dependencies",
    multiple=True,
    metavar="NAME=PROTO://HOST[:PORT]",
    help="Something it calls. Repeatable; beside what is detected.",
)
@click.option(
    "--compose", default="", metavar="FILE", help="Compose file [default: the usual names]."
)
@click.option("--dir", "folder", default=".", metavar="DIR", help="The project's folder.")
@click.option(
    "-c",
    "--config",
    default="",
    metavar="FILE",
    help="File to write [default: ci-gate.yml in the folder].",
)
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab"]),
    help="Write the workflow and the owners' lines, too; a configuration that is there stays.",
)
@click.option(
    "--uses",
    default="",
    metavar="WHERE",
    help="With --ci: OWNER/ci-gate@COMMIT, or the component's PATH@VERSION.",
)
@click.option(
    "--owner",
    "owners",
    multiple=True,
    metavar="@NAME",
    help="With --ci: who accepts changes of snapshots and rules [default: the owners of *].",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--print", "show", is_flag=True, help="Print it; write nothing.")
@output_options
def command(
    name: str,
    shell: str,
    port: int | None,
    ready: str,
    snapshot: str,
    dependencies: tuple[str, ...],
    compose: str,
    folder: str,
    config: str,
    ci: Literal["github", "gitlab"] | None,
    uses: str,
    owners: tuple[str, ...],
    force: bool,
    show: bool,
    quiet: bool,
    as_json: bool,
    no_color: bool,
) -> int:
    """Propose a ci-gate.yml for the service in this folder.

    Finds the start command, the port, the compose file and the variables that say where other
    services are, and writes a commented configuration with a dependency for each. Nothing is
    asked: what cannot be seen is said by flags.
    """
    import msgspec

    from ci_gate.cli.output import output, say, say_json
    from ci_gate.errors import UsageError
    from ci_gate.gate.init import InitOptions, init
    from ci_gate.gate.init_ci import CiOptions, init_ci

    if (uses or owners) and ci is None:
        raise UsageError("--uses and --owner belong to --ci github or --ci gitlab")
    options = InitOptions(
        folder=folder,
        config=config,
        name=name,
        command=command_line(),
        shell=shell,
        port=port or 0,
        ready=ready,
        snapshot=snapshot,
        dependencies=dependencies,
        compose=compose,
        force=force,
        write=not show,
    )
    with output(quiet=quiet, no_color=no_color) as sink:
        summary = init_ci(options, CiOptions(ci, uses, owners), sink) if ci else init(options, sink)
    if as_json:
        say_json(msgspec.json.encode(summary))
    elif show:
        say(summary.text)
    elif not quiet:
        say("\n".join(f"wrote {path}" for path in summary.written))
        say("next: `ci-gate check`, then `ci-gate record`")
    return 0
