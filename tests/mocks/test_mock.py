"""A dependency, played."""

from __future__ import annotations

from typing import Any

from ci_gate.codecs.registry import codec
from ci_gate.mocks.bound import Answer
from ci_gate.mocks.matcher import Match, Matcher
from ci_gate.mocks.mock import Mock
from ci_gate.model.message import HttpRequest
from ci_gate.values.addresses import Addresses


def test_a_mock_begins_with_nothing_asked() -> None:
    """Its counts are its own, and so is what its codec shares among connections."""
    one, other = (
        Mock(name, codec("http"), Matcher((), lambda opened: hash, set(), alone=True))
        for name in ("payments", "shipping")
    )
    one.answered += 1
    one.shared["x"] = 1
    assert (other.answered, other.missed, other.shared, other.telemetry) == (0, 0, {}, False)


def test_an_answer_that_was_recorded_has_no_error() -> None:
    """Only calls without an answer say how that came."""
    assert Answer(None, None, 0.0).error == ""


def test_a_call_that_says_our_address_is_the_recorded_one(make_mock: Any, answered: Any) -> None:
    """Recorded calls have names for our own addresses, whose ports are others each time; a call
    with another address is another call."""
    mock = make_mock("store", [("GET /hook?to=http://{service}/cb", answered(b"heard"))])

    def match(port: int) -> Match:
        target = b"/hook?to=http://127.0.0.1:%d/cb" % port
        request = HttpRequest("GET", target, ((b"Host", b"x"),))
        found: Match = mock.match(request, mock.matcher.exact(mock.codec.full(request)), ())
        return found

    assert match(8080).entry is None
    mock.addresses = Addresses({"service": ("127.0.0.1:8080", "localhost:8080")})
    assert match(8081).entry is None
    entry = match(8080).entry
    assert entry is not None
    assert mock.answer(entry).message.body == b"heard"
