"""summary.md: what a reviewer reads on the pull request. Verdict first, then causes, then detail.

The text is built to a budget. `LADDER` says in which order things get shorter: the whole summary is
rendered again one rung lower until it fits, so that a fence or a details element is never cut in
the middle, and the summary says what was left out.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from msgspec.structs import replace

from ci_gate.model.result import Result
from ci_gate.report import markdown_sections as sections
from ci_gate.report.markdown_sections import Level
from ci_gate.report.markdown_text import inline
from ci_gate.report.words import headline

BUDGET = 60_000

_ADDRESS = re.compile(r"https?://[!#-;=?-~]+")

EMOJI = {"pass": "✅", "fail": "❌", "inconclusive": "⚠️"}

_STEPS: tuple[dict[str, int], ...] = (
    {"chart": False},
    {"excused": 0},
    {"routes": 12, "rules": 20},
    {"examples": 1, "lines": 40, "width": 600},
    {"routes": 0, "rules": 10, "lines": 12, "log": 4, "width": 200},
    {"rules": 0, "lines": 6, "log": 0, "width": 160, "details": 8},
    {"details": 0, "notices": 5},
    {"notices": 0, "reasons": 3, "causes": 5, "apart": 3, "cell": 30},
    {"reasons": 0, "causes": 0, "apart": 0, "conditions": 0, "environment": False},
)
"""What goes first: decoration, then what is fine anyway, then length, then detail, then the table."""

LADDER = tuple(
    itertools.accumulate(_STEPS, lambda above, step: replace(above, **step), initial=Level())
)
"""The levels of detail, each one step shorter than the one before it."""

_SECTIONS: tuple[tuple[str, Callable[[Result, Level], str]], ...] = (
    ("reasons", sections.reasons),
    ("causes", sections.causes),
    ("unstable, known and quarantined", sections.apart),
    ("conditions", sections.conditions),
    ("details of each cause", sections.details),
    ("notices", sections.notices),
    ("rules and excused differences", sections.rules),
    ("what is let pass", sections.let_pass),
    ("latency", sections.latency),
    ("environment", sections.environment),
)


def render(result: Result, budget: int = BUDGET, *, link: str = "") -> str:
    """The summary of `result` as Markdown for GitHub and GitLab, at most `budget` long.

    The length is counted in UTF-16 units, the strictest way any forge counts. `link` is the
    http(s) address of the full report (chosen by us, not taken from traffic); "" = none.
    """
    full: dict[str, str] = {}
    for level in LADDER:
        parts = {name: make(result, level) for name, make in _SECTIONS}
        full = full or parts
        text = _assemble(result, parts, _shortened(full, parts, budget), link)
        if size(text) <= budget:
            return text
    return _heading(result)[: max(budget // 2, 0)]


def size(text: str) -> int:
    """UTF-16 units: never fewer than characters, and at least a third of the UTF-8 bytes."""
    return len(text.encode("utf-16-le")) // 2


def _assemble(result: Result, parts: dict[str, str], shortened: str, link: str) -> str:
    """Heading, sections and footer, blank lines between."""
    footer = f"[Full report](<{link}>)" if _ADDRESS.fullmatch(link) else ""
    texts = [_heading(result), *parts.values(), shortened, footer]
    return "\n\n".join(text for text in texts if text) + "\n"


def _heading(result: Result) -> str:
    """`### ❌ orders: FAIL, 4 causes, 12 of 128 requests changed`."""
    outcome = result.verdict.outcome
    name = inline(result.service, 80)
    return f"### {EMOJI[outcome]} {name}: {outcome.upper()} — {headline(result)}"


def _shortened(full: dict[str, str], parts: dict[str, str], budget: int) -> str:
    """One line that says what this rung left out or made shorter."""
    gone = [name for name, text in parts.items() if full[name] and not text]
    shorter = [name for name, text in parts.items() if text and text != full[name]]
    said = [f"left out: {', '.join(gone)}"] if gone else []
    said += [f"shortened: {', '.join(shorter)}"] if shorter else []
    if not said:
        return ""
    return (
        f"<sub>Kept to {budget:,} characters ({'; '.join(said)}). "
        "Everything is in result.json of the run directory.</sub>"
    )
