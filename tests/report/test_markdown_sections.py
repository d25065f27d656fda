"""The sections of summary.md one by one."""

from __future__ import annotations

from msgspec.structs import replace

from ci_gate.model.difference import Cause, Difference
from ci_gate.model.result import Result, Verdict
from ci_gate.report import markdown_sections as sections
from ci_gate.report.markdown_sections import Level


def test_responses_and_calls_stand_side_by_side(results: dict[str, Result]) -> None:
    """One table has what changed in responses and in calls, told apart by a column."""
    rows = sections.causes(results["fail"], Level()).split("\n")[2:]
    sides = [row.split("|")[2].strip() for row in rows]
    assert sides == ["response", "call", "call", "call", "call", "response"]
    assert [cell.strip() for cell in rows[0].split("|")[3:7]] == [
        "total in 2 places: number became string",
        "`GET /orders/{id}`, `GET /orders`",
        '`4200` → `"4200.00"`',
        "41",
    ]


def test_notices_are_no_causes(results: dict[str, Result]) -> None:
    """What is only worth a line is in its own folded section and not in the table."""
    assert "GET /rates" not in sections.causes(results["fail"], Level())
    assert "GET /rates" in sections.notices(results["fail"], Level())


def test_causes_of_the_same_requests_point_at_each_other(results: dict[str, Result]) -> None:
    """The dropped call says which other causes were seen in its requests."""
    assert "same requests as C3, C4" in sections.details(results["fail"], Level())


def test_consequences_stand_below_their_cause(results: dict[str, Result]) -> None:
    """The response that changed with a dropped call is shown with that call, as a consequence."""
    text = sections.details(results["fail"], Level())
    assert "@@ and so a81c44d02f-3 · response.body.$.shipment @@" in text


def test_a_single_cause_is_unfolded(results: dict[str, Result]) -> None:
    """With one cause nothing needs a click."""
    one = replace(results["fail"], causes=results["fail"].causes[:1])
    assert sections.details(one, Level()).startswith("<details open>")
    assert "<details open>" not in sections.details(results["fail"], Level())


def test_rules_that_need_a_hand_come_first(results: dict[str, Result]) -> None:
    """Expired, then unused, then used rules, each with owner and end; the title counts them."""
    text = sections.rules(results["fail"], Level())
    assert "1 never matched, 1 expired</summary>" in text
    assert text.index("⌛ expired") < text.index("⚠️ never matched") < text.index("✅ used")
    assert "`@platform`" in text
    assert "2026-10-31" in text


def test_warnings_are_marked(results: dict[str, Result]) -> None:
    """A warning stands among the reasons with its own sign."""
    assert "- ⚠️ rule 2 never matched" in sections.reasons(results["fail"], Level())


def test_a_long_list_of_reasons_is_counted(results: dict[str, Result]) -> None:
    """Ten reasons are shown, the rest is a number."""
    verdict = Verdict(outcome="fail", reasons=tuple(f"reason {at}" for at in range(14)))
    text = sections.reasons(replace(results["fail"], verdict=verdict), Level())
    assert text.count("- reason") == 10
    assert "- … and 4 more" in text


def test_difference_deep_in_a_value_is_seen_in_the_table(results: dict[str, Result]) -> None:
    """The table shows the place where two long values differ."""
    example = Difference(change="value", expected="a" * 150 + "one", actual="a" * 150 + "two")
    cause = Cause(id="C1", title="t", change="value", routes=("GET /",), examples=(example,))
    text = sections.causes(replace(results["fail"], causes=(cause,)), Level())
    assert "one` →" in text
    assert "two`" in text


def test_environment_without_facts_is_short(results: dict[str, Result]) -> None:
    """Facts that are not known are not mentioned."""
    made = replace(results["inconclusive"].environment, commit="", platform="", seconds=0.0)
    text = sections.environment(replace(results["inconclusive"], environment=made), Level())
    assert "commit" not in text
    assert "took" not in text


def test_details_that_are_off_are_empty(results: dict[str, Result]) -> None:
    """At a level without a section nothing of it remains."""
    none = Level(
        reasons=0,
        causes=0,
        conditions=0,
        details=0,
        notices=0,
        rules=0,
        routes=0,
        environment=False,
    )
    for make in (
        sections.reasons,
        sections.causes,
        sections.conditions,
        sections.details,
        sections.notices,
        sections.rules,
        sections.latency,
        sections.environment,
    ):
        assert make(results["fail"], none) == ""
