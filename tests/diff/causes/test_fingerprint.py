"""Fingerprints: the same change has the same name in every run, another change another one."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.diff.causes.fingerprint import (
    CAUSE,
    DIFFERENCE,
    fault,
    of_cause,
    of_difference,
    resembles,
)
from ci_gate.model.difference import Difference


def answer(**fields: Any) -> Difference:
    """A field of an answer that changed."""
    known = {"change": "value", "route": "GET /a", "place": "response.body.$.items[3].price"}
    return Difference(**{**known, "expected": "1", "actual": "2", "exchange": "e", **fields})


def call(**fields: Any) -> Difference:
    """A call that is not made any more."""
    known = {"change": "missing", "route": "GET /a", "dependency": "pay", "call": "POST /charges"}
    return Difference(**{**known, "exchange": "e", **fields})


def test_they_are_what_they_were() -> None:
    """Committed ones must keep working: whoever changes these two changes the version."""
    assert of_cause([answer()]) == "c1:de544739-a296db53"
    assert of_difference(answer()) == "d1:5f9187dd"


@pytest.mark.parametrize(
    "fields",
    [
        {"exchange": "other"},
        {"expected": "17", "actual": "18"},
        {"place": "response.body.$.items[0].price"},
        {"detail": "something else for people"},
        {"call_id": "x", "effect": "write"},
        {"standing": "unstable"},
    ],
)
def test_values_and_ids_say_nothing(fields: dict[str, Any]) -> None:
    """The same kind of change elsewhere, with other values, is the same."""
    assert of_cause([answer(**fields)]) == of_cause([answer()])
    assert of_cause([answer(), answer(**fields)]) == of_cause([answer()])
    assert of_difference(answer(**fields)) == of_difference(answer())


@pytest.mark.parametrize(
    "fields",
    [
        {"route": "GET /b"},
        {"place": "response.body.$.items[3].cost"},
        {"change": "removed"},
        {"change": "type", "actual": '"2"'},
        {"change": "status", "expected": "200", "actual": "500"},
        {"notice": True},
    ],
)
def test_another_change_is_another_one(fields: dict[str, Any]) -> None:
    """Route, place, kind of change, types and statuses tell causes apart."""
    assert of_cause([answer(**fields)]) != of_cause([answer()])
    assert of_difference(answer(**fields)) != of_difference(answer())


def test_statuses_and_types_are_no_values() -> None:
    """Another status, or another type, is another form of the change."""
    statuses = {
        of_cause([answer(change="status", expected="200", actual=now)]) for now in ("500", "404")
    }
    types = {
        of_cause([answer(change="type", expected="1", actual=now)])
        for now in ('"1"', "null", "[1]", "{", "true")
    }
    assert (len(statuses), len(types)) == (2, 5)


def test_a_transform_that_all_share_is_part_of_it() -> None:
    """Rounded prices are known as rounded; that they double is another cause."""
    rounded = answer(transforms=("rounded to 2 places", "decreased by 0.003"))
    other = answer(expected="3", transforms=("rounded to 2 places", "increased by 0.001"))
    assert of_cause([rounded, other]) == of_cause([rounded]) != of_cause([answer()])
    assert of_cause([rounded, answer(expected="4")]) == of_cause([answer()])


def test_numbers_in_a_transform_are_values() -> None:
    """Two places or three: the same way of changing."""
    two, three = (answer(transforms=(f"rounded to {n} places",)) for n in (2, 3))
    assert of_cause([two]) == of_cause([three])


def test_what_follows_is_part_of_a_cause() -> None:
    """Whoever knows a missing call does not know what else it now brings with it."""
    alone = of_cause([call()])
    more = of_cause([call()], [answer()])
    assert alone != more
    assert resembles(alone, more)
    assert not resembles(alone, alone)
    assert of_cause([call()], [answer(), answer(exchange="f")]) == more


def test_a_call_on_another_route_goes_further() -> None:
    """Calls fold over routes; one route more is another fingerprint about the same call."""
    one, both = of_cause([call()]), of_cause([call(), call(route="GET /b")])
    assert one != both
    assert resembles(one, both)


def test_trouble_of_a_connection_is_known_by_its_kind() -> None:
    """A connection that came to no call has only its trouble; ports and counts in it vary."""
    first = call(change="unexpected", call="", detail="TLS failed after 13 bytes")
    second = call(change="unexpected", call="", detail="TLS failed after 7 bytes")
    other = call(change="unexpected", call="", detail="no HTTP")
    assert of_cause([first]) == of_cause([second]) != of_cause([other])


def test_what_was_not_replayed_is_no_routes_doing() -> None:
    """It folds over routes, and is the same whichever were left."""
    one, other = (answer(change="not-replayed", place="response", route=r) for r in ("A", "B"))
    assert of_cause([one]) == of_cause([one, other])


def test_faults() -> None:
    """Another version is told from what is no fingerprint at all."""
    assert fault(of_cause([answer()]), CAUSE) == ""
    assert fault(of_difference(answer()), DIFFERENCE) == ""
    assert "is of another version (c2, this ci-gate makes c1)" in fault("c2:12345678", CAUSE)
    assert "another version (d7" in fault("d7:00", DIFFERENCE)
    for text in ("", "C1", "c1:xyz", of_difference(answer()), "c1:12345678-12345678\n"):
        assert "is no fingerprint" in fault(text, CAUSE), text
