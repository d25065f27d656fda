"""Masks: what looks secret in text for people, hidden behind its kind: `‹email›`.

For reports and logs, where nothing is compared any more. Stand-ins stay: they are no secrets, and
a reader recognises them in the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from ci_gate.values.redaction.detectors import find
from ci_gate.values.redaction.found import Found
from ci_gate.values.redaction.standins import is_stand_in

_WORDS = {
    "private-key": "private key",
    "password-hash": "secret",
    "basic-auth": "secret",
    "base64-json": "",
    "high-entropy": "secret",
    "number": "secret",
    "small-number": "secret",
}
_TOLD = frozenset(("email", "ipv4", "ipv6", "mac"))
_Data = TypeVar("_Data", bound=msgspec.Struct)


def masked(text: str) -> str:
    """The text with what looks secret masked. Masking twice changes nothing."""
    return masked_by(text.encode("utf-8", "surrogatepass"))


def masked_again(text: str) -> str:
    """A whole report, whose values were masked one by one, searched once more before it is written:
    for what got into it another way. E-mail addresses stay, since rules have owners, and addresses
    of machines, since connections past the mocks are told by them."""
    data = text.encode("utf-8", "surrogatepass")
    return _masked(data, [one for one in find(data) if one.kind not in _TOLD])


def masked_data(data: _Data) -> _Data:
    """What is to be rendered, each of its texts searched as `masked_again` does: what escapes a text
    for a page may also split a secret, so that the page itself no longer shows one."""
    known: dict[str, str] = {}

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            if value not in known:
                known[value] = masked_again(value)
            return known[value]
        if isinstance(value, dict):
            return {key: changed(one) for key, one in value.items()}
        return type(value)(map(changed, value)) if isinstance(value, list | tuple) else value

    plain = msgspec.to_builtins(data)
    new = changed(plain)
    return data if new == plain else msgspec.convert(new, type(data))


def masked_by(data: bytes) -> str:
    """The same for UTF-8 bytes."""
    return _masked(data, find(data, line=True))


def _masked(data: bytes, found: Iterable[Found]) -> str:
    pieces: list[bytes] = []
    position = 0
    for one in found:
        word = _WORDS.get(one.kind, one.kind)
        if word and not is_stand_in(one.value):
            pieces += (data[position : one.start], f"‹{word}›".encode())
            position = one.end
    pieces.append(data[position:])
    return b"".join(pieces).decode("utf-8", "surrogatepass")
