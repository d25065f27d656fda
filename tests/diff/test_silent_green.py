"""Defaults by which another gate stays green: every one of them must be red here."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.diff.calls.compare import compare_calls
from ci_gate.diff.causes.fold import causes
from ci_gate.diff.equality import Equality
from ci_gate.diff.outcomes import charge
from ci_gate.diff.rules import Rules
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import Facts
from ci_gate.model.message import HttpResponse, Stored
from ci_gate.model.result import Counts, Outcome
from ci_gate.policy.verdict import exit_code, judge

COUNTS = Counts(total=1, succeeded=0, failed=1, answered=1)
RULES = Rules((), "2026-09-01")


def _verdict(differences: Any, counts: Counts = COUNTS) -> Outcome:
    return judge(counts, causes(differences), (), "", True).outcome


def _body(old: bytes, new: bytes, media: str) -> tuple[HttpResponse, HttpResponse]:
    headers = ((b"Content-Type", media.encode()),)
    return HttpResponse(200, b"", headers, old), HttpResponse(200, b"", headers, new)


@pytest.mark.parametrize(
    ("what", "old", "new", "media"),
    [
        ("added fields only", b'{"a":1}', b'{"a":1,"leak":2}', "application/json"),
        ("HTML", b"<p>1</p>", b"<p>2</p>", "text/html"),
        ("XML", b"<p>1</p>", b"<p>2</p>", "application/xml"),
        ("text", b"one", b"two", "text/plain"),
        ("binary of equal length", b"\x00\x01", b"\x00\x02", "application/octet-stream"),
        ("order of an array", b"[1,2,3]", b"[3,2,1]", "application/json"),
        ("order of objects", b'[{"i":1},{"i":2}]', b'[{"i":2},{"i":1}]', "application/json"),
        ("number to string", b'{"a":1}', b'{"a":"1"}', "application/json"),
        ("value to null", b'{"a":"x"}', b'{"a":null}', "application/json"),
        ("null to absent", b'{"a":null}', b"{}", "application/json"),
        ("number spelling", b'{"a":1}', b'{"a":1.0}', "application/json"),
        ("true for one", b'{"a":1}', b'{"a":true}', "application/json"),
        ("duplicate key", b'{"a":2}', b'{"a":1,"a":2}', "application/json"),
        ("body gone", b'{"a":1}', b"", "application/json"),
        ("body new", b"", b'{"a":1}', "application/json"),
        ("broken JSON", b'{"a":1}', b'{"a":1', "application/json"),
    ],
)
def test_changed_answers_are_red(diff: Any, what: str, old: bytes, new: bytes, media: str) -> None:
    """No kind of change of a body passes by default."""
    found = charge(diff(*_body(old, new, media)), "x", "GET /a", RULES)
    assert _verdict(found) == "fail", what


def test_large_body_of_equal_length_is_red(diff: Any) -> None:
    """A body over a megabyte is compared by content, not by size."""
    headers = ((b"Content-Type", b"application/json"),)
    old = HttpResponse(200, b"", headers, Stored("a" * 64, 5_000_000))
    new = HttpResponse(200, b"", headers, Stored("b" * 64, 5_000_000))
    assert _verdict(charge(diff(old, new), "x", "GET /a", RULES)) == "fail"


def _call(name: str, **fields: Any) -> CallRecord:
    return CallRecord(
        id=name,
        dependency="db",
        route="POST /a",
        label="POST /a",
        facts=Facts("write"),
        parts=(),
        groups=("x",),
        **fields,
    )


@pytest.mark.parametrize(
    ("what", "recorded", "live"),
    [
        ("dropped call behind an equal answer", [_call("a")], []),
        ("extra call behind an equal answer", [], [_call("l", tier=5)]),
        ("repeated call", [_call("a")], [_call("l", tier=1, matched="a"), _call("m", tier=5)]),
        ("new host", [], [_call("l", tier=5, new_host=True)]),
    ],
)
def test_changed_calls_are_red_behind_an_equal_answer(what: str, recorded: Any, live: Any) -> None:
    """What the service calls counts although what it answers is the same, or both moved."""
    routes = {"x": "GET /a"}
    found = compare_calls(recorded, live, RULES, Equality(), routes).differences
    assert _verdict(found) == "fail", what


def test_answer_and_calls_both_changed_is_red(diff: Any) -> None:
    """That calls moved as well does not make a changed answer obsolete."""
    answers = charge(diff(*_body(b"1", b"2", "application/json")), "x", "GET /a", RULES)
    calls = compare_calls([_call("a")], [], RULES, Equality(), {"x": "GET /a"}).differences
    assert _verdict([*answers, *calls]) == "fail"


@pytest.mark.parametrize(
    ("what", "counts", "replayed", "outcome"),
    [
        ("empty snapshot", Counts(), False, "inconclusive"),
        ("nothing replayed", Counts(total=5), False, "inconclusive"),
        ("nothing replayed though said so", Counts(total=5), True, "inconclusive"),
        ("some not replayed", Counts(total=5, succeeded=4, answered=4), True, "fail"),
        ("failed without a cause", Counts(total=1, failed=1), True, "fail"),
    ],
)
def test_nothing_looked_at_is_never_green(
    what: str, counts: Counts, replayed: bool, outcome: Outcome
) -> None:
    """A run that proved nothing, or lost requests on the way, does not pass."""
    verdict = judge(counts, (), (), "", replayed)
    assert verdict.outcome == outcome, what
    assert exit_code(verdict) != 0
    assert verdict.reasons
