"""Which places hold secrets by their name, so that no report shows a value from there."""

from __future__ import annotations

import re

from ci_gate.values.redaction.names import HEADERS, telling_parameter
from ci_gate.values.redaction.standins import is_stand_in

_HEADER = re.compile(r"(?:request|response)\.(?:headers|trailers)\.([^.\[]+)(.*)\Z", re.DOTALL)
_LAST = re.compile(r'\.([^.\[\]"]+)(?:\[\d+\])*\Z|\["((?:[^"\\]|\\.)*)"\](?:\[\d+\])*\Z')


def secret_place(place: str) -> bool:
    """True when a value at that place is secret whatever it looks like: a field called password,
    a header such as Set-Cookie (the cookie, not its attributes)."""
    header = _HEADER.match(place)
    if header is not None:
        name, below = header.groups()
        attribute = name == "set-cookie" and below.count(".") > 1
        return name in HEADERS and not attribute
    last = _LAST.search(place)
    return last is not None and telling_parameter(last[1] or last[2] or "") not in (
        "",
        "high-entropy",
    )


def hide(text: str) -> str:
    """What to show of a value at a secret place: stand-ins, which are none, as they are."""
    if not text or is_stand_in(text.strip('"')):
        return text
    return "‹secret›"
