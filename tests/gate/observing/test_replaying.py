"""Inbound exchanges made ready, and what their answers come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.diff.equality import Equality
from ci_gate.diff.rules import Rules
from ci_gate.gate.events import Event, Progress
from ci_gate.gate.observing.learned import Learning
from ci_gate.gate.observing.replaying import Compared, Replay, undone
from ci_gate.gate.planning import Given
from ci_gate.model.binding import Binding, Bindings, Spot
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Piece, Pieces, Stored
from ci_gate.model.rule import Rule
from ci_gate.model.snapshot import Snapshot
from ci_gate.replayer.plan import plan
from ci_gate.replayer.samples import Samples
from ci_gate.store.bodies import write_body
from ci_gate.values.addresses import Addresses
from ci_gate.values.redaction.standins import StandIns

JSON = ((b"Content-Type", b"application/json"),)
TOKEN = StandIns(b"k").stand_in("token", "2YotnFZFEjr1zCsicMWpAA")
RULES = Rules((), "2026-01-01")


def replay_of(snapshot: Snapshot, *, headers: tuple[tuple[str, str], ...] = ()) -> Replay:
    """All inbound exchanges of a snapshot, towards localhost:81."""
    addresses = Addresses({"service": ("localhost:81",)})
    steps = plan(snapshot.inbound, None, "fast")
    return Replay(steps, addresses, Given(headers=headers), snapshot.folder, Learning(snapshot))


def with_first(snapshot: Snapshot, **more: Any) -> Snapshot:
    """The snapshot whose only inbound exchange is the first, changed."""
    first = msgspec.structs.replace(snapshot.inbound[0], **more)
    return msgspec.structs.replace(snapshot, inbound=(first,), outbound=())


def compared(snapshot: Snapshot, response: HttpResponse, rules: Rules = RULES) -> Compared:
    """The first exchange, answered with `response`."""
    replay = replay_of(snapshot)
    samples = Samples(len(replay.steps))
    samples.answer(0, response, replay.prepared[0].expected, 5)
    return replay.compare(samples, rules, Equality())[0]


def test_requests_are_ready_to_be_sent(recorded: Snapshot) -> None:
    """Serialised ahead, names as live addresses, set headers in place."""
    asked = HttpRequest("GET", b"/", headers=((b"Host", b"{service}"), (b"X-Key", b"old")))
    replay = replay_of(with_first(recorded, request=asked), headers=(("x-key", "new"),))
    assert replay.prepared[0].serialised is not None
    assert b"Host: localhost:81\r\nX-Key: new\r\n" in replay.prepared[0].serialised


def test_silences_of_the_recording_are_known(recorded: Snapshot) -> None:
    """From the last answer's end to the next request, where caches may run out meanwhile."""
    times = [(500.0, 4000.0), (600.0, 100.0), (5400.0, 10.0), (7410.0, 5.0)]
    first = recorded.inbound[0]
    inbound = tuple(msgspec.structs.replace(first, at=at, took=took) for at, took in times)
    replay = replay_of(msgspec.structs.replace(recorded, inbound=inbound, outbound=()))
    assert [one.pause for one in replay.prepared] == [0.0, 0.0, 0.0, 2000.0]


def test_an_equal_answer_needs_no_look(recorded: Snapshot) -> None:
    """Nothing to say, and nothing kept."""
    response = recorded.inbound[0].response
    assert isinstance(response, HttpResponse)
    one = compared(recorded, response)
    assert (one.answered, one.latency, one.differences, one.response) == (True, 5, (), None)


def test_a_different_answer_is_kept_with_our_address_as_name(recorded: Snapshot) -> None:
    """The difference is charged to its exchange; the live answer is as it would be recorded."""
    response = recorded.inbound[0].response
    assert isinstance(response, HttpResponse)
    live = msgspec.structs.replace(response, status=500, body=b'"http://localhost:81/x"')
    one = compared(recorded, live)
    assert {found.exchange for found in one.differences} == {"aaaa1111-1"}
    assert one.differences[0].change == "status"
    assert isinstance(one.response, HttpResponse)
    assert one.response.body == b'"http://{service}/x"'


def test_rules_excuse_what_they_allow(recorded: Snapshot) -> None:
    """A place that may be anything is no difference."""
    response = recorded.inbound[0].response
    assert isinstance(response, HttpResponse)
    live = msgspec.structs.replace(response, body=b'{"id":8,"items":[{"price":3}]}')
    rule = Rule(index=1, at="response.body.$.id", allow="integer", reason="varies")
    assert compared(recorded, live).differences
    assert compared(recorded, live, Rules((rule,), "2026-01-01")).differences == ()


def echoed(snapshot: Snapshot, text: str, **more: Any) -> Compared:
    """A token that the client sends and the answer gives back: the live answer says `text`."""
    sent = ((b"Authorization", b"Bearer " + TOKEN.encode()),)
    response = HttpResponse(200, headers=JSON, body=b'{"token":"' + TOKEN.encode() + b'"}')
    redacted = ("request.headers.authorization", "response.body.$.token")
    asked = HttpRequest("GET", b"/me", headers=sent)
    changed = with_first(snapshot, request=asked, response=response, redacted=redacted)
    changed = msgspec.structs.replace(changed, **more)
    body = b'{"token":"' + text.encode() + b'"}'
    return compared(changed, msgspec.structs.replace(response, body=body))


def test_a_redacted_value_comes_back_as_it_was_sent(recorded: Snapshot) -> None:
    """One letter less is red, though it is a token too; but what the service makes up itself, and
    the client sends back, is another in each run."""
    assert echoed(recorded, TOKEN).differences == ()
    [found] = echoed(recorded, TOKEN[1:]).differences
    assert found.place == "response.body.$.token"
    name = recorded.inbound[0].id
    made = Spot(exchange=name, at="response.body.$.token")
    used = (Spot(exchange=name, at="request.headers.authorization", before="Bearer "),)
    travels = Bindings(inbound=(Binding(name="B1", value=TOKEN, made=made, used=used),))
    assert echoed(recorded, "A" + TOKEN[1:], bindings=travels).differences == ()


@pytest.mark.parametrize(
    ("why", "change", "detail"),
    [
        ("not replayed: the service no longer answers", "not-replayed", "the service no longer"),
        ("no complete answer within 1 s", "no-response", "no complete answer within 1 s"),
    ],
)
def test_requests_without_an_answer(recorded: Snapshot, why: str, change: str, detail: str) -> None:
    """Never sent and never answered are told apart, with the reason."""
    replay = replay_of(recorded)
    samples = Samples(2)
    samples.fail(0, why)
    first, second = replay.compare(samples, RULES, Equality())
    assert not first.answered
    assert first.differences[0].change == change
    assert first.differences[0].detail.startswith(detail)
    assert first.differences[0].expected == "status 201"
    assert second.differences[0].change == "not-replayed", "pending is never green"


def test_reasons_are_masked(recorded: Snapshot) -> None:
    """What a service said where HTTP was expected may hold anything."""
    step = plan(recorded.inbound, None, "fast")[0]
    assert (
        "corp.example" not in undone(step, "no-response", "ada@corp.example").differences[0].detail
    )


def test_large_bodies_come_from_their_files(recorded: Snapshot, tmp_path: Path) -> None:
    """A body in a file is not read before it is sent."""
    stored = write_body(str(tmp_path), b"x" * 100_000)
    asked = HttpRequest("POST", b"/", body=stored)
    snapshot = msgspec.structs.replace(with_first(recorded, request=asked), folder=str(tmp_path))
    prepared = replay_of(snapshot).prepared[0]
    assert isinstance(stored, Stored)
    assert prepared.serialised is None
    assert prepared.chunks is not None
    assert b"".join(prepared.chunks()) == b"x" * 100_000


def test_streams(recorded: Snapshot) -> None:
    """A request's parts are sent again; an answer that was cut is awaited as far as it was kept."""
    pieces = Pieces((Piece(0.0, b"ab"), Piece(1.0, b"c")), complete=False)
    one: dict[str, Any] = {
        "request": HttpRequest("POST", b"/", body=msgspec.structs.replace(pieces, complete=True)),
        "response": HttpResponse(200, body=pieces),
    }
    prepared = replay_of(with_first(recorded, **one)).prepared[0]
    assert prepared.chunks is not None
    assert list(prepared.chunks()) == [b"ab", b"c"]
    assert prepared.stream_size == 3


def test_progress_goes_to_the_sink(recorded: Snapshot) -> None:
    """Done, of how many, and how many without an answer."""
    told: list[Event] = []
    replay_of(recorded).progress(told.append)(1, 0)
    assert told == [Progress(1, 2, 0)]


def test_an_exchange_is_what_it_is() -> None:
    """A recorded exchange without a status expects an answer all the same."""
    exchange = Exchange(id="a", route="GET /", request=HttpRequest("GET", b"/"))
    step = plan([exchange], None, "fast")[0]
    assert undone(step, "not-replayed", "").differences[0].expected == "an answer"


def test_the_same_replay_is_compared_by_what_another_has_learned(recorded: Snapshot) -> None:
    """Steps and expectations are shared; what varies is asked of the other."""
    replay = replay_of(recorded)
    learning = Learning(recorded)
    other = replay.knowing(learning)
    assert other.prepared is replay.prepared
    assert (other._learning, replay._learning is learning) == (learning, False)
