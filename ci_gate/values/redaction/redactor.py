"""Redaction: every secret of a message replaced by its stand-in, before anything reaches a disk.

Three things give a secret away: the name it stands under (`names`), what it looks like
(`detectors`), and having been a secret before in the same recording (`remembered`).
"""

from __future__ import annotations

import binascii
import gzip
import re
import zlib
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from ci_gate.model.message import Opaque, Part, Pieces, Stored
from ci_gate.values.places import edit
from ci_gate.values.redaction.detectors import find, suspects, suspicious
from ci_gate.values.redaction.found import Found
from ci_gate.values.redaction.leafchange import LeafChange
from ci_gate.values.redaction.masks import masked_by
from ci_gate.values.redaction.names import (
    is_secret_header,
)
from ci_gate.values.redaction.passwordpairs import PasswordPairs
from ci_gate.values.redaction.remembered import Remembered, occurrences
from ci_gate.values.redaction.rules import RedactionRules
from ci_gate.values.redaction.shapes import shape_of
from ci_gate.values.redaction.standins import StandIns, basic_pair, is_stand_in
from ci_gate.values.redaction.streaming import RedactionStream
from ci_gate.values.timed import carries_time

_NO_RULES = RedactionRules()
_DEEPEST = 4
"""Levels of base64'd JSON inside one another that are opened."""
_GZIP = b"\x1f\x8b"
_LARGEST = 1 << 20
_TOKENS = 4096
"""JWTs whose stand-ins are kept at hand."""
_VERSION = re.compile("version|release|build", re.IGNORECASE)


class Decision(NamedTuple):
    """A value that was replaced: where, what it is, and what told (a name, its form, a rule)."""

    place: str
    kind: str
    rule: str
    value: str
    new: str


class Redactor:
    """Redacts the messages of one recording; one object per recording, because it remembers.

    `counts` says how many values were replaced, by kind; `log` takes each decision, for who asks.
    Not safe for several threads at once.
    """

    def __init__(
        self,
        stand_ins: StandIns,
        rules: RedactionRules = _NO_RULES,
        log: list[Decision] | None = None,
    ) -> None:
        self._stand_ins = stand_ins
        self.rules = rules
        self.log = log
        self.place = ""
        """Of the value that is decided about."""
        self._side = ""
        self._remembered = Remembered()
        self._pairs = PasswordPairs()
        self._depth = 0
        self._tokens: dict[str, str] = {}
        self.counts: dict[str, int] = Counter()
        self.unfit: Counter[str] = Counter()
        """What no stand-in fits, by place, and what is kept of it, for people -> how often."""
        self.timed: set[str] = set()
        """Stand-ins of tokens that carry the time they were made at."""
        self.fitted: dict[str, str] = {}
        """Stand-in of a stored hash -> the one that its password's stand-in fits."""

    @property
    def nested(self) -> bool:
        """True while what is inside of a token or of base64 is looked at."""
        return self._depth > 0

    @property
    def side(self) -> str:
        """ "request" or "response": whose part is looked at."""
        return self._side

    @property
    def learned(self) -> int:
        """How many secrets are looked for everywhere: what was clean before that grows may not be."""
        return self._remembered.added

    @property
    def remembers(self) -> bool:
        """True when a secret was met that only its surroundings gave away, or a hash has another
        stand-in now: what was cleaned before may hold it, and has to be cleaned again."""
        return self._remembered.added > 0 or bool(self.fitted)

    def pair_passwords(self) -> str:
        """Find the stored hashes whose passwords were met: their stand-ins are from now on those
        that the passwords' stand-ins fit. Takes up to `passwordpairs.BUDGET` seconds, so it is for
        the end; returns what people should know of it, "" for nothing."""
        self.fitted, untried = self._pairs.found()
        self._stand_ins.fit(self.fitted)
        if not untried:
            return ""
        return (
            f"{untried} stored hashes of passwords were not compared with every password that was "
            "recorded: that would take too long; a login whose hash is among them fails on replay"
        )

    def part(self, part: Part, side: str = "") -> tuple[Part, tuple[str, ...]]:
        """The part without secrets, and the places below the message that hold stand-ins now:
        ("headers.authorization", "body.$.email"). A clean part is returned as it is.

        `side`: "request" or "response". Bodies that are not at hand, and binary ones, stay as they
        are.
        """
        self._side = side or self._side
        added = self._remembered.added
        new, places = self._once(part)
        if self._remembered.added != added:
            # What was just learned to be secret may stand elsewhere in the same part.
            new, more = self._once(new)
            places = tuple(dict.fromkeys(places + more))
        return new, places

    def text(self, text: str) -> str:
        """A line of a log with its secrets masked: `‹email›`. Not stand-ins: nothing compares it."""
        data = text.encode("utf-8", "surrogatepass")
        known = occurrences(data, self._remembered.within(data), [])
        for start, end, _ in reversed(known):
            data = data[:start] + "‹secret›".encode() + data[end:]
        for one in sorted(self.rules.own(data), key=_start, reverse=True):
            data = data[: one.start] + f"‹{one.kind}›".encode() + data[one.end :]
        return masked_by(data)

    def stream(self, place: str = "") -> RedactionStream:
        """A redactor of one text-like body that is too large to be held: feed(bytes) -> bytes,
        finish() -> bytes. Secrets of up to 64 KB are found wherever the body is cut. `place` is
        where it stands, if that is known."""

        def found(data: bytes) -> Iterator[Found]:
            return (one for one in self.found_in(data) if not self.rules.allows(place, one.kind))

        return RedactionStream(found, self.replacement)

    # What follows serves the helpers of this module and `streaming`.

    def found_in(self, data: bytes) -> Iterator[Found]:
        """The secrets in bytes, those remembered included, in order."""
        found = list(find(data))
        if self.rules.detectors:
            found = _joined_finds(found, self.rules.own(data))
        secrets = self._remembered.within(data)
        if secrets:
            taken = [(one.start, one.end) for one in found]
            for start, end, secret in occurrences(data, secrets, taken):
                text = secret.decode("utf-8", "surrogatepass")
                found.append(Found(start, end, "secret", text, rule="remembered"))
            found.sort()
        return iter(found)

    def replacement(self, found: Found) -> str:
        """What to write instead, quoted for where it stands."""
        if found.kind == "base64-json":
            return self._inside(found.value)
        rule = found.rule or ("name" if found.remember else "form")
        return found.quote(self.secret(found.kind, found.value, found.remember, rule=rule))

    def secret(
        self,
        kind: str,
        value: str,
        remember: bool,
        sure: bool = True,
        rule: str = "name",
        *,
        password: bool = False,
    ) -> str:
        """The stand-in of a value; counts it, and keeps it in mind if only its place told. What is
        not, may be a `password` all the same: digits are met by chance elsewhere."""
        token = value.startswith("eyJ") and shape_of(value) == "jwt"
        new = self._token(value) if token else self._stand_ins.stand_in(kind, value)
        if new != value and value not in self.fitted:
            if carries_time(value):
                self.timed.add(new)
            shape = shape_of(value)
            self._gather(shape or kind, value, new, password or (remember and sure))
            self.counts[shape or kind] += 1
            if self.log is not None:
                self.log.append(Decision(self.place, shape or kind, rule, value, new))
            if remember and not shape:
                self._remembered.add(value, sure)
        return new

    def _gather(self, kind: str, value: str, new: str, named: bool) -> None:
        """Keep what may be a password, and what may be the hash of one."""
        if kind == "password-hash":
            self._pairs.hash(value, new)
        elif kind == "basic-auth":
            old, written = basic_pair(value), basic_pair(new)
            if old is not None and written is not None:
                self._pairs.password(old[1], written[1])
        elif named:
            self._pairs.password(value, new)

    def _token(self, value: str) -> str:
        """A JWT's stand-in: its claims are redacted as a body would be. What is learned to be
        secret afterwards changes nothing: one token has one stand-in."""
        known = self._tokens.get(value)
        if known is None:
            header, claims, signature = value.split(".")
            inner = value if is_stand_in(value) else f"{header}.{self._inside(claims)}.{signature}"
            if len(self._tokens) >= _TOKENS:
                self._tokens.clear()
            known = self._tokens[value] = self._stand_ins.stand_in("jwt", inner)
        return known

    def _once(self, part: Part) -> tuple[Part, tuple[str, ...]]:
        value = part.value
        if isinstance(value, int | Stored | Opaque) or not value or part.media == "":
            return part, ()
        if part.media == "binary":
            return self._binary(part)
        if isinstance(value, tuple):
            return self._headers(part)
        if part.media == "json" and isinstance(value, bytes):
            return self._json(part, value)
        return edit(part, LeafChange(self, part.media))

    def _headers(self, part: Part) -> tuple[Part, tuple[str, ...]]:
        fields = part.value
        assert isinstance(fields, tuple)
        joined = b"\n".join([value for _, value in fields])
        if self.rules.everywhere:
            return edit(part, LeafChange(self, "headers"))
        spans = suspects(joined) + self._remembered.words(joined)
        if not spans and not any(is_secret_header(name) for name, _ in fields):
            return part, ()
        # A new line is part of no value, so counting them tells the field.
        touched = frozenset(joined.count(b"\n", 0, end) for _, end in spans)
        if joined.count(b"\n") != len(fields) - 1:
            touched = frozenset(range(len(fields)))
        return edit(part, LeafChange(self, "headers", touched))

    def _json(self, part: Part, data: bytes) -> tuple[Part, tuple[str, ...]]:
        if self.rules.everywhere:
            return edit(part, LeafChange(self, "json"))
        spans = suspects(data)
        known = self._remembered.words(data)
        if not spans and not known:
            return part, ()
        if known:
            spans = sorted(spans + known)
        return edit(part, LeafChange(self, "json"), spans)

    def _binary(self, part: Part) -> tuple[Part, tuple[str, ...]]:
        """Text is often sent without saying so; bytes that are no text cannot be edited."""
        data = _joined(part)
        if not suspicious(data) and not self._remembered.within(data):
            return part, ()
        try:
            readable = b"\0" not in data and bool(data.decode())
        except UnicodeDecodeError:
            readable = False
        if not readable:
            return part, ()
        new, places = self.part(Part(part.place, part.value, "text"))
        return msgspec.structs.replace(part, value=new.value), places

    def _inside(self, token: str) -> str:
        """JSON in base64 with the secrets inside it replaced; anything else unchanged."""
        if self._depth >= _DEEPEST:
            return token
        bare = token.rstrip("=")
        try:
            data = urlsafe_b64decode(
                bare.replace("+", "-").replace("/", "_") + "=" * (-len(bare) % 4)
            )
        except binascii.Error:
            return token
        packed = data[:2] == _GZIP
        if packed:
            data = _unpacked(data)
        self._depth += 1
        try:
            new, places = self.part(Part("inside", data, "json"))
        finally:
            self._depth -= 1
        if not places or not isinstance(new.value, bytes):
            return token
        encode = urlsafe_b64encode if "-" in token or "_" in token else b64encode
        encoded = encode(gzip.compress(new.value, mtime=0) if packed else new.value).decode()
        return encoded if token.endswith("=") or len(bare) % 4 == 0 else encoded.rstrip("=")


def _unpacked(data: bytes) -> bytes:
    """What was gzipped, up to a megabyte; nothing when it is more, or none."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(data, _LARGEST)
    except zlib.error:
        return b""
    return unpacked if unpacker.eof else b""


def _joined(part: Part) -> bytes:
    value = part.value
    if isinstance(value, Pieces):
        return b"".join(piece.data for piece in value.items)
    return value if isinstance(value, bytes) else b""


def _joined_finds(found: list[Found], own: Iterator[Found]) -> list[Found]:
    """Both, in order; what a project's own detector finds wins where they overlap."""
    mine: list[Found] = []
    for one in sorted(own, key=_start):
        if not mine or one.start >= mine[-1].end:
            mine.append(one)
    rest = [
        one
        for one in found
        if all(one.end <= other.start or one.start >= other.end for other in mine)
    ]
    return sorted((*mine, *rest), key=_start)


def _start(found: Found) -> int:
    return found.start
