"""Secrets that only their surroundings gave away, known again wherever they stand verbatim.

A token has no shape of its own in a login answer's `token` field; sent back in a header of the
application's own it is still a secret. Looked up by words: one pass over the data, one set.
"""

from __future__ import annotations

import re

MOST = 10_000
"""Values kept; the oldest goes first."""
SHORTEST = 8
LONGEST = 2048
_WORD = re.compile(rb"[A-Za-z0-9_-]{6,}")
_ODD = 64
"""Values kept that have no word to be looked up by; each costs a search."""


class Remembered:
    """The secrets of one recording, bounded."""

    def __init__(self) -> None:
        self._by_word: dict[bytes, list[bytes]] = {}
        self._order: dict[bytes, bytes] = {}
        """Secret -> the word it is found by, oldest first; b"" = none."""
        self._odd: list[bytes] = []
        self.added = 0
        """How many were ever added; grows with every new one."""

    def add(self, text: str, sure: bool) -> None:
        """Keep a secret if it is one that could not stand anywhere by chance.

        `sure` is False for cookies, most of which are settings: those have to look random.
        """
        if not SHORTEST <= len(text) <= LONGEST or any(sign.isspace() for sign in text):
            return
        kinds = sum(
            any(check(sign) for sign in text) for check in (str.islower, str.isupper, _other)
        )
        if len(text) < 16 and (not sure or (kinds < 2 and len(text) < 10)):
            return
        if not sure and kinds < 2:
            return
        self._keep(text.encode("utf-8", "surrogatepass"))

    def _keep(self, secret: bytes) -> None:
        if secret in self._order:
            return
        word = max(_WORD.findall(secret), key=len, default=b"")
        self._order[secret] = word
        self.added += 1
        if word:
            self._by_word.setdefault(word, []).append(secret)
        else:
            self._odd = [*self._odd[-_ODD + 1 :], secret]
        if len(self._order) > MOST:
            self._drop(next(iter(self._order)))

    def _drop(self, secret: bytes) -> None:
        word = self._order.pop(secret)
        others = [other for other in self._by_word.get(word, ()) if other != secret]
        if others:
            self._by_word[word] = others
        else:
            self._by_word.pop(word, None)

    def within(self, data: bytes) -> list[bytes]:
        """The known secrets that stand in the data, longest first."""
        found = [secret for secret in self._odd if secret in data]
        if self._by_word:
            for word in self._by_word.keys() & set(_WORD.findall(data)):
                found += [secret for secret in self._by_word[word] if secret in data]
        return sorted(found, key=len, reverse=True)

    def words(self, data: bytes) -> list[tuple[int, int]]:
        """Where the words stand by which secrets are found: (start, end). JSON escapes leave
        words alone, so this finds secrets that are escaped there too."""
        wanted = [secret for secret in self._odd if secret in data]
        if self._by_word:
            wanted += self._by_word.keys() & set(_WORD.findall(data))
        spans = []
        for word in wanted:
            position = data.find(word)
            while position >= 0:
                spans.append((position, position + len(word)))
                position = data.find(word, position + len(word))
        return spans


def _other(sign: str) -> bool:
    return not sign.isalpha()


def occurrences(
    data: bytes, secrets: list[bytes], taken: list[tuple[int, int]]
) -> list[tuple[int, int, bytes]]:
    """(start, end, secret) wherever a secret stands outside the `taken` spans, in order."""
    spans: list[tuple[int, int, bytes]] = []
    used = list(taken)
    for secret in secrets:
        position = data.find(secret)
        while position >= 0:
            end = position + len(secret)
            if all(end <= start or position >= stop for start, stop in used):
                spans.append((position, end, secret))
                used.append((position, end))
            position = data.find(secret, end)
    return sorted(spans)
