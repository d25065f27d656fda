"""Outbound calls, window by window: every way in which what is called can change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.calls.compare import Compared, compare_calls
from ci_gate.diff.equality import Equality
from ci_gate.diff.rules import Rules
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import Facts
from ci_gate.model.message import HttpRequest
from ci_gate.model.rule import Rule, Where
from ci_gate.model.shard import CallCounts

CODEC = Http1()
ROUTES = {"r1": "GET /one", "r2": "POST /two"}
JSON = (b"Content-Type", b"application/json")


def call(
    name: str,
    line: str,
    *groups: str,
    body: bytes = b"",
    matched: str = "",
    tier: int = 0,
    dependency: str = "api",
    order: str = "",
    effect: str = "",
    transaction: str = "",
    new_host: bool = False,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> CallRecord:
    """A call "METHOD /target" of some groups; a live one says what answered it."""
    method, _, target = line.partition(" ")
    typed = (JSON, *headers) if body else headers
    message = HttpRequest(method, target.encode(), typed, body)
    return CallRecord(
        id=name,
        dependency=dependency,
        route=CODEC.route(message),
        label=line,
        facts=Facts(
            effect or ("read" if method == "GET" else "write"),
            order=order,
            transaction=transaction,
        ),
        parts=CODEC.places(message),
        coarse=CODEC.key(message).coarse,
        groups=groups or ("r1",),
        matched=matched,
        tier=tier,
        new_host=new_host,
    )


def run(
    expected: Sequence[CallRecord], live: Sequence[CallRecord], *rules: Rule, **options: Any
) -> Compared:
    """Compare with the two routes judged."""
    routes = options.pop("routes", ROUTES)
    known = Rules(rules, "2026-09-01")
    return compare_calls(expected, live, known, Equality(), routes, **options)


def said(found: Compared) -> list[tuple[str, str, str, bool]]:
    """(change, charged to, place, notice) of every difference."""
    return [(d.change, d.exchange or d.group, d.place, d.notice) for d in found.differences]


def counts(found: Compared) -> tuple[int, int, int]:
    """(missing, unexpected, changed)."""
    return found.missing, found.unexpected, found.changed


A = call("a", "GET /rates")
W = call("w", "POST /charges", body=b'{"amount":1}')


def test_same_calls_are_equal() -> None:
    """What was recorded and nothing else is no difference, and the counts say so."""
    live = [
        call("l1", "GET /rates", matched="a", tier=1),
        call("l2", "POST /charges", body=b'{"amount":1}', matched="w", tier=1),
    ]
    found = run([A, W], live)
    counted = {"r1": CallCounts(matched=2)}
    assert found == Compared(matched=2, by_group=counted, answers=frozenset({"a", "w"}))


def test_dropped_call_is_missing() -> None:
    """A call that is no longer made is red although every answer may be the same."""
    found = run([A, W], [call("l1", "GET /rates", matched="a", tier=1)])
    assert said(found) == [("missing", "r1", "", False)]
    (one,) = found.differences
    assert (one.call, one.call_id, one.expected, one.effect) == (
        "POST /charges",
        "w",
        "POST /charges",
        "write",
    )
    assert counts(found) == (1, 0, 0)
    assert found.unused == 1


def test_new_call_is_unexpected() -> None:
    """A call that nobody recorded is red, once in unmatched and once in unexpected."""
    live = [call("l1", "GET /rates", matched="a", tier=1), call("l2", "DELETE /x", tier=5)]
    found = run([A], live)
    assert said(found) == [("unexpected", "r1", "", False)]
    assert found.unmatched == 1
    assert counts(found) == (0, 1, 0)


def test_changed_body_is_one_changed_place() -> None:
    """A miss is paired with the recorded call it is a changed form of: not missing, not new."""
    found = run([W], [call("l1", "POST /charges", body=b'{"amount":"1"}', tier=5)])
    assert said(found) == [("changed", "r1", "request.body.$.amount", False)]
    (one,) = found.differences
    assert (one.expected, one.actual, one.call_id) == ("1", '"1"', "w")
    assert one.detail == "number became string"
    assert counts(found) == (0, 0, 1)


def test_several_places_of_one_call_count_once() -> None:
    """Each place is a difference, the call is counted once."""
    found = run([W], [call("l1", "POST /charges?dry=1", body=b'{"amount":2,"b":1}', tier=5)])
    assert {d.place for d in found.differences} == {
        "request.query.dry",
        "request.body.$.amount",
        "request.body.$.b",
    }
    assert counts(found) == (0, 0, 1)


def test_closest_pairs_win() -> None:
    """Two misses pair with the recorded calls they are nearest to, whatever their order."""
    expected = [
        call("e1", "POST /c", body=b'{"a":1,"b":1,"c":1}'),
        call("e2", "POST /c", body=b'{"a":9,"b":9,"c":9}'),
    ]
    live = [
        call("l1", "POST /c", body=b'{"a":9,"b":9,"c":8}', tier=5),
        call("l2", "POST /c", body=b'{"a":1,"b":1,"c":2}', tier=5),
    ]
    found = run(expected, live)
    assert [(d.call_id, d.place, d.actual) for d in found.differences] == [
        ("e2", "request.body.$.c", "8"),
        ("e1", "request.body.$.c", "2"),
    ]


def test_write_over_its_count_is_repeated() -> None:
    """A retry storm of writes: the mock refuses the second, the report says how many there were."""
    live = [call("l1", "POST /charges", body=b'{"amount":1}', matched="w", tier=1)]
    live += [call(f"l{n}", "POST /charges", body=b'{"amount":1}', tier=5) for n in (2, 3)]
    found = run([W], live)
    assert said(found) == [("repeated", "r1", "", False)]
    assert (found.differences[0].expected, found.differences[0].actual) == ("1 call", "3 calls")
    assert counts(found) == (0, 2, 0)


def test_read_served_more_often_is_repeated() -> None:
    """A read that the mock served again is counted against what was recorded."""
    live = [call("l0", "GET /rates", matched="a", tier=1)]
    live += [call(f"l{n}", "GET /rates", matched="a", tier=2) for n in (1, 2)]
    found = run([A], live)
    assert said(found) == [("repeated", "r1", "", False)]
    assert found.differences[0].detail == "GET /rates: made 3, recorded 1"
    assert found.unmatched == 0


def test_read_in_another_request_is_repeated_there() -> None:
    """A read that only an earlier request was recorded making is new in the later one."""
    live = [
        call("l1", "GET /rates", "r1", matched="a", tier=1),
        call("l2", "GET /rates", "r2", matched="a", tier=2),
    ]
    found = run([A], live)
    assert said(found) == [("repeated", "r2", "", False)]
    assert found.differences[0].detail == "GET /rates: made 1, recorded 0"


def test_served_from_an_earlier_request_is_not_missing() -> None:
    """Tier 2 may answer a call that its own window recorded as well: nothing is missing then."""
    expected = [A, call("b", "GET /rates", "r2")]
    live = [
        call("l1", "GET /rates", "r1", matched="a", tier=1),
        call("l2", "GET /rates", "r2", matched="a", tier=2),
    ]
    assert run(expected, live).differences == ()


def test_new_host_is_its_own_change() -> None:
    """A host that is not in the snapshot is named as such."""
    live = [call("l1", "CONNECT", dependency="audit.example:443", tier=5, new_host=True)]
    found = run([], live)
    assert said(found) == [("new-host", "r1", "", False)]
    assert found.differences[0].dependency == "audit.example:443"
    assert counts(found) == (0, 1, 0)


def test_unused_read_is_missing_unless_a_rule_allows_it() -> None:
    """A cache that makes a read go needs a rule; a write that goes is not covered by it."""
    rule = Rule(index=1, calls=("missing",), effect="read", reason="cached")
    found = run([A, W], [], rule)
    assert [(d.call, d.excused) for d in found.differences] == [
        ("GET /rates", 1),
        ("POST /charges", 0),
    ]
    assert counts(found) == (1, 0, 0)


def test_place_rule_lets_a_changed_place_pass() -> None:
    """A place that a rule opens is no difference of a paired call; the rest of it is."""
    rule = Rule(
        index=1, at="request.body.$.at", allow="integer", reason="r", where=Where(dependency="api")
    )
    old = call("e", "POST /c", body=b'{"at":1,"n":1}')
    new = call("l", "POST /c", body=b'{"at":2,"n":2}', tier=5)
    assert [d.place for d in run([old], [new], rule).differences] == ["request.body.$.n"]


def test_matched_call_is_compared_where_the_matcher_does_not_look() -> None:
    """A header of the client that changed is a notice; one that counts is red, also of a call that
    was matched by a fresh value."""
    old = call("e", "GET /c", headers=((b"User-Agent", b"a"), (b"Accept", b"x")))

    def live(agent: bytes, accept: bytes, tier: int = 1) -> Compared:
        headers = ((b"User-Agent", agent), (b"Accept", accept))
        return run([old], [call("l", "GET /c", matched="e", tier=tier, headers=headers)])

    found = live(b"b", b"x")
    assert said(found) == [("header", "r1", "request.headers.user-agent", True)]
    assert counts(found) == (0, 0, 0)
    found = live(b"a", b"y")
    assert said(found) == [("changed", "r1", "request.headers.accept", False)]
    assert counts(found) == (0, 0, 1)
    assert live(b"a", b"y", tier=4).differences == found.differences


def test_a_call_answered_with_what_another_request_recorded_is_a_changed_one() -> None:
    """A service that lost its cache asks without the entity tag, as the first request did: what
    differs is told, and not that one call is missing and another repeated."""
    tag = (b"If-None-Match", b'"1"')
    expected = [call("e1", "GET /c", "r1"), call("e2", "GET /c", "r2", headers=(tag,))]
    first = call("l1", "GET /c", "r1", matched="e1", tier=1)
    found = run(expected, [first, call("l2", "GET /c", "r2", matched="e1", tier=2)])
    assert said(found) == [("changed", "r2", "request.headers.if-none-match", False)]
    assert counts(found) == (0, 0, 1)
    found = run(expected[:1], [first, call("l2", "GET /c", "r2", matched="e1", tier=2)])
    assert [one.change for one in found.differences] == ["repeated"]


def test_order_inside_a_scope_is_red_elsewhere_a_notice() -> None:
    """Swapped calls of one order scope are red; unrelated reads that swap are worth a line."""
    for order, notice in (("tx", False), ("", True)):
        expected = [call("e1", "GET /a", order=order), call("e2", "GET /b", order=order)]
        live = [
            call("l1", "GET /b", matched="e2", tier=1, order=order),
            call("l2", "GET /a", matched="e1", tier=1, order=order),
        ]
        found = run(expected, live)
        assert [(d.change, d.notice) for d in found.differences] == [("reordered", notice)]
        assert counts(found) == (0, 0, 0)


def test_ambiguous_call_counts_for_any_of_its_groups() -> None:
    """A recorded call of two requests in flight is seen if either makes it, and missing once."""
    both = call("e", "GET /a", "r1", "r2")
    for group in ("r1", "r2"):
        assert run([both], [call("l", "GET /a", group, matched="e", tier=1)]).differences == ()
    assert said(run([both], [])) == [("missing", "r1", "", False)]
    live = call("l", "GET /rates", "r2", "r1", matched="a", tier=1)
    assert run([A], [live]).differences == ()


def test_startup_compares_by_key_not_by_count() -> None:
    """At startup more or fewer of the same call are equal; a key that is gone or new is red."""
    expected = [call(f"s{n}", "GET /config", "startup") for n in range(3)]
    seen = call("l", "GET /config", "startup", matched="s0", tier=3)
    assert run(expected, [seen]).differences == ()
    assert run(expected, [seen] * 5).differences == ()
    assert said(run(expected, [])) == [("missing", "startup", "", False)]
    new = call("n", "GET /flags", "startup", tier=5)
    assert said(run(expected, [seen, new])) == [("unexpected", "startup", "", False)]
    changed = call("n", "GET /config?v=2", "startup", tier=5)
    assert said(run(expected[:1], [changed])) == [("changed", "startup", "request.query.v", False)]


def test_startup_is_left_out_when_the_service_was_not_started() -> None:
    """A service that runs already makes no startup calls in this run."""
    found = run([call("s", "GET /config", "startup")], [], startup=False)
    assert found == Compared()


def test_late_startup_call_is_tolerated_once() -> None:
    """A call of the start may come during the first request, but not with every request."""
    expected = [call("s", "GET /config", "startup")]
    late = call("l1", "GET /config", "r1", matched="s", tier=3)
    again = call("l2", "GET /config", "r2", matched="s", tier=3)
    assert run(expected, [late]).differences == ()
    assert said(run(expected, [late, again])) == [("repeated", "r2", "", False)]
    boot = call("l0", "GET /config", "startup", matched="s", tier=3)
    assert said(run(expected, [boot, late])) == [("repeated", "r1", "", False)]


def test_background_need_not_fire() -> None:
    """A timer that did not fire in a short run is a notice; an unknown background call is red."""
    expected = [call("b", "GET /ping", "background")]
    found = run(expected, [])
    assert said(found) == [("missing", "background", "", True)]
    assert counts(found) == (0, 0, 0)
    ping = call("l", "GET /ping", "r1", matched="b", tier=3)
    assert run(expected, [ping, ping]).differences == ()
    new = call("n", "GET /pong", "background", tier=5)
    assert ("unexpected", "background", "", False) in said(run(expected, [ping, new]))


def test_sessions_are_not_counted() -> None:
    """Session statements depend on the pool: fewer are no difference."""
    assert run([call("s", "SET x", effect="session")], []).differences == ()


def test_only_judged_windows_are_looked_at() -> None:
    """With --only, calls of the other requests are neither missing nor unexpected, nor counted."""
    expected = [A, call("b", "GET /b", "r2")]
    live = [call("l", "GET /rates", matched="a", tier=1), call("x", "GET /x", "r2", tier=5)]
    found = run(expected, live, routes={"r1": "GET /one"})
    counted = {"r1": CallCounts(matched=1)}
    assert found == Compared(matched=1, by_group=counted, answers=frozenset({"a"}))


def test_redacted_places_of_calls_are_one_to_one(stand_in: Any) -> None:
    """A charge to another recorded person than the recorded one is a change."""
    one, two = stand_in("email", "one@p.org"), stand_in("email", "two@p.org")
    old = call("e", "POST /mail", body=f'{{"to":"{one}"}}'.encode())

    def live(to: str) -> Compared:
        return run([old], [call("l", "POST /mail", body=f'{{"to":"{to}"}}'.encode(), tier=5)])

    assert said(live(two)) == [("changed", "r1", "request.body.$.to", False)]


@pytest.mark.parametrize("number", [3000])
def test_storm_is_bounded(number: int) -> None:
    """Thousands of misses of one kind are paired without comparing all with all."""
    expected = [call(f"e{n}", f"GET /a?n={n}") for n in range(number)]
    live = [call(f"l{n}", f"GET /a?n={n}&x=1", tier=5) for n in range(number)]
    found = run(expected, live)
    assert found.changed == number


def test_a_write_that_left_its_transaction() -> None:
    """It was answered as recorded, and is red: what it was done together with is named."""
    expected = [call("a", "POST /a", transaction="1"), call("b", "POST /b", transaction="1")]
    live = [
        call("l1", "POST /a", matched="a", tier=1, transaction="3.1"),
        call("l2", "POST /b", matched="b", tier=1, transaction="4.1"),
    ]
    found = run(expected, live)
    assert said(found) == [("changed", "r1", "request.transaction", False)]
    assert found.differences[0].expected == "in one transaction with POST /a"
    assert counts(found) == (0, 0, 1)
    assert found.fates["l2"] == ("b", "changed")
    rule = Rule(index=1, at="request.transaction", allow="any", reason="counted apart")
    assert counts(run(expected, live, rule)) == (0, 0, 0)
