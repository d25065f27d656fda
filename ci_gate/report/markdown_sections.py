"""The sections of summary.md. Each takes the result and a level of detail and may be empty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from tabulate import tabulate

from ci_gate.model.difference import Cause
from ci_gate.model.result import Result, RouteFigures
from ci_gate.report import words
from ci_gate.report.apart import (
    HEADINGS,
    allowances,
    collateral,
    quarantine_entry,
    terms,
    told_apart,
    values,
)
from ci_gate.report.chart import latency_chart
from ci_gate.report.fences import difference_lines
from ci_gate.report.markdown_text import cell_code, code, fence, html, html_code, inline
from ci_gate.report.text import focus, squeezed
from ci_gate.report.words import (
    condition,
    counts,
    duration,
    extent,
    figures,
    follows,
    lead,
    mark,
    milliseconds,
    plural,
    red,
    reproduce,
    short_side,
    sides,
    together,
)

_MARKS = {"✓": "✅", "✗": "❌", "!": "⚠️", "?": "❔"}
_STATES = {"used": "✅ used", "unused": "⚠️ never matched", "expired": "⌛ expired"}


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """How much of everything: numbers of rows, lines and characters. 0 leaves a section out."""

    reasons: int = 10
    causes: int = 20
    cell: int = 36
    apart: int = 10
    conditions: int = 20
    details: int = 20
    examples: int = 3
    lines: int = 60
    log: int = 12
    width: int = 1000
    notices: int = 20
    rules: int = 50
    excused: int = 20
    routes: int = 50
    chart: bool = True
    environment: bool = True


def reasons(result: Result, level: Level) -> str:
    """The figures, why the verdict is what it is, and what is only a warning."""
    lines = ([" · ".join(figures(result)), ""]) if level.reasons else []
    lines += _items(words.reasons(result), level.reasons, "")
    lines += _items(words.warnings(result), level.reasons, "⚠️ ")
    return "\n".join(lines).strip()


def causes(result: Result, level: Level) -> str:
    """The table of causes: what changed, where, from what to what, how often."""
    found = red(result)
    if not found or not level.causes:
        return ""
    rows = [_cause_row(cause, level) for cause in found[: level.causes]]
    heads = ["", "Side", "What changed", "In", "Expected → actual", "Requests"]
    return _table(heads, rows, right=1) + _rest(len(found), level.causes, "cause")


def apart(result: Result, level: Level) -> str:
    """What differs and is not red: unstable, known, in the baseline, in quarantine."""
    if not level.apart:
        return ""
    parts = []
    for which, found in told_apart(result):
        lines = [_apart_line(result, cause) for cause in found[: level.apart]]
        heading = f"⚠️ {HEADINGS[which]}" if which == "unstable" else HEADINGS[which]
        parts += [heading, "\n".join(lines) + _rest(len(found), level.apart, "cause")]
    entries = [quarantine_entry(one) for one in result.unstable[: level.apart]]
    if entries:
        text = fence(["quarantine:", *(f"  {one}" for one in entries)])
        parts.append(_folded("to put what is unstable into quarantine", text))
    return "\n\n".join(parts)


def _apart_line(result: Result, cause: Cause) -> str:
    """`C2 response.body.$.id changed (1 request): 7 → 8`."""
    pair = values(cause)
    shown = f": {_value(pair[0], 60)} → {_value(pair[1], 60)}" if pair is not None else ""
    said = inline(terms(result, cause), 200)
    return f"- {inline(cause.id, 12)} {_title(cause)} ({said}){shown}"


def let_pass(result: Result, level: Level) -> str:
    """How much of what the run was judged by lets something pass, and what of it was edited."""
    said = allowances(result)
    return f"Let pass: {said}." if said and level.environment else ""


def conditions(result: Result, level: Level) -> str:
    """Every condition with what was observed."""
    judged = result.verdict.evaluations
    if not judged or not level.conditions:
        return ""
    rows = [
        [
            _MARKS[mark(one.outcome, one.level)],
            cell_code(condition(one), 120),
            inline(one.observed, 80),
        ]
        for one in judged[: level.conditions]
    ]
    return _table(["", "Condition", "Observed"], rows) + _rest(
        len(judged), level.conditions, "condition"
    )


def details(result: Result, level: Level) -> str:
    """One folded element a cause: expected and actual, nearest calls, the command."""
    found = red(result)[: level.details]
    return "\n\n".join(_detail(result, cause, level, len(found) == 1) for cause in found)


def notices(result: Result, level: Level) -> str:
    """What is worth a line and never red."""
    said = [cause for cause in result.causes if cause.notice]
    lines = [f"{_title(cause)} ({extent(cause)})" for cause in said]
    lines += [inline(text) for text in result.notices]
    if not lines or not level.notices:
        return ""
    shown = [f"- {line}" for line in lines[: level.notices]]
    return _folded(
        plural(len(lines), "notice"), "\n".join(shown) + _rest(len(lines), level.notices, "notice")
    )


def rules(result: Result, level: Level) -> str:
    """What each rule did, and examples of what was excused by it."""
    if not result.rules or not level.rules:
        return ""
    excused = sum(rule.used for rule in result.rules)
    stale = [rule.state for rule in result.rules if rule.state != "used"]
    title = f"{plural(excused, 'difference')} excused by {plural(len(result.rules), 'rule')}"
    for state, called in (("unused", "never matched"), ("expired", "expired")):
        title += f", {stale.count(state)} {called}" if state in stale else ""
    # What needs somebody's hand comes first: expired, then unused.
    order = {"expired": 0, "unused": 1, "used": 2}
    rows = [
        [
            str(rule.index),
            _STATES[rule.state],
            cell_code(rule.text, 120),
            f"{rule.used:,}",
            inline(rule.reason, 120),
            cell_code(rule.owner, 40),
            inline(rule.until, 20),
        ]
        for rule in sorted(result.rules, key=lambda one: (order[one.state], one.index))
    ]
    heads = ["Rule", "State", "Covers", "Excused", "Reason", "Owner", "Until"]
    table = _table(heads, rows[: level.rules]) + _rest(len(rows), level.rules, "rule")
    return _folded(title, "\n\n".join(text for text in (table, _excused(result, level)) if text))


def latency(result: Result, level: Level) -> str:
    """Figures per route, slowest first, and the same as a chart."""
    if not result.routes or not level.routes:
        return ""
    routes = sorted(result.routes, key=lambda one: -one.p95)
    rows = [_latency_row(one) for one in routes[: level.routes]]
    heads = ["Route", "Requests", "Red", "avg", "p50", "p95", "p99", "max"]
    body = _table(heads, rows, right=7) + _rest(len(routes), level.routes, "route")
    chart = latency_chart(routes) if level.chart else []
    if chart:
        # Not through `fence`: its labels are plain already, and its arrow must stay one.
        body += "\n\n".join(["", "\n".join(["```mermaid", *chart, "```"])])
    slow = routes[0]
    title = (
        f"Latency in ms over {plural(len(routes), 'route')}; slowest p95 {milliseconds(slow.p95)}"
    )
    return _folded(title, body)


def environment(result: Result, level: Level) -> str:
    """Under what the run was made, in one small line."""
    if not level.environment:
        return ""
    made, seen = result.environment, counts(result)
    said = [
        ("ci-gate", inline(made.version, 80)),
        ("Python", inline(made.python, 80)),
        ("on", inline(made.platform, 80)),
        # As code: in prose a forge would make links of hashes, and what prevents it gets copied.
        ("snapshot", code(made.snapshot, 80)),
        ("digest", code(made.snapshot_digest[:12], 80)),
        ("commit", code(made.commit[:12], 80)),
        ("started", inline(made.started_at, 80)),
    ]
    words = [f"{name} {value}" for name, value in said if value]
    if made.seconds:
        words.append(f"took {duration(made.seconds)}")
    if seen.redacted:
        words.append(f"{plural(seen.redacted, 'redacted place')} compared by kind")
    return f"<sub>{' · '.join(words)}</sub>"


def _cause_row(cause: Cause, level: Level) -> list[str]:
    first = cause.examples[0] if cause.examples else None
    expected, actual = sides(first) if first else ("", "")
    if expected is not None and actual is not None:
        expected, actual = focus(*squeezed(expected, actual), level.cell)
    return [
        inline(cause.id, 12),
        inline(short_side(cause), 40),
        _title(cause, table=True),
        _routes(cause.routes, 2, table=True),
        f"{_value(expected, level.cell)} → {_value(actual, level.cell)}",
        f"{len(cause.exchanges):,}" if cause.exchanges else inline(extent(cause), 20),
    ]


def _value(text: str | None, width: int) -> str:
    """A value in a cell; nothing and the empty text do not look the same."""
    if text is None:
        return "*nothing*"
    return cell_code(text, width) or "*empty*"


def _title(cause: Cause, *, table: bool = False) -> str:
    """A cause's title with its place or call as code."""
    title, first = cause.title, lead(cause)
    if not first:
        return inline(title, 160)
    shown = cell_code(first, 100) if table else code(first, 100)
    return shown + inline(title[len(first) :], 120)


def _detail(result: Result, cause: Cause, level: Level, opened: bool) -> str:
    """The folded element of one cause."""
    first = lead(cause)
    head = html_code(first, 100) + html(cause.title[len(first) :], 160)
    said = [f"{extent(cause)} ({plural(cause.count, 'difference')}) in {_routes(cause.routes, 4)}"]
    places = words.at_places(cause, 8)
    if places:
        said.append(f"at {', '.join(code(one, 100) for one in places)}")
    if cause.moment.files:
        said.append(f"raised in {' ← '.join(code(one, 120) for one in cause.moment.files[:3])}")
    if cause.fingerprint:
        said.append(f"fingerprint {code(cause.fingerprint, 40)}")
    if cause.collateral:
        said.append(collateral(cause, lambda one: code(one, 40)))
    others = together(result, cause)
    if others:
        said.append(f"same requests as {', '.join(inline(one, 12) for one in others[:8])}")
    said.append(f"reproduce with {code(reproduce(result, cause), 300)}")
    accepting = words.accept(result, cause)
    if accepting:
        said.append(f"when intended, {code(accepting, 300)}")
    body = ["; ".join(said)]
    lines: list[str] = []
    for example in cause.examples[: level.examples]:
        consequence = follows(cause, example)
        lines += difference_lines(example, level.lines, level.width, consequence=consequence)
    if lines:
        body.append(fence(lines, "diff"))
    notes = _notes(cause, level)
    if notes:
        body.append(fence(notes))
    log = words.log_lines(cause)[-level.log :] if level.log else ()
    if log:
        body.append("The service printed meanwhile:")
        body.append(fence([line[: level.width] for line in log]))
    return _folded(f"{html(cause.id, 12)} {head}", "\n\n".join(body), ready=True, opened=opened)


def _notes(cause: Cause, level: Level) -> list[str]:
    """Lines of detail of the examples."""
    lines = [line[: level.width] for line in words.details(cause, level.examples)]
    rest = len(lines) - level.lines
    return lines[: level.lines] + ([f"… {rest} more lines"] if rest > 0 else [])


def _excused(result: Result, level: Level) -> str:
    """Examples of excused differences with the number of the rule."""
    if not result.excused or not level.excused:
        return ""
    rows = []
    for one in result.excused[: level.excused]:
        expected, actual = sides(one)
        rows.append(
            [
                str(one.excused),
                cell_code(one.route or one.group, 60),
                cell_code(one.place or one.call or one.change, 60),
                _value(expected, level.cell),
                _value(actual, level.cell),
            ]
        )
    table = _table(["Rule", "In", "Excused difference", "Expected", "Actual"], rows)
    return table + _rest(len(result.excused), level.excused, "example")


def _latency_row(one: RouteFigures) -> list[str]:
    times = (one.avg, one.p50, one.p95, one.p99, one.max)
    return [
        cell_code(one.route, 80),
        f"{one.total:,}",
        f"{one.failed:,}",
        *(milliseconds(value) for value in times),
    ]


def _routes(routes: Sequence[str], limit: int, *, table: bool = False) -> str:
    """The first few routes as code, the rest counted."""
    spell = cell_code if table else code
    shown = ", ".join(spell(route, 60) for route in routes[:limit])
    return shown + (f" +{len(routes) - limit} more" if len(routes) > limit else "")


def _items(texts: Sequence[str], limit: int, prefix: str) -> list[str]:
    shown = [f"- {prefix}{inline(text, 400)}" for text in texts[:limit]]
    if limit and len(texts) > limit:
        shown.append(f"- … and {len(texts) - limit} more")
    return shown


def _rest(total: int, shown: int, noun: str) -> str:
    return (
        f"\n\n… and {plural(total - shown, 'more ' + noun)} in result.json" if total > shown else ""
    )


def _table(heads: list[str], rows: Iterable[list[str]], right: int = 0) -> str:
    """A table whose last `right` columns align right; numbers stay as they are spelled."""
    align = ["left"] * (len(heads) - right) + ["right"] * right
    return tabulate(
        list(rows), headers=heads, tablefmt="pipe", disable_numparse=True, colalign=align
    )


def _folded(title: str, body: str, *, ready: bool = False, opened: bool = False) -> str:
    """A details element; without the blank line its Markdown would not be read."""
    head = title if ready else html(title)
    tag = "<details open>" if opened else "<details>"
    return f"{tag}<summary>{head}</summary>\n\n{body}\n\n</details>"
