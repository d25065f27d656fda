"""Keeps the values that `replay.set` puts into requests out of everything that is written.

A service may echo a credential, log it or hand it on. Comparing needs it as it is; what people see
does not. Texts may have been cut, so pieces of a value are hidden, too.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ci_gate.model.difference import Difference
from ci_gate.model.message import Message
from ci_gate.model.result import CallLine
from ci_gate.values.named import changed

SHORTEST = 4
"""Characters; shorter values are words that stand everywhere."""
PIECE = 8
"""Characters of a longer value that are hidden wherever they stand."""
SHOWN = "‹replay.set›"

_SCHEMES = frozenset({"basic", "bearer", "digest", "negotiate", "token", "apikey"})


class Hidden:
    """The values not to be shown: header values, and what follows the scheme in them."""

    def __init__(self, values: Iterable[str]) -> None:
        secrets = {secret for value in values for secret in _secrets(value)}
        self._whole = sorted(secrets, key=len, reverse=True)
        self._pieces = {
            secret[at : at + PIECE] for secret in secrets for at in range(len(secret) - PIECE + 1)
        }

    def __bool__(self) -> bool:
        return bool(self._whole)

    def text(self, text: str) -> str:
        """`text` without them."""
        for secret in self._whole:
            text = text.replace(secret, SHOWN)
        return self._without_pieces(text) if self._pieces else text

    def _without_pieces(self, text: str) -> str:
        covered = [
            at for at in range(len(text) - PIECE + 1) if text[at : at + PIECE] in self._pieces
        ]
        if not covered:
            return text
        kept: list[str] = []
        end = 0
        for at in covered:
            if at > end or not kept:
                kept += [text[end:at], SHOWN]
            end = at + PIECE
        return "".join((*kept, text[end:]))

    def message(self, message: Message) -> Message:
        """A whole message without them, wherever they stand as they are."""
        return changed(message, self._bytes) if self else message

    def _bytes(self, data: bytes) -> bytes:
        for secret in self._whole:
            data = data.replace(secret.encode(), SHOWN.encode())
        return data

    def difference(self, one: Difference) -> Difference:
        """A difference without them."""
        if not self:
            return one
        fields = ("expected", "actual", "detail", "place", "call", "dependency", "route")
        hidden = {name: self.text(getattr(one, name)) for name in fields}
        transforms = tuple(map(self.text, one.transforms))
        return msgspec.structs.replace(one, transforms=transforms, **hidden)

    def line(self, one: CallLine) -> CallLine:
        """A call without them."""
        if not self:
            return one
        hidden = {name: self.text(getattr(one, name)) for name in ("recorded", "made")}
        return msgspec.structs.replace(one, **hidden)


def _secrets(value: str) -> list[str]:
    """ "Bearer abc" is as secret as "abc" alone; the scheme is not."""
    scheme, _, rest = value.strip().partition(" ")
    found = [rest.strip()] if scheme.lower() in _SCHEMES else [value.strip()]
    return [one for one in found if len(one) >= SHORTEST]
