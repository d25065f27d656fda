"""Summaries of `record`, `mock` and `inspect` as plain tables: the same on a terminal and in CI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabulate import tabulate

from ci_gate.report.text import guard, one_line
from ci_gate.report.words import milliseconds, plural

_WIDTH = 60


def record_table(
    *,
    out: str,
    inbound: int,
    outbound: int,
    routes: Sequence[tuple[str, int]] = (),
    dependencies: Sequence[tuple[str, str, int]] = (),
    dropped: Sequence[tuple[str, int]] = (),
    undecoded: Sequence[str] = (),
    uncaptured: Sequence[tuple[str, int, str]] = (),
    redacted: Sequence[tuple[str, int]] = (),
    warnings: Sequence[str] = (),
) -> str:
    """The end of a recording; fields as in the summary `record` returns.

    `uncaptured` is (address, connections, what to do about it).
    """
    kept = f"{plural(inbound, 'inbound exchange')} and {plural(outbound, 'outbound call')}"
    parts = [f"recorded {kept} to {one_line(out, 200)}"]
    missed = dict(dropped)
    if routes or dropped:
        named = [(route, count, missed.pop(route, 0)) for route, count in routes]
        named += [(route, 0, count) for route, count in missed.items()]
        rows = [[route, f"{kept:,}", f"{lost:,}" if lost else ""] for route, kept, lost in named]
        parts.append(plain(["Route", "Kept", "Dropped by --max"], rows))
    if dependencies:
        rows = [[name, address, f"{count:,}"] for name, address, count in dependencies]
        parts.append(plain(["Dependency", "Address", "Calls"], rows))
    if redacted:
        said = ", ".join(f"{one_line(kind, 40)} {count:,}" for kind, count in redacted)
        parts.append(f"redacted: {said}")
    if undecoded:
        parts.append(_list("not decoded, kept as sizes and keyed hashes:", undecoded))
    if uncaptured:
        rows = [[address, f"{count:,}", fix] for address, count, fix in uncaptured]
        table = plain(["Address", "Connections", "What to do"], rows, width=200)
        parts.append(f"NOT CAPTURED: these went past the proxies\n{table}")
    if warnings:
        parts.append(_list("warnings:", warnings))
    return guard("\n\n".join(parts))


def mock_table(
    *,
    matched: int,
    unmatched: int,
    unused: int,
    misses: Sequence[tuple[str, str, str, int]] = (),
    new_hosts: Sequence[str] = (),
) -> str:
    """The end of `mock`. `misses` is (dependency, call, nearest recorded calls, times)."""
    parts = [
        f"{plural(matched, 'call')} matched, {unmatched:,} unmatched, "
        f"{plural(unused, 'recorded call')} never made"
    ]
    if misses:
        rows = [[name, label, f"{times:,}"] for name, label, _, times in misses]
        parts.append(plain(["Dependency", "Call without a recording", "Times"], rows))
        nearest = [f"{label}: {text}" for _, label, text, _ in misses if text]
        if nearest:
            parts.append(_list("nearest recorded calls and what differed:", nearest))
    if new_hosts:
        parts.append(_list("refused, not in the snapshot:", new_hosts))
    return guard("\n\n".join(parts))


def inspect_table(rows: Iterable[tuple[str, str, str, str, int, float]]) -> str:
    """Exchanges of a snapshot: (id, dependency or "", label, status, outbound calls, milliseconds).

    A dependency of "" is an inbound exchange.
    """
    made = [
        [id_, name or "inbound", label, status, f"{calls:,}" if calls else "", milliseconds(took)]
        for id_, name, label, status, calls, took in rows
    ]
    table = plain(["Id", "Side", "Request", "Answer", "Calls", "ms"], made)
    return guard(f"{table}\n\n{plural(len(made), 'exchange')}")


def plain(heads: Sequence[str], rows: Iterable[Sequence[str]], width: int = _WIDTH) -> str:
    """A table without ornaments and without a final newline.

    Every cell is one visible line of at most `width` characters; numbers stay as they are spelled.
    """
    cells = [[one_line(text, width) for text in row] for row in rows]
    numeric = [
        all(_figure(row[column]) for row in cells) and bool(cells) for column in range(len(heads))
    ]
    align = ["right" if right else "left" for right in numeric]
    return tabulate(
        cells, headers=list(heads), tablefmt="simple", disable_numparse=True, colalign=align
    )


def _figure(text: str) -> bool:
    """True for what our own columns of numbers hold, the empty cell included."""
    return text.replace(",", "").replace(".", "", 1).isdigit() or not text


def _list(title: str, lines: Sequence[str]) -> str:
    return "\n".join([title, *(f"  - {one_line(line, 400)}" for line in lines)])
