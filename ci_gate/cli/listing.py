"""What `inspect` found, as tables, whole exchanges, or JSON."""

from __future__ import annotations

import json

import msgspec
from tabulate import tabulate

from ci_gate.cli.output import printable, say, say_json
from ci_gate.gate.inspect import Inspection, Line

MAX_LABEL = 60


def show_inspection(found: Inspection, *, as_json: bool) -> None:
    """Print it on stdout."""
    if as_json:
        say_json(msgspec.json.encode(found))
    elif any(line.document is not None for line in found.exchanges):
        say("\n\n".join(_whole(line) for line in found.exchanges))
    else:
        say(_list(found))


def _list(found: Inspection) -> str:
    origin = found.origin
    head = f"{found.snapshot}: {origin.service}, recorded {origin.recorded_at or 'at some time'}"
    count = f"{found.inbound} inbound and {found.outbound} outbound exchanges"
    shown = len(found.exchanges)
    if shown != found.inbound + found.outbound:
        count += f"; {shown} selected"
    rows = [_row(line) for line in found.exchanges]
    heads = ("id", "at", "to", "request", "answer", "took")
    table = tabulate(rows, headers=heads, tablefmt="plain", disable_numparse=True)
    return "\n".join((head, count, *(("", table) if rows else ())))


def _row(line: Line) -> tuple[str, ...]:
    label = printable(line.label)
    return (
        line.id,
        f"{line.at / 1000:.3f}s",
        printable(line.dependency) or "service",
        label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1] + "…",
        printable(line.answer),
        f"{line.took:.1f}ms",
    )


def _whole(line: Line) -> str:
    head = f"{line.id}  {printable(line.label)}  ({line.file})"
    # ASCII: what came over a wire does not get to write to a terminal as it likes.
    return head + "\n" + json.dumps(line.document, indent=2, ensure_ascii=True)
