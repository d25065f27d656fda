"""What accepting changes, for people: expected and from now on, by exchange and place."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.model.change import Shown
from ci_gate.report.text import guard, one_line
from ci_gate.report.words import plural
from ci_gate.values.places import fold

SHOWN = 40
"""Blocks that are shown."""
ALIKE = 2
"""Exchanges that are shown of those that change alike."""
LISTED = 10
"""Calls that are shown."""
CALLS = ""
_SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": "~"}


def text(shown: Sequence[Shown], limit: int = SHOWN) -> str:
    """Plain lines; what changes at one place pattern of many exchanges is shown of the first."""
    blocks: dict[tuple[str, str], list[Shown]] = {}
    for one in shown:
        blocks.setdefault((one.change, fold(one.place) or CALLS), []).append(one)
    lines: list[str] = []
    for (change, about), found in list(blocks.items())[:limit]:
        exchanges = len({one.exchange for one in found})
        said = f"{one_line(about, 160)}, {plural(exchanges, 'exchange')}"
        lines.append(f"{_SIGNS[change]} {plural(exchanges, 'call') if about == CALLS else said}")
        most = LISTED if about == CALLS else ALIKE
        for one in found[:most]:
            lines += _block(one)
        if len(found) > most:
            lines.append(f"      … {len(found) - most} more")
    if len(blocks) > limit:
        lines.append(f"… and {len(blocks) - limit} more places")
    return guard("\n".join(lines)) + "\n"


def _block(one: Shown) -> list[str]:
    where = f" in {one.file}" if one.file else ""
    lines = [f"    {one_line(one.what, 160)}  {one_line(one.exchange, 60)}{one_line(where, 200)}"]
    if one.what in (one.was, one.now):
        return lines + ([f"      {one_line(one.note, 200)}"] if one.note else [])
    if one.was or one.change in ("changed", "moved"):
        lines.append(f"      - {one_line(one.was, 200) or '(nothing)'}")
    if one.now or one.change in ("changed", "moved"):
        lines.append(f"      + {one_line(one.now, 200) or '(nothing)'}")
    return lines + ([f"      {one_line(one.note, 200)}"] if one.note else [])
