"""The calls of an inbound exchange side by side: as recorded, and as made."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from ci_gate.diff.render import clean
from ci_gate.model.call import CallRecord
from ci_gate.model.result import CallLine

LINES = 60
"""Lines of one exchange that are kept."""

Fate = tuple[CallRecord | None, str]
"""(recorded call that a live call is, or None; its change, "" = as recorded)."""


def call_lines(
    groups: Collection[str],
    made: Iterable[tuple[CallRecord, Sequence[str]]],
    fates: Mapping[str, Fate],
    missing: Iterable[tuple[CallRecord, str]],
    position: Mapping[str, int],
) -> dict[str, tuple[CallLine, ...]]:
    """By group: the lines of its calls in live order, what was not made where it was recorded.

    `made`: live calls with the groups they are charged to; `missing`: recorded calls with theirs.
    """
    found: dict[str, list[tuple[int, CallLine]]] = {}
    for call, judged in made:
        group = judged[0]
        if group in groups:
            record, change = fates.get(call.id, (None, "unexpected"))
            at = position[record.id] if record is not None else -1
            line = CallLine(
                dependency=clean(call.dependency),
                recorded=clean(record.label) if record is not None else "",
                made=clean(call.label),
                change=change,
                effect=call.facts.effect,
                tier=call.tier,
            )
            found.setdefault(group, []).append((at, line))
    for record, group in missing:
        if group in groups:
            lines = found.setdefault(group, [])
            at = position[record.id]
            after = next((n for n, (other, _) in enumerate(lines) if other > at), len(lines))
            line = CallLine(
                dependency=clean(record.dependency),
                recorded=clean(record.label),
                change="missing",
                effect=record.facts.effect,
            )
            lines.insert(after, (at, line))
    return {
        group: tuple(_counted(line for _, line in lines)[:LINES]) for group, lines in found.items()
    }


def _counted(lines: Iterable[CallLine]) -> list[CallLine]:
    """Equal lines that follow one another as one."""
    return [
        msgspec.structs.replace(line, times=sum(1 for _ in same))
        for line, same in itertools.groupby(lines)
    ]
