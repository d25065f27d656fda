"""The ends of `record` and `mock`: tables on stderr, or one line of JSON on stdout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from tabulate import tabulate

from ci_gate.cli.output import printable, say_json, tell
from ci_gate.gate.summary import LearnSummary, MockSummary, RecordSummary, Unfaithful

MAX_ROWS = 40
MAX_CELL = 80
"""Characters of a cell, but for the last one of a row."""
_RULES = (
    "what may differ is said by a rule in ci-gate.yml (`at` and `allow` for a place, `calls` for a "
    "call); then learn again"
)


def show_recording(summary: RecordSummary, *, as_json: bool = False, quiet: bool = False) -> None:
    """What was recorded, and what was not."""
    _show(summary, recording_text(summary), as_json, quiet)


def show_mocking(summary: MockSummary, *, as_json: bool, quiet: bool) -> None:
    """What was served, and what could not be."""
    _show(summary, mocking_text(summary), as_json, quiet)


def show_lesson(summary: LearnSummary, *, as_json: bool = False, quiet: bool = False) -> None:
    """What was learned, or why nothing was."""
    _show(summary, lesson_text(summary), as_json, quiet)


def _show(summary: msgspec.Struct, text: str, as_json: bool, quiet: bool) -> None:
    if as_json:
        say_json(msgspec.json.encode(summary))
    elif not quiet:
        tell(text)


def recording_text(summary: RecordSummary) -> str:
    """The summary of a recording as plain text, for people."""
    head = f"{summary.out}: {summary.inbound} inbound and {summary.outbound} outbound exchanges"
    blocks = [
        head,
        table("route", ("exchanges",), [(r, n) for r, n in summary.routes]),
        table("dependency", ("address", "exchanges"), list(summary.dependencies)),
        table("not kept (--max)", ("exchanges",), [(r, n) for r, n in summary.dropped]),
        table("redacted", ("values",), [(k, n) for k, n in summary.redacted]),
        table("could not be decoded", (), [(text,) for text in summary.undecoded]),
        table(
            "NOT CAPTURED",
            ("connections", "what to do"),
            [(one.address, one.count, one.fix) for one in summary.uncaptured],
        ),
        "\n".join(f"warning: {printable(text)}" for text in summary.warnings),
    ]
    return "\n\n".join(block for block in blocks if block)


def mocking_text(summary: MockSummary) -> str:
    """The summary of `mock` as plain text, for people."""
    head = (
        f"{summary.matched} calls answered, {summary.unmatched} not recorded, "
        f"{summary.unused} recorded and never called"
    )
    misses = [
        (one.label, one.dependency, one.count, one.nearest.replace("\n", "; "))
        for one in summary.misses
    ]
    refused = [(one.dependency, one.count, one.reason) for one in summary.refused]
    blocks = [
        head,
        table("not recorded", ("dependency", "calls", "nearest"), misses),
        table("refused", ("times", "why"), refused),
        table("new hosts", (), [(host,) for host in summary.new_hosts]),
    ]
    return "\n\n".join(block for block in blocks if block)


def lesson_text(summary: LearnSummary) -> str:
    """The summary of `learn` as plain text, for people."""
    if summary.left:
        blocks = _not_filled(summary)
    else:
        blocks = _learned(summary) if not summary.unfaithful else _not_learned(summary)
    if summary.filled:
        filled = _count(summary.filled, "request has got its", "requests have got their")
        blocks = [f"{filled} answer from the service", *blocks]
    blocks += [
        "\n".join(f"service: {printable(line)}" for line in summary.last_lines),
        f"note: {printable(summary.note)}" if summary.note else "",
    ]
    return "\n\n".join(block for block in blocks if block)


def _learned(summary: LearnSummary) -> list[str]:
    kinds: Counter[str] = Counter()
    for one in summary.noise:
        kinds[one.kind] += one.exchanges
    places = sum(kinds.values())
    listed = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    head = (
        f"{summary.snapshot}: learned from {summary.replays} replays: "
        f"{_count(places, 'place varies', 'places vary')}"
        + (f" ({listed})" if listed else "")
        + f", {len(summary.rebased) or 'none'} rebased, "
        f"{_count(summary.bindings, 'value travels', 'values travel')}"
    )
    return [
        head,
        f"pace: recorded, because {printable(summary.pace)}" if summary.pace else "",
        table(
            "varies",
            ("exchanges", "place", "kind"),
            [(one.route, one.exchanges, one.place, one.text) for one in summary.noise],
        ),
        table(
            "rebased: review these",
            ("exchange", "place", "recorded live", "expected under mocks"),
            [(r.route, r.exchange, r.place, r.recorded, r.expected) for r in summary.rebased],
        ),
        table(
            "may rot: the clock cannot be moved",
            ("exchanges", "holds dates near the recording's", "such as"),
            [(one.route, one.exchanges, one.place, one.example) for one in summary.risks],
        ),
    ]


def _not_filled(summary: LearnSummary) -> list[str]:
    head = f"{summary.snapshot}: nothing was learned, because requests have no answer yet"
    remedy = (
        "record the calls that nobody has recorded: `ci-gate export --format curl` writes the "
        "requests as a script, and `ci-gate record --add --drive` runs it"
    )
    return [head, table("no answer", (), [(one,) for one in summary.left]), remedy]


def _not_learned(summary: LearnSummary) -> list[str]:
    head = f"{summary.snapshot}: nothing was written, because not everything can be explained"
    erratic = (
        "the service is not deterministic: most of its routes "
        f"({', '.join(map(printable, summary.erratic))}) answer differently from replay to replay, "
        "and nothing says how. No place was opened for that. Give the service a fixed seed and a "
        "fixed order while it is tested."
    )
    reasons = [
        (one.route or "the service", _which(one), one.why.replace("\n", "; "))
        for one in summary.unfaithful
    ]
    return [
        head,
        erratic if summary.erratic else "",
        table("unfaithful", ("exchange", "why"), reasons),
        _RULES if any(one.route for one in summary.unfaithful) else "",
    ]


def _which(one: Unfaithful) -> str:
    more = one.exchanges - 1
    return one.exchange + (f" and {more} more" if more else "")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _cut(text: str) -> str:
    """A cell that others stand behind: one long path would push them all out of sight."""
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"


def table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str | int, ...]]) -> str:
    """Rows under a head, control characters shown; "" without rows."""
    if not rows:
        return ""
    texts = [[printable(str(cell)) for cell in row] for row in rows[:MAX_ROWS]]
    shown = [(*map(_cut, row[:-1]), *row[-1:]) for row in texts]
    text = tabulate(shown, headers=(title, *columns), tablefmt="plain", disable_numparse=True)
    more = len(rows) - MAX_ROWS
    return text + (f"\n… and {more} more" if more > 0 else "")
