"""Rules that cannot be meant are refused with the remedy; every form of a place is accepted."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.diff.rulecheck import check, check_together, nearest, one_line
from ci_gate.errors import UsageError
from ci_gate.model.rule import Rule, Where

ROUTE = "GET /orders/{id}"


def _place(**fields: Any) -> Rule:
    return Rule(**{"index": 1, "at": "response.body.$.at", "allow": "any", "reason": "r", **fields})


def _calls(**fields: Any) -> Rule:
    return Rule(**{"index": 1, "calls": ("missing",), "reason": "r", **fields})


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (_place(reason=" "), "has no reason"),
        (_place(at="body.$.at"), "starts with request. or response."),
        (_place(at="response"), "starts with request. or response."),
        (_place(at="response.body.$.a..b"), "is no place"),
        (_place(at="response.body.$.*.b"), "is no place"),
        (_place(at="response.body.$.a[x]"), "is no place"),
        (_place(allow="timestmp"), "did you mean timestamp?"),
        (_place(allow=""), "needs `allow`"),
        (_place(calls=("missing",)), "either `at` with `allow`, or `calls`"),
        (Rule(index=1, reason="r"), "either `at` with `allow`, or `calls`"),
        (_place(effect="read"), "`effect` belongs to `calls`"),
        (_calls(calls=("mising",)), "did you mean missing?"),
        (_calls(allow="any"), "`allow` belongs to `at`"),
        (_calls(effect="reads"), "neither read nor write"),
        (_calls(until="30.06.2027"), "is no date"),
        (_calls(until="20270630"), "is no date"),
        (_calls(where=Where(group="boot")), "neither startup nor background"),
        (_place(at="response.*"), "would hide all that it covers"),
        (_place(at="response.body"), "would hide everything"),
        (_place(at="response.body.$.*"), "would hide all that it covers"),
        (_place(at="request.body"), "would hide everything"),
        (_place(at="response.*", where=Where(route=ROUTE)), "would hide all of the route"),
        (_place(at="response.body.*", where=Where(route=ROUTE)), "would hide all of the route"),
        (_place(at="response.body.$.*", where=Where(route=ROUTE)), "would hide all of the route"),
        (_place(at="response.body.$", where=Where(route=ROUTE)), "would hide all of the route"),
        (_place(at="request.body.*", where=Where(dependency="d")), "would hide all that it covers"),
        (_place(where=Where(dependency="d")), "of a dependency's answer never differs"),
        (_place(where=Where(group="startup")), "of a dependency's answer never differs"),
        (_calls(where=Where(group="startup", route=ROUTE)), "no call belongs to both"),
        (_place(at="request.*", where=Where(dependency="d")), "would hide all that it covers"),
    ],
)
def test_refused_rules(rule: Rule, text: str) -> None:
    """A rule that cannot be meant is an error that names it, its line and the remedy."""
    with pytest.raises(UsageError) as caught:
        check(msgspec.structs.replace(rule, index=3, line=41))
    assert text in str(caught.value)
    assert str(caught.value).startswith("rule 3 (line 41): ")


@pytest.mark.parametrize(
    "at",
    [
        "response.status", "response.headers.*", "request.path[1]", "response.body.$.a[*].b[3]",
        'response.body.$["odd key"].x', "response.body.$.a.*", "request.query.page",
        "response.body", "response.body.$[*].id", "response.trailers.x-sum", "request.params[2]",
    ],
)  # fmt: skip
def test_accepted_places(at: str) -> None:
    """Every form of a place is accepted when a route limits it."""
    check(_place(at=at, where=Where(route=ROUTE)))


def test_rules_that_are_wide_and_can_be_meant() -> None:
    """One dependency, one effect or one change is a choice; so is what is below one member."""
    every = ("missing", "unexpected", "changed", "repeated")
    check(_calls(calls=every, where=Where(dependency="cache")))
    check(_place(at="response.body.$.*", allow="integer"))
    check(_place(at="request.body.$.at", where=Where(dependency="d")))


def test_pattern_check_is_linear() -> None:
    """A long hostile place is refused at once."""
    with pytest.raises(UsageError):
        check(_place(at="response.body" + ".$" * 50_000 + "!!.."))


def test_nearest_names_what_is_allowed() -> None:
    """The nearest spelling is offered only when there is one near."""
    assert nearest("mising", ("missing", "changed")) == (
        "; did you mean missing? Allowed: missing, changed"
    )
    assert nearest("zzz", ("missing",)) == "; allowed: missing"


def test_one_line() -> None:
    """A rule reads as one line with its scope."""
    where = Where(route=ROUTE, dependency="db")
    assert one_line(_place(allow="uuid", where=where)) == (
        "response.body.$.at: uuid (GET /orders/{id}, db)"
    )
    assert one_line(_calls(effect="read")) == "missing read calls"


def test_contradicting_rules_are_refused_together() -> None:
    """Two kinds for one place of the same exchanges are refused; for others they are not."""
    one, same = _place(allow="uuid"), _place(index=2, allow="uuid")
    other = _place(index=3, allow="integer")
    elsewhere = _place(index=4, allow="integer", where=Where(route=ROUTE))
    check_together([one, same, elsewhere, _calls(), _calls(calls=("repeated",))])
    with pytest.raises(UsageError, match=r"rule 3: allows integer at .* where rule 1 allows uuid"):
        check_together([one, same, other])
