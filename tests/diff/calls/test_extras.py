"""Live calls too many: repeated, moved from another request, or new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.calls.compare import Compared, compare_calls
from ci_gate.diff.calls.extras import charged
from ci_gate.diff.equality import Equality
from ci_gate.diff.rules import Rules
from ci_gate.model.call import CallRecord
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import Facts
from ci_gate.model.message import HttpRequest
from ci_gate.model.rule import Rule, Where

CODEC = Http1()
ROUTES = {"r1": "POST /orders", "r2": "GET /orders", "r3": "POST /orders"}


def call(name: str, line: str, group: str = "r1", **more: Any) -> CallRecord:
    """A call "METHOD /target"; live ones say what answered them."""
    method, _, target = line.partition(" ")
    message = HttpRequest(method, target.encode())
    return CallRecord(
        id=name,
        dependency="api",
        route=CODEC.route(message),
        label=line,
        facts=Facts("read" if method == "GET" else "write", targets=("api",)),
        parts=CODEC.places(message),
        coarse=CODEC.key(message).coarse,
        groups=(group,),
        **more,
    )


def run(expected: Sequence[CallRecord], live: Sequence[CallRecord], *rules: Rule) -> Compared:
    """Compare with all three requests judged."""
    return compare_calls(expected, live, Rules(rules, "2026-09-01"), Equality(), ROUTES)


def brief(found: Compared) -> list[tuple[str, str]]:
    """(change, exchange) of every difference."""
    return [(one.change, one.exchange) for one in found.differences]


def test_a_write_that_another_request_makes_now_has_moved() -> None:
    """Missing here and unexpected there is one change, told for both requests."""
    found = run([call("e", "POST /mail")], [call("l", "POST /mail", "r2", tier=5)])
    assert brief(found) == [("moved", "r1"), ("moved", "r2")]
    assert {one.detail for one in found.differences} == {"moved from POST /orders to GET /orders"}
    assert (found.missing, found.unexpected, found.changed) == (0, 0, 1)
    assert [line.change for line in found.lines["r2"]] == ["moved"]


def test_a_read_that_was_served_elsewhere_has_moved() -> None:
    """Also where the mock could answer it from the earlier request."""
    live = [call("l", "GET /rates", "r2", tier=2, matched="e")]
    assert brief(run([call("e", "GET /rates")], live)) == [("moved", "r1"), ("moved", "r2")]


def test_between_two_requests_of_one_route() -> None:
    """The detail does not pretend that the route changed."""
    found = run([call("e", "POST /mail")], [call("l", "POST /mail", "r3", tier=5)])
    assert found.differences[0].detail == "moved to another request of POST /orders"


def test_what_is_still_made_where_it_was_has_not_moved() -> None:
    """A second one elsewhere is new there, and another content is no move."""
    own = call("l1", "POST /mail", tier=1, matched="e")
    extra = call("l2", "POST /mail", "r2", tier=5)
    assert brief(run([call("e", "POST /mail")], [own, extra])) == [("unexpected", "r2")]
    other = call("l2", "POST /mail?to=eve", "r2", tier=5)
    found = run([call("e", "POST /mail?to=ada")], [other])
    assert sorted(brief(found)) == [("missing", "r1"), ("unexpected", "r2")]


def test_rules_about_moved_calls() -> None:
    """`moved` excuses both; a call that may be missing is not the one that came elsewhere."""
    where = Where(dependency="api")
    moved = Rule(index=1, calls=("moved",), where=where, reason="r")
    found = run([call("e", "GET /a")], [call("l", "GET /a", "r2", tier=5)], moved)
    assert [one.excused for one in found.differences] == [1, 1]
    assert found.changed == 0
    gone = Rule(index=1, calls=("missing",), effect="read", where=where, reason="r")
    found = run([call("e", "GET /a")], [call("l", "GET /a", "r2", tier=5)], gone)
    assert sorted(brief(found)) == [("missing", "r1"), ("unexpected", "r2")]


def test_the_same_call_51_times() -> None:
    """N+1: the same read again and again is one difference with both numbers."""
    live = [call("l0", "GET /rates", tier=1, matched="e")]
    live += [call(f"l{n}", "GET /rates", tier=2, matched="e") for n in range(1, 51)]
    (one,) = run([call("e", "GET /rates")], live).differences
    assert (one.change, one.expected, one.actual) == ("repeated", "1 call", "51 calls")


def test_calls_with_other_parameters_show_their_first() -> None:
    """N+1 over ids: one difference that shows the first miss, how many, and some others."""
    live = [call(f"l{n}", f"GET /items/{n}", tier=5, nearest="nearest: x") for n in range(40)]
    found = run([], live)
    (one,) = found.differences
    assert (one.change, one.actual, one.call) == ("unexpected", "GET /items/0", "GET /items/{id}")
    lines = one.detail.split("\n")
    assert lines[0] == "made 40 times, also as GET /items/1, GET /items/2, GET /items/3, …"
    assert lines[1] == "nearest: x"
    assert (found.unexpected, len(found.lines["r1"])) == (40, 40)


def storm(*, failed: bool) -> Difference:
    """One recorded charge, sent five times."""
    live = [call("l0", "POST /charges", tier=1, matched="e", at=1.0)]
    live += [call(f"l{n}", "POST /charges", tier=5, failed=True, at=1.0 + n) for n in range(1, 5)]
    (one,) = run([call("e", "POST /charges", failed=failed)], live).differences
    return one


def test_a_retry_storm_is_told_from_a_repeated_call() -> None:
    """The same call after a recorded error answer is a retry, after a success it is not."""
    assert storm(failed=True).detail == (
        "POST /charges: made 5, recorded 1, again after an error answer"
    )
    assert storm(failed=False).detail == "POST /charges: made 5, recorded 1"


def test_a_refused_call_that_is_made_again_is_no_finding_of_its_own() -> None:
    """The mock refuses a changed call; that the client then tries again is our doing."""
    expected = [call("e", "POST /charges?to=ada")]
    live = [call(f"l{n}", "POST /charges?to=eve", tier=5, at=float(n)) for n in range(3)]
    found = run(expected, live)
    assert brief(found) == [("changed", "r1")]
    assert found.differences[0].detail == "refused, and made again: 3 times in all"
    assert (found.changed, found.unexpected, found.unmatched) == (1, 0, 3)
    assert [line.change for line in found.lines["r1"]] == ["changed", "repeated"]
    other = call("x", "POST /charges?to=bob", tier=5)
    assert brief(run(expected, [*live, other])) == [("changed", "r1"), ("unexpected", "r1")]


def test_a_new_call_that_is_tried_again_is_told_from_a_new_habit() -> None:
    """A few tries of one refused call are a client's patience; many are what it does now."""
    few = [call(f"l{n}", "POST /new", tier=5) for n in range(3)]
    assert run([], few).differences[0].detail == "refused, and made again: 3 times in all"
    many = [call(f"l{n}", "POST /new", tier=5) for n in range(9)]
    assert run([], many).differences[0].detail == "made 9 times"


def test_charged_to_the_group_that_recorded_it() -> None:
    """An ambiguous live call is charged where its recorded one is, else to its first group."""
    record = call("e", "GET /a", "r2")
    assert charged(record, ("r1", "r2")) == "r2"
    assert charged(record, ("r1", "r3")) == "r1"
