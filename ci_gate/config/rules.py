"""Rules of ci-gate.yml, checked before anything runs; what a rule may be is `diff.rulecheck`'s."""

from __future__ import annotations

from ci_gate.config.lines import Path
from ci_gate.config.problems import Problems, hint
from ci_gate.config.schema import Configuration, RuleSection
from ci_gate.diff.rulecheck import check
from ci_gate.errors import UsageError
from ci_gate.model.rule import Rule, Where

PARTS = {
    "request": ("method", "path", "query", "headers", "body", "trailers"),
    "response": ("status", "headers", "body", "trailers"),
}


def check_rules(settings: Configuration, problems: Problems) -> None:
    """Complain about rules without a reason, that cannot match, or that cover everything."""
    for number, section in enumerate(settings.rules):
        at: Path = ("rules", number)
        try:
            check(rule_of(number, section, 0))
        except UsageError as error:
            problems.add(at, str(error).removeprefix(f"rule {number + 1}: "))
            continue
        fault = _place_fault(section.at)
        if fault:
            problems.add((*at, "at"), fault)
        if section.calls and rule_of(number, section, 0).where == Where():
            _check_scope(section, at, problems)
        _check_dependency(section, settings, at, problems)


def rule_of(number: int, section: RuleSection, line: int) -> Rule:
    """The rule that a section means; `number` counts from 0."""
    where = section.where
    return Rule(
        index=number + 1,
        where=Where(
            route=where.route, dependency=where.dependency, call=where.call, group=where.group
        ),
        at=section.at,
        allow=section.allow,
        calls=section.calls,
        effect=section.effect,
        reason=section.reason.strip(),
        owner=section.owner,
        until=section.until,
        line=line,
    )


def _place_fault(place: str) -> str:
    """What is wrong with a place that is well formed; "" when nothing is."""
    side, _, inner = place.partition(".")
    part = inner.partition(".")[0].partition("[")[0]
    if not place or part == "*":
        return ""
    if part not in PARTS[side]:
        parts = ", ".join(f"{side}.{name}" for name in PARTS[side])
        return f"a {side} has no {part}; it has {parts}{hint(part, PARTS[side])}"
    if part in ("headers", "trailers") and place != place.lower():
        return f"header names are lower case: {place.lower()}"
    if part in ("headers", "trailers", "query") and inner == part:
        return f"names no value; write {place}.NAME, or {place}.* for all"
    return ""


def _check_scope(rule: RuleSection, at: Path, problems: Problems) -> None:
    """A rule that lets any call go missing anywhere would switch the gate off."""
    if set(rule.calls) != {"reordered"}:
        problems.add(at, "covers every call; name a route, dependency, call or group in where")


def _check_dependency(
    rule: RuleSection, settings: Configuration, at: Path, problems: Problems
) -> None:
    """A name that is close to a configured one is a typing error; others may be in the snapshot."""
    name = rule.where.dependency
    close = "" if name in settings.dependencies else hint(name, settings.dependencies)
    if close:
        problems.add((*at, "where", "dependency"), f"there is no dependency {name}{close}")
