"""Differences of calls: charged to a request or a group, excused, counted."""

from __future__ import annotations

from ci_gate.diff.calls.ledger import Ledger
from ci_gate.diff.rules import Rules
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import Facts
from ci_gate.model.rule import Rule, Where

CALL = CallRecord(
    id="c", dependency="api", route="GET /a", label="GET /a?x", facts=Facts("read"), parts=()
)


def test_a_difference_is_charged_to_its_request_or_group() -> None:
    """A request with its route; startup and background by name."""
    ledger = Ledger(Rules((), "2026-09-01"), {"r1": "POST /orders"})
    one = ledger.difference(CALL, "r1", "missing", expected="x")
    assert (one.exchange, one.group, one.route) == ("r1", "", "POST /orders")
    assert (one.dependency, one.call, one.effect, one.expected) == ("api", "GET /a", "read", "x")
    other = ledger.difference(CALL, "startup", "missing")
    assert (other.exchange, other.group, other.route) == ("", "startup", "")
    assert ledger.differences == []


def test_red_is_what_is_neither_excused_nor_a_notice() -> None:
    """A rule excuses and is kept with the difference."""
    rule = Rule(index=3, calls=("missing",), where=Where(dependency="api"), reason="r")
    ledger = Ledger(Rules((rule,), "2026-09-01"), {})
    assert not ledger.add(CALL, "r1", "missing")
    assert not ledger.add(CALL, "r1", "repeated", notice=True)
    assert ledger.add(CALL, "r1", "repeated")
    assert [one.excused for one in ledger.differences] == [3, 0, 0]
