"""Values inside texts: words, pieces of words, and what JWTs, base64 and percent escapes wrap.

A text is read at every level at which a value may have been put into it: whole, as a word, as a
piece of a URL, as a run of letters and digits; and inside wrappings, which are taken off at most
twice. Only wrappings that can be put back byte for byte are taken off.
"""

from __future__ import annotations

import binascii
import functools
import itertools
import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterator, Sequence
from urllib.parse import quote, unquote

from ci_gate.correlation.anchors import around, behind
from ci_gate.model.binding import Spot
from ci_gate.values.alphabets import narrowest
from ci_gate.values.kinds import kind_of
from ci_gate.values.redaction.passwordhashes import is_password_hash
from ci_gate.values.redaction.standins import is_stand_in
from ci_gate.values.times import written_as
from ci_gate.values.words import LEVELS, LONGEST, split

SHORTEST = 8
"""Characters that a value needs to mean something by itself."""
RUN = 6
"""Characters of letters and digits mixed that no word is made of."""
DIGITS = 8
"""Digits of a number that is not met by chance."""
LONGEST_VALUE = 8192

_DEPTH = 2
_BETWEEN = re.compile(r"[\s\"'`<>=&;,?()\[\]{}\\]")
"""What stands between words, and so in no value (but for the padding of base64)."""
_RUN = re.compile(r"[A-Za-z0-9]+")
_TIME = re.compile(r"[:,]?\d{10}(?:\.\d{1,9})?[:,]?")
"""Seconds since 1970, as a claim of a token."""
_HEX_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_NAMED = frozenset({"uuid", "ulid", "objectid", "jwt", "email", "ipv4", "ipv6", "password-hash"})


@functools.lru_cache(maxsize=1 << 16)
def means_something(value: str) -> bool:
    """The entropy rule: is a value long and rare enough that meeting it twice is no chance?

    Stand-ins and stored hashes of passwords are; points in time with seconds are; else it takes
    eight characters and in them a number of eight digits, or a run of six that mixes letters and
    digits, or sixteen letters that mix cases as no word does.
    """
    if is_stand_in(value) or is_password_hash(value):
        return True
    if not SHORTEST <= len(value) <= LONGEST_VALUE or _BETWEEN.search(value.rstrip("=")):
        return False
    if _HEX_UUID.fullmatch(value):
        return True
    found = written_as(value)
    if found is not None:
        return "ss" in found.skeleton or found.skeleton.startswith("epoch")
    return any(map(_is_rare, _RUN.findall(value)))


def _is_rare(run: str) -> bool:
    if run.isdigit():
        return len(run) >= DIGITS
    if run.isalpha():
        changes = sum(a.islower() and b.isupper() for a, b in itertools.pairwise(run))
        return len(run) >= 16 and changes * 5 >= len(run)
    return len(run) >= RUN


def values_of(text: str, depth: int = 0) -> Iterator[str]:
    """Every value in a text that means something, at every level and inside wrappings."""
    for value, _, _ in _values(text, means_something, SHORTEST, 0, depth):
        yield value


def pieces_of(text: str) -> Iterator[str]:
    """Those that stand in it as they are, in no wrapping, and are not all of it."""
    for value, _, inside in _values(text, means_something, SHORTEST, 0, 0):
        if not inside and value != text:
            yield value


def _nothing(_value: str) -> bool:
    return False


def _values(
    text: str,
    rare: Callable[[str], bool],
    shortest: int,
    level: int,
    depth: int,
    whole: Callable[[str], bool] = _nothing,
) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """(value, its start in the innermost text, wrappings) of what is `rare`; from the whole to the
    parts, none below `shortest` characters, and not into what is `whole`."""
    if len(text) > LONGEST or len(text) < shortest:
        return
    if rare(text):
        yield text, 0, ()
        if whole(text):
            return
    if depth < _DEPTH and level:
        for name, (take_off, _) in WRAPPINGS.items():
            inner = take_off(text)
            if inner is not None:
                for value, at, inside in _values(inner, rare, shortest, 0, depth + 1, whole):
                    # The times of a token move with the clock, and are nobody's to send back.
                    if name != "jwt" or not _TIME.fullmatch(value):
                        yield value, at, (name, *inside)
                if name == "jwt":
                    return
    if level >= LEVELS:
        return
    parts = split(text, level)
    at = len(parts[0])
    for index in range(1, len(parts), 2):
        part = parts[index] + _padding(parts, index)
        for value, start, inside in _values(part, rare, shortest, level + 1, depth, whole):
            if inside or value != text:  # a part that is the whole was already met
                yield value, (start if inside else at + start), inside
        at += len(parts[index]) + len(parts[index + 1])


def _padding(parts: Sequence[str], index: int) -> str:
    """The padding of base64 behind a word, which ends it as it ends no name of a field."""
    between = parts[index + 1]
    bare = between.lstrip("=")
    size = len(between) - len(bare)
    return "=" * size if 0 < size <= 2 and (bare or index + 2 == len(parts)) else ""


def spots_in(
    exchange: str,
    place: str,
    text: str,
    wanted: Callable[[str], bool],
    *,
    anchored: bool = True,
    shortest: int = 0,
) -> list[tuple[str, Spot]]:
    """(value, where it stands) for every wanted value of a text; parts of one that was found are
    left out. `anchored`: with what stands around it, by which another value is found there; one
    that nothing tells from the rest of the text is left out, too. Without, the value itself is
    what is looked for (see `replace`), and what is inside a wanted one is not looked at: a token
    travels whole. `shortest` not 0: what is wanted is known by name, has that
    many characters at least, and need not mean something by itself."""
    taken: list[tuple[int, int, tuple[str, ...]]] = []
    found: dict[tuple[str, tuple[str, ...]], Spot] = {}
    rare, least = (wanted, shortest) if shortest else (means_something, SHORTEST)
    whole = _nothing if anchored else wanted
    for value, start, inside in _values(text, rare, least, 0, 0, whole):
        end = start + len(value)
        if any(inside == other and a <= start and end <= b for a, b, other in taken):
            continue
        if (value, inside) in found or not wanted(value):
            continue
        anchors = around(_innermost(text, inside, value), value, start) if anchored else ("", "", 0)
        if anchors is None:
            continue
        taken.append((start, end, inside))
        before, after, nth = anchors
        found[value, inside] = Spot(
            exchange=exchange, at=place, before=before, after=after, nth=nth, inside=inside
        )
    return [(value, spot) for (value, _), spot in found.items()]


def _innermost(text: str, inside: tuple[str, ...], value: str) -> str:
    """The text in which a value stands once the wrappings are off."""
    for inner in _unwrapped(text, inside):
        if value in inner:
            return inner
    return text


def _unwrapped(text: str, inside: tuple[str, ...]) -> Iterator[str]:
    """Every innermost text below these wrappings."""
    if not inside:
        yield text
        return
    take_off = WRAPPINGS[inside[0]][0] if inside[0] in WRAPPINGS else None
    for word in _words(text) if take_off is not None else ():
        inner = take_off(word) if take_off is not None else None
        if inner is not None:
            yield from _unwrapped(inner, inside[1:])


def _words(text: str) -> Iterator[str]:
    """The words of a text and of each their pieces, where wrapped values stand."""
    if len(text) > LONGEST:
        return
    parts = split(text, 0)
    for index in range(1, len(parts), 2):
        word = parts[index]
        yield word + _padding(parts, index)
        pieces = split(word, 1)[1::2]
        if len(pieces) > 1:
            yield from pieces


def read(text: str, spot: Spot) -> str | None:
    """The live value at a spot of a live text, None when what stands around it is not there."""
    for inner in _unwrapped(text, spot.inside):
        start = behind(inner, spot)
        if start < 0:
            continue
        end = inner.find(spot.after, start) if spot.after else len(inner)
        if end > start:
            return inner[start:end]
    return None


def replace(
    text: str,
    inside: tuple[str, ...],
    pairs: dict[str, str],
    resign: Callable[[str], str] | None = None,
) -> str:
    """The text with values replaced wherever they stand as such below these wrappings, which are
    put back. `resign` gets a JWT whose payload was changed."""
    if not inside:
        return _put(text, pairs)
    wrapping = WRAPPINGS.get(inside[0])
    if wrapping is None:
        return text
    take_off, put_on = wrapping
    for word in dict.fromkeys(_words(text)):
        inner = take_off(word)
        if inner is None:
            continue
        changed = replace(inner, inside[1:], pairs, resign)
        if changed != inner:
            new = put_on(changed, word)
            if inside[0] == "jwt" and resign is not None:
                new = resign(new)
            text = text.replace(word, new)
    return text


def _put(text: str, pairs: dict[str, str]) -> str:
    """The values replaced where no letter or digit stands beside them. Most texts are one value,
    and most values are met once, for which no pattern is made."""
    if text in pairs:
        return pairs[text]
    if len(pairs) > 1:
        return _pattern(tuple(pairs)).sub(lambda found: pairs[found[0]], text)
    (value, new), *_ = pairs.items()
    pieces: list[str] = []
    done = 0
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        if not (_beside(text[at - 1 : at]) or _beside(text[end : end + 1])):
            pieces += (text[done:at], new)
            done = end
            at = text.find(value, end)
        else:
            at = text.find(value, at + 1)
    return "".join((*pieces, text[done:]))


def _beside(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()


def changed_values(
    text: str, live: str, values: Collection[str], *, strict: bool, level: int = 0, depth: int = 0
) -> dict[str, str] | None:
    """{value: what stands for it} when two texts are equal but for these values; None when they
    differ elsewhere, too. With `strict` False other words may differ as they like."""
    if text in values:
        return {text: live}
    if text == live:
        return {}
    inside = _changed_inside(text, live, values, strict, depth) if level else None
    if inside:
        return inside
    found: dict[str, str] = {}
    before, after = (split(one, level) if level < LEVELS else () for one in (text, live))
    if not before or len(before) != len(after) or before[::2] != after[::2]:
        return None
    for old, new in zip(before[1::2], after[1::2], strict=True):
        part = changed_values(old, new, values, strict=strict, level=level + 1, depth=depth)
        if part is None and strict:
            return None
        for value, other in (part or {}).items():
            if found.setdefault(value, other) != other:
                return None
    return found


def _changed_inside(
    text: str, live: str, values: Collection[str], strict: bool, depth: int
) -> dict[str, str] | None:
    """The same for what is wrapped in two words."""
    for take_off, _ in WRAPPINGS.values():
        inner, other = take_off(text), take_off(live)
        if inner is not None and other is not None and depth < _DEPTH:
            found = changed_values(inner, other, values, strict=strict, depth=depth + 1)
            if found:
                return found
    return None


@functools.lru_cache(maxsize=1024)
def _pattern(values: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the values where no letter or digit stands beside it, the longest first."""
    ordered = sorted(values, key=len, reverse=True)
    return re.compile(
        "(?<![A-Za-z0-9])(?:" + "|".join(map(re.escape, ordered)) + ")(?![A-Za-z0-9])"
    )


def alike(recorded: str, live: str) -> bool:
    """True when two values are the same kind of thing: points in time written alike, of one named
    kind, or of one alphabet and length."""
    one, other = written_as(recorded), written_as(live)
    if one is not None or other is not None:
        return one is not None and other is not None and one.skeleton == other.skeleton
    kinds = {kind_of(recorded), kind_of(live)}
    if len(kinds) == 1 and kinds <= _NAMED:
        return True
    if kinds & _NAMED:
        return False
    alphabet = narrowest((recorded, live))
    if not alphabet:
        return False
    digits = recorded.isdigit(), live.isdigit()
    return all(digits) or (not any(digits) and len(recorded) == len(live))


# -- wrappings: (take off or None, put on the changed text as the word was)


def _open_jwt(word: str) -> str | None:
    if word.count(".") != 2 or not word.startswith("eyJ"):
        return None
    return _open_base64(word.split(".")[1])


def _close_jwt(text: str, word: str) -> str:
    header, payload, signature = word.split(".")
    return f"{header}.{_close_base64(text, payload).rstrip('=')}.{signature}"


def _open_base64(word: str) -> str | None:
    if _BASE64.fullmatch(word) is None or len(word) > LONGEST:
        return None
    try:
        decode = urlsafe_b64decode if "-" in word or "_" in word else b64decode
        text = decode(word + "=" * (-len(word) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    if not text.isprintable() or _close_base64(text, word) != word:
        return None
    return text


def _close_base64(text: str, word: str) -> str:
    encode = urlsafe_b64encode if "-" in word or "_" in word else b64encode
    made = encode(text.encode("utf-8")).decode()
    url_safe = not ("+" in word or "/" in word or word.endswith("="))
    if url_safe:
        made = made.replace("+", "-").replace("/", "_")
    # A word that needs no padding may come from who pads (RFC 7617), unless it is base64url.
    padded = word.endswith("=") or (len(word) % 4 == 0 and "-" not in word and "_" not in word)
    return made if padded else made.rstrip("=")


def _open_percent(word: str) -> str | None:
    if "%" not in word:
        return None
    text = unquote(word, errors="strict") if word.isascii() else word
    return text if text != word and _close_percent(text, word) == word else None


def _close_percent(text: str, word: str) -> str:
    lower = any(pair.islower() for pair in re.findall(r"%(..)", word))
    made = quote(text, safe="")
    return re.sub(r"%..", lambda found: found[0].lower(), made) if lower else made


WRAPPINGS: dict[str, tuple[Callable[[str], str | None], Callable[[str, str], str]]] = {
    "jwt": (_open_jwt, _close_jwt),
    "base64": (_open_base64, _close_base64),
    "percent": (_open_percent, _close_percent),
}
"""Name -> how it is taken off, and put on again as the given word had it."""
