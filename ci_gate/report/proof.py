"""A proof as plain tables and as Markdown: what was seeded, what was caught, what hides the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
from tabulate import tabulate

from ci_gate.model.proof import KindScore, Proof, Trial
from ci_gate.report.markdown_text import cell_code, inline
from ci_gate.report.tables import plain
from ci_gate.report.text import guard, one_line
from ci_gate.report.words import duration, plural
from ci_gate.values.places import fold
from ci_gate.values.redaction.masks import masked_data

MISSES = 40
"""Rows of the table of misses."""
_ROUTES = 3
_TEXT = 160

_MARKS = {"pass": "PASS", "fail": "FAIL", "inconclusive": "INCONCLUSIVE"}


def encode(proof: Proof) -> bytes:
    """proof.json."""
    return msgspec.json.format(msgspec.json.encode(proof), indent=2) + b"\n"


def render(proof: Proof) -> str:
    """The proof for a terminal, plain: a headline, the kinds, what was missed and why."""
    lines = [f"{_MARKS[proof.outcome]}  {one_line(proof.service, 80)}: {headline(proof)}"]
    lines += [f"  {one_line(text, 400)}" for text in proof.verdict.reasons]
    parts = ["\n".join(lines)]
    if proof.alarms:
        listed = "\n".join(f"  - {one_line(text, 400)}" for text in proof.alarms)
        parts.append(f"Red though nothing changed\n{listed}")
    if proof.applied:
        parts.append(plain(_KIND_HEADS, _kind_rows(proof.kinds, str), _TEXT))
    rows = _missed_rows(proof.trials, str)
    if rows:
        parts.append(f"Missed\n{plain(_MISS_HEADS, rows[:MISSES], _TEXT)}")
        if len(rows) > MISSES:
            parts.append(f"… and {plural(len(rows) - MISSES, 'more row')}: proof.json has all")
    return guard("\n\n".join(parts))


def render_markdown(proof: Proof) -> str:
    """The proof as a page of Markdown."""
    proof = masked_data(proof)
    parts = [
        f"## {_MARKS[proof.outcome]}: what the gate catches of {inline(proof.service, 80)}",
        inline(headline(proof)[0].upper() + headline(proof)[1:], 0) + ".",
    ]
    if proof.verdict.reasons:
        parts.append(_listed(proof.verdict.reasons))
    if proof.alarms:
        parts += ["### Red though nothing changed", _listed(proof.alarms)]
    if proof.applied:
        rows = _kind_rows(proof.kinds, lambda text: inline(text, _TEXT))
        parts += ["### Seeded regressions", _table(_KIND_HEADS, rows)]
    missed = _missed_rows(proof.trials, lambda text: cell_code(text, _TEXT))
    if missed:
        parts += ["### Missed, and what lets them pass", _table(_MISS_HEADS, missed[:MISSES])]
        if len(missed) > MISSES:
            parts.append(f"… and {plural(len(missed) - MISSES, 'more row')}: proof.json has all")
    return "\n\n".join(parts) + "\n"


def headline(proof: Proof) -> str:
    """The figures in one line."""
    runs = (
        f"{plural(proof.unchanged_runs, 'unchanged run')} of {plural(proof.exchanges, 'request')}"
    )
    alarms = plural(proof.false_alarms, "false alarm")
    said = f"{runs}, {alarms}"
    if proof.applied:
        said += (
            f"; {proof.caught:,} of {plural(proof.applied, 'seeded regression')} caught "
            f"({proof.score:.1%}, {proof.minimum:.1%} asked for)"
        )
        if proof.left:
            said += f", {plural(proof.left, 'more place')} not tried"
    return f"{said}, in {duration(proof.seconds)}"


_KIND_HEADS = ("Seeded", "Applied", "Caught", "Missed", "Caught by")
_MISS_HEADS = ("Missed", "Route", "Where", "Times", "What lets it pass")

_Safe = Callable[[str], str]


def _kind_rows(kinds: Iterable[KindScore], safe: _Safe) -> list[list[str]]:
    return [
        [
            one.kind.replace("-", " "),
            f"{one.applied:,}" if one.applied else "",
            f"{one.caught:,}" if one.applied else "",
            f"{one.applied - one.caught:,}" if one.applied > one.caught else "",
            safe(", ".join(one.by) or one.note),
        ]
        for one in kinds
    ]


def _missed_rows(trials: Iterable[Trial], safe: _Safe) -> list[list[str]]:
    """What was missed in the same way is one row, most frequent first."""
    alike: dict[tuple[str, str, tuple[str, ...]], list[Trial]] = {}
    for one in trials:
        if not one.caught:
            alike.setdefault((one.kind, _where(one), one.hidden), []).append(one)
    rows = sorted(alike.items(), key=lambda item: -len(item[1]))
    return [
        [
            kind.replace("-", " "),
            safe(_routes(found)),
            safe(where),
            f"{len(found):,}",
            safe("; ".join(hidden)),
        ]
        for (kind, where, hidden), found in rows
    ]


def _where(one: Trial) -> str:
    called = f"{one.dependency}: {one.call}" if one.call else one.dependency
    return " ".join(text for text in (called, fold(one.place)) if text)


def _routes(found: Sequence[Trial]) -> str:
    routes = list(dict.fromkeys(one.route or "every route" for one in found))
    more = len(routes) - _ROUTES
    return ", ".join(routes[:_ROUTES]) + (f" and {more} more" if more > 0 else "")


def _listed(texts: Iterable[str]) -> str:
    return "\n".join(f"- {inline(text)}" for text in texts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return tabulate(rows, headers=heads, tablefmt="github", disable_numparse=True)
