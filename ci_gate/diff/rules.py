"""Committed rules at work: which places they open, which call differences they allow, what they did.

Rules only ever loosen. One that is expired, or covers nothing that happened, excuses nothing and
is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from ci_gate.diff.masks import ANY, Masks, Texts
from ci_gate.diff.rulecheck import check, check_together, one_line, refused
from ci_gate.model.difference import Difference
from ci_gate.model.result import RuleUse
from ci_gate.model.rule import Rule, Where

EXAMPLES = 50
"""Excused differences that are kept to be shown."""


class Rules:
    """The rules of one run. `today` is an ISO date: a rule excuses up to and on its last day.

    Raises UsageError, naming the rule, for one that cannot be meant (see `rulecheck.check`).
    """

    def __init__(self, rules: Sequence[Rule], today: str) -> None:
        for rule in rules:
            check(rule)
        self._rules = tuple(rules)
        self._today = today
        self._live = tuple(rule for rule in self._rules if not self._expired(rule))
        check_together(self._live)
        self._used: dict[int, int] = {}
        self._masks: dict[tuple[str, str, str, str, str], Masks] = {}
        self._examples: list[Difference] = []

    def _expired(self, rule: Rule) -> bool:
        return bool(rule.until) and rule.until < self._today

    def check_body(self, route: str) -> None:
        """Raise UsageError when a rule opens the whole body of this route's answers, which were
        recorded with places in them: a text or a binary body is opened so, and nothing else."""
        index = self.masks_for(route, side="response").opens("response.body")
        for rule in self._live if index else ():
            if rule.index == index:
                raise refused(
                    rule,
                    f"`at: response.body` with `allow: any` would hide all of {route}: open the "
                    "places that vary, or run `ci-gate learn`, which finds them",
                )

    def apart(self) -> Rules:
        """The same rules, counted by themselves: for what is not judged."""
        return Rules(self._rules, self._today)

    def add(self, used: Mapping[int, int], examples: Iterable[Difference]) -> None:
        """Count what the same rules have excused elsewhere, in another shard of this run."""
        for index, times in used.items():
            self._used[index] = self._used.get(index, 0) + times
        self._examples += list(examples)[: EXAMPLES - len(self._examples)]

    @property
    def counts(self) -> dict[int, int]:
        """Index of each rule that excused anything -> how often."""
        return dict(sorted(self._used.items()))

    def masks_for(
        self, route: str, dependency: str = "", call: str = "", group: str = "", side: str = ""
    ) -> Masks:
        """The places that are open in one side ("request" or "response") of such a message.

        Inbound responses have a route and no dependency; calls have their dependency, their own
        route as `call`, and the causing route or group. The same arguments give the same object.
        """
        key = (route, dependency, call, group, side)
        masks = self._masks.get(key)
        if masks is None:
            opened = tuple(
                (rule.at, rule.allow, rule.index)
                for rule in self._live
                if rule.at.startswith(side + ".")
                and _covers(rule.where, route, dependency, call, group)
            )

            def note(index: int, place: str, texts: Texts) -> None:
                self._used[index] = self._used.get(index, 0) + 1
                if len(self._examples) >= EXAMPLES:
                    return
                expected, actual = texts()
                self._examples.append(
                    Difference(
                        change="value",
                        route=route,
                        dependency=dependency,
                        call=call,
                        group=group,
                        place=place,
                        expected=expected,
                        actual=actual,
                        excused=index,
                    )
                )

            masks = self._masks[key] = Masks(opened, note)
        return masks

    def excuse(self, difference: Difference, effect: str = "") -> int:
        """Index of the rule that excuses a difference, 0 = none, and the rule counts as used.

        `effect` is that of the call ("read", "write", "session"); "" = the difference's own. Places
        that rules open were never differences (`masks_for`); of place rules only those that
        allow anything are asked again, because a text in a difference is no value any more.
        """
        if difference.notice:
            return 0
        index = self._excusing(difference, effect or difference.effect)
        if index:
            self._use(index, difference)
        return index

    def allows(self, difference: Difference) -> bool:
        """Whether `excuse` would excuse it; no rule counts as used."""
        return self._excusing(difference, difference.effect) > 0

    def _excusing(self, difference: Difference, effect: str) -> int:
        for rule in self._live:
            if not _covers(
                rule.where,
                difference.route,
                difference.dependency,
                difference.call,
                difference.group,
            ):
                continue
            if rule.calls:
                fits = difference.change in rule.calls and bool(difference.dependency)
                fits = fits and rule.effect in ("", effect)
            else:
                fits = rule.allow == ANY and Masks(((rule.at, ANY, 1),)).opens(difference.place) > 0
            if fits:
                return rule.index
        return 0

    def _use(self, index: int, difference: Difference) -> None:
        self._used[index] = self._used.get(index, 0) + 1
        if len(self._examples) < EXAMPLES:
            self._examples.append(difference)

    def examples(self) -> tuple[Difference, ...]:
        """The first excused differences (`Result.excused`), at most `EXAMPLES`; those a place rule
        let pass name no exchange."""
        return tuple(self._examples)

    def uses(self) -> tuple[RuleUse, ...]:
        """What every rule did, in the order of the file; "unused" ones never matched."""
        return tuple(
            RuleUse(
                index=rule.index,
                text=one_line(rule),
                reason=rule.reason,
                owner=rule.owner,
                until=rule.until,
                used=self._used.get(rule.index, 0),
                state=self._state(rule),
            )
            for rule in self._rules
        )

    def _state(self, rule: Rule) -> Literal["used", "unused", "expired"]:
        if self._expired(rule):
            return "expired"
        return "used" if self._used.get(rule.index) else "unused"


def _covers(where: Where, route: str, dependency: str, call: str, group: str) -> bool:
    return (
        where.route in ("", route)
        and where.dependency in ("", dependency)
        and where.call in ("", call)
        and where.group in ("", group)
    )
