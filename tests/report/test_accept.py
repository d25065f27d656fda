"""What accepting changes, as text."""

from __future__ import annotations

from ci_gate.model.change import Shown
from ci_gate.report.accept import ALIKE, text


def value(number: int, **more: str) -> Shown:
    """A changed value."""
    given = {"place": f"response.body.$.items[{number}].price", "was": "1", "now": "2", **more}
    return Shown(
        exchange=f"e-{number}", what="GET /a", change="changed", file="inbound/a.json", **given
    )


def test_alike_places_are_told_once() -> None:
    """By pattern, with the first exchanges and the number of the rest."""
    said = text([value(number) for number in range(5)])
    assert said.startswith("~ response.body.$.items[*].price, 5 exchanges\n")
    assert said.count("- 1") == said.count("+ 2") == ALIKE
    assert f"… {5 - ALIKE} more" in said
    assert "inbound/a.json" in said


def test_calls() -> None:
    """New ones with a note on their answer, lost ones with their name."""
    new = Shown(
        exchange="c-1", what="pay POST /x", change="added", now="pay POST /x", note="assumed: 200"
    )
    gone = Shown(exchange="c-2", what="pay POST /y", change="removed", was="pay POST /y")
    said = text([new, gone])
    assert "+ 1 call\n    pay POST /x  c-1\n      assumed: 200\n" in said
    assert "- 1 call\n    pay POST /y  c-2\n" in said


def test_hostile_texts_stay_on_their_line() -> None:
    """Nothing of a run directory can draw on a terminal or speak to a CI system."""
    said = text([value(1, was="\x1b[2J\n::error::x", now="\u202e")])
    assert "\x1b" not in said
    assert "\n::error" not in said
