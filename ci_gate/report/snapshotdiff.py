"""What a change edits in snapshot, rules and configuration, as behaviour: Markdown and terminal."""

from __future__ import annotations

from collections import Counter

from tabulate import tabulate

from ci_gate.model.edit import Edit, Edits
from ci_gate.report.markdown_text import cell_code, code, inline
from ci_gate.report.tables import plain
from ci_gate.report.text import focus, guard, one_line, squeezed
from ci_gate.report.words import plural

ROWS = (60, 30, 15, 8, 4, 0)
"""Rows of the table, from all to none: what does not fit a budget is counted."""

_SIGNS = {"added": "➕", "removed": "➖", "changed": "✏️"}
_PLAIN_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_NOUNS = {
    "route": "route",
    "noise": "noise place",
    "rebased": "rebased place",
    "assumed": "assumed answer",
    "rule": "rule",
    "known": "known cause",
    "quarantine": "quarantined exchange",
    "condition": "condition",
    "config": "setting",
}
_COUNTED = frozenset({"route", "value", "call", "noise", "rebased", "assumed"})
"""Subjects that are about exchanges."""
_CELL = 40
_NOTES = 5


def headline(edits: Edits) -> str:
    """`2 routes, 1 write, 1 rule; 1 of them loosens the gate`, or "nothing"."""
    counted = Counter(_noun(one) for one in edits.items)
    said = [plural(number, noun) for noun, number in counted.items()]
    if edits.more:
        said.append(f"{edits.more:,} more")
    looser = sum(one.looser for one in edits.items)
    ending = f"; {looser:,} of them {'loosens' if looser == 1 else 'loosen'} the gate"
    return (", ".join(said) or "nothing") + (ending if looser else "")


def markdown(edits: Edits, budget: int = 20_000) -> str:
    """The section of a comment; "" when nothing was edited. At most `budget` characters, or its
    headline alone."""
    if not (edits.items or edits.notes):
        return ""
    text = ""
    for rows in ROWS:
        text = _markdown(edits, rows)
        if len(text) <= budget:
            break
    return text


def terminal(edits: Edits) -> str:
    """The same for people in front of a terminal or a log."""
    rows = [_row(one) for one in edits.items]
    parts = [f"{one_line(edits.base, 60)}..{one_line(edits.head, 60)}: {headline(edits)}"]
    if rows:
        parts.append(
            plain(["", "What", "", "Before", "After", "Exchanges"], [_cells(one) for one in rows])
        )
    parts += [f"note: {one_line(note, 400)}" for note in edits.notes]
    return guard("\n\n".join(parts))


def _markdown(edits: Edits, rows: int) -> str:
    title = "#### ✏️ This change edits what it is judged by"
    if not edits.items:
        title = "#### What this change is judged by"
    between = f"{code(edits.base, 40)} → {code(edits.head, 40)}: {headline(edits)}"
    if any(one.looser for one in edits.items):
        between += " (⚠️)"
    parts = [title, between]
    if rows:
        shown = [_markdown_row(one) for one in edits.items[:rows]]
        heads = ["", "What", "Edited", "Before → after", "Exchanges"]
        align = ("left", "left", "left", "left", "right")
        table = tabulate(
            shown, headers=heads, tablefmt="pipe", disable_numparse=True, colalign=align
        )
        parts += [table] if shown else []
    left = len(edits.items) - rows + edits.more if rows < len(edits.items) else edits.more
    if left:
        parts.append(f"… and {plural(left, 'more edit')}: `ci-gate diff` lists them")
    parts += [f"- {inline(note, 300)}" for note in edits.notes[:_NOTES]]
    return "\n\n".join(parts)


def _markdown_row(edit: Edit) -> list[str]:
    before, after = _values(edit)
    sign = _SIGNS[edit.change]
    return [
        f"⚠️ {sign}" if edit.looser else sign,
        inline(_noun(edit), 20),
        _where(edit),
        f"{_value(before)} → {_value(after)}" if before or after else "",
        f"{edit.count:,}" if edit.subject in _COUNTED else "",
    ]


def _where(edit: Edit) -> str:
    """The thing itself as code, and whose it is."""
    said = cell_code(edit.what, 120)
    if edit.place:
        said += f" {cell_code(edit.place, 100)}"
    if edit.dependency:
        said += f" ({inline(edit.dependency, 40)})"
    if edit.cause:
        said += f" in {cell_code(edit.cause, 60)}"
    return said


def _value(text: str) -> str:
    return cell_code(text, _CELL) or "*nothing*"


def _values(edit: Edit) -> tuple[str, str]:
    return focus(*squeezed(edit.before, edit.after), _CELL)


def _noun(edit: Edit) -> str:
    if edit.subject == "call":
        # One of our own words only: the document may come from anywhere.
        return edit.effect if edit.effect in ("read", "write") else "call"
    return _NOUNS.get(edit.subject, "value")


def _row(edit: Edit) -> tuple[Edit, str, str]:
    before, after = _values(edit)
    return edit, before, after


def _cells(row: tuple[Edit, str, str]) -> list[str]:
    edit, before, after = row
    words = (edit.dependency, edit.what, edit.place, f"in {edit.cause}" if edit.cause else "")
    sign = _PLAIN_SIGNS[edit.change] + (" looser" if edit.looser else "")
    counted = edit.subject in _COUNTED
    return [
        sign,
        _noun(edit),
        " ".join(word for word in words if word),
        before,
        after,
        f"{edit.count:,}" if counted else "",
    ]
