"""What becomes of one value of a part: its name, its look and the project's rules decide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ci_gate.values.leaves import Leaf
from ci_gate.values.places import TextEdit
from ci_gate.values.redaction.credentials import secret_spans, signature_spans
from ci_gate.values.redaction.found import is_worth
from ci_gate.values.redaction.names import (
    HEADERS,
    SIGNATURES,
    is_password,
    secret_name,
    telling_name,
    telling_parameter,
)
from ci_gate.values.redaction.personal import KINDS as PERSONAL_KINDS
from ci_gate.values.redaction.personal import is_of_kind
from ci_gate.values.redaction.shapes import shape_of
from ci_gate.values.redaction.standins import any_number_kind, number_kind

if TYPE_CHECKING:
    from ci_gate.values.redaction.redactor import Redactor

_VERSION = re.compile("version|release|build", re.IGNORECASE)
_COOKIES = frozenset(("cookie", "set-cookie"))


class LeafChange:
    """Decides about each leaf of one part. `items` are the header fields in which something looks
    secret; None = it may be anywhere."""

    def __init__(self, redactor: Redactor, media: str, items: frozenset[int] | None = None) -> None:
        self._redactor = redactor
        self._media = media
        self._items = items

    def __call__(self, leaf: Leaf, text: str) -> str | list[TextEdit] | None:
        """The new text of a leaf, the edits of it, or None to leave it: what `places.edit` asks."""
        redactor, rules = self._redactor, self._redactor.rules
        if not redactor.nested:
            redactor.place = place = f"{redactor.side}.{leaf.place}"
            if rules.allows(place, ""):
                return None
            if rules.deny and rules.denies(place, leaf.value):
                kind = "secret" if isinstance(leaf.value, str) else any_number_kind(text)
                return redactor.secret(kind, text, False, rule="deny") if kind else None
        new = self._found(leaf, text)
        if isinstance(new, str) or not isinstance(leaf.value, str) or not self._is_strict(leaf):
            return new
        return redactor.secret("secret", text, False, rule="strict") if is_worth(text) else None

    def _is_strict(self, leaf: Leaf) -> bool:
        redactor = self._redactor
        if redactor.nested:
            return False
        part = leaf.place.partition(".")[0].partition("[")[0]
        header = leaf.name if self._media == "headers" else ""
        # Of a credential the scheme stays readable.
        known = header and (header in HEADERS or secret_name(header))
        return not known and redactor.rules.replaces(redactor.place, part, header)

    def _found(self, leaf: Leaf, text: str) -> str | list[TextEdit] | None:
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

    def _allowed(self, kind: str) -> bool:
        rules = self._redactor.rules
        return bool(rules.allow) and rules.allows(self._redactor.place, kind)

    def _header(self, leaf: Leaf, text: str) -> list[TextEdit] | None:
        name = leaf.name
        if name not in HEADERS and not secret_name(name):
            return None
        if self._allowed("cookie" if name in _COOKIES else "secret"):
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
        if not kind or self._allowed(kind):
            return None
        if kind in PERSONAL_KINDS:
            return self._personal(kind, leaf, text)
        if kind != "secret":
            bare = text.replace(" ", "").replace("-", "")
            fits = bare.isdigit() and (len(bare) <= 4) == (kind == "cvv")
            # A number that is no card number could only become a text.
            fits = fits and (kind == "cvv" or isinstance(leaf.value, str))
            return self._redactor.secret(kind, text, False) if fits and bare.isascii() else None
        if not isinstance(leaf.value, str):
            return self._number(text, password=True) if is_password(leaf.name) else None
        if not is_worth(text):
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
        pin = kind == "pin"
        if not isinstance(leaf.value, str) and kind != "coordinate":
            return self._number(text, password=pin)
        return self._redactor.secret(kind, text, False, password=pin)

    def _number(self, text: str, password: bool = False) -> str | None:
        kind = number_kind(text)
        return self._redactor.secret(kind, text, False, password=password) if kind else None

    def _content(self, leaf: Leaf, text: str) -> list[TextEdit] | None:
        data = text.encode("utf-8", "surrogatepass")
        edits: list[TextEdit] = []
        position = characters = 0
        for found in self._redactor.found_in(data):
            if not isinstance(leaf.value, str) and (found.start, found.end) != (0, len(data)):
                continue
            if found.kind == "ipv4" and _VERSION.search(leaf.name):
                continue
            if self._allowed(found.kind):
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


def _length(data: bytes) -> int:
    return len(data.decode("utf-8", "surrogatepass"))
