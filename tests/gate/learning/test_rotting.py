"""Dates that are near the recording's, where the clock cannot be moved."""

from __future__ import annotations

import datetime
import json

import msgspec
import pytest

from ci_gate.diff.rules import Rules
from ci_gate.gate.learning.rotting import notice, risks
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.noise import Noise
from ci_gate.model.rule import Rule
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.recorder.options import Upstream

JSON = ((b"Content-Type", b"application/json"),)
NO_RULES = Rules((), "2026-09-01")


def exchange(
    name: str, asked: object, answer: object, dependency: str = "", **more: object
) -> Exchange:
    """A POST with JSON both ways; a call belongs to a-1."""
    request = HttpRequest(
        method="POST", target=b"/bookings", headers=JSON, body=json.dumps(asked).encode()
    )
    response = HttpResponse(status=200, headers=JSON, body=json.dumps(answer).encode())
    one = Exchange(
        id=name,
        route="POST /bookings",
        dependency=dependency,
        groups=("a-1",) if dependency else (),
        request=request,
        response=response,
    )
    return msgspec.structs.replace(one, **more)


def snapshot(*exchanges: Exchange, recorded_at: str = "2026-08-31T10:00:00Z") -> Snapshot:
    """These exchanges, recorded then."""
    return Snapshot(
        origin=Origin(service="hotel", recorded_at=recorded_at),
        dependencies=(Dependency(name="rooms"),),
        inbound=tuple(one for one in exchanges if one.inbound),
        outbound=tuple(one for one in exchanges if not one.inbound),
    )


def found(one: Snapshot, rules: Rules = NO_RULES) -> list[tuple[str, str, str, int]]:
    """The risks as plain tuples."""
    return [(risk.route, risk.place, risk.example, risk.exchanges) for risk in risks(one, rules)]


def test_what_the_service_is_told_and_what_it_says() -> None:
    """Dates of clients and dependencies first, then those that the service makes itself; what it
    only hands on has its source named, and far dates are none."""
    booking = {"from": "2026-09-30", "born": "1980-01-01"}
    answer = {"from": "2026-09-30", "pay_by": "2026-09-14", "until": "9999-12-31"}
    room = {"free_until": "2026-12-01T00:00:00Z"}
    made = snapshot(
        exchange("a-1", booking, answer),
        exchange("a-2", booking, answer),
        exchange("c-1", {"for": "2026-09-30"}, room, "rooms"),
    )
    assert found(made) == [
        ("POST /bookings", "request.body.$.from", "2026-09-30", 2),
        ("POST /bookings (rooms)", "response.body.$.free_until", "2026-12-01", 1),
        ("POST /bookings", "response.body.$.pay_by", "2026-09-14", 2),
    ]


def test_what_is_taken_care_of() -> None:
    """What was learned to vary, what a rule opens and what was redacted is no risk."""
    noise = Noise(at="response.body.$.at", kind="timestamp", format="YYYY-MM-DD")
    answer = {"at": "2026-08-31", "day": "2026-08-31"}
    one = exchange("a-1", {"token": "2026-09-01"}, answer, noise=(noise,))
    rule = Rule(index=1, at="response.body.$.day", allow="any", reason="r")
    assert [place for _, place, _, _ in found(snapshot(one))] == [
        "request.body.$.token",
        "response.body.$.day",
    ]
    redacted = msgspec.structs.replace(one, redacted=("request.body.$.token",))
    assert found(snapshot(redacted), Rules((rule,), "2026-09-01")) == []


def test_what_a_mock_moves_is_no_risk() -> None:
    """A date that the configuration names stays as old as it was, whenever it is given."""
    room = {"free_until": "2026-12-01T00:00:00Z", "since": "2026-08-01"}
    made = snapshot(exchange("c-1", {}, room, "rooms"))
    upstream = Upstream(name="rooms", dates=("response.body.$.free_until",))
    named = [one.place for one in risks(made, NO_RULES, (upstream,))]
    assert named == ["response.body.$.since"]


@pytest.mark.parametrize(
    ("days", "text"),
    [(6, ""), (40, "the snapshot is 40 days old"), (400, "a place holds dates near")],
)
def test_a_line_for_a_run(days: int, text: str) -> None:
    """Only when the snapshot has some age, and only when something in it may rot."""
    now = datetime.datetime(2026, 8, 31, 10, tzinfo=datetime.UTC) + datetime.timedelta(days=days)
    told = notice(snapshot(exchange("a-1", {"from": "2026-09-30"}, {})), NO_RULES, now)
    assert (text in told) if text else (told == "")
    assert notice(snapshot(exchange("a-1", {}, {})), NO_RULES, now) == ""


@pytest.mark.parametrize("recorded_at", ["", "yesterday", "0001-01-01T00:00:00Z", "9999-12-31"])
def test_a_snapshot_without_a_time(recorded_at: str) -> None:
    """Nothing is near what is not known."""
    one = snapshot(exchange("a-1", {"from": "2026-09-30"}, {}), recorded_at=recorded_at)
    assert found(one) == []
    assert notice(one, NO_RULES, datetime.datetime.now(datetime.UTC)) == ""


def test_a_recording_without_a_zone() -> None:
    """Its time is read as UTC."""
    one = exchange("a-1", {"from": "2026-09-30"}, {})
    assert len(found(snapshot(one, recorded_at="2026-08-31T10:00:00"))) == 1
