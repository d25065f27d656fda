"""What another tool lets differ, as rules of ci-gate.yml."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ci_gate.config.addrules import with_rules
from ci_gate.gate.summary import ProposedRule
from ci_gate.store.files import read_or_none, write_file


def rule_line(rule: ProposedRule) -> str:
    """A rule as ci-gate.yml has it, on one line."""
    names = ("route", "dependency", "call")
    where = {name: getattr(rule, name) for name in names if getattr(rule, name)}
    said = {"at": rule.at, "allow": rule.allow, "reason": rule.reason}
    form = ({"where": where} if where else {}) | said
    return _flow(form)


def write_rules(rules: Sequence[ProposedRule], path: str) -> bool:
    """Add the rules to the configuration at `path` ("" = there is none). False where they are to be
    put there by hand."""
    data = read_or_none(path) if path else None
    if not rules or data is None:
        return False
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    made = with_rules(text, path, [rule_line(one) for one in rules])
    if made is None:
        return False
    write_file(path, made.encode())
    return True


def _flow(value: object) -> str:
    """YAML's flow style; every text in JSON's quotes, which YAML reads too."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
