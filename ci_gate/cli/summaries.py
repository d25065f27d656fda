"""The ends of `record` and `mock`: tables on stderr, or one line of JSON on stdout."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec
from tabulate import tabulate

from ci_gate.cli.output import printable, say
from ci_gate.gate.summary import LearnSummary, MockSummary, RecordSummary

MAX_ROWS = 40


def show_recording(summary: RecordSummary, *, as_json: bool, quiet: bool) -> None:
    """What was recorded, and what was not."""
    _show(summary, recording_text(summary), as_json, quiet)


def show_mocking(summary: MockSummary, *, as_json: bool, quiet: bool) -> None:
    """What was served, and what could not be."""
    _show(summary, mocking_text(summary), as_json, quiet)


def show_lesson(summary: LearnSummary, *, as_json: bool, quiet: bool) -> None:
    """What was learned, or why nothing was."""
    _show(summary, lesson_text(summary), as_json, quiet)


def _show(summary: msgspec.Struct, text: str, as_json: bool, quiet: bool) -> None:
    if as_json:
        say(msgspec.json.encode(summary).decode())
    elif not quiet:
        click.echo(text, err=True)


def recording_text(summary: RecordSummary) -> str:
    """The summary of a recording as plain text, for people."""
    head = f"{summary.out}: {summary.inbound} inbound and {summary.outbound} outbound exchanges"
    blocks = [
        head,
        _table("route", ("exchanges",), [(r, n) for r, n in summary.routes]),
        _table("dependency", ("address", "exchanges"), list(summary.dependencies)),
        _table("not kept (--max)", ("exchanges",), [(r, n) for r, n in summary.dropped]),
        _table("redacted", ("values",), [(k, n) for k, n in summary.redacted]),
        _table("could not be decoded", (), [(text,) for text in summary.undecoded]),
        _table(
            "NOT CAPTURED",
            ("connections", "what to do"),
            [(one.address, one.count, one.fix) for one in summary.uncaptured],
        ),
        "\n".join(f"warning: {printable(text)}" for text in summary.warnings),
    ]
    return "\n\n".join(block for block in blocks if block)


def mocking_text(summary: MockSummary) -> str:
    """The summary of `mock` as plain text, for people."""
    head = (
        f"{summary.matched} calls answered, {summary.unmatched} not recorded, "
        f"{summary.unused} recorded and never called"
    )
    misses = [
        (one.label, one.dependency, one.count, one.nearest.replace("\n", "; "))
        for one in summary.misses
    ]
    blocks = [
        head,
        _table("not recorded", ("dependency", "calls", "nearest"), misses),
        _table("new hosts", (), [(host,) for host in summary.new_hosts]),
    ]
    return "\n\n".join(block for block in blocks if block)


def lesson_text(summary: LearnSummary) -> str:
    """The summary of `learn` as plain text, for people."""
    if summary.unfaithful:
        head = f"{summary.snapshot}: nothing was written, because not everything can be explained"
    else:
        head = (
            f"{summary.snapshot}: {len(summary.noise)} places vary, {len(summary.rebased)} were "
            f"rebased, {summary.bindings} values travel ({summary.replays} replays)"
        )
    blocks = [
        head,
        _table("unfaithful", (), [(text.replace("\n", "; "),) for text in summary.unfaithful]),
        _table("varies", ("place and kind",), list(summary.noise)),
        _table("rebased: look at these", ("recorded → expected",), list(summary.rebased)),
        f"pace: recorded: {printable(summary.pace)}" if summary.pace else "",
        "\n".join(f"service: {printable(line)}" for line in summary.last_lines),
        f"note: {printable(summary.note)}" if summary.note else "",
    ]
    return "\n\n".join(block for block in blocks if block)


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str | int, ...]]) -> str:
    if not rows:
        return ""
    shown = [tuple(printable(str(cell)) for cell in row) for row in rows[:MAX_ROWS]]
    text = tabulate(shown, headers=(title, *columns), tablefmt="plain", disable_numparse=True)
    more = len(rows) - MAX_ROWS
    return text + (f"\n… and {more} more" if more > 0 else "")
