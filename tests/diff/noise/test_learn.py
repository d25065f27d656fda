"""Learning from replays: what varies, what is rebased, what is not explained."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.held import Context, Varying
from ci_gate.diff.noise.learn import (
    Heard,
    Learned,
    learn_all,
    learn_message,
    merge_rebased,
    rebase,
)
from ci_gate.model.message import HttpRequest, HttpResponse, Message, Part
from ci_gate.model.noise import Rebased
from ci_gate.values.redaction.standins import StandIns

CODEC = Http1()
Answer = Callable[..., HttpResponse]
DRAW = random.Random(7)


def fresh() -> str:
    """A UUID nobody has seen."""
    return str(uuid.UUID(int=DRAW.getrandbits(128), version=4))


def token(size: int = 32) -> str:
    """A token nobody has seen."""
    return "".join(DRAW.choice("abcdefghijkmnpqrstuvwxyzABCDEFGH0123456789") for _ in range(size))


def learn(recorded: Message, *replays: Message, ahead: tuple[int, ...] = ()) -> Learned:
    """What is learned of one message; what is learned holds for every replay."""
    side = "request" if isinstance(recorded, HttpRequest) else "response"
    parts = [CODEC.places(one) for one in replays]
    learned = learn_message(side, CODEC.places(recorded), parts, ahead)
    if not learned.unexplained:
        for one in parts[1:]:
            varying = Varying(learned.noise, side, Context())
            masks = Masks().with_varying(varying)
            found = compare(side, parts[0], one, masks, Equality())
            assert [difference for difference in found if not difference.notice] == []
    return learned


def kinds(learned: Learned) -> dict[str, str]:
    """Kind by place."""
    return {one.at: one.kind for one in learned.noise}


def test_nothing_varies(answer: Answer) -> None:
    """A service that answers as recorded teaches nothing."""
    one = answer({"a": 1})
    assert learn(one, one, one, one) == Learned()


def test_kinds_by_place(answer: Answer) -> None:
    """Each place that varies gets its kind, the rest stays closed."""
    bodies = [
        {
            "id": fresh(),
            "at": f"2026-05-01T10:00:0{n}Z",
            "took": n * n,
            "name": "x",
            "inner": {"token": token(), "mode": "warm" if n % 2 else "cold"},
        }
        for n in range(4)
    ]
    learned = learn(*[answer(body) for body in bodies])
    assert kinds(learned) == {
        "response.body.$.id": "uuid",
        "response.body.$.at": "timestamp",
        "response.body.$.took": "integer",
        "response.body.$.inner.token": "base64",
        "response.body.$.inner.mode": "one-of",
    }
    assert learned.rebased == ()
    assert all(one.replays == 3 for one in learned.noise)
    assert learned.noise[2].seen == ("1", "4", "9")


def test_secret_samples_are_not_written_down(answer: Answer) -> None:
    """Samples of secret places are hidden, and a secret is no member of a set."""
    learned = learn(*[answer({"password": token()}) for _ in range(4)])
    assert learned.noise[0].seen == ("‹secret›",)
    few = [answer({"password": word}) for word in ("hunter2", "hunter2", "tr0ub4dor", "hunter2")]
    assert [one.at for one in learn(*few).unexplained] == ["response.body.$.password"]


def test_every_index_makes_a_pattern(answer: Answer) -> None:
    """[*] stands only where every index varies alike; else indices are kept."""

    def body(*kinds: int) -> dict[str, Any]:
        return {"l": [{"id": fresh() if kind else "same", "n": 1} for kind in kinds]}

    every = learn(*[answer(body(1, 1, 1)) for _ in range(4)])
    assert kinds(every) == {"response.body.$.l[*].id": "uuid"}
    some = learn(*[answer(body(1, 0, 1)) for _ in range(4)])
    assert kinds(some) == {"response.body.$.l[0].id": "uuid", "response.body.$.l[2].id": "uuid"}
    single = learn(*[answer(body(1)) for _ in range(4)])
    assert kinds(single) == {"response.body.$.l[0].id": "uuid"}
    nested = learn(*[answer({"l": [body(1, 1), body(1, 1)]}) for _ in range(4)])
    assert kinds(nested) == {"response.body.$.l[*].l[*].id": "uuid"}


def test_order(answer: Answer) -> None:
    """The same items in another order are unordered, by themselves or by a key; what varies in
    them must vary in all."""
    one, other = {"t": ["a", "b", "c"]}, {"t": ["c", "a", "b"]}
    assert kinds(learn(answer(one), answer(one), answer(other))) == {
        "response.body.$.t": "unordered"
    }

    def rows(*ids: int, price: bool = False) -> dict[str, Any]:
        at = fresh()
        return {"t": [{"id": i, "at": fresh(), "p": at if price and i == 1 else ""} for i in ids]}

    learned = learn(answer(rows(1, 2)), answer(rows(2, 1)), answer(rows(1, 2)), answer(rows(2, 1)))
    assert kinds(learned) == {
        "response.body.$.t": "unordered",
        "response.body.$.t[*].at": "uuid",
    }
    assert learned.noise[0].key == "id"
    mixed = [answer(rows(*ids, price=True)) for ids in ((1, 2), (2, 1), (1, 2), (2, 1))]
    assert [one.at for one in learn(*mixed).unexplained] == ["response.body.$.t"]


@pytest.mark.parametrize(
    ("bodies", "at"),
    [
        ([{"l": [1]}, {"l": [1, 2]}, {"l": []}], "response.body.$.l"),
        ([{"a": 1}, {"b": 1}, {"a": 1, "b": 2}], "response.body.$"),
        ([{"a": {}}, {"a": 1}, {"a": "x"}], "response.body.$.a"),
        ([{"w": "red"}, {"w": "green"}, {"w": "blue"}], "response.body.$.w"),
        ([{"w": "x"}, {"w": None}, {"w": "y"}], "response.body.$.w"),
    ],
)
def test_what_nothing_explains(answer: Answer, bodies: list[Any], at: str) -> None:
    """Lengths, members, types and words that just differ are never made noise."""
    learned = learn(answer(bodies[0]), *[answer(body) for body in bodies])
    assert [one.at for one in learned.unexplained] == [at]
    assert learned.noise == ()
    assert learned.unexplained[0].seen


def test_a_few_shapes(answer: Answer) -> None:
    """A container seen in two shapes, one of them twice, is open to these two."""
    bodies = [{"l": [1]}, {"l": [1, 2]}, {"l": [1]}]
    learned = learn(answer(bodies[0]), *[answer(body) for body in bodies])
    assert [(one.kind, one.members) for one in learned.noise] == [("one-of", ("[1, 2]", "[1]"))]


def test_status_and_method_never_vary(answer: Answer) -> None:
    """What happened is compared, whatever the replays did."""
    learned = learn(answer({}), answer({}), answer({}, status=429), answer({}))
    assert [one.at for one in learned.unexplained] == ["response.status"]


def test_headers_and_cookies(answer: Answer) -> None:
    """Headers vary by name, cookies by name and attribute; those that are not compared teach
    nothing; one that comes and goes is not explained."""

    def page(n: int) -> HttpResponse:
        return answer(
            b"",
            "",
            (b"Set-Cookie", f"sid={token()}; Expires=Fri, 01 May 2026 10:00:0{n} GMT".encode()),
            (b"Location", f"/orders/{fresh()}".encode()),
            (b"Date", f"Fri, 01 May 2026 10:00:0{n} GMT".encode()),
            (b"X-Request-Id", fresh().encode()),
        )

    assert kinds(learn(*[page(n) for n in range(4)])) == {
        "response.headers.set-cookie.sid": "base64",
        "response.headers.set-cookie.sid.expires": "timestamp",
        "response.headers.location#0.1": "uuid",
    }
    odd = learn(answer({}), answer({}), answer({}, "application/json", (b"X-A", b"1")))
    assert [one.at for one in odd.unexplained] == ["response.headers.x-a"]


def test_pages(answer: Answer) -> None:
    """A page is a template with typed holes; prose that differs is not explained."""

    def page(mood: str) -> HttpResponse:
        html = f'<form><input name="csrf" value="{token(40)}"><p>{mood}</p></form>'
        return answer(html.encode(), "text/html")

    learned = learn(*[page("fine") for _ in range(4)])
    assert kinds(learned) == {"response.body#5": "base64"}
    assert learned.noise[0].near.endswith('value="')
    assert [one.at for one in learn(*[page(m) for m in ("a b", "c", "d")]).unexplained]
    assert learn(page("a"), page("good"), page("bad"), page("ugly")).unexplained


def test_requests(ask: Callable[..., HttpRequest]) -> None:
    """Outbound requests: path segments, query fields, form fields; other headers are not looked at."""

    def call(n: int) -> HttpRequest:
        form = (b"Content-Type", b"application/x-www-form-urlencoded")
        agent = (b"User-Agent", str(n).encode())
        target = f"/charges/{fresh()}?ts={1777000000 + n}&page=1".encode()
        return ask(target, f"nonce={token()}&amount=5".encode(), form, agent)

    assert kinds(learn(*[call(n) for n in range(4)])) == {
        "request.path[1]": "uuid",
        "request.query.ts": "timestamp",
        "request.body.nonce": "base64",
    }


def test_bodies_that_cannot_be_looked_into(answer: Answer) -> None:
    """Binary bodies, and bodies that are now and then none, are not explained."""
    media = "application/octet-stream"
    found = learn(answer(b"a", media), answer(b"\xff\x01", media), answer(b"\xff\x02", media))
    assert [one.at for one in found.unexplained] == ["response.body"]
    found = learn(answer({}), answer({"a": 1}), answer(b""))
    assert [one.at for one in found.unexplained] == ["response.body"]


def test_rebased(answer: Answer) -> None:
    """What all replays agree on, and the recording does not, is rebased; a value that varies is
    rebased only when the recorded one is of another kind."""
    recorded = answer({"cached": True, "id": fresh(), "at": None})
    replays = [
        answer({"cached": False, "id": fresh(), "at": f"2026-05-01T10:00:0{n}Z"}) for n in range(3)
    ]
    learned = learn(recorded, *replays)
    assert [(one.at, one.recorded, one.expected) for one in learned.rebased] == [
        ("response.body.$.cached", "true", "false"),
        ("response.body.$.at", "null", '"2026-05-01T10:00:00Z"'),
    ]
    assert kinds(learned) == {"response.body.$.id": "uuid", "response.body.$.at": "timestamp"}


def test_the_expectation_keeps_what_travels(answer: Answer) -> None:
    """A rebased message says what the replays said, with the recorded values where it varies, so
    that ids which later requests carry stay the same."""
    recorded = answer({"cached": True, "id": fresh(), "link": f"/o/{fresh()}", "n": 7})
    replays = [
        answer({"cached": False, "id": fresh(), "link": f"/o/{fresh()}", "n": n}) for n in (1, 5, 9)
    ]
    learned = learn(recorded, *replays)
    parts = rebase("response", CODEC.places(recorded), CODEC.places(replays[0]), learned.noise)
    expected = CODEC.with_places(replays[0], parts)
    assert isinstance(expected, HttpResponse)
    assert isinstance(expected.body, bytes)
    assert isinstance(recorded.body, bytes)
    assert expected.body == recorded.body.replace(b"true", b"false")


def test_redacted_values_are_neither_rebased_nor_lost(answer: Answer) -> None:
    """A session cookie is another stand-in in every replay: the recorded one is kept, because later
    requests send it, and there is nothing to review."""
    secrets = [StandIns(b"key").stand_in("secret", token()) for _ in range(3)]
    made = [
        answer(b'<input name="csrf">', "text/html", (b"Set-Cookie", f"sid={one}; Path=/".encode()))
        for one in secrets
    ]
    heard = [CODEC.places(one) for one in made]
    learned = learn_message("response", heard[0], heard[1:])
    assert (learned.noise, learned.rebased) == ((), ())
    parts = rebase("response", heard[0], heard[1], learned.noise)
    assert CODEC.places(CODEC.with_places(made[1], parts)) == heard[0]


def test_indices_of_unordered_items_say_nothing(answer: Answer) -> None:
    """Below an array without order the replay's own values are kept: indices do not match."""

    def rows(cached: bool, *ids: int) -> HttpResponse:
        return answer({"c": cached, "t": [{"id": one, "at": fresh()} for one in ids]})

    recorded = rows(True, 1, 2)
    replays = [rows(False, 2, 1), rows(False, 1, 2), rows(False, 2, 1)]
    learned = learn(recorded, *replays)
    assert [one.at for one in learned.rebased] == ["response.body.$.c"]
    assert rebase("response", CODEC.places(recorded), CODEC.places(replays[0]), learned.noise) == {}


def test_learning_again() -> None:
    """The first live value stays on record; what is again as recorded is dropped."""
    first = (Rebased(at="a", recorded="1", expected="2"), Rebased(at="b", recorded="1"))
    again = (
        Rebased(at="a", recorded="2", expected="3"),
        Rebased(at="b", recorded="", expected="1"),
    )
    assert merge_rebased(first, again) == (Rebased(at="a", recorded="1", expected="3"),)


def test_the_clock(answer: Answer) -> None:
    """What changes only with the clock ahead is time-derived: values and whole arrays."""
    bodies = [{"age": "3 days", "open": [1, 2]}] * 3 + [{"age": "34 days", "open": []}]
    learned = learn(*[answer(body) for body in bodies], ahead=(2,))
    assert {one.at: (one.kind, one.clock) for one in learned.noise} == {
        "response.body.$.age": ("derived", True),
        "response.body.$.open": ("derived", True),
    }


def heard(bodies: list[list[Any]], answer: Answer) -> list[Heard]:
    """One message for each list of bodies: the recorded one, then those of the replays."""
    made = []
    for number, (recorded, *replays) in enumerate(bodies):
        parts: list[tuple[Part, ...]] = [CODEC.places(answer(one)) for one in replays]
        made.append(
            Heard(
                scope=f"x-{number}",
                series="POST /orders",
                side="response",
                recorded=CODEC.places(answer(recorded)),
                replays=tuple(parts),
            )
        )
    return made


def test_counters(answer: Answer) -> None:
    """Ids that move on together count; one place needs equal steps, and random numbers do not."""
    moving = [[{"id": n}, {"id": n + 3}, {"id": n + 6}] for n in (1, 2, 3)]
    for learned in learn_all(heard(moving, answer)):
        assert [(one.kind, one.low, one.high) for one in learned.noise] == [("counter", 0, None)]
    alone = [[{"id": 1}, {"id": 4}, {"id": 7}, {"id": 10}]]
    assert learn_all(heard(alone, answer))[0].noise[0].kind == "counter"
    backwards = [[{"id": 5}, {"id": 7}, {"id": 1}], [{"id": 6}, {"id": 3}, {"id": 9}]]
    assert {one.noise[0].kind for one in learn_all(heard(backwards, answer))} == {"integer"}


def test_numbers_of_a_route_share_their_spread(answer: Answer) -> None:
    """How far a duration spreads anywhere is how far it may spread everywhere, also where it was
    the same three times; a place that most exchanges keep constant stays closed."""
    times = [
        [{"ms": 1}, {"ms": 0}, {"ms": 9}, {"ms": 4}],
        [{"ms": 1}, {"ms": 1}, {"ms": 2}, {"ms": 1}],
        [{"ms": 1}, {"ms": 1}, {"ms": 1}, {"ms": 1}],
    ]
    learned = learn_all(heard(times, answer))
    assert [one.noise[0].kind for one in learned] == ["integer"] * 3
    assert [one.noise[0].high for one in learned] == [900] * 3
    constant = [*times[:1], *[[{"ms": 1}] * 4] * 3]
    assert [len(one.noise) for one in learn_all(heard(constant, answer))] == [1, 0, 0, 0]


def test_numbers_with_a_unit_are_no_series(answer: Answer) -> None:
    """Durations as people read them vary each for itself, beside plain numbers at the same place."""
    times = [
        [{"took": "1.5s"}, {"took": "1.2s"}, {"took": "1.3s"}],
        [{"took": 5}, {"took": 7}, {"took": 8}],
    ]
    learned = learn_all(heard(times, answer))
    assert [one.noise[0].format for one in learned] == ["text s", ""]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(JSON, min_size=2, max_size=4))
def test_what_is_learned_holds_for_what_was_seen(bodies: list[Any]) -> None:
    """Whatever the replays answered: either something is unexplained, or every replay passes."""
    messages = [
        HttpResponse(200, b"", ((b"Content-Type", b"application/json"),), json.dumps(body).encode())
        for body in bodies
    ]
    learn(messages[0], *messages)


@given(st.lists(st.text(max_size=40), min_size=2, max_size=4))
def test_any_text(texts: list[str]) -> None:
    """The same for texts."""
    messages = [
        HttpResponse(200, b"", ((b"Content-Type", b"text/plain"),), text.encode()) for text in texts
    ]
    learn(messages[0], *messages)
