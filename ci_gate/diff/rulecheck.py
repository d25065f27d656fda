"""Is a rule one that can be meant? Refuses what would match nothing, or everything."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable

from ci_gate.errors import UsageError
from ci_gate.model.rule import Rule, Where
from ci_gate.values.kinds import KINDS

CALLS = (
    "missing",
    "unexpected",
    "changed",
    "repeated",
    "reordered",
    "moved",
    "response-order",
    "fan-out",
    "migration",
)
"""Kinds of call difference that a rule may allow."""

_EFFECTS = ("", "read", "write")
_GROUPS = ("", "startup", "background")
_PLACE = re.compile(
    r"(request|response)(\.\*|(\.[a-z]+(\[\*\]|\[\d+\])?)(?P<inner>.*))\Z", re.DOTALL
)
_INNER = re.compile(
    r"(\.[^.\[\]\"\s*]+|\[\*\]|\[\d+\]|\[\"(?:[^\"\\]|\\.)*\"\])*(\.\*)?\Z", re.DOTALL
)
_WHOLE = re.compile(r"(request|response)(\.\*|\.body(\.\$|\.\*|\.\$\.\*))\Z")
"""Places that are all of a message, or of its body. A body that is one text or binary has no
places below it: `response.body` opens that alone."""
_EVERYTHING = re.compile(r"(request|response)\.body\Z")


def check(rule: Rule) -> None:
    """Raise UsageError, naming the rule and what is allowed, when it cannot be meant."""
    if not rule.reason.strip():
        raise refused(rule, "has no reason: say in `reason` why this may differ")
    if bool(rule.at) == bool(rule.calls):
        raise refused(rule, "needs either `at` with `allow`, or `calls`")
    if rule.until and not _is_date(rule.until):
        raise refused(rule, f"`until: {rule.until}` is no date: write it as 2027-06-30")
    if rule.where.group not in _GROUPS:
        raise refused(rule, f"`group: {rule.where.group}` is neither startup nor background")
    if rule.where.group and rule.where.route:
        group = rule.where.group
        raise refused(
            rule, f"`group: {group}` has no route: no call belongs to both, so remove one of them"
        )
    if rule.calls:
        _check_calls(rule)
    else:
        _check_place(rule)


def _check_calls(rule: Rule) -> None:
    for word in rule.calls:
        if word not in CALLS:
            raise refused(rule, f"`calls: [{word}]` is unknown{nearest(word, CALLS)}")
    if rule.allow:
        raise refused(rule, "`allow` belongs to `at`, not to `calls`")
    if rule.effect not in _EFFECTS:
        raise refused(rule, f"`effect: {rule.effect}` is neither read nor write")


def _check_place(rule: Rule) -> None:
    found = _PLACE.match(rule.at)
    if found is None:
        remedy = "a place starts with request. or response., e.g. response.body.$.updated_at"
        raise refused(rule, f"`at: {rule.at}` is no place: {remedy}")
    if not _INNER.match(found["inner"] or ""):
        remedy = 'indices are [*] or [3], odd keys ["key"], and .* comes last'
        raise refused(rule, f"`at: {rule.at}` is no place: {remedy}")
    if not rule.allow:
        raise refused(rule, f"needs `allow`: one of {', '.join(KINDS)}")
    if rule.allow not in KINDS:
        raise refused(rule, f"`allow: {rule.allow}` is unknown{nearest(rule.allow, KINDS)}")
    if rule.effect:
        raise refused(rule, "`effect` belongs to `calls`, not to `at`")
    if rule.allow == "any" and rule.where == Where() and _EVERYTHING.match(rule.at):
        remedy = "say in `where` which route, or open the places that vary"
        raise refused(rule, f"`at: {rule.at}` with `allow: any` would hide everything: {remedy}")
    if rule.allow == "any" and _WHOLE.match(rule.at):
        remedy = "open the places that vary, or run `ci-gate learn`, which finds them"
        what = "all of the route" if rule.where.route else "all that it covers"
        raise refused(rule, f"`at: {rule.at}` with `allow: any` would hide {what}: {remedy}")
    where = rule.where
    if rule.at.startswith("response") and (where.dependency or where.call or where.group):
        raise refused(
            rule,
            f"`at: {rule.at}` of a dependency's answer never differs, because the mock gives it: "
            "name a place of the request that is sent there, or leave the dependency out of `where`",
        )


def check_together(rules: Iterable[Rule]) -> None:
    """Raise UsageError for two rules that say different kinds of one place of the same exchanges:
    together they would let both pass, which neither says."""
    seen: dict[tuple[Where, str], Rule] = {}
    for rule in rules:
        if rule.calls:
            continue
        other = seen.setdefault((rule.where, rule.at), rule)
        if other.allow != rule.allow:
            raise refused(
                rule,
                f"allows {rule.allow} at {rule.at}, where rule {other.index} allows {other.allow} "
                "for the same exchanges: remove one of them",
            )


def nearest(word: str, allowed: object) -> str:
    """ "; did you mean …?" and what is allowed, for an error's text."""
    names = [str(name) for name in allowed]  # type: ignore[attr-defined]  # any iterable of names
    close = difflib.get_close_matches(word, names, 1, 0.5)
    meant = f"; did you mean {close[0]}? Allowed" if close else "; allowed"
    return f"{meant}: {', '.join(names)}"


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def refused(rule: Rule, text: str) -> UsageError:
    """The error that names the rule, and its line where that is known."""
    where = f" (line {rule.line})" if rule.line else ""
    return UsageError(f"rule {rule.index}{where}: {text}")


def one_line(rule: Rule) -> str:
    """The rule as one line for reports: "response.body.$.at may be any timestamp (GET /x)"."""
    where = rule.where
    fields = (where.route, where.dependency, where.call, where.group)
    scope = ", ".join(field for field in fields if field)
    effect = f" {rule.effect}" if rule.effect else ""
    what = f"{', '.join(rule.calls)}{effect} calls" if rule.calls else f"{rule.at}: {rule.allow}"
    return f"{what} ({scope})" if scope else what
