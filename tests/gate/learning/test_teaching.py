"""What rehearsals teach: noise and rebased places, and what makes learning unfaithful."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ci_gate.codecs.registry import codec
from ci_gate.diff.rules import Rules
from ci_gate.gate.learn import fresh
from ci_gate.gate.learning.rehearsing import Rehearsal
from ci_gate.gate.learning.teaching import Taught, teach
from ci_gate.gate.observing.callrecords import recorded_calls
from ci_gate.model.call import CallRecord
from ci_gate.model.message import HttpResponse
from ci_gate.model.rule import Rule, Where
from ci_gate.model.snapshot import Snapshot

FIRST, SECOND, CHARGE = "aaaa1111-1", "bbbb1111-1", "cccc1111-1"
JSON = ((b"Content-Type", b"application/json"),)
IDS = (
    "6f1c2c1e-7a0b-4c58-9d0e-3f1a2b3c4d5e",
    "0b9d6a4f-2f63-4f0c-8e57-8d9c0a1b2c3d",
    "d3c1b2a0-9f8e-4d7c-a6b5-c4d3e2f1a0b9",
)
NO_RULES = Rules((), "2026-09-01")


def say(value: object, status: int = 201) -> HttpResponse:
    """An answer with JSON."""
    return HttpResponse(status=status, headers=JSON, body=json.dumps(value).encode())


@pytest.fixture
def plain(recorded: Snapshot) -> Snapshot:
    """A snapshot with two inbound exchanges, and one call (a write) of the first."""
    calls = tuple(one for one in recorded.outbound if one.id == CHARGE)
    return msgspec.structs.replace(recorded, outbound=calls, dependencies=recorded.dependencies[:1])


def rehearsal(snapshot: Snapshot, first: object = None, **more: Any) -> Rehearsal:
    """The service behaves as recorded, but for the answer to the first request."""
    responses = {one.id: one.response for one in snapshot.inbound if one.response is not None}
    if first is not None:
        responses[FIRST] = say(first)
    given: dict[str, Any] = {
        "responses": responses,
        "requests": {one.id: one.request for one in snapshot.outbound},
        "calls": tuple(
            msgspec.structs.replace(one, id=f"live-{one.id}", matched=one.id, tier=1)
            for one in recorded_calls(snapshot)
        ),
        "failures": {},
    }
    return Rehearsal(**{**given, **more})


def taught(snapshot: Snapshot, *answers: object, rules: Rules = NO_RULES) -> Taught:
    """What replays with these answers to the first request teach."""
    return teach(snapshot, [rehearsal(snapshot, one) for one in answers], rules)


def noise(found: Taught) -> list[tuple[str, str, str]]:
    """(route, place, kind) of everything that varies."""
    exchanges = (*found.snapshot.inbound, *found.snapshot.outbound)
    return [(one.route, noise.at, noise.kind) for one in exchanges for noise in one.noise]


def rebased(found: Taught) -> list[tuple[str, str, str]]:
    """(place, recorded, expected) of everything that was rebased."""
    exchanges = (*found.snapshot.inbound, *found.snapshot.outbound)
    return [(one.at, one.recorded, one.expected) for ex in exchanges for one in ex.rebased]


def whys(found: Taught) -> list[str]:
    """Why it is unfaithful, with route and exchange in front."""
    return [
        f"{one.route} ({one.exchange}): {one.why}" + (f" (seen: {one.seen})" if one.seen else "")
        for one in found.unfaithful
    ]


def test_nothing_varies(plain: Snapshot) -> None:
    """Replays that are as recorded leave the snapshot as it is."""
    found = teach(plain, [rehearsal(plain)] * 3, NO_RULES)
    assert found.unfaithful == ()
    assert found.snapshot == plain


def test_what_varies_gets_a_kind(plain: Snapshot) -> None:
    """The noise stands at the exchange, and nowhere else."""
    found = taught(plain, *({"id": one, "items": [{"price": 3}]} for one in IDS))
    assert found.unfaithful == ()
    assert noise(found) == [("POST /orders", "response.body.$.id", "uuid")]
    first, second = found.snapshot.inbound
    assert [(one.at, one.kind, one.replays) for one in first.noise] == [
        ("response.body.$.id", "uuid", 3)
    ]
    assert second == plain.inbound[1]


def test_what_all_agree_on_is_expected(plain: Snapshot) -> None:
    """Another answer than the recorded one, the same in all replays, is rebased and listed."""
    found = taught(plain, *[{"id": 7, "items": [{"price": 4}]}] * 3)
    assert found.unfaithful == ()
    assert rebased(found) == [("response.body.$.items[0].price", "3", "4")]
    first = found.snapshot.inbound[0]
    assert first.response is not None
    assert json.loads(first.response.body) == {"id": 7, "items": [{"price": 4}]}  # type: ignore[arg-type]  # small bodies are bytes
    again = teach(found.snapshot, [rehearsal(found.snapshot)] * 3, NO_RULES)
    assert again.snapshot == found.snapshot


@pytest.mark.parametrize(("status", "faithful"), [(200, True), (404, False), (503, False)])
def test_errors_are_not_made_the_norm(plain: Snapshot, status: int, faithful: bool) -> None:
    """A success that is an error in all replays is no expectation: something is missing."""
    one = rehearsal(plain)
    one.responses[FIRST] = say({"error": "no such order"}, status)
    found = teach(plain, [one, one], NO_RULES)
    assert (found.unfaithful == ()) is faithful
    if not faithful:
        assert (
            f"response.status: 201 was recorded, and under its mocks the service answers {status}"
            in whys(found)[0]
        )


def test_errors_that_a_rule_accepts(plain: Snapshot) -> None:
    """Who knows why it is so can say so."""
    rules = Rules((Rule(index=1, at="response.status", allow="any", reason="r"),), "2026-09-01")
    one = rehearsal(plain)
    one.responses[FIRST] = say({"id": 0, "items": []}, 404)
    assert teach(plain, [one, one], rules).unfaithful == ()


def test_what_nothing_explains(plain: Snapshot) -> None:
    """A place that is sometimes this and sometimes that is named, with its route and exchange."""
    answers: list[object] = [{"id": {"a": 1}}, {"id": [3]}, {"id": "text"}]
    found = taught(plain, *answers)
    (why,) = whys(found)
    assert why.startswith(f"POST /orders ({FIRST}): response.body.$.id is of another type in some")
    assert '(seen: {"a": 1}; [3]; text)' in why
    assert found.erratic == ("POST /orders",)


def test_a_rule_is_enough(plain: Snapshot) -> None:
    """Places that a committed rule opens are neither learned nor unfaithful."""
    rule = Rule(
        index=1, at="response.body.$.id", allow="any", reason="r",
        where=Where(route="POST /orders"),
    )  # fmt: skip
    rules = Rules((rule,), "2026-09-01")
    answers = [{"id": one, "items": [{"price": 3}]} for one in ("x y", "zz top", "quite")]
    found = taught(plain, *answers, rules=rules)
    assert (found.unfaithful, noise(found), rebased(found)) == ((), [], [])


def test_a_request_without_answer(plain: Snapshot) -> None:
    """It is said which, and why."""
    bad = rehearsal(plain, failures={SECOND: "timed out"})
    bad.responses.pop(SECOND)
    found = teach(plain, [rehearsal(plain), bad], NO_RULES)
    assert whys(found) == [f"GET /orders/{{id}} ({SECOND}): replay 2: timed out"]


def test_a_service_that_does_not_come_up(plain: Snapshot) -> None:
    """Its failure is all that is told: the rest follows from it."""
    dead = rehearsal(plain, failure="it ended with 7", responses={}, requests={}, calls=())
    found = teach(plain, [rehearsal(plain), dead], NO_RULES)
    assert [(one.route, one.why) for one in found.unfaithful] == [("", "replay 2: it ended with 7")]
    assert found.snapshot == plain


def miss(snapshot: Snapshot) -> CallRecord:
    """A call that nothing was recorded for."""
    call = recorded_calls(snapshot)[0]
    return msgspec.structs.replace(
        call,
        id="live-9",
        route="POST /refunds",
        label="POST /refunds",
        coarse=("POST", "/refunds"),
        nearest="POST /charges",
    )


def test_calls_that_nothing_answers(plain: Snapshot) -> None:
    """A miss is never noise; what came nearest is told."""
    one = rehearsal(plain)
    more = msgspec.structs.replace(one, calls=(*one.calls, miss(plain)))
    found = teach(plain, [one, more], NO_RULES)
    assert whys(found) == [
        f"POST /orders ({FIRST}): POST /refunds (payments) was not recorded, so that nothing "
        "answers it (1 of 2 replays); POST /charges"
    ]


def test_what_is_told_of_a_call_holds_no_secret(plain: Snapshot) -> None:
    """A miss is told as it came, but for what looks secret in it."""
    secret = "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc"
    call = msgspec.structs.replace(miss(plain), label=f"GET /x?key={secret}&to=ada@corp.example")
    one = rehearsal(plain)
    found = teach(plain, [msgspec.structs.replace(one, calls=(*one.calls, call)), one], NO_RULES)
    (told,) = whys(found)
    assert "GET /x?key=" in told
    assert secret not in told
    assert "ada@corp.example" not in told


def test_what_nothing_went_on_without_is_blocking(plain: Snapshot) -> None:
    """A call whose answer was kept back in every replay; it is forgotten when it is learned anew."""
    [name] = (one.id for one in plain.outbound)
    waited = rehearsal(plain, blocking=frozenset({name}))
    learned = teach(plain, [waited, waited], NO_RULES).snapshot
    assert [one.blocking for one in learned.outbound] == [True]
    assert [one.blocking for one in fresh(learned).outbound] == [False]
    again = teach(plain, [waited, rehearsal(plain)], NO_RULES).snapshot
    assert [one.blocking for one in again.outbound] == [False]


def test_calls_that_are_never_made(plain: Snapshot) -> None:
    """A recorded call that no replay makes is not silently dropped."""
    found = teach(plain, [rehearsal(plain, calls=(), requests={})] * 2, NO_RULES)
    assert whys(found) == [f"POST /orders ({FIRST}): POST /charges (payments) is never called"]


def test_writes_that_come_and_go(plain: Snapshot) -> None:
    """A write is made or not made; it is never optional."""
    found = teach(plain, [rehearsal(plain), rehearsal(plain, calls=(), requests={})], NO_RULES)
    (why,) = whys(found)
    assert "the write POST /charges (payments) comes and goes: made in 1 of 2 replays" in why


def test_reads_that_come_and_go(plain: Snapshot) -> None:
    """A read that not every replay makes is learned as optional, with the evidence."""
    call = plain.outbound[0]
    read = msgspec.structs.replace(
        call,
        route="GET /charges",
        request=msgspec.structs.replace(call.request, method="GET", body=b""),
    )
    snapshot = msgspec.structs.replace(plain, outbound=(read,))
    assert codec("http").facts(read).effect == "read"
    found = teach(
        snapshot, [rehearsal(snapshot), rehearsal(snapshot, calls=(), requests={})], NO_RULES
    )
    assert found.unfaithful == ()
    (noise,) = found.snapshot.outbound[0].noise
    assert (noise.at, noise.kind, noise.seen) == ("call", "optional", ("made in 1 of 2 replays",))


def test_calls_that_are_made_too_often(plain: Snapshot) -> None:
    """A call repeated in every replay would make every run red: it is told, not learned."""
    one = rehearsal(plain)
    again = msgspec.structs.replace(one.calls[0], id="live-2", tier=2)
    more = msgspec.structs.replace(one, calls=(*one.calls, again))
    assert whys(teach(plain, [more, more], NO_RULES)) == [
        f"POST /orders ({FIRST}): POST /charges (payments) is called more often than recorded: "
        "POST /charges: made 2, recorded 1"
    ]


def reading(snapshot: Snapshot) -> Snapshot:
    """The same, its call a read."""
    call = snapshot.outbound[0]
    read = msgspec.structs.replace(
        call,
        route="GET /charges",
        request=msgspec.structs.replace(call.request, method="GET", body=b""),
    )
    return msgspec.structs.replace(snapshot, outbound=(read,))


def allowing(*calls: str, effect: str = "") -> Rules:
    """A rule for calls to the one dependency."""
    where = Where(dependency="payments")
    rule = Rule(index=1, calls=calls, effect=effect, where=where, reason="r")
    return Rules((rule,), "2026-09-01")


@pytest.mark.parametrize("change", ["missing", "unexpected", "repeated"])
def test_a_rule_for_calls_is_enough(plain: Snapshot, change: str) -> None:
    """What a committed rule allows of calls is neither learned nor unfaithful."""
    one = rehearsal(plain)
    again = msgspec.structs.replace(one.calls[0], id="live-2", tier=2)
    calls = {
        "missing": (),
        "unexpected": (*one.calls, miss(plain)),
        "repeated": (*one.calls, again),
    }[change]
    other = msgspec.structs.replace(one, calls=calls)
    assert teach(plain, [one, other], NO_RULES).unfaithful
    found = teach(plain, [one, other], allowing(change))
    assert (found.unfaithful, noise(found)) == ((), [])
    assert teach(plain, [one, other], allowing(change, effect="read")).unfaithful


def test_a_rule_for_reads_that_come_and_go(plain: Snapshot) -> None:
    """What the rule excuses anyway is not written beside the call as well."""
    snapshot = reading(plain)
    replays = [rehearsal(snapshot), rehearsal(snapshot, calls=(), requests={})]
    assert noise(teach(snapshot, replays, NO_RULES)) == [("GET /charges", "call", "optional")]
    assert noise(teach(snapshot, replays, allowing("missing", effect="read"))) == []


def test_a_rule_for_changed_calls(plain: Snapshot) -> None:
    """A call whose body nothing explains is excused by a rule; without one it is named."""
    bodies: list[object] = [{"a": [1]}, {"a": {"b": 2}}, {"a": "three of them"}]
    replays = []
    for body in bodies:
        one = rehearsal(plain)
        request = msgspec.structs.replace(
            plain.outbound[0].request, headers=JSON, body=json.dumps(body).encode()
        )
        parts = codec("http").places(request)
        calls = tuple(msgspec.structs.replace(call, parts=parts) for call in one.calls)
        replays.append(msgspec.structs.replace(one, requests={CHARGE: request}, calls=calls))
    (why,) = whys(teach(plain, replays, NO_RULES))
    assert why.startswith(f"POST /charges (payments) ({CHARGE}): request.body.$.a is of another")
    assert teach(plain, replays, allowing("changed")).unfaithful == ()


def test_arrays_sorted_by_made_up_values_have_any_order(plain: Snapshot) -> None:
    """In live terms they are sorted; in recorded terms, in which a run is judged, they are not."""
    rows = [{"id": one} for one in IDS]
    orders = [rows, rows[::-1], [rows[1], rows[0], rows[2]]]
    snapshot = msgspec.structs.replace(
        plain,
        inbound=(msgspec.structs.replace(plain.inbound[0], response=say(rows)), plain.inbound[1]),
    )
    turned = [{FIRST: say(order)} for order in orders]
    replays = [rehearsal(snapshot, rows, in_recorded_terms=one) for one in turned]
    found = teach(snapshot, replays, NO_RULES)
    assert found.unfaithful == ()
    assert noise(found) == [("POST /orders", "response.body.$", "unordered")]
    assert noise(teach(snapshot, [rehearsal(snapshot, rows)] * 3, NO_RULES)) == []


def test_what_is_learned_is_held_against_the_replays(plain: Snapshot) -> None:
    """What would be red in a run at once is unfaithful, also where no walk looks: here a header
    whose presence alone is compared."""
    one, other = rehearsal(plain), rehearsal(plain)
    first = one.responses[FIRST]
    assert isinstance(first, HttpResponse)
    traced = (*first.headers, (b"X-Request-Id", b"7"))
    other.responses[FIRST] = msgspec.structs.replace(first, headers=traced)
    (why,) = whys(teach(plain, [one, other], NO_RULES))
    assert why.startswith(f"POST /orders ({FIRST}): response.headers.x-request-id varies otherwise")
    assert "(1 of 2 replays)" in why
