"""Redaction: every secret of a message replaced by its stand-in, before anything reaches a disk.

Three things give a secret away: the name it stands under (`names`), what it looks like
(`detectors`), and having been a secret before in the same recording (`remembered`).
"""

from __future__ import annotations

import binascii
import re
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Iterator

import msgspec

from ci_gate.model.message import Opaque, Part, Pieces, Stored
from ci_gate.values.credentials import secret_spans, signature_spans
from ci_gate.values.detectors import find, suspects, suspicious
from ci_gate.values.found import Found, is_worth
from ci_gate.values.leaves import Leaf
from ci_gate.values.masks import masked_by
from ci_gate.values.names import (
    HEADERS,
    SIGNATURES,
    is_secret_header,
    secret_name,
    telling_name,
    telling_parameter,
)
from ci_gate.values.personal import KINDS as PERSONAL_KINDS
from ci_gate.values.personal import is_of_kind
from ci_gate.values.places import TextEdit, edit
from ci_gate.values.remembered import Remembered, occurrences
from ci_gate.values.shapes import shape_of
from ci_gate.values.standins import StandIns, is_stand_in
from ci_gate.values.streaming import RedactionStream
from ci_gate.values.timed import carries_time

_DEEPEST = 4
"""Levels of base64'd JSON inside one another that are opened."""
_TOKENS = 4096
"""JWTs whose stand-ins are kept at hand."""
_VERSION = re.compile("version|release|build", re.IGNORECASE)
_COOKIES = frozenset(("cookie", "set-cookie"))


class Redactor:
    """Redacts the messages of one recording; one object per recording, because it remembers.

    `counts` says how many values were replaced, by kind. Not safe for several threads at once.
    """

    def __init__(self, stand_ins: StandIns) -> None:
        self._stand_ins = stand_ins
        self._remembered = Remembered()
        self._depth = 0
        self._tokens: dict[str, str] = {}
        self.counts: dict[str, int] = Counter()
        self.timed: set[str] = set()
        """Stand-ins of tokens that carry the time they were made at."""

    @property
    def learned(self) -> int:
        """How many secrets are looked for everywhere: what was clean before that grows may not be."""
        return self._remembered.added

    @property
    def remembers(self) -> bool:
        """True when a secret was met that only its surroundings gave away: what was cleaned before
        may hold it, and has to be cleaned again."""
        return self._remembered.added > 0

    def part(self, part: Part) -> tuple[Part, tuple[str, ...]]:
        """The part without secrets, and the places below the message that hold stand-ins now:
        ("headers.authorization", "body.$.email"). A clean part is returned as it is.

        Bodies that are not at hand, and binary ones, stay as they are.
        """
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
        return masked_by(data)

    def stream(self) -> RedactionStream:
        """A redactor of one text-like body that is too large to be held: feed(bytes) -> bytes,
        finish() -> bytes. Secrets of up to 64 KB are found wherever the body is cut."""
        return RedactionStream(self.found_in, self.replacement)

    # What follows serves the helpers of this module and `streaming`.

    def found_in(self, data: bytes) -> Iterator[Found]:
        """The secrets in bytes, those remembered included, in order."""
        found = list(find(data))
        secrets = self._remembered.within(data)
        if secrets:
            taken = [(one.start, one.end) for one in found]
            for start, end, secret in occurrences(data, secrets, taken):
                text = secret.decode("utf-8", "surrogatepass")
                found.append(Found(start, end, "secret", text))
            found.sort()
        return iter(found)

    def replacement(self, found: Found) -> str:
        """What to write instead, quoted for where it stands."""
        if found.kind == "base64-json":
            return self._inside(found.value)
        return found.quote(self.secret(found.kind, found.value, found.remember))

    def secret(self, kind: str, value: str, remember: bool, sure: bool = True) -> str:
        """The stand-in of a value; counts it, and keeps it in mind if only its place told."""
        token = value.startswith("eyJ") and shape_of(value) == "jwt"
        new = self._token(value) if token else self._stand_ins.stand_in(kind, value)
        if new != value:
            if carries_time(value):
                self.timed.add(new)
            shape = shape_of(value)
            self.counts[shape or kind] += 1
            if remember and not shape:
                self._remembered.add(value, sure)
        return new

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
        return edit(part, _Change(self, part.media))

    def _headers(self, part: Part) -> tuple[Part, tuple[str, ...]]:
        fields = part.value
        assert isinstance(fields, tuple)
        joined = b"\n".join([value for _, value in fields])
        spans = suspects(joined) + self._remembered.words(joined)
        if not spans and not any(is_secret_header(name) for name, _ in fields):
            return part, ()
        # A new line is part of no value, so counting them tells the field.
        touched = frozenset(joined.count(b"\n", 0, end) for _, end in spans)
        if joined.count(b"\n") != len(fields) - 1:
            touched = frozenset(range(len(fields)))
        return edit(part, _Change(self, "headers", touched))

    def _json(self, part: Part, data: bytes) -> tuple[Part, tuple[str, ...]]:
        spans = suspects(data)
        known = self._remembered.words(data)
        if not spans and not known:
            return part, ()
        if known:
            spans = sorted(spans + known)
        return edit(part, _Change(self, "json"), spans)

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
        self._depth += 1
        try:
            new, places = self.part(Part("inside", data, "json"))
        finally:
            self._depth -= 1
        if not places or not isinstance(new.value, bytes):
            return token
        encode = urlsafe_b64encode if "-" in token or "_" in token else b64encode
        encoded = encode(new.value).decode()
        return encoded if token.endswith("=") or len(bare) % 4 == 0 else encoded.rstrip("=")


class _Change:
    """Decides about each leaf of one part. `items` are the header fields in which something looks
    secret; None = it may be anywhere."""

    def __init__(self, redactor: Redactor, media: str, items: frozenset[int] | None = None) -> None:
        self._redactor = redactor
        self._media = media
        self._items = items

    def __call__(self, leaf: Leaf, text: str) -> str | list[TextEdit] | None:
        if self._media == "headers":
            edits = self._header(leaf, text)
            if edits is not None:
                return edits
        else:
            new = self._named(leaf, text)
            if new is not None:
                return new
        if self._items is not None and leaf.item not in self._items:
            return None
        return self._content(leaf, text)

    def _header(self, leaf: Leaf, text: str) -> list[TextEdit] | None:
        name = leaf.name
        if name not in HEADERS and not secret_name(name):
            return None
        if name in _COOKIES:
            if not is_worth(text):
                return []
            return [(0, len(text), self._redactor.secret("cookie", text, True, sure=False))]
        spans = signature_spans(text) if name in SIGNATURES else secret_spans(text)
        return [
            (start, end, self._redactor.secret(kind, text[start:end], kind != "basic-auth"))
            for start, end, kind in spans
        ]

    def _named(self, leaf: Leaf, text: str) -> str | list[TextEdit] | None:
        """What the field's name says; None = nothing."""
        kind = (telling_parameter if leaf.style == "query" else telling_name)(leaf.name)
        if not kind:
            return None
        if kind in PERSONAL_KINDS:
            return self._personal(kind, leaf, text)
        if kind != "secret":
            bare = text.replace(" ", "").replace("-", "")
            fits = bare.isdigit() and (len(bare) <= 4) == (kind == "cvv")
            # A number that is no card number could only become a text.
            fits = fits and (kind == "cvv" or isinstance(leaf.value, str))
            return self._redactor.secret(kind, text, False) if fits and bare.isascii() else None
        if not isinstance(leaf.value, str) or not is_worth(text):
            return None
        if shape_of(text) or leaf.name.lower().endswith("authorization"):
            return [
                (start, end, self._redactor.secret(of, text[start:end], of == "secret"))
                for start, end, of in (
                    [(0, len(text), kind)] if shape_of(text) else secret_spans(text)
                )
            ]
        return self._redactor.secret(kind, text, True)

    def _personal(self, kind: str, leaf: Leaf, text: str) -> str | None:
        """What a field that names something of a person's holds, if it looks like it; a text that
        shows by itself what it is, is that."""
        if not is_of_kind(text, kind) or shape_of(text):
            return None
        if not isinstance(leaf.value, str) and kind != "coordinate":
            # A number has to stay one where it can: sixteen digits are not exact everywhere.
            kind = "number"
        return self._redactor.secret(kind, text, False)

    def _content(self, leaf: Leaf, text: str) -> list[TextEdit] | None:
        data = text.encode("utf-8", "surrogatepass")
        edits: list[TextEdit] = []
        position = characters = 0
        for found in self._redactor.found_in(data):
            if not isinstance(leaf.value, str) and (found.start, found.end) != (0, len(data)):
                continue
            if found.kind == "ipv4" and _VERSION.search(leaf.name):
                continue
            new = self._redactor.replacement(found)
            if text.isascii():
                start, end = found.start, found.end
            else:
                start = characters + _length(data[position : found.start])
                end = start + _length(data[found.start : found.end])
            position, characters = found.end, end
            if new != text[start:end]:
                edits.append((start, end, new))
        return edits or None


def _joined(part: Part) -> bytes:
    value = part.value
    if isinstance(value, Pieces):
        return b"".join(piece.data for piece in value.items)
    return value if isinstance(value, bytes) else b""


def _length(data: bytes) -> int:
    return len(data.decode("utf-8", "surrogatepass"))
