"""Findings in a job's log and beside code."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ci_gate.model.result import Result
from ci_gate.report.annotations import PER_KIND, command, findings, log_lines
from tests.report.conftest import SECRETS, hostile_result, shows_secret

COMMAND = re.compile(r"::(error|warning|notice) ([^\n\r]*?)::([^\n\r]*)")


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A line as GitHub's runner reads it (its ActionCommand): kind, properties, message."""
    found = COMMAND.fullmatch(line)
    assert found is not None, line
    properties = dict(one.split("=", 1) for one in found[2].split(","))
    decoded = {}
    for name, value in properties.items():
        for text, code in (("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C"), ("%", "%25")):
            value = value.replace(code, text)
        decoded[name] = value
    message = found[3]
    for text, code in (("\r", "%0D"), ("\n", "%0A"), ("%", "%25")):
        message = message.replace(code, text)
    return found[1], decoded, message


def test_a_cause_a_line(results: dict[str, Result]) -> None:
    """Causes, failed conditions, warnings; each says what to type."""
    lines = [parsed(line) for line in log_lines(results["fail"], file="ci-gate.yml")]
    kinds = [kind for kind, _, _ in lines]
    assert kinds.count("error") == 7
    assert kinds.count("warning") == 3
    assert lines[0][1] == {"file": "ci-gate.yml", "title": "orders: response"}
    assert "reproduce with ci-gate run --only 3f2a9c1b7e-1" in lines[0][2]


def test_report_mode_warns(results: dict[str, Result]) -> None:
    """What blocks nothing is no error."""
    lines = log_lines(replace(results["fail"], report_only=True))
    assert {parsed(line)[0] for line in lines} == {"warning"}


def test_a_verdict_without_causes_is_a_finding(results: dict[str, Result]) -> None:
    """An inconclusive run says why."""
    assert findings(results["inconclusive"])[0].level == "failure"


def test_ten_of_a_kind() -> None:
    """GitHub keeps ten of a kind; the last of ours counts the rest."""
    result = hostile_result()
    many = replace(result, causes=result.causes * 5)
    lines = [parsed(line) for line in log_lines(many)]
    for kind in ("error", "warning"):
        assert sum(one == kind for one, _, _ in lines) <= PER_KIND
    assert sum("more finding" in message for _, _, message in lines) >= 1


@given(st.text(max_size=80), st.text(max_size=80))
def test_nothing_becomes_a_command(title: str, message: str) -> None:
    """One line each, whose parts are what was put in; the message is at most 4096 characters."""
    line = command("failure", title, message * 200, "a:b,c%.yml")
    kind, properties, said = parsed(line)
    assert kind == "error"
    assert properties["file"] == "a:b,c%.yml"
    assert len(said) <= 4096
    assert "\n" not in line


def test_hostile_traffic() -> None:
    """Nothing that a service answers can set an output, mask a word or stop commands."""
    for line in log_lines(hostile_result()):
        assert COMMAND.fullmatch(line)
        assert "\x1b" not in line


def test_what_looks_secret_is_masked_once_more() -> None:
    """Neither a finding nor a line of a log shows a secret that got into the result."""
    result = hostile_result(SECRETS)
    shown = [f"{one.title} {one.message}" for one in findings(result)] + log_lines(result)
    assert any("‹" in one for one in shown)
    assert not shows_secret("\n".join(shown))
