"""The report for a terminal: the same facts in the same order, in at most `width` columns.

Pure: rich writes into a string and is told everything it would otherwise ask the environment.
Every text is a `Text`, so nothing in it is read as markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ci_gate.model.difference import Cause
from ci_gate.model.result import Evaluation, Result
from ci_gate.report.apart import (
    ENTRIES,
    HEADINGS,
    SHOWN,
    allowances,
    collateral,
    quarantine_entry,
    terms,
    told_apart,
    values,
)
from ci_gate.report.fences import difference_lines
from ci_gate.report.text import guard, one_line
from ci_gate.report.words import (
    accept,
    at_places,
    condition,
    details,
    evals,
    extent,
    figures,
    follows,
    headline,
    log_lines,
    mark,
    milliseconds,
    plural,
    reasons,
    red,
    reproduce,
    side,
    warnings,
)

CAUSES = 20
ROUTES = 20
_LINES = 16
_LOG = 6
"""Lines of the service's log."""

_COLOURS = {"pass": "green", "fail": "red", "inconclusive": "yellow"}
_SIGNS = {"-": "red", "+": "green", "@": "cyan"}


def render(result: Result, width: int = 100, colour: bool = False) -> str:
    """`result` as lines of at most `width` columns, with ANSI colours only if `colour`.

    The last line is that of the conditions ("2 EVALS PASSED") when there are any.
    """
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(width, 40),
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    _verdict(console, result)
    _causes(console, result)
    _apart(console, result)
    _notices(console, result)
    _rules(console, result)
    if allowances(result):
        console.print(f"\nLet pass: {allowances(result)}")
    _latency(console, result)
    if red(result):
        # The top has scrolled away, and "2 EVALS PASSED" alone would read like a pass.
        console.print()
        _headline(console, result)
    _evaluations(console, result.verdict.evaluations)
    return guard("\n".join(line.rstrip() for line in out.getvalue().split("\n")))


def _verdict(console: Console, result: Result) -> None:
    """The verdict, the figures and the reasons."""
    _headline(console, result)
    counted = " · ".join(figures(result))
    if counted:
        console.print(Padding(Text(counted, style="dim"), (0, 0, 0, 1)))
    for text in reasons(result)[:10]:
        console.print(_hanging("•", one_line(text, 400)))
    for text in warnings(result)[:10]:
        console.print(_hanging("!", one_line(text, 400), "yellow"))


def _headline(console: Console, result: Result) -> None:
    """The verdict in one line."""
    outcome = result.verdict.outcome
    line = Text(f" {outcome.upper()} ", style=f"bold reverse {_COLOURS[outcome]}")
    line.append(f" {one_line(result.service, 40)}: ", style="bold not reverse default")
    line.append(headline(result), style="bold not reverse default")
    console.print(line)


def _causes(console: Console, result: Result) -> None:
    """Each cause: what, where, expected and actual, the command."""
    found = red(result)
    for cause in found[:CAUSES]:
        console.print()
        title = Table.grid(padding=(0, 2, 0, 0))
        title.add_column(min_width=2, no_wrap=True)
        title.add_row(
            Text(one_line(cause.id, 12), style="bold"),
            Text(one_line(cause.title, 200), style="bold", overflow="fold"),
        )
        console.print(title)
        console.print(_indented(Text(_where(cause), style="dim")))
        places = one_line(", ".join(at_places(cause, 4)), 300)
        if places:
            console.print(_indented(Text(f"at {places}", style="dim")))
        _examples(console, cause)
        _moment(console, cause)
        if cause.collateral:
            console.print(_indented(Text(one_line(collateral(cause), 300), style="dim")))
        console.print(_indented(Text(f"$ {one_line(reproduce(result, cause), 300)}", style="bold")))
        accepting = accept(result, cause)
        if accepting:
            text = f"$ {one_line(accepting, 300)}  # when this is intended"
            console.print(_indented(Text(text, style="dim")))
    if len(found) > CAUSES:
        console.print(f"\n… and {plural(len(found) - CAUSES, 'more cause')} in result.json")


def _where(cause: Cause) -> str:
    """`response, 41 requests, GET /orders/{id} and 2 more routes`."""
    routes = one_line(cause.routes[0], 80) if cause.routes else ""
    if len(cause.routes) > 1:
        routes += f" and {plural(len(cause.routes) - 1, 'more route')}"
    said = (one_line(side(cause), 60), routes, extent(cause), one_line(cause.fingerprint, 40))
    return ", ".join(one for one in said if one)


def _examples(console: Console, cause: Cause) -> None:
    """The smallest example as a diff, one consequence, and the nearest recorded calls."""
    if not cause.examples:
        return
    example = cause.examples[0]
    shown = difference_lines(example, _LINES, 300)[1:]
    for other in cause.examples[1:]:
        if follows(cause, other):
            shown += difference_lines(other, _LINES // 2, 300, consequence=True)
            break
    for line in shown:
        console.print(_indented(Text(one_line(line), style=_SIGNS.get(line[:1], ""))))
    for line in details(cause, 1)[:6]:
        console.print(_indented(Text(one_line(line, 300), style="dim")))


def _moment(console: Console, cause: Cause) -> None:
    """Where it was raised, and the last lines that the service printed meanwhile."""
    if cause.moment.files:
        files = " ← ".join(cause.moment.files[:3])
        console.print(_indented(Text(f"raised in {one_line(files, 300)}", style="bold")))
    for line in log_lines(cause)[-_LOG:]:
        console.print(_indented(Text(f"│ {one_line(line, 200)}", style="dim")))


def _apart(console: Console, result: Result) -> None:
    """What differs and is not red; and how an unstable exchange would be put into quarantine."""
    for which, found in told_apart(result):
        console.print(Text(f"\n{HEADINGS[which]}", style="bold"))
        for cause in found[:SHOWN]:
            line = (
                f"{cause.id} {one_line(cause.title, 200)} ({one_line(terms(result, cause), 300)})"
            )
            console.print(_hanging("~", line, "yellow"))
            pair = values(cause)
            if pair is not None:
                console.print(_indented(Text(" → ".join(map(one_line, pair)))))
        if len(found) > SHOWN:
            console.print(f"  … and {plural(len(found) - SHOWN, 'more cause')} in result.json")
        for one in result.unstable[:ENTRIES] if which == "unstable" else ():
            entry = Text(f"quarantine: {one_line(quarantine_entry(one), 400)}", style="dim")
            console.print(_indented(entry))


def _notices(console: Console, result: Result) -> None:
    """What is worth a line and never red."""
    lines = [
        f"{one_line(cause.title, 200)} ({extent(cause)})" for cause in result.causes if cause.notice
    ]
    lines += [one_line(text, 300) for text in result.notices]
    if not lines:
        return
    console.print(Text("\nNotices", style="bold"))
    for line in lines[:10]:
        console.print(_hanging("•", line))
    if len(lines) > 10:
        console.print(f"  … and {plural(len(lines) - 10, 'more notice')} in result.json")


def _rules(console: Console, result: Result) -> None:
    """How much was excused, and the rules that need somebody's hand."""
    if not result.rules:
        return
    excused = sum(rule.used for rule in result.rules)
    console.print(
        f"\n{plural(excused, 'difference')} excused by {plural(len(result.rules), 'rule')}"
    )
    for rule in result.rules:
        said = any(text.startswith(f"rule {rule.index} ") for text in result.verdict.warnings)
        if rule.state != "used" and not said:
            state = "never matched" if rule.state == "unused" else "expired"
            line = f"rule {rule.index} {state}: {one_line(rule.text, 200)}"
            console.print(_hanging("!", line, "yellow"))


def _latency(console: Console, result: Result) -> None:
    """Figures per route, slowest first."""
    if not result.routes:
        return
    routes = sorted(result.routes, key=lambda one: -one.p95)
    heads = ["requests", "red", "p50", "p95", "p99", "max"]
    table = _table(["latency in ms", *heads])
    for one in routes[:ROUTES]:
        figures = (milliseconds(value) for value in (one.p50, one.p95, one.p99, one.max))
        _row(table, [one_line(one.route, 80), f"{one.total:,}", f"{one.failed:,}", *figures])
    console.print()
    console.print(table)
    if len(routes) > ROUTES:
        console.print(f"… and {plural(len(routes) - ROUTES, 'more route')} in result.json")


def _evaluations(console: Console, evaluations: Iterable[Evaluation]) -> None:
    """A mark, the condition and the observed value for each, then the count."""
    judged = list(evaluations)
    if not judged:
        return
    console.print()
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for one in judged:
        style = _COLOURS[one.outcome] if one.level == "fail" else "yellow"
        table.add_row(
            Text(mark(one.outcome, one.level), style=style if one.outcome != "pass" else "green"),
            Text(one_line(condition(one), 200), overflow="fold"),
            Text(one_line(one.observed, 80), overflow="fold"),
        )
    console.print(table)
    summary = evals(judged)
    if summary:
        good = summary.endswith("PASSED")
        console.print(Text(summary, style="bold green" if good else "bold red"))


def _table(heads: list[str]) -> Table:
    """A table whose first column is text and the others numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1))
    table.add_column(Text(heads[0]), overflow="fold")
    for head in heads[1:]:
        table.add_column(Text(head), justify="right", no_wrap=True)
    return table


def _row(table: Table, cells: list[str]) -> None:
    table.add_row(*(Text(cell) for cell in cells))


def _indented(text: Text) -> Padding:
    text.overflow = "fold"
    return Padding(text, (0, 0, 0, 4))


def _hanging(sign: str, line: str, style: str = "") -> Table:
    """A sign, and a text whose further lines start below its first."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row(Text(f" {sign}", style=style), Text(line, overflow="fold"))
    return grid
