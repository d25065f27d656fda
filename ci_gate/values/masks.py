"""Masks: what looks secret in text for people, hidden behind its kind: `‹email›`.

For reports and logs, where nothing is compared any more. Stand-ins stay: they are no secrets, and
a reader recognises them in the snapshot.
"""

from __future__ import annotations

from ci_gate.values.detectors import find
from ci_gate.values.standins import is_stand_in

_WORDS = {
    "private-key": "private key",
    "basic-auth": "secret",
    "base64-json": "",
    "high-entropy": "secret",
}


def masked(text: str) -> str:
    """The text with what looks secret masked. Masking twice changes nothing."""
    return masked_by(text.encode("utf-8", "surrogatepass"))


def masked_by(data: bytes) -> str:
    """The same for UTF-8 bytes."""
    pieces: list[bytes] = []
    position = 0
    for found in find(data, line=True):
        word = _WORDS.get(found.kind, found.kind)
        if word and not is_stand_in(found.value):
            pieces += (data[position : found.start], f"‹{word}›".encode())
            position = found.end
    pieces.append(data[position:])
    return b"".join(pieces).decode("utf-8", "surrogatepass")
