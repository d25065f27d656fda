"""What people see while a verb works. Everything here goes to stderr; results go to stdout.

On a terminal: stages with a progress bar. Elsewhere (CI): plain lines, none of them more often
than a person would want to scroll past. Texts may hold what came over a wire: control characters
are shown, never obeyed, no text is markup, and no line is a command to the CI system whose log
this is; `command` alone writes such lines.
"""

from __future__ import annotations

import os
import shutil
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TextIO

import click

from ci_gate.gate.events import Addresses, Event, Note, Progress, Stage
from ci_gate.report.text import guard, guard_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

STEPS = 10
"""Plain progress lines of one stage."""


class Output(Protocol):
    """A sink for events that may hold the terminal while it is entered."""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        ...

    def __enter__(self) -> Output:
        """Take the terminal."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it back as it was."""
        ...


def output(*, quiet: bool, no_color: bool, shared: bool = False) -> Output:
    """The output for this process; `shared`: somebody else's lines come between ours (CMD's)."""
    if quiet:
        return Quiet(sys.stderr)
    if shared or not is_terminal(sys.stderr):
        return Lines(sys.stderr)
    return Terminal(colour=colours(sys.stderr, no_color))


def is_terminal(stream: TextIO) -> bool:
    """A terminal with somebody in front of it: not in CI, not TERM=dumb."""
    here = os.environ
    return stream.isatty() and here.get("TERM") != "dumb" and not here.get("CI")


def colours(stream: TextIO, no_color: bool) -> bool:
    """Whether to colour what goes to `stream`: NO_COLOR and --no-color win over FORCE_COLOR."""
    if no_color or os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(stream)


def width() -> int:
    """Columns to render for: the terminal's, or 100."""
    return shutil.get_terminal_size((100, 24)).columns


def printable(text: str) -> str:
    """`text` on one line, control characters as visible escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def say(text: str) -> None:
    """A rendered result, on stdout. A reader that has gone does not change the verdict."""
    command(guard(_masked(text)))


def say_json(document: bytes | str) -> None:
    """A result as JSON on one line, on stdout."""
    text = document if isinstance(document, str) else document.decode()
    command(guard_json(_masked(text)))


def tell(text: str, stream: TextIO | None = None) -> None:
    """A line of ours for people, on stderr."""
    click.echo(guard(_masked(text)), file=stream, err=stream is None)


def _masked(text: str) -> str:
    """The text, searched once more for secrets before anybody reads it."""
    # The detectors take long to import, and `--help` says nothing of its own.
    from ci_gate.values.redaction.masks import masked_again

    return masked_again(text)


def command(text: str) -> None:
    """Text of our own making on stdout as it is: to a CI system some lines are commands."""
    try:
        click.echo(text.rstrip("\n"), color=True)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Quiet:
    """Errors only."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __call__(self, event: Event) -> None:
        """Show errors."""
        if isinstance(event, Note) and event.level == "error":
            tell(f"ci-gate: error: {printable(event.text)}", self.stream)

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.flush()


class Lines(Quiet):
    """Plain lines."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.step = 0

    def __call__(self, event: Event) -> None:
        """Show every event but most of the progress."""
        text = self.line(event)
        if text:
            tell(f"ci-gate: {text}", self.stream)

    def line(self, event: Event) -> str:
        """The event as one line, or "" when it is not worth one."""
        if isinstance(event, Note):
            level = "" if event.level == "info" else f"{event.level}: "
            return level + printable(event.text)
        if isinstance(event, Stage):
            self.step = 0
            return event.name + (f": {printable(event.text)}" if event.text else "")
        if isinstance(event, Addresses):
            return ", ".join(f"{name} {where}" for name, where in event.addresses.items())
        return self.progress(event)

    def progress(self, event: Progress) -> str:
        """A line at each tenth of the way, and at the end."""
        if not event.total:
            return ""
        step = event.done * STEPS // event.total
        if step <= self.step:
            return ""
        self.step = step
        failed = f", {event.failed} {event.failing}" if event.failed else ""
        return f"{event.done}/{event.total} {event.what}{failed}"


class Terminal:
    """Stages as lines, the running one with a bar that goes away when it is done."""

    def __init__(self, *, colour: bool, console: Console | None = None) -> None:
        from rich.console import Console

        self.console = console or Console(
            stderr=True, no_color=not colour, highlight=False, soft_wrap=True
        )
        self.bar: Bar | None = None
        self.task: TaskID | None = None

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Progress):
            self.advance(event)
        elif isinstance(event, Note):
            style = {"info": "dim", "warning": "yellow", "error": "bold red"}[event.level]
            self.write(("  ", ""), (printable(event.text), style))
        elif isinstance(event, Stage):
            self.stop()
            self.write(("▸ ", "cyan"), (event.name, "bold"), (f"  {printable(event.text)}", "dim"))
        else:
            for name, where in event.addresses.items():
                self.write((f"  {printable(name)} ", "dim"), (printable(where), ""))

    def write(self, *pieces: tuple[str, str]) -> None:
        """One line above the bar."""
        from rich.text import Text

        self.console.print(Text.assemble(*((_masked(text), style) for text, style in pieces)))

    def advance(self, event: Progress) -> None:
        """Move the bar, making it when there is none."""
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        if self.bar is None or self.task is None:
            columns = (
                TextColumn(f"  {event.what}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.fields[failed]}"),
            )
            self.bar = Bar(*columns, console=self.console, transient=True)
            self.task = self.bar.add_task("", total=event.total or None, failed="")
            self.bar.start()
        failed = f"{event.failed} {event.failing}" if event.failed else ""
        self.bar.update(self.task, completed=event.done, total=event.total or None, failed=failed)

    def stop(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.stop()
        self.bar = self.task = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
