"""The calls of an exchange side by side."""

from __future__ import annotations

from ci_gate.diff.calls.lines import LINES, Fate, call_lines
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import Facts


def call(name: str, label: str = "") -> CallRecord:
    """A call by its name."""
    facts = Facts("read")
    text = label or name
    return CallRecord(id=name, dependency="api", route=text, label=text, facts=facts, parts=())


RECORDED = [call(name) for name in "abcd"]
POSITION = {record.id: at for at, record in enumerate(RECORDED)}


def test_what_was_made_stands_beside_what_was_recorded() -> None:
    """Live order; what was not made stands where it was recorded, what is new where it came."""
    a, b, c, d = RECORDED
    fates: dict[str, Fate] = {"l1": (a, ""), "l2": (None, "unexpected"), "l3": (d, "changed")}
    made = [(call("l1"), ("r",)), (call("l2"), ("r",)), (call("l3"), ("r",)), (call("x"), ("s",))]
    found = call_lines({"r"}, made, fates, [(b, "r"), (c, "r"), (c, "s")], POSITION)
    assert [(one.recorded, one.made, one.change) for one in found["r"]] == [
        ("a", "l1", ""),
        ("", "l2", "unexpected"),
        ("b", "", "missing"),
        ("c", "", "missing"),
        ("d", "l3", "changed"),
    ]
    assert set(found) == {"r"}


def test_only_missing_calls() -> None:
    """An exchange that calls nothing any more still shows what it was recorded calling."""
    found = call_lines({"r"}, [], {}, [(RECORDED[1], "r"), (RECORDED[3], "r")], POSITION)
    assert [one.recorded for one in found["r"]] == ["b", "d"]


def test_lines_are_bounded_and_clean() -> None:
    """A storm of calls is cut, and a card number in a path is masked."""
    made = [(call(f"l{n}", f"GET /{n}/4242424242424242"), ("r",)) for n in range(500)]
    found = call_lines({"r"}, made, {}, [], POSITION)["r"]
    assert len(found) == LINES
    assert "4242424242424242" not in found[0].made


def test_the_same_call_again_and_again_is_one_line() -> None:
    """What a storm calls is counted."""
    made = [(call(f"l{n}", "GET /a" if n < 7 else "GET /b"), ("r",)) for n in range(9)]
    found = call_lines({"r"}, made, {}, [], POSITION)["r"]
    assert [(one.made, one.times) for one in found] == [("GET /a", 7), ("GET /b", 2)]
