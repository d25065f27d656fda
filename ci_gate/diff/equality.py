"""One-to-one equality of live values with recorded stand-ins, for a whole run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from ci_gate.model.message import Part
from ci_gate.values.places import walk
from ci_gate.values.redaction.standins import is_stand_in
from ci_gate.values.timed import carries_time


def stand_ins_of(
    side: str, parts: Iterable[Part], redacted: Collection[str] | None = None
) -> tuple[tuple[str, str], ...]:
    """(full place, stand-in) of every stand-in in a recorded message.

    `redacted` is `Exchange.redacted`, what the recorder says it replaced; () costs nothing. None
    looks at every value.
    """
    if redacted is not None and not any(place.startswith(side) for place in redacted):
        return ()
    found = []
    for part in parts:
        if not isinstance(part.value, (int, str, bytes, tuple)):
            continue
        for place, value in walk(part):
            full = f"{side}.{place}"
            if (redacted is None or full in redacted) and is_stand_in(str(value)):
                found.append((full, str(value)))
    return tuple(found)


def words_of(stand_ins: Iterable[str]) -> Iterator[str]:
    """Each stand-in, and without the scheme before it: `Bearer x` may come back as `x`."""
    for text in stand_ins:
        yield text
        bare = text.rpartition(" ")[2]
        if bare != text and is_stand_in(bare):
            yield bare


class Equality:
    """Which live value stands where a stand-in was recorded: one to one within a run.

    Equal stand-ins were equal values when recorded, so live they must be equal again, and
    different ones different. `count` is the number of places compared this way (`Counts.redacted`).
    Tokens that carry the time are equal when they were made in the same second, and are held to
    nothing. `redacted`: live messages come redacted, so that a live value is a stand-in, too, and
    another; `timed` are those that stand for such tokens.
    """

    def __init__(
        self,
        parent: Equality | None = None,
        *,
        redacted: bool = False,
        timed: Collection[str] = (),
    ) -> None:
        self.count = 0
        self.redacted = redacted
        self._timed = timed
        self._live: dict[str, str] = {}
        self._recorded: dict[str, str] = {}
        self._parent = parent

    def hold(self, stand_ins: Iterable[str]) -> None:
        """These are themselves wherever they stand: live messages come with them in place."""
        for text in stand_ins:
            self._live[text] = self._recorded[text] = text

    def sent(self, stand_ins: Iterable[str]) -> None:
        """These were sent to the service as they stand: whatever gives one back must give back just
        that one. What another value stood for before stays with it."""
        for text in stand_ins:
            if self.allows(text, text):
                self._live[text] = self._recorded[text] = text

    def scratch(self) -> Equality:
        """One that knows what this one knows and tells it nothing: to try a comparison."""
        return Equality(self, redacted=self.redacted, timed=self._timed)

    def pairs(self) -> Iterable[tuple[str, str]]:
        """(stand-in, live value) of all that was compared."""
        return self._live.items()

    def allows(self, stand_in: str, live: str) -> bool:
        """True when the pair contradicts no earlier pair; remembers nothing."""
        if live in self._timed or carries_time(live):
            return True
        if self._parent is not None and not self._parent.allows(stand_in, live):
            return False
        return (
            self._live.get(stand_in, live) == live
            and self._recorded.get(live, stand_in) == stand_in
        )

    def same(self, stand_in: str, live: str) -> bool:
        """Compare one place; False when the pair contradicts an earlier one, which stays."""
        self.count += 1
        if not self.allows(stand_in, live):
            return False
        if live in self._timed or carries_time(live):
            return True
        self._live[stand_in] = live
        self._recorded[live] = stand_in
        return True

    def verbatim(self, stand_ins: Iterable[tuple[str, str]]) -> bool:
        """Say that these stand-ins came back word for word (`Expectation.matches` was True).

        False, and nothing remembered, when one of them stood for another value before: then
        `messages.compare` names the place.
        """
        values = [text for _, text in stand_ins]
        if not all(self.allows(text, text) for text in values):
            return False
        for text in values:
            self.same(text, text)
        return True
