"""Fingerprints: the same cause has the same name in every run, on every machine, of this version.

Made of route, call, place pattern, kind of change and value transform; never of values, ids, counts
or titles. Two forms, both with their version in front:

    c1:1f0c2a34-9d31c07e   a cause: what changed, then where and how, and what follows from it
    d1:5be02f6a            one kind of difference of one exchange, as `quarantine` lists them

A cause that reaches another route, takes another form or has other consequences has another second
half: whoever knows the one does not know the other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from ci_gate.diff.transforms.values import shared
from ci_gate.model.difference import Difference
from ci_gate.values.places import fold

CAUSE = "c1"
DIFFERENCE = "d1"
"""Versions: another one whenever the same difference would come out otherwise."""

MOMENTS = ("response-order", "fan-out")
"""Changes that go one way or the other: what calls wait for, and what waits for them."""

_FORMS = {
    CAUSE: re.compile(r"c1:[0-9a-f]{8}-[0-9a-f]{8}\Z"),
    DIFFERENCE: re.compile(r"d1:[0-9a-f]{8}\Z"),
}
_ANY_VERSION = re.compile(r"([cd])([0-9]{1,6}):")
_NUMBER = re.compile(r"[0-9]+")
_TYPES = {'"': "string", "{": "object", "[": "array", "t": "boolean", "f": "boolean", "n": "null"}


def of_cause(own: Sequence[Difference], under: Iterable[Difference] = ()) -> str:
    """The fingerprint of differences that were folded together, and of those that follow."""
    what = {about(one) for one in own}
    pairs = [(one.expected, one.actual) for one in own]
    claim = shared([one.transforms for one in own], pairs)
    rest = (
        {_kind(one) for one in own},
        {_NUMBER.sub("#", claim)},
        {_kind(one) for one in under},
    )
    return f"{CAUSE}:{_digest(*sorted(what))}-{_digest(*(repr(sorted(part)) for part in rest))}"


def of_difference(difference: Difference) -> str:
    """The fingerprint of a kind of difference; whichever exchange has it and whatever the values."""
    return f"{DIFFERENCE}:{_digest(_kind(difference))}"


def resembles(one: str, other: str) -> bool:
    """True when two causes are about the same call or place and change, differently."""
    return one != other and one.partition("-")[0] == other.partition("-")[0]


def fault(text: str, version: str) -> str:
    """What is wrong with a text that is to be a fingerprint of this version; "" when nothing is."""
    if _FORMS[version].match(text):
        return ""
    found = _ANY_VERSION.match(text)
    if found and found[1] == version[0] and found[1] + found[2] != version:
        return (
            f"{text} is of another version ({found[1]}{found[2]}, this ci-gate makes {version}); "
            "run the gate again and take the fingerprint that it shows"
        )
    example = "c1:1f0c2a34-9d31c07e" if version == CAUSE else "d1:5be02f6a"
    return f"{text or 'nothing'} is no fingerprint; `ci-gate run` shows them, such as {example}"


def about(one: Difference) -> str:
    """Call, place and kind of change: without the route, which calls are folded over, and no
    digest yet."""
    trouble = "" if one.call or one.change == "escape" else _NUMBER.sub("#", one.detail)
    trouble = trouble if one.dependency and one.change == "unexpected" else ""
    call = "" if one.change == "migration" else one.call
    return repr((one.dependency, call, one.group, fold(one.place), one.change, trouble))


def _kind(one: Difference) -> str:
    # That a request was never sent is not its route's doing.
    route = "" if one.change == "not-replayed" else one.route
    return repr((about(one), route, one.notice, _form(one)))


def _form(one: Difference) -> str:
    """What a kind of change says of its values: statuses, types, and moments."""
    if one.change in ("status", *MOMENTS):
        return f"{one.expected}>{one.actual}"
    return f"{_type(one.expected)}>{_type(one.actual)}" if one.change == "type" else ""


def _type(text: str) -> str:
    """The type of a JSON value by its text."""
    return _TYPES.get(text[:1], "number" if text else "")


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "backslashreplace")).hexdigest()[:8]
