"""Values that travel, as a mock uses them: recorded terms, tier 4, and what answers give back."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.correlation.bindings import find
from ci_gate.correlation.substitution import Substitution
from ci_gate.mocks.bound import Answer, Bound
from ci_gate.mocks.entries import Recorded
from ci_gate.mocks.forms import canonical_form
from ci_gate.mocks.matcher import BINDING, MISS, STANDING, WINDOW, Match, Matcher
from ci_gate.mocks.mock import Mock
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.noise import Noise
from tests.correlation.traffic import CODEC, FORM, Recording, ask, parts_of, say

A, B, C = (f"{n}f0c2a34-0000-4000-8000-0123456789ab" for n in (1, 2, 3))
"""As recorded."""
X, Y, Z = (f"{n}f0c2a34-0000-4000-8000-0123456789ab" for n in (7, 8, 9))
"""Live."""
UUID = Noise(at="request.body.$.ref", kind="uuid", replays=3)


class Scene:
    """The mock of one dependency, made of a small recording."""

    def __init__(self, recording: Recording, **opened: Any) -> None:
        snapshot = recording.snapshot()
        self.values = Substitution(find(snapshot, parts_of))
        bound = Bound(self.values, CODEC)
        recorded = [
            Recorded(
                exchange=one,
                key=CODEC.key(one.request),
                read=CODEC.facts(one).effect == "read",
                **opened,
            )
            for one in snapshot.outbound
        ]
        matcher = Matcher(
            recorded,
            lambda places: canonical_form(CODEC, places),
            {one.id for one in snapshot.inbound},
            alone=False,
            binder=bound,
        )
        for entry in matcher.entries:
            said = entry.exchange.response
            assert said is not None
            entry.prepared = Answer(said, CODEC.prepare(said), 0.0)
        self.mock = Mock("pay", CODEC, matcher, bound=bound)

    def live(self, request: HttpRequest, group: str) -> Match:
        """A live call of that group."""
        bucket = self.mock.matcher.exact(CODEC.full(request))
        return self.mock.match(request, bucket, (group,))

    def answered(self, match: Match) -> HttpResponse:
        """What answers it."""
        assert match.entry is not None
        answer = self.mock.answer(match.entry)
        assert isinstance(answer.message, HttpResponse)
        assert answer.prepared == CODEC.prepare(answer.message)
        return answer.message


def charge(ref: str, amount: int = 5, **more: Any) -> HttpRequest:
    """A call with a fresh reference."""
    return ask("/charges", {"ref": ref, "amount": amount, **more})


@pytest.fixture
def two() -> Scene:
    """One request, two charges, each echoed, and the second one asked for again."""
    recording = Recording()
    recording.client(ask("/pay", {"for": C}), say({}))
    recording.call(charge(A), say({"ref": A}))
    recording.call(charge(B, 6), say({"ref": B}))
    recording.call(ask(f"/charges/{B}"), say({"ref": B, "text": f"of {B}, paid"}))
    return Scene(recording)


def test_fresh_values_are_matched_and_given_back(two: Scene) -> None:
    """Each charge is its recorded one whatever the order, and the answers speak of live values."""
    first, second = two.live(charge(X, 6), "i-0"), two.live(charge(Y), "i-0")
    assert (first.tier, second.tier) == (BINDING, BINDING)
    assert two.answered(first) == say({"ref": X})
    assert two.answered(second) == say({"ref": Y})
    later = two.live(ask(f"/charges/{X}"), "i-0")
    assert later.tier == WINDOW
    assert two.answered(later) == say({"ref": X, "text": f"of {X}, paid"})


def test_wrong_values_miss(two: Scene) -> None:
    """A client's value, another charge's, one of another kind, or a second difference: no match."""
    two.values.saw(CODEC.places(ask("/pay", {"for": C})))
    assert two.live(charge(C), "i-0").tier == MISS
    assert two.live(charge("17"), "i-0").tier == MISS
    assert two.live(charge(X, 7), "i-0").tier == MISS
    assert two.live(charge(X, also=1), "i-0").tier == MISS
    assert two.live(ask("/charges", {"amount": 5}), "i-0").tier == MISS
    assert two.live(charge(X), "i-0").tier == BINDING
    assert two.live(charge(X, 6), "i-0").tier == MISS
    assert two.live(ask(f"/charges/{X}"), "i-0").tier == MISS


def test_compared_headers_count(two: Scene) -> None:
    """A fresh value does not excuse another content type."""
    body = charge(X).body
    assert isinstance(body, bytes)
    assert two.live(ask("/charges", body, FORM), "i-0").tier == MISS


def test_what_an_answer_brings_is_not_fresh(two: Scene) -> None:
    """A value that a mock has just said has an origin."""
    recording = Recording()
    recording.client(ask("/pay"), say({}))
    recording.call(ask("/given"), say({"ref": C}))
    recording.call(charge(A), say({}))
    scene = Scene(recording)
    scene.answered(scene.live(ask("/given"), "i-0"))
    assert scene.live(charge(C), "i-0").tier == MISS
    assert scene.live(charge(X), "i-0").tier == BINDING


def test_equal_values_are_pairs_too(two: Scene) -> None:
    """A service that says the recorded value again may not say another one for it afterwards."""
    assert two.live(charge(A), "i-0").tier == WINDOW
    assert two.live(charge(A, 6), "i-0").tier == MISS
    assert not two.values.moved


def test_opened_places_are_noted_and_given_back() -> None:
    """Where learning has opened the place the call matches by its kind, and the answer still says
    the live value; one with an origin is told to comparing."""
    recording = Recording()
    recording.client(ask("/pay", {"for": C}), say({}))
    recording.call(charge(A), say({"ref": A}), UUID)
    recording.call(charge(B), say({"ref": B}), UUID)
    scene = Scene(recording, opened=((UUID.at, "uuid"),))
    first = scene.live(charge(X), "i-0")
    assert first.tier == WINDOW
    assert scene.answered(first) == say({"ref": X})
    assert scene.values.agrees(A, A)
    again = scene.live(charge(X), "i-0")
    assert scene.answered(again) == say({"ref": B})
    assert not scene.values.agrees(B, A)
    assert not scene.values.agrees(A, Y)


def test_calls_that_are_nobodys_may_come_with_any_number_of_fresh_values() -> None:
    """A token refresh with a nonce is compared by its kind and not counted."""
    recording = Recording()
    recording.call(charge(A), say({"ref": A}))
    recording.call(charge(B), say({"ref": B}))
    scene = Scene(recording)
    for nonce in (X, Y, Z):
        match = scene.live(charge(nonce), "startup")
        assert match.tier == BINDING
        assert scene.answered(match) == say({"ref": nonce})
    assert scene.live(charge(X), "startup").tier == STANDING


def test_a_path_of_another_shape() -> None:
    """A fresh value in a path is found although it gives the path another route."""
    recording = Recording()
    recording.client(ask("/pay"), say({}))
    recording.call(ask("/charges/gT4-_k9ZbQ1xWm2L"), say({}))
    scene = Scene(recording)
    assert scene.live(ask("/charges/aQ9xB2c3D4e5F6g7"), "i-0").tier == BINDING


def test_late_calls_bind_for_their_own_request() -> None:
    """A call that comes when the next request is there belongs to the one that recorded it."""
    recording = Recording()
    recording.client(ask("/pay"), say({}))
    recording.call(charge(A), say({}))
    recording.client(ask("/next"), say({}))
    match = Scene(recording).live(charge(X), "i-2")
    assert (match.tier, match.groups) == (BINDING, ("i-0",))


def test_many_calls_that_match_nothing_cost_little(two: Scene) -> None:
    """What is tried is bounded."""
    tried = 0
    pairs = two.values.pairs

    def counted(*args: Any, **given: Any) -> Any:
        nonlocal tried
        tried += 1
        return pairs(*args, **given)

    recording = Recording()
    recording.client(ask("/pay"), say({}))
    for number in range(300):
        recording.call(charge(A, number, ref2=B), say({}))
    scene = Scene(recording)
    scene.values.pairs = counted  # type: ignore[method-assign]  # to count
    assert scene.live(charge(X, -1), "i-0").tier == MISS
    assert tried <= 64


def test_a_body_that_is_not_at_hand_is_said_as_it_is() -> None:
    """Only answers that give something back are made anew."""
    recording = Recording()
    recording.client(ask("/pay"), say({}))
    recording.call(charge(A), say({}))
    scene = Scene(recording)
    match = scene.live(charge(X), "i-0")
    assert match.entry is not None
    assert scene.mock.answer(match.entry) is match.entry.prepared
    assert scene.mock.answer(match.entry) is match.entry.prepared


def test_an_exchange_of_the_recording_is_not_asked_twice() -> None:
    """`made_up` names the places of fresh values, for calls that have any."""
    recording = Recording()
    recording.client(ask("/pay"), say({}))
    recording.call(charge(A), say({}))
    recording.call(ask("/plain"), say({}))
    snapshot = recording.snapshot()
    bound = Bound(Substitution(find(snapshot, parts_of)), CODEC)
    made_up: list[Exchange] = [one for one in snapshot.outbound if bound.made_up(one)]
    assert [CODEC.label(one.request) for one in made_up] == ["POST /charges"]
    assert list(bound.made_up(made_up[0])) == ["request.body.$.ref"]
