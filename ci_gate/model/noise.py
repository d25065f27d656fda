"""What was learned about an exchange: which places vary and how, and where the mocks change it."""

from __future__ import annotations

from typing import Literal

import msgspec

NoiseKind = Literal[
    "timestamp",
    "uuid",
    "ulid",
    "objectid",
    "jwt",
    "hex",
    "base64",
    "token",
    "bytes",
    "counter",
    "integer",
    "number",
    "one-of",
    "unordered",
    "derived",
    "optional",
    "loose",
]
"""How a place varies.

timestamp, uuid, ulid, objectid, jwt: as the names say; hex, base64, token, bytes: drawn at random, of a
length; counter: grows from one request to the next; integer, number: within `low` and `high`;
one-of: exactly one of `members`; unordered: the same items in any order; derived: follows the
clock and has no kind of its own; optional: a call that is not always made; loose: calls that now wait
for one another or their answer, and now do not, in any order.
"""


class Noise(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A place that varied while an unchanged service was replayed, and how it may go on to vary.

    `at` is a full place with its indices; `[*]` stands only where every index of the array varied
    in this way; `.~` behind the place of an object are the names of its members. `response.body#7`
    is the seventh word of a text, `#7.2` a piece of that word (`values.words`). For calls of an
    inbound exchange `at` is `calls.<dependency>` (kinds "unordered" and "loose"), for a call that
    comes and goes it is `call` (kind "optional").
    """

    at: str
    kind: NoiseKind
    format: str = ""
    """timestamp: how it is written, "YYYY-MM-DDThh:mm:ss.ffffffZ" (`values.times`); uuid: its
    version; hex, base64, token: what each begins with ("req_"); counter, integer, number: "text"
    when it stands in a text; derived: its JSON types."""
    low: int | float | None = None
    """integer, number: the least it may be, which is less than was seen (`values.evidence`)."""
    high: int | float | None = None
    length: tuple[int, int] = (0, 0)
    """hex, base64, token: the least and the most characters it may have; bytes: how many."""
    alphabet: str = ""
    """hex, base64, token: the name of the characters seen (`values.alphabets`)."""
    members: tuple[str, ...] = ()
    """one-of, derived: what was seen, as JSON; outside JSON texts are JSON strings, too."""
    key: str = ""
    """unordered: the member that tells items apart; "" = the whole item."""
    clock: bool = False
    """It varied with the clock alone: at the recording's time it must be equal, or one of
    `members`."""
    near: str = ""
    """Words of a text: what stands before it, so that a reader finds it."""
    replays: int = 0
    """Replays that this rests on."""
    seen: tuple[str, ...] = ()
    """Some of the values seen, masked where they are secret."""


class Rebased(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A place where the unchanged service answers something else under its mocks than it did live.

    The exchange holds what is expected; this keeps what was recorded, for review. Texts are
    masked and cut; "" = there was nothing.
    """

    at: str
    recorded: str = ""
    expected: str = ""


class Accepted(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """An intended change that somebody has accepted, and why.

    `at` is a place pattern, or "calls" for calls that came or went. Texts are masked and cut; "" =
    there was nothing.
    """

    at: str
    was: str = ""
    now: str = ""
    reason: str
