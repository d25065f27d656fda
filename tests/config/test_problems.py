"""Complaints: collected, in the order of lines, bounded."""

from __future__ import annotations

import pytest

from ci_gate.config.lines import read_lines
from ci_gate.config.problems import MAX_SHOWN, Problems, dotted, hint
from ci_gate.errors import UsageError


def problems(text: str) -> Problems:
    """An empty collection for a text."""
    return Problems("f.yml", read_lines(text, "f.yml", lambda _: False))


def test_complaints_come_in_the_order_of_lines_once() -> None:
    """The order in which faults were found does not matter, and none is told twice."""
    found = problems("a: 1\nb: 2\n")
    found.add(("b",), "second")
    found.add(("a",), "first")
    found.add(("b",), "second")
    with pytest.raises(UsageError) as caught:
        found.finish()
    assert str(caught.value) == "f.yml:1: a: first\nf.yml:2: b: second"


def test_many_complaints_are_cut() -> None:
    """A file full of faults shows the first ones and how many more there are."""
    found = problems("a: 1")
    for number in range(MAX_SHOWN + 5):
        found.add(("a",), f"fault {number}")
    with pytest.raises(UsageError, match="and 5 more"):
        found.finish()


def test_no_complaint_no_error() -> None:
    """Nothing found, nothing raised."""
    problems("a: 1").finish()


def test_paths_are_written_as_people_do() -> None:
    """List items count from 1, as rules do in reports."""
    assert dotted(("rules", 0, "where", "route")) == "rules[1].where.route"
    assert dotted(()) == ""


def test_hint_names_a_close_word_only() -> None:
    """A far word gets no suggestion."""
    assert hint("redy", ["ready", "port"]) == "; did you mean ready?"
    assert hint("zzz", ["ready", "port"]) == ""
