"""One cause explained: complete, within its budget, and harmless whatever the run says."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from ci_gate.model.difference import Cause, Difference, Moment
from ci_gate.model.result import CallLine, Environment, ExchangeResult, Result, Verdict
from ci_gate.report.explain import BYTES, TOKENS, encode, example_of, explain, text

MISSING = Difference(
    change="missing", exchange="e1", route="POST /orders", dependency="shipping",
    call="POST /shipments", effect="write", expected="POST /shipments", cause="C1",
)  # fmt: skip
AFTER = Difference(
    change="removed", exchange="e1", route="POST /orders", place="response.body.$.shipment",
    expected='{"id": 1}', cause="C1",
)  # fmt: skip
CAUSE = Cause(
    id="C1", title="POST /shipments (shipping) no longer called", change="missing",
    routes=("POST /orders",), dependency="shipping", exchanges=("e1", "e2"), count=4,
    examples=(MISSING, AFTER), following=("response.body.$.shipment removed",),
    moment=Moment(
        lines=("Traceback (most recent call last):", "KeyError: 'rate'"),
        error="KeyError: 'rate'", files=("orders/shop.py:88 create",),
    ),
)  # fmt: skip
ROW = ExchangeResult(
    id="e1", route="POST /orders", label="POST /orders", state="failed",
    differences=(AFTER, MISSING, msgspec.structs.replace(AFTER, cause="C2")),
    calls=(
        CallLine(dependency="payments", recorded="POST /charges", made="POST /charges"),
        CallLine(dependency="shipping", recorded="POST /shipments", change="missing"),
        CallLine(dependency="audit", made="POST /x", change="unexpected", times=3),
        CallLine(dependency="rates", recorded="GET /r?a=1", made="GET /r?a=2", change="changed"),
    ),
    file="inbound/post-orders.json",
)  # fmt: skip


def result(*causes: Cause, **more: Any) -> Result:
    """A failed run with these causes."""
    environment = Environment(version="0", snapshot="snapshots/orders", config="ci-gate.yml")
    verdict = Verdict(outcome="fail")
    return Result(service="orders", verdict=verdict, causes=causes, environment=environment, **more)


def test_an_explanation_says_everything(golden: Any) -> None:
    """Expected and actual, calls beside one another, log, files, commands: text and JSON."""
    made = explain(result(CAUSE), CAUSE, ROW, {"accept": "ci-gate accept C1"})
    golden("report/explain.txt", text(made))
    golden("report/explain.json", json.dumps(json.loads(encode(made)), indent=1) + "\n")


def test_what_follows_stands_last_and_other_causes_are_left_out() -> None:
    """The example's own differences first; those of C2 are not C1's."""
    made = explain(result(CAUSE), CAUSE, ROW, {})
    assert [(one.what, one.follows) for one in made.differences] == [
        ("missing", False),
        ("removed", True),
    ]


def test_without_its_row() -> None:
    """A result.json alone is enough for the examples, and a note says what is not at hand."""
    made = explain(result(CAUSE), CAUSE, None, {}, ("calls are not at hand",))
    assert len(made.differences) == 2
    assert "(calls are not at hand)" in text(made)


def test_a_cause_at_startup() -> None:
    """A call in no request has no example exchange, and the commands still stand."""
    one = Difference(change="missing", group="startup", dependency="db", call="GET /a")
    cause = Cause(id="C1", title="t", change="missing", routes=(), dependency="db", examples=(one,))
    assert example_of(cause) == ""
    made = explain(result(cause), cause, None, {})
    assert made.commands == {"reproduce": "ci-gate run"}
    assert "What differs\n" in text(made)


def huge(letters: str) -> tuple[Cause, ExchangeResult]:
    """A cause and a row as large as a hostile run can make them."""
    long = letters * (100_000 // len(letters))
    many = tuple(
        Difference(change=long, exchange=long, dependency=long, call=long, place=long,
                   expected=long, actual=long, detail=long, cause=long)
        for _ in range(200)
    )  # fmt: skip
    line = CallLine(dependency=long, recorded=long, made=long, change=long, effect=long)
    moment = Moment(lines=(long,) * 500, error=long, files=(long,) * 500)
    cause = Cause(
        id=long, title=long, change=long, routes=(long,) * 300, place=long, places=(long,) * 300,
        transform=long, dependency=long, exchanges=(long,) * 500, count=10**9, examples=many[:3],
        following=(long,) * 300, moment=moment,
    )  # fmt: skip
    row = ExchangeResult(
        id=long, route=long, label=long, state="failed", differences=many, calls=(line,) * 500,
        log=(long,) * 500, file=long,
    )  # fmt: skip
    return cause, row


@pytest.mark.parametrize("letters", ["word ", "\x1b", "\U0001f600", "一", '"\\', "\u202e", "`|<"])
def test_the_worst_case_stays_below_2000_tokens(letters: str) -> None:
    """Whatever a run is full of: text and JSON have fewer bytes than 2,000 tokens of 4."""
    assert TOKENS == 2000
    cause, row = huge(letters)
    made = explain(result(cause), cause, row, {"accept": letters * 5000})
    assert len(text(made).encode()) <= BYTES
    assert len(encode(made)) <= BYTES
    assert "not shown" in text(made)


def test_hostile_texts_cannot_act(hostile: Any) -> None:
    """No line that a job log would execute, no control character, no second line."""
    found = hostile(
        ("::error::pwned", "##[error]x", "\x1b[31mred", "a\nb", "\u202evil", "4242424242424242")
    )
    for cause in found.causes:
        for said in (text(explain(found, cause, None, {})),):
            assert "\x1b" not in said
            assert "\u202e" not in said
            assert "4242424242424242" not in said
            assert not any(line.lstrip().startswith("::") for line in said.splitlines())
            assert "##[" not in said


def test_the_first_change_is_in_sight() -> None:
    """Of many calls those around the first one that changed are shown."""
    same = CallLine(dependency="a", recorded="GET /a", made="GET /a")
    gone = CallLine(dependency="a", recorded="GET /gone", change="missing")
    row = msgspec.structs.replace(ROW, calls=(*(same,) * 100, gone, *(same,) * 100))
    made = explain(result(CAUSE), CAUSE, row, {})
    assert gone in made.calls
    assert any("more calls" in note for note in made.notes)
