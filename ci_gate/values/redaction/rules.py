"""What a project says of its own data: places and kinds to leave or to replace, detectors of its own.

`allow` wins over everything, `deny` over what is found by itself. Strict: every text is replaced that
is not allowed, whatever it looks like.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

import msgspec
import re2

from ci_gate.values.kinds import KINDS, is_kind
from ci_gate.values.places import covers
from ci_gate.values.redaction.cards import luhn
from ci_gate.values.redaction.found import Found
from ci_gate.values.redaction.personal import looks_random

_STRICT = frozenset("body query headers trailers params rows reply results".split())
"""The parts whose texts are data; the rest says what is asked for."""
_PROTOCOL = frozenset(
    """accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-headers
    access-control-allow-methods access-control-allow-origin access-control-max-age age allow
    cache-control connection content-disposition content-encoding content-language content-length
    content-type date expect expires host keep-alive last-modified location pragma range retry-after
    server te trailer transfer-encoding upgrade user-agent vary via""".split()
)
"""Headers that belong to the protocol."""


class OwnDetector(msgspec.Struct, frozen=True, kw_only=True):
    """A pattern (RE2) and the check that decides about what it matches."""

    name: str
    pattern: str
    check: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A place pattern (`request.body.$.items[*].note`), a kind, or both; "" = any."""

    at: str = ""
    kind: str = ""


class RedactionRules(msgspec.Struct, frozen=True, kw_only=True):
    """`redaction:` of the configuration."""

    allow: tuple[Entry, ...] = ()
    deny: tuple[Entry, ...] = ()
    detectors: tuple[OwnDetector, ...] = ()
    strict: bool = False
    check: bool = True
    """Whether `run` fails for a snapshot that holds what would be redacted."""

    @property
    def everywhere(self) -> bool:
        """True when every value has to be looked at."""
        return bool(self.deny or self.detectors or self.strict)

    def allows(self, place: str, kind: str) -> bool:
        """True for a value that stays; `kind` "" asks whether all of the place does."""
        return any(
            (not one.kind or one.kind == kind) and (not one.at or covers(one.at, place))
            for one in self.allow
        )

    def denies(self, place: str, value: object) -> bool:
        """True for a value that is replaced whatever it looks like."""
        return any(
            (not one.at or covers(one.at, place)) and (not one.kind or is_kind(value, one.kind))
            for one in self.deny
        )

    def own(self, data: bytes) -> Iterator[Found]:
        """What the project's own detectors find."""
        for one in self.detectors:
            check = CHECKS[one.check]
            for start, end in compiled(one.pattern)(data):
                text = data[start:end].decode("utf-8", "replace")
                if check(text):
                    yield Found(start, end, one.name, text, rule=f"detectors: {one.name}")

    def replaces(self, side_place: str, part: str, header: str) -> bool:
        """True when strictness is about a text there. `header`: the header's name, or ""."""
        if not self.strict or part not in _STRICT or header in _PROTOCOL:
            return False
        return part != "results" or ".rows[" in side_place


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> Callable[[bytes], list[tuple[int, int]]]:
    """A function that gives the spans of an RE2 pattern's matches. Raises ValueError."""
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    try:
        expression = re2.compile(pattern.encode("latin-1"), options=options)
    except (re2.error, UnicodeError) as error:
        said = error.args[0] if error.args else ""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise ValueError(text or "no pattern") from error
    if expression.search(b"") is not None:
        raise ValueError("it matches nothing at all, and so everywhere")
    return lambda data: [found.span() for found in expression.finditer(data)]


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _mod97(text: str) -> bool:
    bare = re.sub(r"[^0-9A-Za-z]", "", text).upper()
    return len(bare) > 4 and int("".join(str(int(sign, 36)) for sign in bare)) % 97 == 1


def _mod11(text: str) -> bool:
    """Weights 2, 3, 4… from the right, X for ten (ISBN-10 and the like)."""
    bare = re.sub(r"[^0-9Xx]", "", text).upper()
    values = [10 if sign == "X" else int(sign) for sign in reversed(bare)]
    return len(values) > 1 and sum(at * one for at, one in enumerate(values, 1)) % 11 == 0


CHECKS: dict[str, Callable[[str], bool]] = {
    "": lambda _: True,
    "luhn": lambda text: len(_digits(text)) > 1 and luhn(_digits(text)),
    "mod97": _mod97,
    "mod11": _mod11,
    "random": looks_random,
}
"""The checks that a detector may name."""
DENIED_KINDS = tuple(kind for kind in KINDS if kind not in ("null", "boolean", "empty"))
"""Kinds that `deny` may name."""
