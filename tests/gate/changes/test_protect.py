"""Keys that a change cannot edit for its own run."""

from __future__ import annotations

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.changes.protect import protected

BASE = 'version: 1\ngate: {fail_if: ["requests.failed > 0"], protect: [rules, gate.fail_if]}\n'
RULES = 'rules:\n  - {at: "response.body.$.x", allow: any, reason: r}\n'


def test_rules_and_conditions_are_the_bases() -> None:
    """What the change loosened is as it was; the rest is the change's."""
    head = "version: 1\nmocks: {latency: recorded}\n" + RULES
    found = protected(head, BASE).settings
    assert found.rules == ()
    assert found.gate.fail_if == ("requests.failed > 0",)
    assert found.mocks.latency == "recorded"


def test_a_change_cannot_take_a_key_off_the_list() -> None:
    """The base's list counts; so does one that only the change has."""
    assert protected("version: 1\ngate: {protect: []}\n" + RULES, BASE).settings.rules == ()
    own = "version: 1\ngate: {protect: [rules]}\n" + RULES
    assert protected(own, "version: 1\n").settings.rules == ()
    assert protected("version: 1\n" + RULES, "version: 1\n", ["rules"]).settings.rules == ()


def test_without_protection_nothing_changes() -> None:
    """A configuration that protects nothing is as it is written."""
    head = "version: 1\n" + RULES
    assert len(protected(head, "version: 1\n").settings.rules) == 1


def test_the_list_is_used_up() -> None:
    """What remains is a configuration that any verb honours, with the lines of the change."""
    found = protected("version: 1\n\nservice: {port: 80}\n", BASE)
    assert found.settings.gate.protect == ()
    assert found.line("service", "port") == 3


def test_texts_stay_texts() -> None:
    """Values that YAML would read as numbers are still the text that was written."""
    head = 'version: 1\nservice: {env: {A: 010, B: 1.10, C: "ü€😀"}, stop_timeout: 10s}\n'
    env = protected(head, BASE).settings.service.env
    assert env == {"A": "010", "B": "1.10", "C": "ü€😀"}


@pytest.mark.parametrize("key", ["rule", "gat.fail_if", "", "gate."])
def test_keys_that_there_cannot_be(key: str) -> None:
    """A list with a slip in it protects nothing by accident: it is refused."""
    with pytest.raises(UsageError, match="there is no key"):
        protected("version: 1\n", "version: 1\n", [key])


def test_a_key_below_what_the_base_lacks() -> None:
    """It is taken out, and what it stood in may stay."""
    found = protected("version: 1\nreport: {comment: never}\n", "version: 1\n", ["report.comment"])
    assert found.settings.report.comment == "changes"
    found = protected("version: 1\n", "version: 1\nreport: {comment: always}\n", ["report.comment"])
    assert found.settings.report.comment == "always"
