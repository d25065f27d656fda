"""Rules added to a configuration."""

from __future__ import annotations

import pytest

from ci_gate.config.addrules import with_rules
from ci_gate.config.file import load

RULE = '{at: "response.body.$.ts", allow: "any", reason: "why"}'
OTHER = '{where: {route: "GET /a"}, at: "response.body.$.id", allow: "any", reason: "why"}'


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\n",
        "version: 1\nrules: []\nsnapshot: s\n",
        "version: 1\nrules:\n- {at: response.status, allow: any, reason: x}\n",
        "version: 1\nrules:   # ours\n    - at: response.status\n      allow: any\n"
        "      reason: x\n\nsnapshot: s\n",
        "version: 1\nrules:\n# none yet\nsnapshot: s  # here\n",
    ],
)
def test_added(text: str) -> None:
    """At the end of the list, whatever its form; every other line stays; twice is once."""
    had = len(load(text).settings.rules)
    made = with_rules(text, "ci-gate.yml", [RULE, OTHER])
    assert made is not None
    rules = load(made).settings.rules
    assert len(rules) == had + 2
    assert (rules[-2].at, rules[-1].where.route) == ("response.body.$.ts", "GET /a")
    kept = [line for line in text.splitlines() if line.strip() and line != "rules: []"]
    assert set(kept) <= set(made.splitlines())
    assert with_rules(made, "ci-gate.yml", [RULE, OTHER]) == made


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("version: 1\nrules: [{at: response.status, allow: any, reason: x}]\n", RULE),
        ("version: 1\n", '{at: "nowhere", allow: "any", reason: "why"}'),
        ("verzion: 1\n", RULE),
    ],
)
def test_not_added(text: str, rule: str) -> None:
    """Where a line would have to be rewritten, for what is no rule, into what is no configuration."""
    assert with_rules(text, "ci-gate.yml", [rule]) is None
