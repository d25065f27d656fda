"""The report of an import as people read it."""

from __future__ import annotations

from collections.abc import Callable

from ci_gate.cli.importsummary import import_text
from ci_gate.gate.summary import Fidelity, ImportSummary, ProposedRule


def test_text(golden: Callable[[str, str], None]) -> None:
    """Everything that can be in it."""
    summary = ImportSummary(
        out="snapshots/shop",
        path="in.har",
        format="har",
        title="HAR 1.2",
        inbound=2,
        outbound=1,
        skipped=3,
        unanswered=1,
        why_skipped=(Fidelity(what="broken: not JSON", count=3, first="in.har:7"),),
        lost=(Fidelity(what="HTTP/2: carried as HTTP/1.1", count=2, first="in.har:1"),),
        rules=(ProposedRule(route="GET /a", at="response.body.$.ts", allow="any", reason='"so"'),),
        routes=(("GET /a", 2),),
        dependencies=(("pay", "https://pay.example", 1),),
        redacted=(("email", 4),),
        warnings=("beware",),
    )
    golden("cli/import.txt", import_text(summary) + "\n")
