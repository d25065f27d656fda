"""Rules: what they open and allow, what is refused, what is reported."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.diff.rules import EXAMPLES, Rules
from ci_gate.model.difference import Difference
from ci_gate.model.rule import Rule, Where

TODAY = "2026-09-01"
ROUTE = "GET /orders/{id}"


def _place(**fields: Any) -> Rule:
    return Rule(**{"index": 1, "at": "response.body.$.at", "allow": "any", "reason": "r", **fields})


def _calls(**fields: Any) -> Rule:
    return Rule(**{"index": 1, "calls": ("missing",), "reason": "r", **fields})


def _call(**fields: Any) -> Difference:
    known = {"change": "missing", "dependency": "db", "call": "GET /a", "effect": "read"}
    return Difference(**{**known, **fields})


def test_masks_hold_the_rules_of_their_messages() -> None:
    """A rule opens places only in the side, route, dependency, call and group it names."""
    rules = Rules(
        [
            _place(index=1, where=Where(route=ROUTE)),
            _place(index=2, at="request.body.$.n", where=Where(dependency="db", call="GET /a")),
            _place(index=3, at="request.query.t", where=Where(group="startup")),
        ],
        TODAY,
    )
    assert rules.masks_for(ROUTE, side="response").opened == (("response.body.$.at", "any"),)
    assert rules.masks_for("GET /other", side="response").opened == ()
    assert rules.masks_for(ROUTE, "db", "GET /a", "", "request").opened == (
        ("request.body.$.n", "any"),
    )
    assert rules.masks_for("", "db", "GET /b", "startup", "request").opened == (
        ("request.query.t", "any"),
    )
    assert rules.masks_for(ROUTE, side="response") is rules.masks_for(ROUTE, side="response")


def test_rule_of_a_dependency_opens_no_inbound_answer() -> None:
    """A rule for calls to a dependency loosens nothing in the service's own answers."""
    rules = Rules([_place(at="request.body.$.at", where=Where(dependency="db"))], TODAY)
    assert rules.masks_for(ROUTE, "db", side="request").opened
    assert rules.masks_for(ROUTE, side="request").opened == ()
    assert rules.masks_for(ROUTE, side="response").opened == ()


@pytest.mark.parametrize(
    ("rule", "difference", "excused"),
    [
        (_calls(), _call(), 1),
        (_calls(), _call(change="unexpected"), 0),
        (_calls(effect="read"), _call(effect="write"), 0),
        (_calls(effect="write"), _call(effect="write"), 1),
        (_calls(where=Where(dependency="other")), _call(), 0),
        (_calls(where=Where(call="GET /b")), _call(), 0),
        (_calls(where=Where(route=ROUTE)), _call(route=ROUTE), 1),
        (_calls(where=Where(group="startup")), _call(), 0),
        (_calls(calls=("unexpected", "missing")), _call(change="new-host"), 0),
        (_calls(calls=("changed",)), _call(change="changed", place="request.path"), 1),
        (_calls(until="2026-08-31"), _call(), 0),
        (_calls(until="2026-09-01"), _call(), 1),
        (_calls(), Difference(change="missing"), 0),
        (_place(), Difference(change="added", place="response.body.$.at"), 1),
        (_place(allow="timestamp"), Difference(change="added", place="response.body.$.at"), 0),
        (_place(), Difference(change="added", place="response.body.$.at2"), 0),
        (_place(until="2026-08-31"), Difference(change="value", place="response.body.$.at"), 0),
        (_calls(), _call(notice=True), 0),
    ],
)
def test_excuse(rule: Rule, difference: Difference, excused: int) -> None:
    """A rule excuses what it names, in its scope and its time, and nothing beside."""
    rules = Rules([rule], TODAY)
    assert rules.excuse(difference) == excused
    assert rules.uses()[0].used == (1 if excused else 0)


def test_uses_tell_used_unused_and_expired() -> None:
    """Every rule is reported in the order of the file with what it did."""
    rules = Rules(
        [
            _calls(index=1, owner="@a"),
            _calls(index=2, calls=("unexpected",)),
            _calls(index=3, until="2026-01-01"),
        ],
        TODAY,
    )
    rules.excuse(_call())
    assert [(one.index, one.state, one.used) for one in rules.uses()] == [
        (1, "used", 1),
        (2, "unused", 0),
        (3, "expired", 0),
    ]
    assert rules.uses()[0].text == "missing calls"


def test_what_masks_let_pass_is_counted_and_shown(diff: Any, answer: Any) -> None:
    """A place rule counts every value it let pass; the first ones are kept as examples."""
    from ci_gate.codecs.http1.codec import Http1
    from ci_gate.diff.equality import Equality
    from ci_gate.diff.messages import compare

    rules = Rules([_place(allow="integer")], TODAY)
    codec = Http1()
    for number in range(EXAMPLES + 10):
        masks = rules.masks_for(ROUTE, side="response")
        old, new = codec.places(answer({"at": -1})), codec.places(answer({"at": number}))
        assert compare("response", old, new, masks, Equality()) == ()
    assert rules.uses()[0].used == EXAMPLES + 10
    assert len(rules.examples()) == EXAMPLES
    first = rules.examples()[0]
    assert (first.route, first.place, first.actual, first.excused) == (
        ROUTE,
        "response.body.$.at",
        "0",
        1,
    )
