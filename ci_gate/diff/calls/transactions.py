"""Writes that are no longer in one transaction with those they were recorded with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ci_gate.diff.calls.moves import Made
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import INSIDE

Left = tuple[CallRecord, CallRecord, list[CallRecord]]
"""(live call, recorded call, the recorded calls whose transaction it left)."""


def left_transaction(made: Sequence[Made]) -> Iterator[Left]:
    """Of the writes of one inbound exchange, in live order: those in another transaction than most
    of what they were recorded in one with. Only transactions that are known on both sides count;
    that a call is in none now is a difference of the call itself."""
    together: dict[tuple[str, str], list[Made]] = {}
    for call, record in made:
        known = {call.facts.transaction, record.facts.transaction}.isdisjoint({"", INSIDE})
        if known and record.facts.effect == "write":
            scope = (record.dependency, record.facts.transaction)
            together.setdefault(scope, []).append((call, record))
    for writes in together.values():
        counted = Counter(call.facts.transaction for call, _ in writes)
        home = counted.most_common(1)[0][0]  # of equally many, the first
        stayed = [record for call, record in writes if call.facts.transaction == home]
        for call, record in writes:
            if call.facts.transaction != home:
                yield call, record, stayed
