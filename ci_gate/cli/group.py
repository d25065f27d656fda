"""Our two shapes of click objects: a group that loads a command when it is called, and a command
whose help ends in runnable examples and which may be followed by `-- CMD`."""

from __future__ import annotations

import importlib
from typing import Any

import click

from ci_gate.config.problems import hint

COMMANDS = {
    "init": "Propose a ci-gate.yml for the service in this folder.",
    "record": "Record a service's traffic into a snapshot.",
    "import": "Make a snapshot of another tool's recording.",
    "export": "Write a snapshot in another tool's format.",
    "learn": "Replay the unchanged service and write down what varies.",
    "run": "The gate: mocks up, service up, replay, compare, judge.",
    "merge": "Judge all shards of one run together.",
    "mock": "Serve a snapshot's dependencies, and run a command against them.",
    "replay": "Send a snapshot's requests to a running service and compare the answers.",
    "prove": "Show what the gate catches of this service, and what it would let pass.",
    "check": "Check configuration and snapshot; nothing is run.",
    "action": "The gate as a CI job: inputs, page, annotations and comment of the platform.",
    "diff": "What a change edits in snapshot, rules and configuration, as behaviour.",
    "publish": "Write a run's verdict to the change request it was for.",
    "explain": "Explain one cause of a run: all that is needed to fix it.",
    "accept": "Accept an intended change: expect what a run saw, and keep the reason.",
    "forget": "Take behaviour that is gone on purpose out of the snapshot.",
    "redact": "Replace what should not be in a snapshot, or look for it.",
    "distill": "Keep the fewest chains that show all a recording shows.",
    "fmt": "Write a snapshot's files as we write them.",
    "inspect": "List, select and show the exchanges of a snapshot.",
}
"""Command -> the first line of its help, in the order people meet them."""

HELP = ("-h", "--help")
"""The names of the option that shows help."""
COMMAND_LINE = "ci_gate.command_line"
"""Key of `click.Context.meta` under which `-- CMD` is kept."""


class Gate(click.Group):
    """`ci-gate`: knows its commands by name and imports one when it is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """All commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import `ci_gate.cli.<name>` and return its `command`."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ci_gate.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Unknown names are usage errors that say what is near."""
        name = args[0]
        if name not in COMMANDS:
            known = ", ".join(COMMANDS)
            ctx.fail(f"no command {name!r}; there are {known}{hint(name, COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table, without importing what it names."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


class GateCommand(click.Command):
    """A command with examples; with `takes_command`, what follows `--` is kept for `command_line`."""

    def __init__(
        self, *args: Any, examples: str = "", takes_command: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples.strip("\n")
        self.takes_command = takes_command

    def get_help_option_names(self, _ctx: click.Context) -> list[str]:
        """The same for every context: click makes the option once, for the first that asks."""
        return list(HELP)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """`[OPTIONS] [-- CMD...]`."""
        pieces = super().collect_usage_pieces(ctx)
        return [*pieces, "[-- CMD...]"] if self.takes_command else pieces

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples as they are to be typed."""
        if self.examples:
            formatter.write("\nExamples:\n")
            for line in self.examples.splitlines():
                formatter.write(f"  {line}".rstrip() + "\n")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take `-- CMD` off before click reads options; anything else unknown is an error."""
        if self.takes_command:
            if "--" in args:
                at = args.index("--")
                args, line = args[:at], args[at + 1 :]
                if not line:
                    ctx.fail("nothing after --; a command goes there")
                ctx.meta[COMMAND_LINE] = tuple(line)
            ctx.allow_extra_args = True
            rest = super().parse_args(ctx, args)
            if ctx.args and not ctx.resilient_parsing:
                ctx.fail(f"unexpected argument {ctx.args[0]!r}; a command goes after --")
            return rest
        return super().parse_args(ctx, args)


def command_line() -> tuple[str, ...]:
    """CMD of the command being run: what followed `--`, or ()."""
    found: tuple[str, ...] = click.get_current_context().meta.get(COMMAND_LINE, ())
    return found
