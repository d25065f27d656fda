"""One replay of the unchanged service: what it said, without judging it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ci_gate.gate.events import Progress
from ci_gate.gate.learning.rehearsing import Rehearsal, rehearse
from ci_gate.gate.planning import make_plan
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.net.loop import run

HELLO, THINGS = "bb010000-1", "bb020000-1"


@pytest.fixture
def rehearsed(acting: Any) -> Any:
    """`rehearsed("dies")`: one replay of the acting service behaving so; nothing may be left."""

    def once(how: str = "", shift: timedelta = timedelta(), **more: Any) -> Rehearsal:
        options = acting.options(how, **more)
        done = run(rehearse(options, make_plan(options), acting.events.append, shift))
        acting.check_nothing_left()
        return done

    return once


def test_everything_it_said(rehearsed: Any, acting: Any) -> None:
    """Every answer, and the request that each recorded call answered, in recorded terms."""
    one = rehearsed()
    assert (one.failure, one.failures, one.ahead) == ("", {}, False)
    assert len(one.responses) == 7
    hello = one.responses[HELLO]
    assert isinstance(hello, HttpResponse)
    assert hello.body == b'{"text": "Hello, ada!"}'
    assert set(one.requests) == {"cc010000-1", "cc020000-1"}
    asked = one.requests["cc010000-1"]
    assert isinstance(asked, HttpRequest)
    assert dict(asked.headers)[b"Host"] == b"{greetings}"
    assert [call.matched for call in one.calls] == ["cc010000-1", "cc020000-1"]
    assert [event.done for event in acting.events if isinstance(event, Progress)][-1] == 7


def test_an_answer_that_differs_is_kept_as_it_came(rehearsed: Any) -> None:
    """Nothing is judged: the live answer is what is learned from."""
    said = rehearsed("value").responses["aa010000-1"]
    assert b'"id": 8' in said.body


def test_what_it_says_is_redacted(rehearsed: Any, acting: Any) -> None:
    """What may end in the snapshot has no secret in it."""
    secret = "sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc"
    said = rehearsed(service=acting.service("leaks", env={"SECRET": secret}))
    assert b"ada@corp.example" not in said.responses["aa010000-1"].body
    assert secret.encode() not in said.responses["aa010000-1"].body


def test_a_call_that_nothing_answers(rehearsed: Any) -> None:
    """A miss is kept, with what came nearest; it is nobody's request."""
    one = rehearsed("extra")
    (missed,) = [call for call in one.calls if not call.matched]
    assert missed.label == "GET /unknown"
    assert missed.groups == (HELLO,)
    assert set(one.requests) == {"cc010000-1", "cc020000-1"}


def test_a_call_that_resembles_a_recorded_one(rehearsed: Any) -> None:
    """While learning, a changed value is answered from its window: nothing leads astray."""
    one = rehearsed("write-changed")
    assert one.requests["cc020000-1"].body == b'{"thing": 2}'
    assert one.failures == {}


def test_a_service_that_never_starts(rehearsed: Any) -> None:
    """Its end and its last words are told; nothing was said."""
    one = rehearsed("ends-badly")
    assert one.failure
    assert "acting: cannot work like this" in one.last_lines[-1]
    assert "ada@corp.example" not in one.last_lines[-1]
    assert one.responses == {}
    assert one.failures == {}


def test_a_service_that_dies_between(rehearsed: Any) -> None:
    """What it left unanswered is told by exchange, and that it died."""
    one = rehearsed("dies")
    assert one.failure
    assert "aa010000-1" in one.failures
    assert "aa010000-1" not in one.responses


def test_no_service_log_is_left(rehearsed: Any, acting: Any) -> None:
    """A rehearsal writes nothing: neither run directory nor log."""
    rehearsed()
    assert not acting.out.exists()
    assert not list(Path(acting.folder).rglob("service.log"))
