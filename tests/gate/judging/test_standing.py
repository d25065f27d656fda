"""What differences count for is put on them wherever they are, and read off by exchange."""

from __future__ import annotations

from typing import Any

from ci_gate.diff.calls.compare import Compared as ComparedCalls
from ci_gate.diff.equality import Equality
from ci_gate.gate.judging.judged import About, Evidence
from ci_gate.gate.judging.standing import by_exchange, marked
from ci_gate.gate.observing.replaying import Compared
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest
from ci_gate.replayer.plan import Step
from ci_gate.replayer.samples import Samples

NOT_NEEDED: Any = None


def difference(exchange: str, **fields: Any) -> Difference:
    """One of an answer."""
    return Difference(**{"change": "value", "exchange": exchange, **fields})


def compared(exchange: str, *differences: Difference, judged: bool = True) -> Compared:
    """A step that was replayed."""
    request = HttpRequest("GET", b"/")
    step = Step(Exchange(id=exchange, route="GET /", request=request), 0.0, judged)
    return Compared(step, answered=True, latency=1, differences=differences)


EVIDENCE = Evidence(
    about=About(mode="run", service="s", snapshot="", config="", folder="."),
    plan=NOT_NEEDED,
    cleaning=NOT_NEEDED,
    steps=(
        compared("a", difference("a")),
        compared("b"),
        compared("c", difference("c"), judged=False),
    ),
    samples=Samples(0),
    calls=ComparedCalls(
        differences=(
            difference("a", change="missing", dependency="d"),
            difference("", change="missing", dependency="d", group="startup"),
            difference("b", change="missing", dependency="d", excused=1),
            difference("b", change="header", dependency="d", notice=True),
        )
    ),
    apart=(difference("", change="escape"),),
    equality=Equality(),
    seconds=1.0,
)


def test_by_exchange() -> None:
    """Answers and calls together; what was only sent for others is nobody's."""
    found = by_exchange(EVIDENCE)
    assert {name: [one.change for one in red] for name, red in found.items()} == {
        "a": ["value", "missing"],
        "b": ["missing", "header"],
    }


def test_marked_everywhere_but_where_it_counts_for_nothing() -> None:
    """Answers, calls and connections; what a rule excuses, or is a notice, stays what it is."""
    evidence = marked(EVIDENCE, lambda _: "known")
    assert evidence.calls is not None
    assert [one.standing for step in evidence.steps for one in step.differences] == ["known"] * 2
    assert [one.standing for one in evidence.calls.differences] == ["known", "known", "", ""]
    assert [one.standing for one in evidence.apart] == ["known"]


def test_nothing_to_mark_changes_nothing() -> None:
    """What stands as it stood is the same evidence; calls may not have been measured."""
    assert marked(EVIDENCE, lambda one: one.standing) == EVIDENCE
