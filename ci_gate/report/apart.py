"""What is told apart from the red causes: unstable, known, in the baseline, in quarantine; what is
collateral of a miss; and how much lets something pass at all. Plain text, not escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ci_gate.model.difference import STANDINGS, Cause, Standing
from ci_gate.model.result import Result, Unstable
from ci_gate.report.text import focus, one_line, squeezed
from ci_gate.report.words import extent, plural, sides, standing

HEADINGS: dict[Standing, str] = {
    "unstable": "Unstable: did not differ again when replayed alone",
    "known": "Known",
    "before": "Not new: in the baseline, too",
    "quarantined": "In quarantine",
}
SHOWN = 10
"""Causes of one heading that are shown."""
ENTRIES = 3
"""Entries for `quarantine` that are shown."""
_WIDTH = 60
_IDS = 3
_LISTED = 8
"""Fingerprints of an entry that are shown."""

_ALLOWANCES = ("rules", "noise", "rebased", "known", "quarantined", "assumed")
_EDITED = {
    "rule": "rules",
    "noise": "noise",
    "rebased": "rebased",
    "known": "known",
    "quarantine": "quarantined",
    "assumed": "assumed",
}
"""Subject of an edit -> the count that it is about."""


def told_apart(result: Result) -> list[tuple[Standing, list[Cause]]]:
    """Every standing that is not red and has causes, in the order of reports."""
    found = [(which, standing(result, which)) for which in STANDINGS[1:]]
    return [(which, causes) for which, causes in found if causes]


def terms(result: Result, cause: Cause) -> str:
    """How often a cause was seen, and of a known one until when, by whom and why it passes."""
    entry = next((one for one in result.known if one.fingerprint == cause.fingerprint), None)
    if cause.standing != "known" or entry is None:
        return extent(cause)
    return f"{extent(cause)}; until {entry.until}, {entry.owner}: {entry.reason}"


def values(cause: Cause) -> tuple[str, str] | None:
    """Expected and actual of the smallest example of what is unstable, the same parts of both; None
    for what is agreed to pass, and where there is nothing to compare."""
    if cause.standing != "unstable" or not cause.examples:
        return None
    expected, actual = (
        text if text is not None else "nothing" for text in sides(cause.examples[0])
    )
    return focus(*squeezed(expected, actual), _WIDTH) if expected or actual else None


def quarantine_entry(one: Unstable) -> str:
    """What to write below `quarantine:` so that an exchange passes with what did not repeat."""
    listed = ", ".join(one.differences[:_LISTED])
    more = ", …" if len(one.differences) > _LISTED else ""
    text = f"- {{exchange: {one.exchange}, differences: [{listed}{more}], "
    return one_line(text + "reason: …, owner: …, until: …}", 600)


def collateral(cause: Cause, spell: Callable[[str], str] = str) -> str:
    """The later exchanges that differed after this miss and pass without it; "" when there are
    none. `spell`: how an id is written."""
    if not cause.collateral:
        return ""
    ids = ", ".join(map(spell, cause.collateral[:_IDS]))
    more = ", …" if len(cause.collateral) > _IDS else ""
    differ = "differs" if len(cause.collateral) == 1 else "differ"
    return f"{plural(len(cause.collateral), 'later request')} {differ} only after this: {ids}{more}"


def allowances(result: Result) -> str:
    """ "rules 2 (1 edited by this change), noise 31, rebased 0…"; "" when there is nothing to say."""
    counted = result.allowances
    edits = Counter(
        _EDITED[one.subject]
        for one in (result.edits.items if result.edits is not None else ())
        if one.subject in _EDITED
    )
    if not any(getattr(counted, name) for name in _ALLOWANCES) and not edits:
        return ""
    return ", ".join(
        f"{name} {getattr(counted, name):,}"
        + (f" ({edits[name]:,} edited by this change)" if edits[name] else "")
        for name in _ALLOWANCES
    )
