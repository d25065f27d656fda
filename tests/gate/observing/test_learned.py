"""What was learned, at work in a run."""

from __future__ import annotations

import json

import msgspec
import pytest

from ci_gate.diff.masks import Masks
from ci_gate.errors import UsageError
from ci_gate.gate.observing.callrecords import recorded_calls
from ci_gate.gate.observing.learned import Learning
from ci_gate.model.binding import Binding, Bindings, Spot
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.noise import Noise
from ci_gate.model.snapshot import Snapshot

FIRST, SECOND, CHARGE = "aaaa1111-1", "bbbb1111-1", "cccc1111-1"
MADE, LIVE = (
    "6f1c2c1e-7a0b-4c58-9d0e-3f1a2b3c4d5e",
    "0b9d6a4f-2f63-4f0c-8e57-8d9c0a1b2c3d",
)
JSON = ((b"Content-Type", b"application/json"),)
ID = Noise(at="response.body.$.id", kind="uuid", replays=3)


def answer(value: str) -> HttpResponse:
    """An answer with this id."""
    return HttpResponse(status=201, headers=JSON, body=json.dumps({"id": value}).encode())


@pytest.fixture
def travelling(recorded: Snapshot) -> Snapshot:
    """The first answer brings an id, and the second request asks for it."""
    first, second = recorded.inbound
    request = HttpRequest(method="GET", target=f"/orders/{MADE}".encode(), headers=JSON)
    binding = Binding(
        name="B1",
        value=MADE,
        made=Spot(exchange=FIRST, at="response.body.$.id"),
        used=(Spot(exchange=SECOND, at="request.path[1]"),),
    )
    return msgspec.structs.replace(
        recorded,
        inbound=(
            msgspec.structs.replace(first, response=answer(MADE), noise=(ID,)),
            msgspec.structs.replace(second, request=request),
        ),
        bindings=Bindings(inbound=(binding,)),
    )


def exchange(snapshot: Snapshot, name: str) -> Exchange:
    """An exchange by id."""
    return next(one for one in (*snapshot.inbound, *snapshot.outbound) if one.id == name)


def test_a_value_travels_from_an_answer_to_a_request(travelling: Snapshot) -> None:
    """What the live answer brought is asked for, where the recording asked for the recorded id."""
    learning = Learning(travelling)
    learn = learning.learn(exchange(travelling, FIRST))
    fill = learning.fill(exchange(travelling, SECOND))
    assert learn is not None
    assert fill is not None
    learn(answer(LIVE))
    filled = fill(travelling.inbound[1].request)
    assert isinstance(filled, HttpRequest)
    assert filled.target == f"/orders/{LIVE}".encode()
    assert learning.substitution.blame(SECOND) == ""


def test_a_value_that_never_came_is_named(travelling: Snapshot) -> None:
    """The request is sent as recorded, and the answer that brought nothing is the cause."""
    learning = Learning(travelling)
    learn = learning.learn(exchange(travelling, FIRST))
    fill = learning.fill(exchange(travelling, SECOND))
    assert learn is not None
    assert fill is not None
    learn(None)
    request = travelling.inbound[1].request
    assert fill(request) == request
    assert "B1, made at response.body.$.id of POST" in learning.substitution.blame(SECOND)


def test_what_travels_nowhere_costs_nothing(recorded: Snapshot) -> None:
    """Without bindings and noise there is nothing to call, and the rules' masks are as they were."""
    learning = Learning(recorded)
    masks = Masks()
    for one in recorded.inbound:
        assert learning.fill(one) is None
        assert learning.learn(one) is None
        assert learning.masks(masks, one) is masks
    assert learning.varied() == 0


def test_exchanges_of_a_chain_share_their_values(travelling: Snapshot) -> None:
    """A value that travels joins exchanges; what belongs to no request has a context of its own."""
    learning = Learning(travelling)
    assert learning.context(FIRST) is learning.context(SECOND)
    assert learning.context(FIRST) is not learning.context("startup")
    apart = Learning(msgspec.structs.replace(travelling, bindings=Bindings()))
    assert apart.context(FIRST) is not apart.context(SECOND)


def test_noise_opens_its_own_exchange_only(travelling: Snapshot) -> None:
    """Masks vary for the exchange that learned, and for recorded calls that did."""
    call = exchange(travelling, CHARGE)
    noisy = msgspec.structs.replace(
        call, noise=(Noise(at="request.body.$.amount", kind="integer", low=1, high=9, replays=3),)
    )
    others = tuple(one for one in travelling.outbound if one.id != CHARGE)
    snapshot = msgspec.structs.replace(travelling, outbound=(noisy, *others))
    learning = Learning(snapshot)
    masks = Masks()
    assert learning.masks(masks, snapshot.inbound[0]) is not masks
    assert learning.masks(masks, snapshot.inbound[1]) is masks
    calls = learning.calls()
    varying = [
        record.id
        for record in recorded_calls(snapshot)
        if calls.masks(masks, record, FIRST) is not masks
    ]
    assert varying == [CHARGE]


def test_noise_that_cannot_be_meant_is_refused(travelling: Snapshot) -> None:
    """Places that are not there are named, a few of them, with how many more there are."""
    noise = tuple(
        Noise(at=f"response.body.$.gone{number}", kind="uuid", replays=3) for number in range(8)
    )
    first = msgspec.structs.replace(travelling.inbound[0], noise=noise)
    wrong = msgspec.structs.replace(travelling, inbound=(first, travelling.inbound[1]))
    with pytest.raises(UsageError) as caught:
        Learning(wrong)
    assert FIRST in str(caught.value)
    assert "gone0" in str(caught.value)
    assert "gone7" not in str(caught.value)
    assert str(caught.value).endswith("and 3 more")


def test_anew_nothing_was_heard(travelling: Snapshot) -> None:
    """The same knowledge and clock; values and contexts begin again, and the first is as it was."""
    learning = Learning(travelling)
    learning.keep_clock(True)
    known = learning.context(FIRST)
    again = learning.anew()
    assert again.substitution is not learning.substitution
    assert again.context(FIRST) is not known
    assert again.context(FIRST).at_recorded_clock
    assert learning.context(FIRST) is known
