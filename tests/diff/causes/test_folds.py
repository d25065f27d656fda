"""Folding: what is about the same comes together, what is not stays apart."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.diff.causes.folds import folded
from ci_gate.model.difference import Difference, Moment


def answer(exchange: str, **fields: Any) -> Difference:
    """A difference of an answer."""
    known = {"change": "value", "route": "GET /a", "place": "response.body.$.total"}
    return Difference(**{**known, "expected": "1", "actual": "2", "exchange": exchange, **fields})


def sizes(*differences: Difference, **more: Any) -> list[int]:
    """Differences in each fold, those that follow included."""
    found = folded(differences, more.get("moments", {}), more.get("leaders", {}))
    return [len(one.everything()) for one in found]


def gone(place: str, new: str, exchange: str = "1", **fields: Any) -> Difference:
    """A member that went and whose value is at `new` now."""
    claim = (f"renamed to {new}",)
    return answer(exchange, change="removed", place=place, actual="", transforms=claim, **fields)


def came(place: str, old: str, exchange: str = "1", **fields: Any) -> Difference:
    """A member that came with the value that was at `old`."""
    claim = (f"renamed from {old}",)
    return answer(exchange, change="added", place=place, expected="", transforms=claim, **fields)


def test_a_renamed_member_is_one() -> None:
    """What went and what came with its value is one change, in objects of arrays, too."""
    assert sizes(gone("response.body.$.a", "b"), came("response.body.$.b", "a")) == [2]
    places = [
        make(f"response.body.$.items[{n}].{name}", other)
        for n in range(3)
        for make, name, other in ((gone, "a", "b"), (came, "b", "a"))
    ]
    assert sizes(*places) == [6]


@pytest.mark.parametrize(
    "other",
    [
        came("response.body.$.c", "a"),
        came("response.body.$.x.b", "a"),
        came("response.body.$.b", "z"),
        came("response.body.$.b", "a", exchange="2"),
    ],
)
def test_what_only_looks_renamed_is_two(other: Difference) -> None:
    """Another name, another object, another exchange: two changes."""
    assert sizes(gone("response.body.$.a", "b"), other) == [1, 1]


def test_a_field_that_came_everywhere_is_one() -> None:
    """A member added to every route by one serialiser is one change; an unrelated one is not."""
    added = {"change": "added", "expected": "", "actual": "true"}
    routes = [answer(str(n), route=f"GET /{n}", **added) for n in range(4)]
    assert sizes(*routes, answer("9", place="response.body.$.other", **added)) == [4, 1]


def test_other_ways_stay_apart() -> None:
    """The same field that changed in another way, or in nothing that can be named, is another."""
    one = answer("1", transforms=("upper-cased",), expected="a", actual="A")
    two = answer("2", transforms=("trimmed",), expected="a ", actual="a", route="GET /b")
    unknown = [answer(str(n), actual="x" * 70, route=f"GET /{n}") for n in (3, 4)]
    assert sizes(one, two, *unknown) == [1, 1, 1, 1]


def test_members_of_an_object_that_changed_in_one_way_are_one() -> None:
    """All prices rounded are one change; what changed otherwise, or elsewhere, is another."""
    rounded: dict[str, Any] = {"transforms": ("rounded to 1 place",)}
    prices = [
        answer(str(n), place=f"response.body.$.prices.{name}", expected=was, actual=now, **rounded)
        for n, (name, was, now) in enumerate((("EUR", "9.95", "9.9"), ("USD", "8.53", "8.5")))
    ]
    unknown = answer("2", place="response.body.$.prices.GBP", expected="7.01", actual="9.2")
    weight = answer("3", place="response.body.$.weight", expected="1.22", actual="1.2", **rounded)
    assert sizes(*prices, unknown, weight) == [2, 1, 1]


def test_one_status_for_another_is_one_over_routes() -> None:
    """A guard that turns everybody away is one cause; exceptions tell errors apart."""
    status = {"change": "status", "place": "response.status", "expected": "200"}
    refused = [answer(str(n), route=f"GET /{n}", actual="401", **status) for n in range(5)]
    assert sizes(*refused) == [5]
    failed = [answer(str(n), route=f"GET /{n}", actual="500", **status) for n in range(3)]
    moments = {str(n): Moment(error=error) for n, error in enumerate(("A: x", "A: x", "B: y"))}
    assert sizes(*failed, moments=moments) == [2, 1]


def test_one_reason_for_no_answer_is_one_over_routes() -> None:
    """A service that closes connections does so everywhere."""
    closed = {"change": "no-response", "detail": "closed", "place": "response"}
    silent = [answer(str(n), route=f"GET /{n}", **closed) for n in range(3)]
    assert sizes(*silent, answer("9", **{**closed, "detail": "timed out"})) == [3, 1]


def test_standings_stay_apart() -> None:
    """What does not count folds by itself."""
    assert sizes(answer("1"), answer("2", standing="known")) == [1, 1]


def test_what_follows_is_under_what_led() -> None:
    """One fold each of what follows, wherever in the fold of its leader the leader stands."""
    led = [answer(str(n), route=f"GET /{n}") for n in range(3)]
    after = [answer(str(n), place="response.body.$.other") for n in range(3)]
    leaders = {id(one): leader for one, leader in zip(after, led, strict=True)}
    (found,) = folded([*led, *after], {}, leaders)
    assert [len(one.own) for one in found.under] == [3]
    deep = answer("9", place="response.body.$.deep")
    (found,) = folded([*led, *after, deep], {}, leaders | {id(deep): after[0]})
    assert len(found.everything()) == 7


def test_names_written_otherwise_are_one_over_all_fields() -> None:
    """A serialiser that spells names in another way is one change, whatever the fields."""
    style = "snake_case became camelCase"
    pairs = []
    for number, (old, new) in enumerate((("user_id", "userId"), ("created_at", "createdAt"))):
        for make, name, other in ((gone, old, new), (came, new, old)):
            one = make(f"response.body.$.{name}", other, str(number), route=f"GET /{number}")
            pairs.append(msgspec.structs.replace(one, transforms=(*one.transforms, style)))
    assert sizes(*pairs) == [4]


def test_items_of_an_array_that_are_others_are_one() -> None:
    """Several fields of the same items, in the same exchanges: the items changed."""
    fields = [
        answer(exchange, place=f"response.body.$.items[{n}].{name}", actual=f"{n}{name}")
        for exchange in "12" for n in range(2) for name in ("id", "price")
    ]  # fmt: skip
    assert sizes(*fields) == [8]
    alone = answer("3", place="response.body.$.items[0].price", actual="x" * 70)
    assert sizes(*fields, alone) == [4, 5]
