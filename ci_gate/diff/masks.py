"""The places that are open in a message: by committed rules, and as learned for its exchange."""

from __future__ import annotations

from collections.abc import Callable

from ci_gate.diff.noise.held import Varying
from ci_gate.values.jsontext import is_number
from ci_gate.values.kinds import is_kind
from ci_gate.values.places import covers

ANY = "any"

Texts = Callable[[], tuple[str, str]]
Note = Callable[[int, str, Texts], None]

_TYPELESS = ("null", "empty")
_CACHE = 10_000


def number_in(text: str) -> int | float | str:
    """The number that a text is when it is written as JSON writes one, else the text."""
    if not is_number(text) or len(text) > 30:
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)


class Masks:
    """Opened places. `opened` is (place pattern, kind, rule index) in the order of the rules.

    `note(index, place, texts)` is told whenever a rule let something pass, so that rules can be
    counted and shown; `texts()` gives (expected, actual), made only when they are wanted.
    """

    def __init__(
        self,
        opened: tuple[tuple[str, str, int], ...] = (),
        note: Note | None = None,
        varying: Varying | None = None,
    ) -> None:
        self._opened = opened
        self._note = note
        self.varying = varying if varying else None
        """What was learned of the exchange. It is asked before any rule, and its places are
        counted in its context, so that no rule counts as used for them."""
        self._cache: dict[str, tuple[tuple[str, int], ...]] = {}
        self._quiet: Masks | None = None

    def __bool__(self) -> bool:
        return bool(self._opened) or self.varying is not None

    def with_varying(self, varying: Varying) -> Masks:
        """The same rules, counted together, and what was learned of one exchange."""
        if not varying:
            return self
        masks = Masks(self._opened, self._note, varying)
        masks._cache = self._cache
        return masks

    @property
    def opened(self) -> tuple[tuple[str, str], ...]:
        """(place pattern, kind): what the matcher puts into its keys."""
        return tuple((pattern, kind) for pattern, kind, _ in self._opened)

    def quiet(self) -> Masks:
        """The same places, telling nobody what they let pass: to try a comparison."""
        if self.varying is not None:
            return Masks(self._opened, None, self.varying.scratch())
        if self._note is None:
            return self
        if self._quiet is None:
            self._quiet = Masks(self._opened)
        return self._quiet

    def varies(self, place: str, expected: object, actual: object) -> bool:
        """True when two unequal scalars or texts differ as learned; remembered and counted."""
        return self.varying is not None and self.varying.allows(place, expected, actual)

    def covering(self, place: str) -> tuple[tuple[str, int], ...]:
        """(kind, rule index) of every rule that covers `place`."""
        found = self._cache.get(place)
        if found is None:
            found = tuple((kind, index) for at, kind, index in self._opened if covers(at, place))
            if len(self._cache) >= _CACHE:
                self._cache.clear()
            self._cache[place] = found
        return found

    def allows(self, place: str, value: object, *, same_type: bool = True) -> int:
        """Index of the first rule that lets `value` (a JSON scalar or text) stand there, else 0.

        `same_type` False says that its JSON type is not the recorded one: then only kinds that
        are about that ("null", "empty") and "any" let it pass.
        """
        if not self._opened:
            return 0
        for kind, index in self.covering(place):
            if kind == ANY or ((same_type or kind in _TYPELESS) and is_kind(value, kind)):
                return index
        return 0

    def allows_text(self, place: str, text: str) -> int:
        """As `allows`, for a text outside JSON: digits are a number there."""
        return self.allows(place, text) or (
            self.allows(place, number_in(text)) if self._opened and text else 0
        )

    def opens(self, place: str) -> int:
        """Index of the first rule that lets anything at all happen there, else 0: only kind "any"
        excuses that a value is new, gone, or no longer one value."""
        if not self._opened:
            return 0
        for kind, index in self.covering(place):
            if kind == ANY:
                return index
        return 0

    def names(self, place: str) -> bool:
        """True when a rule covers the place, whatever kind it allows there."""
        return bool(self._opened) and bool(self.covering(place))

    def used(self, index: int, place: str, texts: Texts) -> None:
        """Say that rule `index` let this pass."""
        if self._note is not None:
            self._note(index, place, texts)


NO_MASKS = Masks()
"""Nothing is opened."""
