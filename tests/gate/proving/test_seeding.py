"""Where regressions are seeded: every kind, every route, the same choice every time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ci_gate.codecs.registry import codec
from ci_gate.gate.observing.cleaning import Cleaning
from ci_gate.gate.observing.observation import Observation, Observed
from ci_gate.gate.planning import make_plan
from ci_gate.gate.proving.seeding import (
    DELAY,
    KINDS,
    LEAST,
    MOST,
    NEW_HOST,
    PATTERNS,
    WORK,
    Arguments,
    Candidate,
    Candidates,
    candidates,
    judges_latency,
    places_for,
)
from ci_gate.mocks.entries import Entry, Recorded
from ci_gate.mocks.matcher import Matcher
from ci_gate.mocks.mock import Mock
from ci_gate.model.message import Message, Part, PgStatement, RedisCommand
from ci_gate.net.loop import run
from ci_gate.policy.conditions import parse
from ci_gate.replayer.samples import DIFFERENT, EQUAL


@pytest.fixture
def seen(acting: Any) -> Observed:
    """What the acting service said when it behaved."""
    options = acting.options()
    plan = make_plan(options)
    observation = Observation(options, plan, Cleaning(options), acting.events.append)
    return run(observation.run(str(acting.folder / "service.log")))


def chosen(seen: Observed) -> dict[tuple[str, str, str], Candidate]:
    """Everything that can be seeded, by kind, route and place."""
    return {(one.kind, one.route, one.place): one for one in candidates(seen).chosen(10_000)[0]}


def names(seen: Observed) -> list[tuple[str, str, str]]:
    """The same without the candidates."""
    return list(chosen(seen))


def test_the_choice_is_stable(seen: Observed) -> None:
    """The same observation gives the same regressions in the same order."""
    assert names(seen) == names(seen)


def test_every_kind_and_route(seen: Observed) -> None:
    """All kinds but delays (there is no condition) and transactions (HTTP has none), and every route
    has its share."""
    found = names(seen)
    kinds = {kind for kind, _, _ in found}
    assert kinds == set(KINDS) - {"delayed", "write-outside-transaction"}
    assert {route for _, route, _ in found} == {one.route for one in seen.plan.snapshot.inbound}


def test_a_changed_answer_is_looked_at_like_a_live_one(seen: Observed) -> None:
    """The sample differs, nothing else does, and what was observed stays as it was."""
    one = chosen(seen)["value-changed", "GET /json", "response.body.$.id"]
    changed = one.seeded(seen)
    assert [at for at, state in enumerate(changed.samples.states) if state == DIFFERENT] == [0]
    assert b'"id":8' in changed.samples.responses[0].body
    assert set(seen.samples.states) == {EQUAL}
    assert (changed.samples.done, changed.samples.answered) == (7, 7)


def test_calls_are_withheld_doubled_and_changed(seen: Observed) -> None:
    """The service was answered as always: only what is counted changes."""
    found = chosen(seen)
    groups = [call.groups for call in seen.calls]
    dropped = found["write-dropped", "POST /things", ""].seeded(seen)
    assert [call.groups for call in dropped.calls] == groups[:1]
    twice = found["write-duplicated", "POST /things", ""].seeded(seen)
    assert [call.groups for call in twice.calls] == [*groups, groups[1]]
    changed = found["argument-changed", "GET /hello", "request.query.for"].seeded(seen)
    assert changed.calls[0].request.target == b"/greeting?for=adb"
    assert len(seen.calls) == 2


INSERT = PgStatement("insert into t (a) values ($1)", ("1",), "execute", True, b"", 2)
BOTH = b"*1\r\n$5\r\nMULTI\r\n%b%b*1\r\n$4\r\nEXEC\r\n"
INCR, GET = b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n", b"*2\r\n$3\r\nGET\r\n$1\r\nn\r\n"


@pytest.mark.parametrize(
    ("protocol", "request_", "place", "expected"),
    [
        (
            "postgres",
            INSERT,
            "request.transaction",
            [msgspec.structs.replace(INSERT, transaction=False, block=0)],
        ),
        (
            "redis",
            RedisCommand(BOTH % (INCR, GET)),
            "",
            [RedisCommand(BOTH % (GET, b"")), RedisCommand(INCR)],
        ),
    ],
)
def test_a_write_leaves_its_transaction(
    seen: Observed, protocol: str, request_: Message, place: str, expected: list[Message]
) -> None:
    """It is made all the same, by the same request and in its place among the calls."""
    matcher = Matcher((), lambda opened: hash, set(), alone=False)
    mocks = {**seen.mocks, "db": Mock("db", codec(protocol), matcher)}
    made = seen.calls[1]
    assert made.entry is not None
    recorded = msgspec.structs.replace(made.entry.exchange, dependency="db", request=request_)
    entry = Entry(Recorded(exchange=recorded, key=codec(protocol).key(request_), read=False), 0, 0)
    call = msgspec.structs.replace(made, dependency="db", request=request_, entry=entry)
    seen = msgspec.structs.replace(seen, calls=[seen.calls[0], call], mocks=mocks)
    found = chosen(seen)["write-outside-transaction", "POST /things", place].seeded(seen).calls
    assert [one.request for one in found] == [seen.calls[0].request, *expected]
    assert {one.groups for one in found[1:]} == {call.groups}


def test_a_further_call_and_a_new_host(seen: Observed) -> None:
    """They are made by a request that was replayed, in its time."""
    found = chosen(seen)
    added = found["call-added", "GET /json", ""].seeded(seen).calls[0]
    assert (added.groups, added.request.target) == (("aa010000-1",), b"/greeting/seeded?for=ada")
    called = found["new-host-called", "GET /json", ""].seeded(seen).calls[0]
    assert (called.dependency, called.new_host) == (NEW_HOST, True)


def test_delays_are_seeded_where_a_condition_looks(seen: Observed) -> None:
    """On its route, or on all; a warning is no condition."""
    conditions = (
        parse("latency.p95 > 50", route="GET /json"),
        parse("latency.max > 50", "warn", "GET /list"),
    )
    plan = msgspec.structs.replace(seen.plan, conditions=conditions)
    late = msgspec.structs.replace(seen, plan=plan)
    delayed = [one for one in candidates(late).chosen()[0] if one.kind == "delayed"]
    assert [one.route for one in delayed] == ["GET /json"]
    latencies = delayed[0].seeded(late).samples.latencies
    assert latencies[0] - seen.samples.latencies[0] == int(DELAY * 1e9)
    assert list(latencies[1:]) == list(seen.samples.latencies[1:])


@pytest.mark.parametrize(
    ("condition", "judges"),
    [
        (parse("latency.p99 > 5"), True),
        (parse("latency.p99 > 5", "warn"), False),
        (parse("requests.failed > 0"), False),
        (parse("latency.min < 200"), False),
    ],
)
def test_conditions_that_judge_latency(condition: Any, judges: bool) -> None:
    """Only those that can fail a run, and for being slow."""
    assert judges_latency(condition) is judges


@pytest.mark.parametrize(
    ("calls", "places"), [(0, MOST), (WORK // 200, 200), (WORK, LEAST), (5 * WORK, LEAST)]
)
def test_how_many_places_there_is_time_for(calls: int, places: int) -> None:
    """Most of them in a small run, fewer where each run judged again takes longer, never none."""
    seen: Any = SimpleNamespace(plan=SimpleNamespace(steps=()), calls=range(calls))
    assert places_for(seen) == places


def candidate(kind: str, route: str, number: int) -> Candidate:
    """One of its own pattern."""
    return Candidate(kind=kind, route=route, pattern=str(number), seeded=lambda seen: seen)


def test_kinds_and_routes_take_turns() -> None:
    """With little room every kind and route has its first before any has its second."""
    found = Candidates()
    for number in range(5):
        found.add(candidate("value-changed", "GET /a", number))
        found.add(candidate("value-changed", "GET /b", number))
    found.add(candidate("write-dropped", "GET /b", 0))
    first, left = found.chosen(4)
    assert [(one.kind, one.route) for one in first] == [
        ("write-dropped", "GET /b"),
        ("value-changed", "GET /a"),
        ("value-changed", "GET /b"),
        ("value-changed", "GET /a"),
    ]
    assert left == 7
    assert found.chosen(2)[0] == first[:2]


def test_no_kind_and_no_route_is_left_out_where_there_are_many() -> None:
    """With more routes than room for one kind, every kind is tried and every route."""
    found, routes = Candidates(), [f"GET /{number}" for number in range(60)]
    for kind in KINDS:
        for route in routes:
            found.add(candidate(kind, route, 0))
    first, left = found.chosen(2 * len(routes))
    assert {one.kind for one in first} == set(KINDS)
    assert {one.route for one in first} == set(routes)
    assert left == len(routes) * (len(KINDS) - 2)


def test_places_of_one_route_are_bounded() -> None:
    """Keys that are traffic do not fill the memory; what is left out is counted."""
    found = Candidates()
    for number in range(PATTERNS + 9):
        found.add(candidate("value-changed", "GET /a", number))
    some, left = found.chosen(10_000)
    assert (len(some), left) == (PATTERNS, 9)


class Told:
    """A codec that tells of a call what it cannot put into one."""

    name = "told"

    def places(self, message: Any) -> tuple[Part, ...]:
        """What it says, and that it is in a transaction."""
        return (Part("sql", message), Part("transaction", 1))

    def with_places(self, message: Any, parts: dict[str, Part]) -> Any:
        """Only what it says can be changed."""
        return parts["sql"].value if "sql" in parts else message


def test_what_cannot_be_put_into_a_call_is_no_argument() -> None:
    """A change that changes nothing proves nothing."""
    found = Arguments().of("select 1", Told())  # type: ignore[arg-type]  # a message of its own
    assert [seed.place for seed in found] == ["request.sql"]
