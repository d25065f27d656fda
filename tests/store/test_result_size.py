"""result.json stays below its limit."""

from __future__ import annotations

import json
from typing import Any

from ci_gate.model.difference import Cause, Difference
from ci_gate.model.result import Counts, Environment, Result, Run, Verdict
from ci_gate.store.result_size import MOST_BYTES, fitting


def result(causes: int, text: str, **more: Any) -> Result:
    """A result with so many causes whose examples hold so much text."""
    example = Difference(change="value", expected=text, actual=text, detail=text)
    return Result(
        service="x",
        verdict=Verdict(outcome="fail", reasons=("r",)),
        causes=tuple(
            Cause(id=f"C{n}", title="t", change="value", routes=("GET /",), examples=(example,) * 3)
            for n in range(causes)
        ),
        excused=(example,) * 50,
        notices=("n",) * 500,
        environment=Environment(version="0"),
        **more,
    )


def examples(data: bytes) -> int:
    """Examples left in the first cause."""
    return len(json.loads(data)["causes"][0]["examples"])


def test_small_ones_are_whole() -> None:
    """A result that fits is written as it is, one field a line."""
    data = fitting(result(2, "x" * 3000))
    assert data is not None
    form = json.loads(data)
    assert len(form["causes"][0]["examples"][0]["expected"]) == 3000
    assert len(form["notices"]) == 500
    assert data.count(b"\n") > 20


def test_examples_go_first() -> None:
    """What does not fit loses example text, then examples, then all of them; causes stay."""
    left = []
    for causes, size in ((150, 4000), (1200, 1200), (4000, 400)):
        data = fitting(result(causes, "x" * size))
        assert data is not None
        assert len(data) <= MOST_BYTES
        assert len(json.loads(data)["causes"]) == causes
        left.append(examples(data))
    assert left == sorted(left, reverse=True)
    assert left[0] == 3
    assert left[-1] < 3


def test_too_much_is_refused() -> None:
    """Figures are never dropped: when they alone are too large there is no result."""
    latencies = {"GET /": tuple(range(10**9, 10**9 + 600_000))}
    assert fitting(result(1, "", runs=(Run(counts=Counts(), latencies=latencies),))) is None
