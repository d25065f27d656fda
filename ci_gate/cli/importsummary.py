"""The end of `import`: its fidelity report as a table, or one line of JSON on stdout."""

from __future__ import annotations

import msgspec

from ci_gate.cli.output import printable, say_json, tell
from ci_gate.cli.summaries import table
from ci_gate.gate.importedrules import rule_line
from ci_gate.gate.summary import Fidelity, ImportSummary


def show_import(summary: ImportSummary, *, as_json: bool = False, quiet: bool = False) -> None:
    """What came over, and what did not."""
    if as_json:
        say_json(msgspec.json.encode(summary))
    elif not quiet:
        tell(import_text(summary))


def import_text(summary: ImportSummary) -> str:
    """The report as plain text, for people."""
    head = (
        f"{summary.out}: {summary.inbound} inbound and {summary.outbound} outbound exchanges "
        f"of {summary.title}, {summary.skipped} skipped"
    )
    unanswered = (
        f"{summary.unanswered} requests have no recorded answer: "
        "`ci-gate learn --fill` takes it from the unchanged service"
    )
    blocks = [
        head,
        table("route", ("exchanges",), list(summary.routes)),
        table("dependency", ("address", "calls"), list(summary.dependencies)),
        table("skipped", ("exchanges", "first"), _rows(summary.why_skipped)),
        table("came over otherwise", ("times", "first"), _rows(summary.lost)),
        table("redacted", ("values",), list(summary.redacted)),
        unanswered if summary.unanswered else "",
        _rules(summary),
        "\n".join(f"warning: {printable(text)}" for text in summary.warnings),
    ]
    return "\n\n".join(block for block in blocks if block)


def _rows(found: tuple[Fidelity, ...]) -> list[tuple[str | int, ...]]:
    return [(one.what, one.count, one.first) for one in found]


def _rules(summary: ImportSummary) -> str:
    if not summary.rules:
        return ""
    where = "added to ci-gate.yml" if summary.rules_written else "to put into ci-gate.yml"
    return "\n".join([f"rules, {where}:", *(f"  - {rule_line(one)}" for one in summary.rules)])
