"""What another tool lets differ, as rules of ci-gate.yml."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

import msgspec

from ci_gate.codecs.registry import codec
from ci_gate.config.addrules import with_rules
from ci_gate.gate.summary import ProposedRule
from ci_gate.model.message import HttpRequest
from ci_gate.store.files import read_or_none, write_file
from ci_gate.store.formats.found import Relaxed


class Relaxations:
    """What a tool lets differ, once for each route: many stubs of one route give one rule."""

    def __init__(self) -> None:
        self._named: list[Relaxed] = []
        self._rules: dict[ProposedRule, None] = {}

    def take(self, item: Relaxed, dependency: Callable[[], str]) -> None:
        """`dependency` tells the name of who was called, of an item that is about a call."""
        if item.method:
            asked = HttpRequest(method=item.method, target=item.target)
            rule = msgspec.structs.replace(
                _rule(item), dependency=dependency(), call=codec("http").route(asked)
            )
            self._rules[rule] = None
        elif item.everywhere:
            self._rules[_rule(item)] = None
        else:
            self._named.append(item)

    @property
    def names(self) -> frozenset[str]:
        """The tool's names of the inbound exchanges that something is about."""
        return frozenset(one.name for one in self._named)

    def rules(self, routes: Mapping[str, str]) -> tuple[ProposedRule, ...]:
        """`routes`: those of the exchanges, by the tool's names, as far as they came over."""
        found = {
            msgspec.structs.replace(_rule(one), route=routes[one.name]): None
            for one in self._named
            if one.name in routes
        }
        found |= self._rules
        # What is open for every name needs no rule for one.
        return tuple(one for one in found if one.at.endswith(".*") or _for_all(one) not in found)


def _for_all(rule: ProposedRule) -> ProposedRule:
    return msgspec.structs.replace(rule, at=f"{rule.at.rpartition('.')[0]}.*")


def _rule(item: Relaxed) -> ProposedRule:
    return ProposedRule(at=item.at, allow=item.allow, reason=item.reason)


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
