"""When a live call is a recorded one."""

from __future__ import annotations

import pytest

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.calls.same import Sameness
from ci_gate.diff.equality import Equality
from ci_gate.diff.noise.calls import NOTHING_LEARNED
from ci_gate.diff.rules import Rules
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import Facts
from ci_gate.model.message import HttpRequest
from ci_gate.model.rule import Rule, Where

CODEC = Http1()


def call(name: str, body: bytes) -> CallRecord:
    """A POST with a JSON body, of request r1."""
    message = HttpRequest("POST", b"/c", ((b"Content-Type", b"application/json"),), body)
    return CallRecord(
        id=name,
        dependency="api",
        route="POST /c",
        label="POST /c",
        facts=Facts("write"),
        parts=CODEC.places(message),
        coarse=("POST", "/c"),
        groups=("r1",),
    )


def sameness(*rules: Rule) -> Sameness:
    """Compares for the route of r1."""
    return Sameness(Rules(rules, "2026-09-01"), NOTHING_LEARNED, Equality(), {"r1": "GET /one"})


RULE = Rule(
    index=1, at="request.body.$.at", allow="integer", where=Where(dependency="api"), reason="r"
)


def test_what_rules_open_is_the_same() -> None:
    """Keys, trials and comparisons agree on what may vary."""
    same = sameness(RULE)
    one, other = call("e", b'{"at":1,"n":1}'), call("l", b'{"at":2,"n":1}')
    assert same.key(one) == same.key(other) == same.live_key(other, "r1")
    assert same.trial(one, other, "r1") == same.differences(one, other, "r1") == ()
    third = call("x", b'{"at":2,"n":3}')
    assert same.key(one) != same.key(third)
    assert [d.place for d in same.trial(one, third, "r1")] == ["request.body.$.n"]


def test_the_first_that_is_equal() -> None:
    """Records are tried in their order; none that differs is taken."""
    records = [call("a", b'{"n":1}'), call("b", b'{"n":2}'), call("c", b'{"n":2}')]
    found = sameness().first(records, call("l", b'{"n":2}'), "r1")
    assert found is records[1]
    assert sameness().first(records, call("l", b'{"n":3}'), "r1") is None


def test_trials_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a storm nothing is looked for any more, for the rest of the run."""
    monkeypatch.setattr("ci_gate.diff.calls.same._TRIES", 3)
    same = sameness()
    records = [call(str(n), b'{"n":%d}' % n) for n in range(5)]
    assert same.first(records, call("l", b'{"n":4}'), "r1") is None
    assert same.first(records, call("l", b'{"n":0}'), "r1") is None
