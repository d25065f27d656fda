"""Small numbers that travel."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.correlation.bindings import find, refusals
from ci_gate.correlation.numbers import is_number
from ci_gate.correlation.substitution import Substitution
from ci_gate.model.binding import Binding
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.noise import Noise
from tests.correlation.traffic import CODEC, FORM, Recording, ask, parts_of, say


def bound(*exchanges: tuple[HttpRequest, HttpResponse]) -> list[tuple[str, str, list[str]]]:
    """(value, where it was made, where it was used) of each binding."""
    recording = Recording()
    for request, response in exchanges:
        recording.client(request, response)
    snapshot = recording.snapshot()
    bindings = find(snapshot, parts_of)
    snapshot = msgspec.structs.replace(snapshot, bindings=bindings)
    assert refusals(snapshot, parts_of) == []
    return [
        (one.value, one.made.at, [f"{spot.exchange} {spot.at}" for spot in one.used])
        for one in bindings.inbound
    ]


MADE = (ask("/api/orders", {"item": "a"}), say({"id": 7, "count": 3}, status=201))


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        (ask("/api/orders/7"), "request.path[2]"),
        (ask("/v2/orders/7/lines"), "request.path[2]"),
        (ask("/payments", {"order_id": 7, "amount": 3}), "request.body.$.order_id"),
        (ask("/payments", {"orderId": "7"}), "request.body.$.orderId"),
        (ask("/payments", {"order": 7}), "request.body.$.order"),
        (ask("/payments", {"order": {"id": 7}}), "request.body.$.order.id"),
        (ask("/payments", {"order_ids": [5, 7]}), "request.body.$.order_ids[1]"),
        (ask("/payments", b"order_id=7&n=3", FORM), "request.body.order_id"),
        (ask("/payments?order=7"), "request.query.order"),
        (ask("/orders?id=7"), "request.query.id"),
    ],
)
def test_an_order_by_its_number(request_: HttpRequest, place: str) -> None:
    """What an answer calls the id of an order is found where a request names an order by it."""
    assert bound(MADE, (request_, say({}))) == [("7", "response.body.$.id", [f"i-1 {place}"])]


@pytest.mark.parametrize(
    "request_",
    [
        ask("/customers/7"),
        ask("/orders/3"),
        ask("/counts/3"),
        ask("/orders/7a"),
        ask("/7"),
        ask("/orders?page=7"),
        ask("/payments", {"amount": 7}),
        ask("/payments", {"customer_id": 7}),
        ask("/payments", b"7"),
    ],
)
def test_coincidences(request_: HttpRequest) -> None:
    """The same digits elsewhere are another number."""
    assert bound(MADE, (request_, say({}))) == []


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        (say({"order_id": 7}), "response.body.$.order_id"),
        (say({"data": {"orderNumber": 7}}), "response.body.$.data.orderNumber"),
        (say({"order": {"id": 7}}), "response.body.$.order.id"),
        (say({"items": [{"id": 6}, {"id": 7}]}), "response.body.$.items[1].id"),
        (say({"number": 7}), "response.body.$.number"),
        (say(b"", (b"Location", b"/orders/7")), "response.headers.location"),
        (say(b"", (b"Location", b"http://x/o/9/orders/7?n=1")), "response.headers.location"),
    ],
)
def test_where_it_is_brought(answer: HttpResponse, place: str) -> None:
    """In a body under a name for an id, or at the end of a Location."""
    found = bound((ask("/orders", {"n": 1}), answer), (ask("/orders/7"), say({})))
    assert found == [("7", place, ["i-1 request.path[1]"])]


def test_a_number_beside_an_id_is_none() -> None:
    """An order's number is not what it is asked for by when it has an id."""
    exchanges = (ask("/orders", {"n": 1}), say({"id": 900, "number": 7}))
    assert bound(exchanges, (ask("/orders/7"), say({}))) == []


def test_what_a_client_knew_is_its_own() -> None:
    """An order that was asked for before an answer brought it is not made up by the service."""
    before = (ask("/orders/7"), say({"id": 7}))
    assert bound(before, MADE, (ask("/orders/7"), say({}))) == []


def test_a_constant_of_a_learned_service_does_not_travel() -> None:
    """Where all replays brought the same number, nothing needs to be put in its place."""
    recording = Recording()
    recording.client(*MADE)
    recording.client(ask("/orders/7"), say({}))
    snapshot = recording.snapshot()
    assert find(snapshot, parts_of, learned=True).inbound == ()
    counter = Noise(at="response.body.$.id", kind="counter", low=1, replays=3)
    made, used = snapshot.inbound
    made = msgspec.structs.replace(made, noise=(counter,))
    learned = msgspec.structs.replace(snapshot, inbound=(made, used))
    assert [one.value for one in find(learned, parts_of, learned=True).inbound] == ["7"]


def test_which_numbers() -> None:
    """One to seven digits; longer ones mean something by themselves."""
    assert [text for text in ("1", "1042", "9999999") if not is_number(text)] == []
    assert [t for t in ("", "0", "07", "-1", "1.0", "10000000", "٣") if is_number(t)] == []


class Client:
    """A client of a service with counters: what it asks, recorded and live."""

    def __init__(self, recorded: dict[str, int], live: dict[str, int]) -> None:
        self.counters = recorded, live
        self.made: dict[str, list[tuple[int, int]]] = {}
        self.constants: set[tuple[str, int, int]] = set()
        """(thing, number, when): what the client knew of itself."""
        self.named: dict[int, tuple[str, int]] = {}
        """Exchange -> the thing that it names, recorded."""
        self.said: list[tuple[HttpRequest, HttpRequest, HttpResponse, HttpResponse]] = []

    def create(self, noun: str) -> None:
        """Make a thing."""
        old, new = (counters[noun] for counters in self.counters)
        for counters in self.counters:
            counters[noun] += 1
        self.made.setdefault(noun, []).append((old, new))
        request = ask(f"/{noun}", {"amount": old % 7, "page": 1})
        self.say(request, request, {"id": old, "n": 1}, {"id": new, "n": 1})

    def use(self, noun: str, which: int, how: str) -> None:
        """Ask for a thing that was made."""
        things = self.made.get(noun)
        if things:
            old, new = things[which % len(things)]
            self.named[len(self.said)] = (noun, old)
            self.say(named(noun, old, how, old), named(noun, new, how, old), {}, {})

    def constant(self, noun: str, number: int, how: str) -> None:
        """Ask for a thing that the client knows of itself."""
        if number not in [old for old, _ in self.made.get(noun, ())]:
            request = named(noun, number, how, number)
            self.constants.add((noun, number, len(self.said)))
            self.say(request, request, {}, {})

    def knew(self, at: int) -> bool:
        """True when the client had named that thing itself before."""
        return any((*self.named.get(at, ("", 0)), before) in self.constants for before in range(at))

    def say(self, old: HttpRequest, new: HttpRequest, answer: Any, live: Any) -> None:
        """One exchange."""
        self.said.append((old, new, say(answer), say(live)))


def named(noun: str, number: int, how: str, other: int) -> HttpRequest:
    """A request that names a thing by a number, and says another number that names nothing."""
    if how == "path":
        return ask(f"/{noun}/{number}?page={other}")
    if how == "query":
        return ask(f"/search?{noun[:-1]}_id={number}&limit={other}")
    return ask("/payments", {noun[:-1]: number, "amount": other, "count": 1})


NOUNS = ("orders", "customers", "lines")
STEP = st.one_of(
    st.tuples(st.just("create"), st.sampled_from(NOUNS)),
    st.tuples(
        st.sampled_from(["use", "constant"]),
        st.sampled_from(NOUNS),
        st.integers(1, 12),
        st.sampled_from(["path", "query", "body"]),
    ),
)
STARTS = st.fixed_dictionaries({noun: st.integers(1, 12) for noun in NOUNS})


@given(STARTS, STARTS, st.lists(STEP, max_size=25))
def test_coincidence_never_changes_a_request_wrongly(
    recorded: dict[str, int], live: dict[str, int], steps: list[Any]
) -> None:
    """Whatever counters begin with and whatever else is small: a request goes out as the client
    would say it live, or, for a number that it knew before, as it was recorded; with the counters
    of the recording nothing is ever changed."""
    client = Client(dict(recorded), dict(live))
    for name, *rest in steps:
        getattr(client, name)(*rest)
    recording = Recording()
    names = [recording.client(old, answer) for old, _, answer, _ in client.said]
    run = Substitution(find(recording.snapshot(), parts_of))
    for at, (name, (old, new, _, answer)) in enumerate(zip(names, client.said, strict=True)):
        filled = run.fill(name, CODEC.places(old))
        sent = CODEC.with_places(old, filled.parts)
        assert sent == new or (sent == old and client.knew(at))
        if recorded == live:
            assert filled.parts == {}
        run.heard(name, CODEC.places(answer))


def test_a_binding_says_where() -> None:
    """In bindings.json it looks like any other."""
    recording = Recording()
    recording.client(*MADE)
    recording.client(ask("/orders/7"), say({}))
    (binding,) = find(recording.snapshot(), parts_of).inbound
    assert isinstance(binding, Binding)
    assert (binding.name, binding.made.exchange) == ("B1", "i-0")
