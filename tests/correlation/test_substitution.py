"""Conversations at replay: live values in the place of recorded ones."""

from __future__ import annotations

import json
import uuid
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.correlation.bindings import find, texts_of
from ci_gate.correlation.substitution import Pair, Substitution
from ci_gate.model.message import HttpRequest, HttpResponse
from tests.correlation.traffic import CODEC, FORM, Recording, ask, parts_of, say

ID, OTHER = "1f0c2a34-0000-4000-8000-0123456789ab", "2f0c2a34-0000-4000-8000-0123456789ab"
THIRD = "3f0c2a34-0000-4000-8000-0123456789ab"
SECRET, LIVE = "9d31c07e55aa41f2", "0b42d18f66bb52e3"


def replayer(recording: Recording) -> Substitution:
    """What a run of that recording shares."""
    snapshot = recording.snapshot()
    routes = {exchange.id: exchange.route for exchange in snapshot.inbound}
    return Substitution(find(snapshot, parts_of), routes)


def sent(run: Substitution, exchange: str, recorded: HttpRequest) -> HttpRequest:
    """The request as it goes out."""
    filled = run.fill(exchange, CODEC.places(recorded))
    request = CODEC.with_places(recorded, filled.parts)
    assert isinstance(request, HttpRequest)
    run.saw(CODEC.places(request))
    return request


def hear(run: Substitution, exchange: str, live: HttpResponse) -> None:
    """The live answer."""
    run.heard(exchange, CODEC.places(live))


def test_an_order_with_another_id() -> None:
    """The live id stands in the path of the next request, and nothing else is changed."""
    recording = Recording()
    first = ask("/orders", {"ref": "x"})
    second = ask(f"/orders/{ID}?full=1", b"", (b"X-Ref", b"abc"))
    made, used = recording.client(first, say({"id": ID})), recording.client(second, say({}))
    run = replayer(recording)
    assert sent(run, made, first) == first
    hear(run, made, say({"id": OTHER}))
    assert sent(run, used, second) == ask(f"/orders/{OTHER}?full=1", b"", (b"X-Ref", b"abc"))
    assert run.blame(used) == ""


def test_a_login() -> None:
    """Cookie and CSRF token travel through headers and a form, whose length follows."""
    recording = Recording()
    html = (b"Content-Type", b"text/html")

    def page(sid: str, csrf: str) -> HttpResponse:
        cookie = (b"Set-Cookie", f"sid={sid}; Path=/".encode())
        return say(f'<p>hi</p><input name="csrf" value="{csrf}">'.encode(), html, cookie)

    def post(sid: str, csrf: str) -> HttpRequest:
        body = f"user=a&csrf={csrf}&x=1".encode()
        size = (b"Content-Length", str(len(body)).encode())
        return ask("/login", body, FORM, size, (b"Cookie", f"lang=en; sid={sid}".encode()))

    start = recording.client(ask("/login"), page(SECRET, ID))
    login = recording.client(post(SECRET, ID), say(status=302))
    run = replayer(recording)
    hear(run, start, page(LIVE, "short-token-1a2b3c"))
    assert sent(run, login, post(SECRET, ID)) == post(LIVE, "short-token-1a2b3c")


def test_what_cannot_be_filled_is_named() -> None:
    """An answer without the value is the cause of everything behind it."""
    recording = Recording()
    second, third = ask(f"/orders/{ID}", {"n": 2}), ask(f"/sub/{SECRET}")
    made = recording.client(ask("/orders", {"n": 1}), say({"id": ID}))
    used = recording.client(second, say({"sub": SECRET}))
    last = recording.client(third, say({}))
    run = replayer(recording)
    assert "not replayed before" in run.fill(used, CODEC.places(second)).missing[0]
    hear(run, made, say({"error": "no"}, status=500))
    assert sent(run, used, second) == second
    assert run.blame(used) == f"B1, made at response.body.$.id of r ({made}): it was not there"
    run.heard(used, ())
    sent(run, last, third)
    assert (
        run.blame(last) == f"B2, made at response.body.$.sub of r ({used}): there was no response"
    )


def test_two_recorded_values_may_be_one_live_value() -> None:
    """Tokens that are made of the time are the same within a second: each is sent back."""
    recording = Recording()
    one = recording.client(ask("/o", {"n": 1}), say({"id": ID}))
    two = recording.client(ask("/o", {"n": 2}), say({"id": OTHER}))
    get = ask(f"/o/{OTHER}/{ID}")
    used = recording.client(get, say({}))
    run = replayer(recording)
    hear(run, one, say({"id": THIRD}))
    hear(run, two, say({"id": THIRD}))
    assert sent(run, used, get).target == f"/o/{THIRD}/{THIRD}".encode()
    assert run.blame(used) == ""


def test_numbers_travel_as_numbers() -> None:
    """A number in JSON stays one."""
    recording = Recording()
    made = recording.client(ask("/o", {"n": 1}), say({"id": 1234567890123}))
    post = ask("/lines", {"order": 1234567890123, "n": 1})
    used = recording.client(post, say({}))
    run = replayer(recording)
    hear(run, made, say({"id": 9876543210987}))
    assert json.loads(sent(run, used, post).body) == {"order": 9876543210987, "n": 1}  # type: ignore[arg-type]  # bytes, as made above


class Charges:
    """A service that makes up a reference for each payment, recorded once."""

    def __init__(self) -> None:
        recording = Recording()
        self.inbound = ask("/pay", {"user": SECRET, "amount": 5})
        recording.client(self.inbound, say({}))
        self.request = self.call(ID)
        self.response = say({"ref": ID, "state": "done"})
        self.id = recording.call(self.request, self.response)
        self.next = ask(f"/charges/{ID}")
        self.next_id = recording.call(self.next, say({"ref": ID}))
        self.run = replayer(recording)
        self.run.saw(CODEC.places(self.inbound))

    @staticmethod
    def call(ref: str, user: str = SECRET, amount: int = 5) -> HttpRequest:
        """The call for one payment."""
        return ask("/charges", {"ref": ref, "user": user, "amount": amount})

    def stands(self, live: HttpRequest) -> tuple[Pair, ...] | None:
        """The pairs by which a live call is the recorded one, as tier 4 of the matcher asks."""
        parts = CODEC.places(live)
        expected = texts_of("request", CODEC.places(self.request))
        pairs = self.run.pairs(self.id, expected, texts_of("request", parts))
        tried = CODEC.with_places(live, self.run.in_recorded_terms(parts, pairs))
        return pairs if pairs and tried == self.request else None


def test_a_fresh_reference_is_matched_and_echoed() -> None:
    """A live reference pairs with the recorded one, the answer says the live one, and later calls
    with it are the recorded calls."""
    service = Charges()
    pairs = service.stands(service.call(OTHER))
    assert pairs == (Pair(ID, OTHER),)
    assert service.run.accept(pairs)
    parts = service.run.answer(service.id, CODEC.places(service.response))
    assert CODEC.with_places(service.response, parts) == say({"ref": OTHER, "state": "done"})
    later = ask(f"/charges/{OTHER}")
    changed = service.run.in_recorded_terms(CODEC.places(later))
    assert CODEC.with_places(later, changed) == service.next
    # The other way round another reference does not pass for it any more.
    assert service.stands(service.call(THIRD)) is None
    assert not service.run.in_recorded_terms(CODEC.places(ask(f"/charges/{THIRD}")))


def test_a_wrong_value_with_an_origin_stays_wrong() -> None:
    """Another user, another amount, a value from a client in the reference's place: no match."""
    service = Charges()
    assert service.stands(service.call(OTHER, user="aaaaaaaaaaaa4444")) is None
    assert service.stands(service.call(OTHER, amount=6)) is None
    assert service.stands(service.call("17")) is None
    assert service.stands(ask("/charges", {"ref": OTHER})) is None
    service.run.saw(CODEC.places(ask("/x", {"given": THIRD})))
    assert service.stands(service.call(THIRD)) is None
    service.run.saw_texts([f"REF={OTHER}"])
    assert service.stands(service.call(OTHER)) is None


def test_values_of_opened_places_are_noted() -> None:
    """Where the key is open, the pair is learned from the match, for the answer."""
    service = Charges()
    live = service.call(OTHER)
    expected = texts_of("request", CODEC.places(service.request))
    service.run.note(service.id, expected, texts_of("request", CODEC.places(live)))
    parts = service.run.answer(service.id, CODEC.places(service.response))
    assert CODEC.with_places(service.response, parts) == say({"ref": OTHER, "state": "done"})
    assert not service.run.answer("o-99", CODEC.places(service.response))


@given(st.lists(st.uuids(version=4).map(str), min_size=2, max_size=6, unique=True))
def test_any_number_of_ids(ids: list[str]) -> None:
    """However many ids a service makes up, each request gets its own."""
    recorded = [str(uuid.UUID(int=n, version=4)) for n in range(1, len(ids) + 1)]
    recording = Recording()
    made = [
        recording.client(ask("/o", {"n": n}), say({"id": one})) for n, one in enumerate(recorded)
    ]
    gets = [ask(f"/o/{one}") for one in recorded]
    used = [recording.client(get, say({})) for get in gets]
    run = replayer(recording)
    for exchange, live in zip(made, ids, strict=True):
        hear(run, exchange, say({"id": live}))
    for exchange, get, live in zip(used, gets, ids, strict=True):
        assert sent(run, exchange, get) == ask(f"/o/{live}")


def test_nothing_is_changed_without_bindings() -> None:
    """A run without values that travel leaves every message alone."""
    recording = Recording()
    request: Any = ask("/a")
    name = recording.client(request, say({}))
    run = replayer(recording)
    hear(run, name, say({"id": ID}))
    assert run.fill(name, CODEC.places(request)).parts == {}
    assert run.in_recorded_terms(CODEC.places(request)) == {}
    assert run.is_fresh(ID)


def test_small_numbers_stand_for_one_sort_of_thing() -> None:
    """Order 7 and customer 7 are two values, live as well; elsewhere 7 stays 7."""
    recording = Recording()
    order = recording.client(ask("/orders", {"n": 1}), say({"id": 7}))
    customer = recording.client(ask("/customers", {"n": 1}), say({"id": 7}))
    request = ask("/orders/7", {"customer_id": 7, "amount": 7})
    used = recording.client(request, say({}))
    run = replayer(recording)
    hear(run, order, say({"id": 8}))
    hear(run, customer, say({"id": 9}))
    assert sent(run, used, request) == ask("/orders/8", {"customer_id": 9, "amount": 7})
    assert not run.moved


def test_a_small_number_that_is_not_brought() -> None:
    """It is the cause of what is behind it; what is no id takes no number's place."""
    recording = Recording()
    made = recording.client(ask("/orders", {"n": 1}), say({"id": 7}))
    used = recording.client(ask("/orders/7"), say({}))
    for brought in ({}, {"id": None}, {"id": ""}, {"id": "a b"}, {"id": "x" * 65}):
        run = replayer(recording)
        hear(run, made, say(brought))
        assert sent(run, used, ask("/orders/7")) == ask("/orders/7")
        assert "it was not there" in run.blame(used)
    run = replayer(recording)
    hear(run, made, say({"id": "ord-1"}))
    assert sent(run, used, ask("/orders/7")) == ask("/orders/ord-1")
