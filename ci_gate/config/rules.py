"""Rules of ci-gate.yml: each relaxes one thing, says why, and never everything."""

from __future__ import annotations

import datetime
import re

from ci_gate.config.lines import Path
from ci_gate.config.problems import Problems, hint
from ci_gate.config.schema import Configuration, RuleSection, WhereSection
from ci_gate.values.kinds import KINDS

CALL_CHANGES = ("missing", "unexpected", "changed", "repeated", "reordered")
PARTS = {
    "request": ("method", "path", "query", "headers", "body", "trailers"),
    "response": ("status", "headers", "body", "trailers"),
}

_STEP = r'\.(?:\$|\*(?=\Z)|[^\s.\[\]"*$]+)|\[(?:[0-9]{1,9}|\*|"(?:[^"\\]|\\.)*")\]'
_PLACE = re.compile(rf"([a-z]+)\.([a-z]+)((?:{_STEP})*)\Z")
_WHOLE = re.compile(r"(?:request|response)\.(?:headers|body)(?:\.\$)?(?:\.\*)?\Z")


def check_rules(settings: Configuration, problems: Problems) -> None:
    """Complain about rules without a reason, that cannot match, or that cover everything."""
    for number, rule in enumerate(settings.rules):
        at: Path = ("rules", number)
        if not rule.reason.strip():
            problems.add(at, "reason is missing; say why this difference is right")
        if rule.until:
            _check_date(rule.until, (*at, "until"), problems)
        if rule.calls:
            _check_calls(rule, at, problems)
        elif not rule.at:
            problems.add(at, "covers nothing; give at and allow, or calls")
        else:
            _check_place(rule, at, problems)
        if rule.where.dependency and rule.where.dependency not in settings.dependencies:
            _check_dependency(rule, settings, at, problems)


def _check_date(text: str, path: Path, problems: Problems) -> None:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        problems.add(path, "not a date; write the last day as 2027-06-30")


def _check_calls(rule: RuleSection, at: Path, problems: Problems) -> None:
    if rule.at or rule.allow:
        problems.add(at, "has both at and calls; write two rules")
    for number, change in enumerate(rule.calls):
        if change not in CALL_CHANGES:
            known = ", ".join(CALL_CHANGES)
            text = f"unknown; allowed: {known}{hint(change, CALL_CHANGES)}"
            problems.add((*at, "calls", number), text)
    if rule.where == WhereSection() and set(rule.calls) != {"reordered"}:
        problems.add(at, "covers every call; name a route, dependency, call or group in where")


def _check_place(rule: RuleSection, at: Path, problems: Problems) -> None:
    if rule.effect:
        problems.add((*at, "effect"), "belongs to calls")
    if not rule.allow:
        problems.add(at, "allow is missing; name the kind of value, or any")
    elif rule.allow not in KINDS:
        kinds = ", ".join(sorted(KINDS))
        problems.add((*at, "allow"), f"unknown kind; allowed: {kinds}{hint(rule.allow, KINDS)}")
    fault = place_fault(rule.at)
    if fault:
        problems.add((*at, "at"), fault)
    elif rule.where == WhereSection() and _WHOLE.match(rule.at) and rule.allow == "any":
        text = "covers everything everywhere; name a route, dependency or call in where"
        problems.add((*at, "at"), text)


def place_fault(place: str) -> str:
    """What is wrong with a place pattern; "" when it is one."""
    example = "such as response.body.$.items[*].price or request.headers.x-id"
    found = _PLACE.match(place)
    if not found:
        return f"not a place, {example}"
    side, part, rest = found[1], found[2], found[3]
    if side not in PARTS:
        return f"starts with request or response, {example}"
    if part not in PARTS[side]:
        parts = ", ".join(f"{side}.{name}" for name in PARTS[side])
        return f"a {side} has no {part}; it has {parts}"
    if part in ("headers", "trailers") and rest.lower() != rest:
        return f"header names are lower case: {place.lower()}"
    if part in ("method", "status") and rest:
        return f"{side}.{part} has nothing below it"
    if part != "body" and rest == "" and part in ("headers", "trailers", "query"):
        return f"names no value; write {place}.NAME, or {place}.* for all"
    return ""


def _check_dependency(
    rule: RuleSection, settings: Configuration, at: Path, problems: Problems
) -> None:
    """A name that is close to a configured one is a typing error; others may be in the snapshot."""
    close = hint(rule.where.dependency, settings.dependencies)
    if close:
        problems.add((*at, "where", "dependency"), f"there is no such dependency{close}")
