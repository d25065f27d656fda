"""Data against the schema: exact places, what is allowed, what is near."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from ci_gate.config.lines import read_lines
from ci_gate.config.problems import Problems
from ci_gate.config.shape import check_shape, shown
from ci_gate.errors import UsageError


class Inner(msgspec.Struct):
    """A section."""

    word: str
    number: float = 0.0


class Outer(msgspec.Struct):
    """A document."""

    flag: bool = False
    count: int = 0
    mode: Literal["fast", "slow"] = "fast"
    either: str | tuple[str, ...] = ()
    inner: dict[str, Inner] = {}


def faults(text: str) -> list[str]:
    """What is wrong with a text as an Outer."""
    document = read_lines(text, "f", lambda _: False)
    problems = Problems("f", document)
    check_shape(document.data, Outer, problems)
    try:
        problems.finish()
    except UsageError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("flag: yes", 'f:1: flag: "yes" is not true or false'),
        ("count: 1.5", 'f:1: count: "1.5" is not a whole number'),
        ("count: true", "f:1: count: true is not a whole number"),
        ("mode: fats", 'f:1: mode: "fats" is not one of fast, slow; did you mean fast?'),
        ("either: 3", 'f:1: either: "3" is not text or a list'),
        ("either: {a: b}", "f:1: either: a mapping is not text or a list"),
        ("either: [a, 3]", 'f:1: either[2]: "3" is not text; put it in quotes'),
        ("inner: [a]", "f:1: inner: a list is not a mapping"),
        ("inner:\n  x: {number: 2}", "f:2: inner.x: word is missing"),
        ("inner:\n  x: {word: a, nmber: 2}", "f:2: inner.x.nmber: unknown key; allowed: word, "
         "number; did you mean number?"),
        ("inner: {x: {word: }}", "f:1: inner.x.word: nothing is not text"),
    ],
)  # fmt: skip
def test_faults_name_place_and_remedy(text: str, fault: str) -> None:
    """Each fault says where, what is there and what may be."""
    assert faults(text) == [fault]


def test_what_fits_has_no_faults_and_converts() -> None:
    """Data that passed converts; a key without a value is as good as not there."""
    text = "flag: true\ncount: 3\nmode:\neither: [a]\ninner: {x: {word: a, number: 2}}"
    document = read_lines(text, "f", lambda _: False)
    data = check_shape(document.data, Outer, Problems("f", document))
    assert msgspec.convert(data, Outer) == Outer(
        flag=True, count=3, either=("a",), inner={"x": Inner(word="a", number=2.0)}
    )


def test_shown_values_are_short_and_printable() -> None:
    """What a complaint quotes is one short line."""
    assert shown("a\x1b[31m\n") == '"a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}"'
    assert len(shown("x" * 500)) < 70
    assert shown(None) == "nothing"
    assert shown(False) == "false"
