"""Collecting differences: masks, stand-ins and limits in one place."""

from __future__ import annotations

from typing import Any

from ci_gate.diff.equality import Equality
from ci_gate.diff.findings import LIMIT, Findings, stand_in_pairs
from ci_gate.diff.masks import NO_MASKS, Masks


def _findings(masks: Masks = NO_MASKS) -> Findings:
    return Findings("response", masks, Equality())


def test_opened_place_is_told_and_not_kept() -> None:
    """What a rule opens to anything is counted as its use, and is no difference."""
    told: list[tuple[int, tuple[str, str]]] = []
    masks = Masks(
        (("response.body.$.a", "any", 4),),
        lambda index, place, texts: told.append((index, texts())),
    )
    findings = _findings(masks)
    findings.add("added", "response.body.$.a", "", "1")
    findings.add("added", "response.body.$.b", "", "1")
    assert [one.place for one in findings.finish(())] == ["response.body.$.b"]
    assert told == [(4, ("", "1"))]


def test_excused_secrets_are_hidden_too() -> None:
    """Examples of excused differences show no secret."""
    told: list[tuple[str, str]] = []
    masks = Masks(
        (("response.body.$.password", "string", 1),),
        lambda index, place, texts: told.append(texts()),
    )
    _findings(masks).text("value", "response.body.$.password", "hunter2", "hunter3")
    assert told == [("‹secret›", "‹secret›")]


def test_limit_counts_the_rest() -> None:
    """Beyond the limit differences are counted, whichever way they come."""
    findings = _findings()
    for number in range(LIMIT + 5):
        findings.text("value", f"response.body.a[{number}]", "1", "2")
        findings.value(f"response.body.$[{number}]", "1", "2")
    assert findings.count == 2 * LIMIT + 10
    kept = findings.finish(())
    assert len(kept) == LIMIT + 1
    assert kept[-1].detail == f"and {LIMIT + 10} more differences in this message"


def test_stand_ins_under_a_changed_place_did_not_come_back(stand_in: Any) -> None:
    """A stand-in in a part that is gone is not taken as seen word for word."""
    made = stand_in("email", "a@person.org")
    findings = _findings()
    findings.add("removed", "response.body.$.user", "{…}")
    findings.finish((("response.body.$.user.mail", made), ("response.body.$.users", made)))
    assert findings.equality.count == 1


def test_pairs_of_stand_ins_in_texts(stand_in: Any) -> None:
    """All that differs must be at stand-ins; then each is paired with what stands there."""
    one, two = stand_in("email", "a@person.org"), stand_in("email", "b@person.org")
    assert stand_in_pairs(one, "x@y.org") == [("email", one, "x@y.org")]
    assert stand_in_pairs(f"{one},{two}", "x@y.org,z@y.org") == [
        ("email", one, "x@y.org"),
        ("email", two, "z@y.org"),
    ]
    assert stand_in_pairs(f"{one} a", "x@y.org b") == []
    assert stand_in_pairs(f"{one} a", "x@y.org") == []
    assert stand_in_pairs("plain", "other") == []
