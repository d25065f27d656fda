"""Causes: one line for what comes from one change, and a title a reviewer understands."""

from __future__ import annotations

from typing import Any

from ci_gate.diff.causes.fold import Caused, caused, causes
from ci_gate.model.difference import Difference, Moment


def answer(exchange: str, **fields: Any) -> Difference:
    """A difference of an answer."""
    known = {"change": "value", "route": "GET /a", "place": "response.body.$.total"}
    return Difference(**{**known, "expected": "1", "actual": "2", "exchange": exchange, **fields})


def call(exchange: str, change: str, **fields: Any) -> Difference:
    """A difference of a call."""
    known = {"route": "GET /a", "dependency": "payments", "call": "POST /charges"}
    return Difference(**{**known, "exchange": exchange, "change": change, **fields})


def test_same_route_place_and_change_are_one_cause() -> None:
    """Indices fold; other places and changes are other causes."""
    found = causes(
        [
            answer("1", place="response.body.$.items[0].price"),
            answer("1", place="response.body.$.items[1].price"),
            answer("2", place="response.body.$.items[7].price"),
            answer("2", place="response.body.$.other"),
            answer("2", place="response.body.$.other", change="type"),
            answer("3", place="response.body.$.other", route="GET /b", actual="5"),
        ]
    )
    assert [(one.id, one.count, one.exchanges) for one in found] == [
        ("C1", 3, ("1", "2")),
        ("C2", 1, ("2",)),
        ("C3", 1, ("2",)),
        ("C4", 1, ("3",)),
    ]
    assert found[0].place == "response.body.$.items[*].price"
    assert found[0].routes == ("GET /a",)


def test_calls_fold_over_routes() -> None:
    """One dropped call is one cause, whichever routes made it."""
    (found,) = causes([call("1", "missing"), call("2", "missing", route="GET /b")])
    assert found.routes == ("GET /a", "GET /b")
    assert found.dependency == "payments"
    assert found.title == "POST /charges (payments) no longer called"


def test_red_first_then_most_exchanges_then_stable() -> None:
    """What fails comes before what is only worth a line, whatever the order of finding."""
    found = causes(
        [
            *(call(str(n), "reordered", notice=True) for n in range(9)),
            answer("1", place="response.body.$.a"),
            answer("1", place="response.body.$.b"),
            answer("2", place="response.body.$.b"),
            answer("3", place="response.body.$.c"),
        ]
    )
    assert [one.place or one.change for one in found] == [
        "response.body.$.b",
        "response.body.$.a",
        "response.body.$.c",
        "reordered",
    ]
    assert [one.notice for one in found] == [False, False, False, True]


def test_excused_differences_make_no_cause() -> None:
    """What a rule excuses is reported elsewhere."""
    assert causes([answer("1", excused=2), call("1", "missing", excused=1)]) == ()


def test_miss_takes_what_follows_under_it() -> None:
    """A refused call, the 500 it led to and the call not made afterwards are one cause."""
    found = causes(
        [
            answer("1", change="status", place="response.status", expected="200", actual="500"),
            answer("1", change="removed", place="response.body.$.id"),
            call("1", "new-host", dependency="audit.example", call="CONNECT"),
            call("1", "missing"),
        ]
    )
    (one,) = found
    assert one.title == "new host audit.example"
    assert one.count == 4
    assert [example.change for example in one.examples] == ["new-host", "status", "missing"]


def test_difference_that_also_occurs_alone_stands_alone() -> None:
    """An answer that differs in an exchange without a miss as well is not the miss's doing."""
    found = causes([call("1", "missing"), answer("1"), answer("2")])
    assert sorted(one.count for one in found) == [1, 2]


def test_request_never_sent_is_not_explained_by_its_calls() -> None:
    """Calls that could not happen go under the request that was not replayed."""
    (one,) = causes(
        [
            answer("1", change="not-replayed", place="response", expected="", actual=""),
            call("1", "missing"),
        ]
    )
    assert one.title == "not replayed"
    assert one.count == 2


def test_startup_cause_takes_nothing_under_it() -> None:
    """A cause without exchanges explains none."""
    found = causes([call("", "missing", group="startup", route=""), answer("1")])
    assert len(found) == 2
    assert {one.title for one in found} == {
        "POST /charges (payments) no longer called at startup",
        "response.body.$.total: 1 became 2",
    }


def test_examples_are_the_smallest_and_at_most_three() -> None:
    """Short examples come first; one of what follows is kept among them."""
    many = [answer("1", actual="2" * n) for n in (9, 3, 7, 1)]
    (one,) = causes(many)
    assert [len(example.actual) for example in one.examples] == [1, 3, 7]
    (one,) = causes([*(call("1", "changed", place="request.body.$.a") for _ in range(5)), *many])
    assert [example.change for example in one.examples] == ["changed", "changed", "value"]


def test_differences_know_their_cause() -> None:
    """Every difference says into which cause it was folded, as what follows too; excused ones do
    not."""
    found = caused(
        [
            answer("1", change="status", place="response.status", expected="200", actual="404"),
            answer("1", change="removed", place="response.body.$.id"),
            answer("2", place="response.body.$.total"),
            answer("3", excused=1),
        ]
    )
    assert [one.cause for one in found.differences] == ["C1", "C1", "C2", ""]
    assert [one.following for one in found.causes] == [("response.body.$.id removed",), ()]
    assert {example.cause for example in found.causes[0].examples} == {"C1"}


def test_a_cause_tells_of_the_exception_in_the_log() -> None:
    """One exception behind several routes is one cause, named with the file that raised it."""
    moment = Moment(lines=("Traceback",), error="KeyError: 'rate'", files=("shop.py:88 create",))
    found = causes(
        [
            answer("1", change="status", place="response.status", expected="201", actual="500"),
            answer("1", change="removed", place="response.body.$.id"),
            call("1", "missing"),
            answer("2", change="status", place="response.status", expected="200", actual="500",
                   route="GET /b"),
        ],
        {"1": moment, "2": moment},
    )  # fmt: skip
    assert [one.title for one in found] == [
        "status 201 became 500: KeyError: 'rate' in shop.py:88",
        "status 200 became 500: KeyError: 'rate' in shop.py:88",
    ]
    assert found[0].moment == moment
    assert found[0].count == 3


def test_one_transform_is_one_cause_over_routes_and_places() -> None:
    """The same field that changed in the same way in several routes comes from one change."""
    (one,) = causes(
        [
            answer(str(n), place=place, route=route, change="type", expected="1", actual='"1"',
                   detail="number became string", transforms=("number became string",))
            for n, (route, place) in enumerate((
                ("GET /a", "response.body.$.total"),
                ("GET /b", "response.body.$.items[0].total"),
                ("GET /b", "response.body.$.items[1].total"),
            ))
        ]
    )  # fmt: skip
    assert one.title == "total in 2 places: number became string"
    assert one.places == ("response.body.$.total", "response.body.$.items[*].total")
    assert one.routes == ("GET /a", "GET /b")
    assert one.transform == "number became string"


def test_no_differences_no_causes() -> None:
    """Nothing comes of nothing."""
    assert caused([]) == Caused((), ())


def test_standings_fold_apart() -> None:
    """What is red and what is not is never one cause; collateral is in none; notices come last."""
    found = causes(
        [
            answer("1", notice=True),
            *(answer(str(n), standing="known") for n in range(5)),
            answer("1", standing="unstable"),
            answer("2", standing="collateral"),
            answer("3"),
        ]
    )
    assert [(one.id, one.standing, one.exchanges, one.notice) for one in found] == [
        ("C1", "", ("3",), False),
        ("C2", "unstable", ("1",), False),
        ("C3", "known", ("0", "1", "2", "3", "4"), False),
        ("C4", "", ("1",), True),
    ]
    assert len({one.fingerprint for one in found[:3]}) == 1


def test_nothing_red_hides_under_what_is_known() -> None:
    """A known miss does not take a new difference of the same exchange under it."""
    found = causes([call("1", "unexpected", standing="known"), answer("1")])
    assert [(one.change, one.standing) for one in found] == [("value", ""), ("unexpected", "known")]


def test_what_follows_is_in_the_fingerprint() -> None:
    """The same call newly made, with and without what its answer changed."""
    (alone,) = causes([call("1", "unexpected")])
    (more,) = causes([call("1", "unexpected"), answer("1")])
    assert alone.fingerprint.startswith("c1:")
    assert alone.fingerprint != more.fingerprint
