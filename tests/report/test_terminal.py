"""The report on a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from ci_gate.model.result import Evaluation, Result, Verdict
from ci_gate.report.terminal import render

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def check_harmless(text: str, width: int) -> None:
    """Only printable characters, no line too wide, no line a CI system would execute."""
    for line in text.split("\n"):
        plain = COLOUR.sub("", line)
        assert plain.isprintable()
        assert cell_len(plain) <= width
        assert not plain.lstrip().startswith("::")
        assert "##[" not in plain


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("name", ["pass", "fail", "inconclusive", "hostile"])
def test_report(
    name: str, width: int, results: dict[str, Result], golden: Callable[[str, str], None]
) -> None:
    """What a developer reads, at two widths, without colours."""
    text = render(results[name], width)
    check_harmless(text, width)
    golden(f"report/{name}-{width}.txt", text)


@pytest.mark.parametrize("name", ["pass", "fail", "inconclusive", "hostile"])
def test_colours_change_nothing_else(name: str, results: dict[str, Result]) -> None:
    """With colours there are ANSI sequences, and without them it is the same text."""
    coloured = render(results[name], 100, colour=True)
    assert "\x1b[" in coloured
    lines = [line.rstrip() for line in COLOUR.sub("", coloured).split("\n")]
    assert "\n".join(lines) == render(results[name], 100)


def test_nothing_of_the_environment_matters(
    results: dict[str, Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller decides on width and colour; COLUMNS, TERM, FORCE_COLOR and NO_COLOR do not."""
    before = render(results["fail"], 90), render(results["fail"], 90, colour=True)
    for name, value in (
        ("COLUMNS", "33"),
        ("TERM", "dumb"),
        ("FORCE_COLOR", "1"),
        ("NO_COLOR", "1"),
    ):
        monkeypatch.setenv(name, value)
    assert (render(results["fail"], 90), render(results["fail"], 90, colour=True)) == before


def test_conditions_end_the_report(results: dict[str, Result]) -> None:
    """A mark, the condition and the observed value for each, then the count as the last line."""
    lines = render(results["pass"], 100).rstrip().split("\n")
    assert lines[-3:] == [
        "✓  fail if latency.p95 > 50     43.2",
        "✓  fail if requests.failed > 0  0",
        "2 EVALS PASSED",
    ]
    lines = render(results["fail"], 100).rstrip().split("\n")
    assert lines[-4].startswith("✗  fail if requests.failed > 0 ")
    assert lines[-2].startswith("!  warn if latency.p95 > 50 ")
    assert lines[-1] == "1 OF 2 EVALS FAILED"


def test_a_failed_run_does_not_end_like_a_passed_one(results: dict[str, Result]) -> None:
    """The conditions may all pass while the run fails: the verdict is repeated above them."""
    passed = (Evaluation(condition="requests.failed > 99", outcome="pass", observed="53"),)
    result = replace(results["fail"], verdict=Verdict(outcome="fail", evaluations=passed))
    tail = render(result, 100).rstrip().split("\n")[-5:]
    assert tail[-1] == "1 EVAL PASSED"
    assert any(line.startswith(" FAIL  orders: 6 causes") for line in tail)


def test_no_conditions_no_line(results: dict[str, Result]) -> None:
    """Without conditions nothing is said about them."""
    result = replace(results["pass"], verdict=Verdict(outcome="pass"))
    assert "EVAL" not in render(result, 100)


def test_causes_beyond_twenty_are_counted(results: dict[str, Result]) -> None:
    """Twenty causes are shown, the rest is a number."""
    causes = results["fail"].causes[:1] * 25
    text = render(replace(results["fail"], causes=causes), 100)
    assert text.count("total in 2 places: number became string") == 20
    assert "… and 5 more causes in result.json" in text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(["[red]", "[/]", "::", "##[x]", "\n", " ", "\x1b[31m", "日本", "\\["])
            | st.characters(),
            max_size=12,
        ).map("".join),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([40, 80, 120]),
    st.booleans(),
)
def test_arbitrary_text_is_only_text(
    hostile: Callable[[tuple[str, ...]], Result], found: list[str], width: int, colour: bool
) -> None:
    """Whatever traffic holds, no control sequence, markup or log command comes of it."""
    check_harmless(render(hostile(tuple(found)), width, colour), width)
