"""Collects the differences of one message: masks and stand-ins are honoured here, once for all."""

from __future__ import annotations

import re

from ci_gate.diff.bodytext import excerpts
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks, Texts
from ci_gate.diff.render import LIMIT as QUOTED
from ci_gate.diff.render import clean, lexeme, scalar, type_name
from ci_gate.diff.secrecy import hide, secret_place
from ci_gate.diff.transforms.values import transforms
from ci_gate.model.difference import Difference
from ci_gate.values.kinds import KINDS, is_kind
from ci_gate.values.redaction.standins import is_stand_in

LIMIT = 200
"""Differences of one message that are kept; the rest is counted in one more."""

EFFORT = 100_000
"""Comparisons of array items in one message; beyond that items pair up by position."""

_PLACE = 500
"""Characters of a place that are shown: keys are traffic, too."""

_COARSE = re.compile(r"""([\s"'<>=&;,?()\[\]{}]+)""")
_FINE = re.compile(r"""([\s"'<>=&;,?()\[\]{}/:]+)""")
_WORDS = 4096
"""A text of more words than this is not searched for stand-ins."""


class Findings:
    """The differences of one message. `side` is "request" or "response"."""

    def __init__(self, side: str, masks: Masks, equality: Equality) -> None:
        self.side = side
        self.masks = masks
        self.equality = equality
        self.touched: list[str] = []
        """Places whose values were not equal: nothing below them came back word for word."""
        self.effort = EFFORT
        self._kept: list[Difference] = []
        self._more = 0

    def add(
        self,
        change: str,
        place: str,
        expected: str = "",
        actual: str = "",
        detail: str = "",
        known: tuple[str, ...] = (),
    ) -> None:
        """Keep a difference, unless a rule opens the place to anything. Texts are clean already;
        `known` are its transforms."""
        self.touched.append(place)
        rule = self.masks.opens(place)
        if rule:
            self.used(rule, place, lambda: (expected, actual))
            return
        if secret_place(place):
            expected, actual = hide(expected), hide(actual)
            known = tuple(one for one in known if "“" not in one)
        if len(self._kept) >= LIMIT:
            self._more += 1
            return
        self._kept.append(
            Difference(
                change=change,
                place=clean(place, _PLACE),
                expected=expected,
                actual=actual,
                detail=detail,
                transforms=known,
            )
        )

    def used(self, rule: int, place: str, texts: Texts) -> None:
        """A rule lets this pass; `texts()` gives what was expected and what came, clean."""
        self.touched.append(place)

        def shown() -> tuple[str, str]:
            expected, actual = texts()
            return (hide(expected), hide(actual)) if secret_place(place) else (expected, actual)

        self.masks.used(rule, place, shown)

    def notice(self, change: str, place: str, expected: str, actual: str, detail: str) -> None:
        """Keep something worth a line that is never red."""
        self._kept.append(
            Difference(
                change=change,
                place=clean(place, _PLACE),
                expected=expected,
                actual=actual,
                detail=detail,
                notice=True,
            )
        )

    def value(self, place: str, expected: object, actual: object) -> None:
        """Two decoded JSON values at one place that are not equal and not both containers."""
        self.touched.append(place)
        if self.masks.varying is not None and self._varies(place, expected, actual):
            return
        before, after = type_name(expected), type_name(actual)
        rule = self.masks.allows(place, scalar(actual), same_type=before == after)
        if rule:
            self.used(rule, place, lambda: (lexeme(expected), lexeme(actual)))
            return
        if before != after:
            if not self._full(place):
                known = transforms(expected, actual)
                texts = lexeme(expected), lexeme(actual)
                self.add("type", place, *texts, f"{before} became {after}", known)
            return
        answer = self._stand_in(scalar(expected), scalar(actual))
        if answer is not None and not self._full(place):
            known = transforms(expected, actual)
            if isinstance(expected, str) and isinstance(actual, str) and _long(expected, actual):
                self._add_long("value", place, expected, actual, answer, known)
            else:
                self.add("value", place, lexeme(expected), lexeme(actual), answer, known)

    def _varies(self, place: str, expected: object, actual: object) -> bool:
        """True when two decoded JSON values differ as learned."""
        if isinstance(expected, dict | list) or isinstance(actual, dict | list):
            varying = self.masks.varying
            return varying is not None and varying.container(place, expected, actual)
        return self.masks.varies(place, scalar(expected), scalar(actual))

    def text(self, change: str, place: str, expected: str, actual: str) -> None:
        """Two texts at one place that are not equal: a header, a parameter, a path."""
        self.touched.append(place)
        if self.masks.varies(place, expected, actual):
            return
        rule = self.masks.allows_text(place, actual)
        if rule:
            self.used(rule, place, lambda: (clean(expected), clean(actual)))
            return
        answer = self._stand_in(expected, actual)
        if answer is not None and not self._full(place):
            known = transforms(expected, actual)
            if _long(expected, actual):
                self._add_long(change, place, expected, actual, answer, known)
            else:
                self.add(change, place, clean(expected), clean(actual), answer, known)

    def _add_long(
        self,
        change: str,
        place: str,
        expected: str,
        actual: str,
        detail: str,
        known: tuple[str, ...],
    ) -> None:
        """Long texts: what is quoted is where they differ."""
        before, after, lines = excerpts(expected, actual)
        detail = detail or ("" if secret_place(place) else lines)
        self.add(change, place, before, after, detail, known)

    def _full(self, place: str) -> bool:
        """Count a difference without making texts of it, when enough are kept."""
        if len(self._kept) < LIMIT or self.masks.opens(place):
            return False
        self._more += 1
        return True

    def same_value(self, place: str, expected: object, actual: object) -> bool:
        """Whether `value` would find nothing; remembers nothing (used to align arrays)."""
        varying = self.masks.varying
        containers = isinstance(expected, dict | list) or isinstance(actual, dict | list)
        if varying is not None and not containers:
            as_learned = varying.would(place, scalar(expected), scalar(actual))
            if as_learned:
                return True
        same_type = type_name(expected) == type_name(actual)
        if self.masks.allows(place, scalar(actual), same_type=same_type):
            return True
        if not same_type:
            return False
        before, after = str(scalar(expected)), str(scalar(actual))
        kind = is_stand_in(before)
        if not kind or self._other(after) or not fits(after, kind):
            return False
        return self.equality.allows(before, after)

    def same_words(self, expected: str, actual: str) -> bool:
        """True when two texts differ only in words that are stand-ins; such words are compared."""
        return self._stand_in(expected, actual) is None

    def _stand_in(self, expected: object, actual: object) -> str | None:
        """None: stand-ins explain the difference of two values; else what to say of it."""
        before, after = str(expected), str(actual)
        pairs = stand_in_pairs(before, after)
        if not pairs:
            return ""
        for kind, _, live in pairs:
            if self._other(live):
                return f"another redacted {kind} of the recording"
            if not fits(live, kind):
                return f"the recorded value was a redacted {kind}, this is none"
        for kind, recorded, live in pairs:
            if not self.equality.same(recorded, live):
                return f"this {kind} was equal to others when recorded, or different; now it is not"
        return None

    def _other(self, live: str) -> bool:
        """True when a live text is a stand-in, which only the recording can have it from."""
        return not self.equality.redacted and bool(is_stand_in(live))

    @property
    def count(self) -> int:
        """Differences so far that no rule excuses."""
        return len(self._kept) + self._more

    def finish(self, stand_ins: tuple[tuple[str, str], ...]) -> tuple[Difference, ...]:
        """All differences. `stand_ins` are those of the recorded message: the ones at places that
        were equal came back word for word, and must do so everywhere."""
        for place, text in stand_ins:
            if self._untouched(place) and not self.equality.same(text, text):
                self.add(
                    "value",
                    place,
                    f"‹{is_stand_in(text)}›",
                    f"‹{is_stand_in(text)}›",
                    "this redacted value stood for another one elsewhere in the run",
                )
        if self._more:
            self._kept.append(
                Difference(
                    change="value",
                    place=self.side,
                    detail=f"and {self._more} more differences in this message",
                )
            )
        return tuple(self._kept)

    def _untouched(self, place: str) -> bool:
        return not any(
            place == other or place.startswith((other + ".", other + "[")) for other in self.touched
        )


def _long(expected: str, actual: str) -> bool:
    return len(expected) > QUOTED or len(actual) > QUOTED


def fits(live: str, kind: str) -> bool:
    """True when a live text is of the kind of a stand-in; kinds that have no check of their own
    (a password, a token of no known shape) take any text that is not empty."""
    return is_kind(live, kind) if kind in KINDS else bool(live)


def stand_in_pairs(expected: str, actual: str) -> list[tuple[str, str, str]]:
    """(kind, stand-in, live text) where `actual` has another text than `expected`, when all of the
    difference is at stand-ins; [] when it is not. Whole values first, then their words."""
    kind = is_stand_in(expected)
    if kind:
        return [(kind, expected, actual)]
    if len(expected) < 2 or not actual:
        return []
    for pattern in (_COARSE, _FINE):
        before, after = pattern.split(expected), pattern.split(actual)
        if len(before) != len(after) or len(before) > _WORDS:
            continue
        pairs = []
        for recorded, live in zip(before, after, strict=True):
            if recorded == live:
                continue
            kind = is_stand_in(recorded)
            if not kind:
                break
            pairs.append((kind, recorded, live))
        else:
            return pairs
    return []
