"""Passwords and their stored hashes: which belong together, and a stand-in of the hash that the
stand-in of the password fits.

A hash is salted, so that only trying tells. It is often read before the password is known, and to
try may take a quarter of a second: so both are gathered while messages are redacted, and tried
once, at the end, the likeliest first and for a bounded time.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_gate.values.redaction.passwordhashes import fitting, seconds

MOST = 1000
"""Passwords, and hashes, that are kept in mind."""
LONGEST = 512
BUDGET = 20.0
"""Seconds that all trying together may take, as the costs of the hashes say."""
WORDS = ("password", "secret")
"""Passwords that redaction takes for words and leaves; tried last."""
WORDS_BUDGET = 2.0


class PasswordPairs:
    """What one recording holds of passwords and hashes, in memory only."""

    def __init__(self) -> None:
        self._passwords: dict[str, tuple[int, str]] = {}
        """Password -> when it was first met, and what is written instead."""
        self._hashes: dict[str, tuple[int, str]] = {}
        self._met = 0

    def password(self, text: str, stand_in: str) -> None:
        """A value that may be a password was met; `stand_in` is what is written for it."""
        if len(text) <= LONGEST:
            self._meet(self._passwords, text, stand_in)

    def hash(self, text: str, stand_in: str) -> None:
        """A stored hash was met."""
        self._meet(self._hashes, text, stand_in)

    def _meet(self, known: dict[str, tuple[int, str]], text: str, stand_in: str) -> None:
        self._met += 1
        if text not in known and len(known) < MOST:
            known[text] = (self._met, stand_in)

    def found(self) -> tuple[dict[str, str], int]:
        """(stand-in of a hash -> the one that its password's stand-in fits, hashes that were not
        tried with every password). Takes up to `BUDGET`."""
        trying = _Trying(BUDGET)
        for password, stored in self._turns():
            trying.try_out(self._passwords[password][1], password, stored, self._hashes[stored][1])
        left = len(trying.untried)
        trying.seconds = min(trying.seconds, WORDS_BUDGET)
        for word in WORDS:
            for stored, (_, stand_in) in self._hashes.items():
                trying.try_out(word, word, stored, stand_in)
        return trying.pairs, left

    def _turns(self) -> Iterator[tuple[str, str]]:
        """Every password with every hash: first the one that is likeliest for each."""
        ranked = [(stored, self._ranked(met)) for stored, (met, _) in self._hashes.items()]
        for turn in range(len(self._passwords)):
            for stored, passwords in ranked:
                yield passwords[turn], stored

    def _ranked(self, met: int) -> list[str]:
        """Those met before a hash, from the nearest on, then those met after it."""

        def distance(password: str) -> tuple[bool, int]:
            at = self._passwords[password][0]
            return at > met, abs(at - met)

        return sorted(self._passwords, key=distance)


class _Trying:
    """Trials, for so many seconds."""

    def __init__(self, budget: float) -> None:
        self.seconds = budget
        self.pairs: dict[str, str] = {}
        self.untried: set[str] = set()

    def try_out(self, written: str, password: str, stored: str, stand_in: str) -> None:
        """Whether a password fits a hash; if so, `stand_in` has one that fits what is `written`."""
        if stand_in in self.pairs:
            return
        cost = seconds(stored)
        if not cost or self.seconds < 2 * cost:
            self.untried.add(stored)
            return
        self.seconds -= cost
        if fitting(stored, password) == stored:
            self.seconds -= cost
            self.untried.discard(stored)
            self.pairs[stand_in] = fitting(stand_in, written)
