"""What kind of thing varies at a place, by the values seen there and by nothing else.

| seen in the replays | kind |
|---|---|
| points in time, written alike | timestamp with that format |
| the same while the clock stood, another with the clock ahead | derived (a day: timestamp) |
| two values, or fewer than there were replays | one-of exactly these |
| UUIDs, ULIDs, object ids, JSON Web Tokens | these (UUIDs of one version: that version) |
| numbers, two sizes among them | integer or number, in a range |
| long texts of one alphabet, different everywhere | hex, base64 or token of that length |
| binary bodies that differ at nearly every byte | bytes (`values.drawn`) |
| anything else | nothing: it is not explained |

**Range**: of the same sign, unless one was below zero (the recorded one, too), and at most a
hundred times the greatest seen. Three samples say that a number varies and hardly how far; a
duration under load is tens of times one at rest, and another unit is a factor of a thousand. A unit
in a text is part of the kind.
**Length**: that of the samples when all were equally long, and as it is usual for their alphabet:
hexadecimal and decimal digits that never began with a zero may be a few fewer, because numbers
are written without. When they differed, as much more on either side.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Sequence

import msgspec

from ci_gate.model.noise import Noise, NoiseKind
from ci_gate.values.alphabets import common_prefix, differ, is_of, look_random, narrowest
from ci_gate.values.drawn import is_drawn
from ci_gate.values.kinds import is_kind
from ci_gate.values.times import format_of, is_day, is_written

Scalar = str | int | float | bool | None

MEMBERS = 8
"""Members that a one-of has at most."""
LONGEST_MEMBER = 1000
"""Characters of a member; a longer value is not one of a set."""
MEASURE = 100_000
"""Numbers from here on are sizes and times, not choices."""
FACTOR = 100
"""See above: how far a number may go beyond those seen."""

_NAMED: tuple[NoiseKind, ...] = ("uuid", "ulid", "objectid", "jwt")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
_NUMBER = re.compile(
    r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII
)
_SIZED = re.compile(r"[0-9a-f]{1,8}-[A-Za-z0-9+/_-]{27}")
_WITH_UNIT = re.compile(rf"({_NUMBER.pattern})( ?[A-Za-zµ%]{{1,3}})", re.ASCII)
_DIGESTS = frozenset({32, 40, 64, 96, 128})
"""Lengths at which hexadecimal digits are bytes, written with all their zeros."""
_ZEROS = 3
_SHORT = 16
"""Letters and digits of fewer characters are often numbers in base 36."""
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
_LEAST_DIGITS = 4
"""Digits in a text that may be a token rather than a number."""


def infer(
    values: Sequence[Scalar], recorded: Scalar = None, ahead: Collection[int] = ()
) -> Noise | None:
    """The kind of what varies, as a Noise without a place; None when nothing explains it (or when
    nothing varies).

    `values`: one from each replay, in their order. `recorded`: the value of the recording, which
    may widen a format or a length but is never needed. `ahead`: indices of the replays whose
    clock was ahead.
    """
    distinct = {as_json(value) for value in values}
    if len(distinct) < 2:
        return None
    return (
        _time(values, recorded, ahead)
        or _derived(values, recorded, ahead)
        or _one_of(values, recorded)
        or _text(values, recorded)
        or _numbers(values, recorded)
    )


def as_json(value: object) -> str:
    """A value as JSON on one line, keys sorted: equal exactly for equal values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def json_type(value: object) -> str:
    """The JSON type of a scalar; whole numbers are a type of their own."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    return "integer" if isinstance(value, int) else "number"


def _time(values: Sequence[Scalar], recorded: Scalar, ahead: Collection[int]) -> Noise | None:
    """A day that changes with the clock alone is that day; two readings of a time of day, however
    coarse, may have happened to be equal."""
    form = format_of([*values, recorded]) or format_of(values)
    if not form:
        return None
    return Noise(
        at="", kind="timestamp", format=form, clock=is_day(form) and _follows(values, ahead)
    )


def _derived(values: Sequence[Scalar], recorded: Scalar, ahead: Collection[int]) -> Noise | None:
    """What differs between clocks only: it takes two replays at one clock to know that, and a
    recording that says nothing else. That two agree may still be chance, so what was seen ahead is
    kept: at the recording's time it may stand there, too, and nothing else. A size that changes
    seldom may have done so just then."""
    if not _follows(values, ahead) or _are_measures(values):
        return None
    steady = next(value for index, value in enumerate(values) if index not in ahead)
    if recorded is not None and as_json(recorded) != as_json(steady):
        return None
    types = dict.fromkeys(json_type(value) for value in values)
    return Noise(
        at="",
        kind="derived",
        format=" ".join(types),
        members=few({as_json(value) for value in values}),
        clock=True,
    )


def _follows(values: Sequence[Scalar], ahead: Collection[int]) -> bool:
    steady = [value for index, value in enumerate(values) if index not in ahead]
    same = len({as_json(value) for value in steady}) == 1
    return 2 <= len(steady) < len(values) and same


def _one_of(values: Sequence[Scalar], recorded: Scalar) -> Noise | None:
    """Something must have come twice, or nothing says that these are all (true and false are).
    Three numbers are no set but a range; there the recorded one counts, too. So are two measures:
    a heap of 66,846,720 or 67,108,864 bytes may have yet another size."""
    distinct = {as_json(value) for value in values}
    all_there_is = all(isinstance(value, bool) for value in values)
    if len(distinct) == len(values) and not all_there_is:
        return None
    bare = [_bare(value)[0] for value in values]
    if all(number_of(value) is not None for value in bare):
        known = {*distinct, *([as_json(recorded)] if number_of(recorded) is not None else [])}
        if len(known) > 2 or _are_measures(values):
            return None
    return one_of(distinct)


def _are_measures(values: Sequence[Scalar]) -> bool:
    return all(abs(number_of(value) or 0) >= MEASURE for value in values)


def one_of(members: Collection[str]) -> Noise | None:
    """Exactly these (as JSON), unless they are too many or too long."""
    listed = few(members)
    return Noise(at="", kind="one-of", members=listed) if listed else None


def few(members: Collection[str]) -> tuple[str, ...]:
    """These (as JSON) in order; () when they are too many or too long."""
    if len(members) > MEMBERS or max(map(len, members)) > LONGEST_MEMBER:
        return ()
    return tuple(sorted(members))


def _text(values: Sequence[Scalar], recorded: Scalar) -> Noise | None:
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values) or not all(texts):
        return None
    for kind in _NAMED:
        if all(is_kind(text, kind) for text in texts):
            return _named(kind, texts)
    if all(_NUMBER.fullmatch(text) for text in texts):
        return None
    alphabet = narrowest(texts)
    if not alphabet or not (look_random(texts, alphabet) or _is_code(texts)):
        return None
    before = _constant(texts)
    if isinstance(recorded, str) and is_of(recorded, alphabet) and recorded.startswith(before):
        texts.append(recorded)
    kinds: dict[str, NoiseKind] = {"hex": "hex", "HEX": "hex", "base64": "base64"}
    return Noise(
        at="",
        kind=kinds.get(alphabet, "token"),
        format=before,
        length=_length(texts, alphabet),
        alphabet=alphabet,
    )


def _constant(texts: Sequence[str]) -> str:
    """What tokens begin with and does not vary, up to the sign behind a word: "req_" of "req_8f3a…".
    A sign behind a sign, "+/+", may be drawn like all else. The size with which some entity tags
    begin, "212-3t4M…", is the body's, which varies."""
    if all(map(_SIZED.fullmatch, texts)):
        return ""
    before = texts[0][: common_prefix(texts)]
    ends = [at + 1 for at, sign in enumerate(before) if at and not sign.isalnum()]
    words = [end for end in ends if before[end - 2].isalnum()]
    return before[: words[-1]] if words else ""


def _length(texts: Sequence[str], alphabet: str) -> tuple[int, int]:
    lengths = [len(text) for text in texts]
    least, most = min(lengths), max(lengths)
    if least < most:
        return max(least - (most - least), 1), most + (most - least)
    padded = any(text.startswith("0") for text in texts) or least in _DIGESTS
    if alphabet in ("hex", "HEX", "digits") and not padded:
        return max(least - _ZEROS, 1), most
    if alphabet in ("base36", "BASE36") and least < _SHORT:
        return max(least - _ZEROS, 1), most + _ZEROS
    return least, most


def _named(kind: NoiseKind, texts: Sequence[str]) -> Noise:
    if kind != "uuid":
        return Noise(at="", kind=kind)
    versions = {text[14] for text in texts}
    return Noise(at="", kind=kind, format=versions.pop() if len(versions) == 1 else "")


def _is_code(texts: Sequence[str]) -> bool:
    """Digits of one length, some with zeros before them: no number, though short for a token."""
    equal = len({len(text) for text in texts}) == 1
    digits = all(text.isdigit() for text in texts)
    return equal and digits and len(texts[0]) >= _LEAST_DIGITS and differ(texts)


def number_of(value: object) -> int | float | None:
    """The number that a JSON number, or a text that is written like one, says; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or _NUMBER.fullmatch(value) is None:
        return None
    return int(value) if _INTEGER.fullmatch(value) else float(value)


def _bare(value: Scalar) -> tuple[Scalar, str]:
    """A number in a text without its unit, and the unit: "0.25 ms" is "0.25" and " ms"."""
    found = _WITH_UNIT.fullmatch(value) if isinstance(value, str) else None
    return (found[1], found[2]) if found is not None else (value, "")


def _numbers(values: Sequence[Scalar], recorded: Scalar) -> Noise | None:
    bare = [_bare(value) for value in values]
    units = {unit for _, unit in bare}
    found = [number_of(value) for value, _ in bare]
    numbers = [number for number in found if number is not None and math.isfinite(number)]
    types = {isinstance(value, str) for value in values}
    if len(numbers) < len(values) or len(types) > 1 or len(units) > 1:
        return None
    form = " ".join(("text", *filter(None, units))) if isinstance(values[0], str) else ""
    before = number_of(_bare(recorded)[0])
    noise = in_range(numbers, below_zero=before is not None and before < 0)
    return msgspec.structs.replace(noise, format=form)


def in_range(numbers: Sequence[int | float], *, below_zero: bool = False) -> Noise:
    """Numbers of the same sign and magnitude as those seen (see above); `below_zero`: one was
    recorded there."""
    least, most = min(numbers), max(numbers)
    reach = FACTOR * max(abs(least), abs(most), 1 if isinstance(most, int) else 0)
    # What was below zero may be above it: a difference of two clocks, a balance.
    low = -reach if least < 0 or below_zero else 0
    high = 0 if least == most == 0 else reach
    if all(isinstance(number, int) for number in numbers):
        return Noise(at="", kind="integer", low=low, high=high)
    return Noise(at="", kind="number", low=float(f"{low:.6g}"), high=float(f"{high:.6g}"))


def fits(noise: Noise, value: object) -> bool:
    """True when a JSON scalar, text or body is of the learned kind. That the JSON type is the expected
    one, that equal values stay equal and counters grow, is for the comparing side to hold."""
    kind = noise.kind
    if kind == "timestamp":
        return is_written(value, noise.format)
    if kind in ("integer", "number", "counter"):
        return _in_range(noise, _number_like(noise, value))
    if kind == "one-of":
        return as_json(value) in noise.members
    if kind == "derived":
        return json_type(value) in noise.format.split()
    if kind == "bytes":
        low, high = noise.length
        return isinstance(value, bytes) and low <= len(value) <= high and is_drawn(value)
    if not isinstance(value, str):
        return False
    if kind in ("hex", "base64", "token"):
        long = noise.length[0] <= len(value) <= noise.length[1]
        return long and value.startswith(noise.format) and is_of(value, noise.alphabet)
    if kind in _NAMED:
        return is_kind(value, kind) and (not noise.format or value[14] == noise.format)
    return False


def has_unit(noise: Noise) -> bool:
    """True for numbers that stand in texts with their unit."""
    return noise.format.startswith("text ")


def _number_like(noise: Noise, value: object) -> int | float | None:
    """In a text a number may have zeros before it, which few samples show, and has its unit."""
    if has_unit(noise):
        bare, unit = _bare(value) if isinstance(value, str) else (None, "")
        return number_of(bare) if unit == noise.format.removeprefix("text ") else None
    if noise.format == "text" and isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    return number_of(value)


def _in_range(noise: Noise, number: int | float | None) -> bool:
    if number is None or not math.isfinite(number):
        return False
    if noise.kind != "number" and not isinstance(number, int):
        return False
    if noise.low is not None and number < noise.low:
        return False
    return noise.high is None or number <= noise.high


def merge(one: Noise, other: Noise) -> Noise | None:
    """What explains both, when they are the same kind of thing; else None. For one place pattern
    in place of many places: nothing gets wider than the widest of them."""
    same = ("kind", "alphabet", "key", "clock")
    if one.members != other.members and one.kind != "derived":
        return None
    if any(getattr(one, name) != getattr(other, name) for name in same):
        return None
    if one.format != other.format:
        return None
    lows = [noise.low for noise in (one, other) if noise.low is not None]
    highs = [noise.high for noise in (one, other) if noise.high is not None]
    members = one.members
    if members != other.members:
        members = few({*members, *other.members}) if members and other.members else ()
    return msgspec.structs.replace(
        one,
        members=members,
        low=min(lows, default=None),
        high=max(highs, default=None),
        length=one.length
        if one.length == other.length
        else (min(one.length[0], other.length[0]), max(one.length[1], other.length[1])),
    )
