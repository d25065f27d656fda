"""Rows: what became of each exchange and of each dependency outside of exchanges."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.diff.outcomes import LIMIT, charge, outcome, standing_outcomes
from ci_gate.diff.rules import Rules
from ci_gate.model.difference import Difference
from ci_gate.model.rule import Rule


def _difference(**fields: Any) -> Difference:
    return Difference(**{"change": "value", "place": "response.body.$.a", **fields})


@pytest.mark.parametrize(
    ("differences", "state"),
    [
        ([], "passed"),
        ([_difference(notice=True), _difference(excused=1)], "passed"),
        ([_difference()], "failed"),
        ([_difference(change="missing", dependency="d")], "failed"),
        ([_difference(), _difference(change="no-response")], "error"),
        ([_difference(change="not-replayed")], "error"),
        ([_difference(standing="unstable")], "unstable"),
        ([_difference(standing="unstable"), _difference()], "failed"),
        ([_difference(standing="collateral"), _difference(standing="unstable")], "failed"),
        ([_difference(standing="known"), _difference(standing="unstable")], "unstable"),
        ([_difference(standing=one) for one in ("known", "before", "quarantined")], "passed"),
    ],
)
def test_state(differences: list[Difference], state: str) -> None:
    """Red differences fail an exchange; one without a complete answer is an error."""
    assert outcome("x", "GET /a", "GET /a", 1.5, differences).state == state


def test_differences_are_capped_red_first() -> None:
    """A hundred notices do not push out why an exchange failed."""
    notices = [_difference(notice=True)] * 100
    row = outcome("x", "GET /a", "GET /a", 1.5, [*notices, _difference(place="response.status")])
    assert row.differences[0].place == "response.status"
    assert len(row.differences) == LIMIT
    assert row.more == 101 - LIMIT


def test_charge_names_exchange_and_route_and_excuses() -> None:
    """An answer's differences learn whose they are; a rule for the route may excuse them."""
    rule = Rule(index=1, at="response.body.$.a", allow="any", reason="r")
    found = charge([_difference(change="added")], "x", "GET /a", Rules([rule], "2026-01-01"))
    assert [(one.exchange, one.route, one.excused) for one in found] == [("x", "GET /a", 1)]


def test_dependencies_have_rows_for_startup_and_background() -> None:
    """Recorded dependencies have a row even without differences, new ones with them."""
    rows = standing_outcomes(
        [
            _difference(change="missing", dependency="db", group="startup"),
            _difference(change="missing", dependency="q", group="background", notice=True),
            _difference(change="new-host", dependency="evil", group="startup"),
            _difference(change="missing", dependency="db", exchange="x"),
        ],
        {"startup": ["db", "api"], "background": ["q"]},
    )
    assert [(row.group, row.route, row.state, len(row.differences)) for row in rows] == [
        ("startup", "db", "failed", 1),
        ("startup", "api", "passed", 0),
        ("startup", "evil", "failed", 1),
        ("background", "q", "passed", 1),
    ]
