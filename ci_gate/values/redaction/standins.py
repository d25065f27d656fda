"""Stand-ins: what is written instead of a secret.

Keyed and deterministic: one value has one stand-in under one key, wherever it stands. Of the
same shape and length class, so that a service that checks formats still accepts it. And
recognisable without the key, so that nothing is redacted twice and comparing knows what it sees.

| kind | stand-in | recognised by |
|---|---|---|
| email | user-<hash>@redacted.example | the reserved domain |
| card | same issuer and length, in a documented test range, Luhn-valid | two check digits |
| jwt | header as it was, personal claims replaced, a signature of ours | the check at its end |
| private-key | same lines, other letters | the check at the end of its body |
| password-hash | same scheme and cost, other salt and digest | the check in the salt |
| basic-auth | base64 of two stand-ins | the stand-ins inside |
| iban | same country, length and groups, valid | five digits of check in its last digits |
| ipv4, ipv6, mac | of 240.0.0.0/4, of 2001:db8::/32, beginning 02:ed:ac | the range |
| phone | same country code and groups, national part from 000 | those zeros |
| name, address | word by word: letters for letters, digits for digits | the check in every word |
| birth-date | the same form, a year from 1000 to 1799 | the year |
| coordinate | a number between -89.99 and -90 | the range |
| cvv | ones | (not: too short; ones stay ones) |
| key, secret, national-id, ssn, nino, bare phone | same prefix, separators, alphabet and length, \
at least 12 or 16 | the check at its end |
"""

from __future__ import annotations

import binascii
import functools
import hashlib
import hmac
import re
import string
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping

from ci_gate.model.message import Part
from ci_gate.values.leaves import Leaf
from ci_gate.values.places import edit
from ci_gate.values.redaction import checkmark
from ci_gate.values.redaction.cards import BRANDS, brand, card_digits, luhn, luhn_digit
from ci_gate.values.redaction.iban import iban_stand_in, is_iban_stand_in
from ci_gate.values.redaction.names import secret_name
from ci_gate.values.redaction.network import is_network_stand_in, network_stand_in
from ci_gate.values.redaction.passwordhashes import hash_stand_in, is_hash_stand_in
from ci_gate.values.redaction.personstandins import (
    coordinate_stand_in,
    day_stand_in,
    is_coordinate_stand_in,
    is_day_stand_in,
    is_words_stand_in,
    words_stand_in,
)
from ci_gate.values.redaction.phones import has_groups, is_phone_stand_in, phone_stand_in
from ci_gate.values.redaction.shapes import RESERVED_DOMAIN, key_prefix, shape_of

LONGEST = 1 << 16
"""Longer texts are never taken for a stand-in as a whole."""
_KEPT = frozenset("-_.:/+=~")
_CACHED = 4096
_MARK = "redacted"
_MARK_FROM = 24
"""Letters and digits from which a stand-in also says so to a reader."""
_EMAIL = re.compile(r"user-[0-9a-f]{12}@" + re.escape(RESERVED_DOMAIN))
_PEM = re.compile(r"(-----BEGIN [^-\n]+-----)(.*?)(-----END [^-\n]+-----|\Z)", re.DOTALL)
_LINE_BREAKS = re.compile(r"(\\[rn]|\s+)")
_BYTEA = re.compile(r"\\x(?:[0-9a-f]{2})+")
"""Bytes, as PostgreSQL writes them."""
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey|Key) +", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_HS256 = 43
"""Characters of an HMAC-SHA256 signature in base64url."""
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_PERSONAL_CLAIMS = frozenset(
    (
        *("name", "given_name", "family_name", "middle_name", "nickname", "email", "phone_number"),
        *("birthdate", "gender", "picture", "profile", "website", "formatted", "street_address"),
        *("locality", "region", "postal_code"),
    )
)
"""Claims about a person (OpenID Connect Core section 5.1). Who a token is for (`sub`) and what it
is good for stay: paths, bodies and queries name the same, and a service decides by them."""
SMALL = (2_147_000_000, (1 << 31) - 1)
"""From, and up to: what stands for numbers of 31 bits where a number is wanted. Too few to hold a
check, so that only their place tells that they stand for others."""
_DIGITS = 4
"""A number of fewer is no password and no id."""
_SHORTEST = 8
"""Characters of the shortest stand-in: a day as digits."""
_NUMERIC = frozenset("+-(0123456789")
_FORMS: dict[str, Callable[[str, bytes], str]] = {
    "iban": iban_stand_in,
    "ipv4": network_stand_in,
    "ipv6": network_stand_in,
    "mac": network_stand_in,
    "birth-date": day_stand_in,
    "coordinate": coordinate_stand_in,
    "password-hash": hash_stand_in,
}
_TESTS = {test: issuer for issuer in BRANDS for test in issuer.tests}


class StandIns:
    """Makes stand-ins under one key (any bytes; 32 random ones are right)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[tuple[str, str], str] = {}
        self._fitting: dict[str, str] = {}

    def stand_in(self, kind: str, text: str) -> str:
        """The stand-in of a value; `kind` counts only where the text does not show what it is.

        Stand-ins, and values without a letter or digit, are returned as they are.
        """
        known = self._known.get((kind, text))
        if known is None:
            made = self._make(kind, text)
            known = self._fitting.get(made, made)
            if len(text) <= 256:
                if len(self._known) >= _CACHED:
                    self._known.clear()
                self._known[kind, text] = known
        return known

    def fit(self, pairs: Mapping[str, str]) -> None:
        """From now on, give for each of these stand-ins the other: a hash that a password fits."""
        self._fitting |= pairs
        self._known.clear()

    def _make(self, kind: str, text: str) -> str:
        if kind == "cvv":
            return re.sub(r"\d", "1", text)
        if is_stand_in(text) or not any(letter.isalnum() for letter in text):
            return text
        if kind == "basic-auth":
            pair = basic_pair(text)
            if pair is not None:
                return self._basic(*pair)
        shape = shape_of(text) or kind
        seed = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")
        if shape == "email":
            return f"user-{seed.hex()[:12]}@{RESERVED_DOMAIN}"
        if shape == "card":
            digits = card_digits(text)
            if digits:
                return _regrouped(text, _card(digits, seed))
        if shape == "jwt":
            return self._jwt(text, seed)
        if shape == "private-key":
            return _pem(text, seed)
        personal = self._personal(shape, text, seed)
        if personal:
            return personal
        if _BYTEA.fullmatch(text):
            return _shaped(text[:2] + "0a" * (len(text) // 2 - 1), text[:2], seed)
        return _shaped(text, key_prefix(text) if shape == "key" else "", seed)

    def _personal(self, kind: str, text: str, seed: bytes) -> str:
        """The stand-in of a kind that has a form of its own; "" for the others."""
        if kind in ("name", "address"):
            new = words_stand_in(text, self._key)
            return new if is_words_stand_in(new) else ""
        if kind == "phone":
            return phone_stand_in(text, seed) if has_groups(text) else ""
        if kind == "number":
            digits = "9" + _shaped("0" * 16, "", seed)[:7]
            return digits + checkmark.check_digits(digits)
        if kind == "small-number":
            return str(SMALL[0] + int.from_bytes(seed[:8], "big") % (SMALL[1] - SMALL[0]))
        make = _FORMS.get(kind)
        return make(text, seed) if make is not None else ""

    def _basic(self, user: str, password: str) -> str:
        pair = ":".join(self.stand_in("secret", half) if half else "" for half in (user, password))
        return b64encode(pair.encode("utf-8", "surrogatepass")).decode()

    def _jwt(self, text: str, seed: bytes) -> str:
        header, _, rest = text.partition(".")
        payload, dot, signature = rest.partition(".")
        if not dot or "." in signature:
            return _shaped(text, header + ".", seed)  # cut off, or followed by more
        try:
            claims = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        except binascii.Error:
            return _shaped(text, header + ".", seed)
        replaced = edit(Part("claims", claims, "json"), self._claim)[0].value
        assert isinstance(replaced, bytes)
        encoded = urlsafe_b64encode(replaced).decode().rstrip("=")
        prefix = f"{header}.{encoded}."
        # An unsigned token gets a signature too: without one nothing could carry the check.
        size = max(len(signature) or _HS256, checkmark.SHORTEST)
        return _shaped(prefix + ("aA0" * size)[:size], prefix, seed)

    def _claim(self, leaf: Leaf, text: str) -> str | None:
        if not isinstance(leaf.value, str):
            return None
        if leaf.name in _PERSONAL_CLAIMS or secret_name(leaf.name) or shape_of(text):
            return self.stand_in("name" if leaf.name.endswith("name") else "secret", text)
        return None


def any_number_kind(text: str) -> str:
    """As `number_kind` for a number that goes whatever it is: of few digits, with a fraction."""
    few = text.isdigit() and len(text) < _DIGITS
    return "small-number" if few else number_kind(text) if text.isdigit() else "number"


def number_kind(text: str) -> str:
    """The kind whose stand-ins a number gets that has to stay one, of a size that its column holds;
    "" for one of few digits, which tells nothing, and for what stands for another already."""
    if not text.isdigit() or len(text) < _DIGITS:
        return ""
    if len(text) > 10:  # of a stranger it may have very many
        return "number"
    if SMALL[0] <= int(text) < SMALL[1]:
        return ""
    return "small-number" if int(text) < 1 << 31 else "number"


def is_stand_in(text: str) -> str:
    """The kind of a text that is, as a whole, a stand-in; "" for anything else. Needs no key.

    A credential may stand behind its scheme ("Bearer …"). CVV stand-ins are not told apart.
    """
    size = len(text)
    if size < _SHORTEST or size > LONGEST or not text.isascii():
        return ""
    if size < checkmark.SHORTEST:
        return _is_number_stand_in(text)
    if "@" in text:
        return "email" if _EMAIL.fullmatch(text) else ""
    if text.startswith("-----BEGIN "):
        return "private-key" if _is_pem_stand_in(text) else ""
    if "$" in text and is_hash_stand_in(text):
        return "password-hash"
    if text[0].isdigit() and _is_card_stand_in(text):
        return "card"
    if " " in text:
        scheme = _SCHEME.match(text)
        rest = text[scheme.end() :] if scheme else ""
        kind = is_stand_in(rest) if " " not in rest else ""
        return kind or _is_number_stand_in(text) or _is_person_stand_in(text)
    kind = _is_number_stand_in(text)
    if kind:
        return kind
    if checkmark.has_check(text):
        return shape_of(text) or "secret"
    kind = _is_person_stand_in(text)
    if kind:
        return kind
    pair = basic_pair(text) if size % 4 == 0 and text[0] not in "{[" else None
    return "basic-auth" if pair and any(pair) and all(_is_half(half) for half in pair) else ""


def _is_number_stand_in(text: str) -> str:
    """The kind of a stand-in that is digits, their groups and no word; "" for anything else."""
    if len(text) > 40 or not (text[0] in _NUMERIC and text[-1].isalnum()):
        return ""
    if text[0] == "-":
        return "coordinate" if is_coordinate_stand_in(text) else ""
    if is_day_stand_in(text):
        return "birth-date"
    return is_network_stand_in(text) or ("phone" if is_phone_stand_in(text) else "")


def _is_person_stand_in(text: str) -> str:
    if text[0].isalpha() and text[1].isupper() and text[2:4].isdigit() and is_iban_stand_in(text):
        return "iban"
    if not is_words_stand_in(text):
        return ""
    return "address" if any(sign.isdigit() for sign in text) else "name"


def _is_half(half: str) -> bool:
    return not half or bool(is_stand_in(half))


@functools.lru_cache(maxsize=256)
def basic_pair(text: str) -> tuple[str, str] | None:
    """User and password of Basic credentials (RFC 7617), or None."""
    if len(text) > 4096 or _BASE64.fullmatch(text) is None:
        return None
    try:
        decoded = b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return None
    user, colon, password = decoded.partition(":")
    return (user, password) if colon and decoded.isprintable() else None


def _card(digits: str, seed: bytes) -> str:
    issuer = brand(digits) or BRANDS[0]
    size = max(len(digits), 14)
    test = issuer.tests[seed[0] % len(issuer.tests)]
    room = size - len(test) - 3
    identity = str(int.from_bytes(seed[1:], "big") % 10**room).zfill(room)
    body = test + checkmark.check_digits(test + identity, 2) + identity
    return body + str(luhn_digit(body))


def _is_card_stand_in(text: str) -> bool:
    digits = card_digits(text)
    if len(digits) < 14 or digits[:6] not in _TESTS or not luhn(digits):
        return False
    return digits[6:8] == checkmark.check_digits(digits[:6] + digits[8:-1], 2)


def _regrouped(text: str, digits: str) -> str:
    """The digits with the spaces or dashes of `text`."""
    rest = iter(digits)
    grouped = "".join(next(rest, "") if sign.isdigit() else sign for sign in text)
    return grouped + "".join(rest)


def _pem(text: str, seed: bytes) -> str:
    found = _PEM.match(text)
    if found is None:
        return _shaped(text, "", seed)
    pieces = _LINE_BREAKS.split(found[2])
    body = _shaped("".join(pieces[::2]), "", seed)
    lines: list[str] = []
    position = 0
    for index, piece in enumerate(pieces):
        if index % 2:
            lines.append(piece)
        else:
            lines.append(body[position : position + len(piece)])
            position += len(piece)
    filled = "".join(lines) if position == len(body) else f"\n{body}\n"
    return found[1] + filled + found[3] + text[found.end() :]


def _is_pem_stand_in(text: str) -> bool:
    found = _PEM.match(text)
    if found is None or _LINE_BREAKS.sub("", text[found.end() :]):
        return False
    return checkmark.has_check(_LINE_BREAKS.sub("", found[2]))


def _shaped(text: str, prefix: str, seed: bytes) -> str:
    """A text like `text`: prefix and separators stay, letters and digits come from the seed."""
    body = text[len(prefix) :]
    bare = body.rstrip("=")
    template = [_template(sign) for sign in bare]
    alphabet, least = _alphabet(bare)
    template += [""] * (least - template.count(""))
    slots = template.count("")
    stream = hashlib.shake_256(seed).digest(slots)
    filled = [alphabet[byte % len(alphabet)] for byte in stream]
    if slots >= _MARK_FROM and "z" in alphabet:
        filled[: len(_MARK)] = _MARK
    if _UUID.fullmatch(text):
        # Version and variant (RFC 9562 section 4) stay: validators look at them.
        filled[12], filled[16] = text[14], text[19]
    checked = checkmark.core(prefix) + "".join(filled)
    check = _check(checked, alphabet)
    filled[-len(check) :] = check
    letters = iter(filled)
    return prefix + "".join(sign or next(letters) for sign in template) + body[len(bare) :]


def _template(sign: str) -> str:
    """A sign that stays, or "" for one to be filled in."""
    if sign.isalnum():
        return ""
    return sign if sign in _KEPT else "!" if sign.isascii() and not sign.isspace() else "-"


def _alphabet(text: str) -> tuple[str, int]:
    """The alphabet a text uses, and how many letters and digits its stand-in has at least."""
    letters = set(checkmark.core(text))
    if letters and letters <= set(string.digits):
        return string.digits, 16
    for hexadecimal in ("0123456789abcdef", "0123456789ABCDEF"):
        if letters and letters <= set(hexadecimal):
            return hexadecimal, 16
    classes = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    used = "".join(members for members in classes if letters & set(members))
    return used or string.ascii_lowercase, checkmark.SHORTEST


def _check(filled: str, alphabet: str) -> str:
    """The check over all but the places it will itself take."""
    if alphabet == string.digits:
        return checkmark.check_digits(filled[: -checkmark.DIGITS_CHECK])
    checked = filled[: -checkmark.CHECK]
    check = checkmark.check_hex(checked) if "0" in alphabet else checkmark.check_letters(checked)
    return check if "a" in alphabet else check.upper()
