"""Finding secrets by what they look like, anywhere in bytes.

One RE2 automaton goes over the data once (linear whatever the data is) and says where something
may be; a precise check decides at each such place only. Offsets are bytes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

import re2

from ci_gate.values.redaction.cards import is_card
from ci_gate.values.redaction.found import Found, is_worth
from ci_gate.values.redaction.namedtext import (
    ATTRIBUTE_NAME,
    DSN_NAME,
    JSON_NAME,
    LINE_NAME,
    QUERY_NAME,
    XML_NAME,
    named,
    named_in_line,
)
from ci_gate.values.redaction.passwordhashes import BEGINNING as HASH_BEGINNING
from ci_gate.values.redaction.passwordhashes import HASH
from ci_gate.values.redaction.personaltext import PATTERNS as PERSONAL
from ci_gate.values.redaction.personaltext import personal_found
from ci_gate.values.redaction.shapes import JWE, JWT, KEYS, PEM_BEGIN, is_key
from ci_gate.values.redaction.standins import basic_pair

_EMAIL = (
    r"[A-Za-z0-9\x80-\xff._+-]+(?:@|%40)"
    r"[A-Za-z0-9\x80-\xff][A-Za-z0-9\x80-\xff.-]*\.[A-Za-z\x80-\xff]{2}[A-Za-z0-9\x80-\xff-]*"
)
_CARD = r"\b(?:[3-6][0-9]{3}|2[2-7][0-9]{2})(?:[ -]?[0-9]){8,15}\b"
_USERINFO = r":\\?/\\?/[^/\s\"@:\\]*:[^/\s\"@\\]+@"
_CREDENTIALS = r"(?i:\b(?:bearer|basic)[ \t]+[A-Za-z0-9._~+/=-]{8,})"
_ENCODED = (
    r"\b(?:eyJ[A-Za-z0-9_-]{8,}(?:[A-Za-z0-9_.+/-]*)"
    r"|(?:H4sI|W3si|WyJ|ewog|ew0K)[A-Za-z0-9_+/-]{16,})={0,2}"
)
"""JSON (an object, an array, indented) in base64, plain or gzipped."""
_KEYS = (
    r"\b(?:(?:" + "|".join(prefix for _, prefix, _ in KEYS if prefix) + r")[A-Za-z0-9+/._-]{8}"
    r"|" + "|".join(rest for _, prefix, rest in KEYS if not prefix) + ")"
)
"""How they begin: long counted repetitions cost an automaton its speed, so `re` goes on."""
_ESCAPED = r"\\u00(?:2[dDeE]|3[0-9]|[46][0-9a-fA-F]|[57][0-9aA])"
"""A letter, digit, @, dot or dash that JSON did not have to escape: the text has to be read."""


_CONTENT = (
    PEM_BEGIN,
    HASH_BEGINNING,
    _USERINFO,
    _CREDENTIALS,
    _ENCODED,
    _KEYS,
    _EMAIL,
    _CARD,
    *PERSONAL,
)
_NAMES = (JSON_NAME, QUERY_NAME, XML_NAME, ATTRIBUTE_NAME, DSN_NAME)


@functools.cache
def _automaton(*more: str) -> re2._Regexp:
    """The patterns above and `more` as one; compiled when first needed, which takes 10 ms."""
    options = re2.Options()
    # Bytes, not characters: the data may be in any charset, or in none.
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 64 << 20
    joined = "|".join(f"(?:{pattern})" for pattern in (*_NAMES, *_CONTENT, *more))
    return re2.compile(joined.encode("latin-1"), options=options)


_BASE64_STARTS = (b"eyJ", b"H4sI", b"W3si", b"WyJ", b"ewog", b"ew0K")
_JWT_HEAD = re.compile(rb"eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+")
_JWT = re.compile(JWT.encode())
_JWE = re.compile(JWE.encode())
_BASE64 = re.compile(rb"[A-Za-z0-9_+/-]+={0,2}")
_PEM_END = re.compile(rb"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = re.compile(rb"[^\"<>{}]{0,20000}")
_CARD_HERE = re.compile(
    rb"(?<![0-9])(?:[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{1,3})?"
    rb"|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5}|[0-9]{12,19})(?![0-9])"
)
_NOT_A_DOMAIN = frozenset(
    (
        *("png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "css", "js", "mjs", "ts", "json"),
        *("html", "map", "service", "timer", "socket", "target", "yml", "yaml", "txt", "py"),
    )
)
_KEY = re.compile("|".join(f"(?:{prefix}){rest}" for _, prefix, rest in KEYS).encode())
_HASH = re.compile(HASH.pattern.encode())
_HASH_STARTS = (b"$", b"{bcrypt}", b"bcrypt", b"pbkdf2", b"scrypt", b"argon2")
_SCHEME = re.compile(rb"(?i:bearer|basic)[ \t]")
_VERSION = re.compile(r"v?\d+\.\d+")
_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


def suspicious(data: bytes) -> bool:
    """False when no detector could find anything in the data, however it is decoded as JSON."""
    return _automaton(_ESCAPED).search(data) is not None


def suspects(data: bytes) -> list[tuple[int, int]]:
    """Where a detector may find something, in order."""
    if b"\\" in data:
        # A line break in a JSON text is two characters, of which the second is a letter.
        for escape in (b"\\n", b"\\r", b"\\t"):
            data = data.replace(escape, b"  ")
    spans = [found.span() for found in _automaton(_ESCAPED).finditer(data)]
    # What is written with escapes has to be read first; all else can be judged as it stands.
    return [
        (start, end)
        for start, end in spans
        if b"\\" in data[start:end]
        or data[end : end + 4].lstrip()[:1] in (b"[", b"{")
        or _decide(data, start, end, False)
    ]


def find(data: bytes, line: bool = False) -> Iterator[Found]:
    """The secrets in bytes, in order, never overlapping. `line`: also `name=value` and
    `name: value` as logs and reports write them."""
    pattern = _automaton(LINE_NAME) if line else _automaton()
    position = 0
    while True:
        hit = pattern.search(data, position)
        if hit is None:
            return
        start, position = hit.span()
        for found in _decide(data, start, position, line):
            yield found
            position = max(position, found.end)


def _decide(data: bytes, start: int, end: int, line: bool) -> list[Found]:
    """What a match of the automaton really is; nothing when it only looked like something."""
    matched = data[start:end]
    if matched.startswith(b"-----"):
        return [_pem(data, start, end)]
    if matched.startswith(b":"):
        return _userinfo(data, start, end)
    found = None
    if matched[0] in b"\"'\\?&;< " or matched.endswith(b'="'):
        found = named(data, start, end)
    elif matched.startswith(_HASH_STARTS):
        found = _hash(data, start)
    elif matched.startswith(_BASE64_STARTS):
        found = _encoded(data, start, end)
    elif b"@" in matched or b"%40" in matched:
        found = _email(data, start, end)
    elif _SCHEME.match(matched):
        found = _credentials(data, start, end)
    if found is None and line and matched[-1:] in (b"=", b":"):
        found = named_in_line(data, start, end)
    found = found or _card(data, start, end) or _key(data, start)
    found = found or personal_found(data, start, end)
    return [] if found is None else [found]


def _pem(data: bytes, start: int, end: int) -> Found:
    closing = _PEM_END.search(data, end)
    finish = closing.end() if closing else end
    if closing is None:
        body = _PEM_BODY.match(data, end)
        finish = body.end() if body else end
    return Found(start, finish, "private-key", data[start:finish].decode("utf-8", "replace"))


def _hash(data: bytes, start: int) -> Found | None:
    """A stored hash of a password, as a whole."""
    found = _HASH.match(data, start)
    if found is None or data[found.end() : found.end() + 1].isalnum():
        return None
    return Found(start, found.end(), "password-hash", found[0].decode())


def _userinfo(data: bytes, start: int, end: int) -> list[Found]:
    first = start + 1 + len(data[start + 1 : end]) - len(data[start + 1 : end].lstrip(b"\\/"))
    user, _, password = data[first : end - 1].partition(b":")
    spans = ((first, user, False), (first + len(user) + 1, password, True))
    found = []
    for begin, raw, remember in spans:
        text = unquote(raw.decode("utf-8", "replace"))
        if is_worth(text):
            found.append(Found(begin, begin + len(raw), "secret", text, _percent, remember))
    return found


def _percent(text: str) -> str:
    return quote(text, safe="!~")


def _encoded(data: bytes, start: int, end: int) -> Found | None:
    """A JWT, an encrypted JWT, or JSON in base64."""
    for pattern, kind in ((_JWE, "secret"), (_JWT, "jwt"), (_JWT_HEAD, "jwt")):
        found = pattern.match(data, start, end)
        if found is not None:
            text = found[0].decode()
            return Found(start, found.end(), kind, text)
    found = _BASE64.match(data, start, end)
    return Found(start, found.end(), "base64-json", found[0].decode()) if found else None


def _email(data: bytes, start: int, end: int) -> Found | None:
    matched = data[start:end]
    sign = b"@" if b"@" in matched else b"%40"
    # The match may begin within a percent escape: %3Djohn@example.org.
    if start and data[start - 1] == 37 and start + 2 < end:
        start += 2
    start += len(data[start:end]) - len(data[start:end].lstrip(b".-"))
    local, _, domain = data[start:end].partition(sign)
    text = (local + b"@" + domain).decode("utf-8", "replace")
    suffix = domain.rpartition(b".")[2].decode("latin-1").lower()
    if not local or local == b"git" or len(local) > 64 or suffix in _NOT_A_DOMAIN:
        return None
    if _VERSION.match(domain.decode("latin-1")):
        return None
    if data[max(0, start - 2) : start] == b"//":
        # The user of a URL: its host must stay. Long ones are tokens.
        user = local.decode("utf-8", "replace")
        return (
            Found(start, start + len(local), "secret", user, _percent) if len(user) > 19 else None
        )
    return Found(start, end, "email", text, _at_quoted if sign == b"%40" else str)


def _at_quoted(text: str) -> str:
    return text.replace("@", "%40")


def _credentials(data: bytes, start: int, end: int) -> Found | None:
    scheme, rest = data[start:end].split(None, 1)
    text = rest.decode()
    begin = end - len(text)
    if scheme.lower() == b"basic":
        return Found(begin, end, "basic-auth", text) if basic_pair(text) else None
    # "Bearer authentication" is prose.
    if len(text) < 20 and not any(letter.isdigit() for letter in text):
        return None
    return Found(begin, end, "secret", text, str, True)


def _card(data: bytes, start: int, end: int) -> Found | None:
    if not 48 <= data[start] <= 57:
        return None
    limit = min(len(data), end + 8)
    found = _CARD_HERE.search(data, start, limit)
    # What is refuted may hide one that begins later: other numbers may stand before it.
    while found is not None and found.start() < end:
        text = found[0].decode()
        if is_card(text) and _stands_alone(data, *found.span()):
            return Found(*found.span(), "card", text)
        found = _CARD_HERE.search(data, found.start() + 1, limit)
    return None


def _stands_alone(data: bytes, start: int, end: int) -> bool:
    """Not the digits of a fraction, of a longer dashed number, or of a word."""
    before, after = data[max(0, start - 2) : start], data[end : end + 2]
    if before[-1:] == b"." or (before[:1].isdigit() and before[-1:] == b"-"):
        return False
    if after[:1] in (b".", b"-") and after[1:].isdigit():
        return False
    return not before[-1:].isalpha() and not after[:1].isalpha()


def _key(data: bytes, start: int) -> Found | None:
    found = _KEY.match(data, start)
    if found is None:
        return None
    end = found.end()
    if data[end : end + 1] and data[end] in _LETTERS:
        return None
    text = found[0].decode("latin-1")
    return Found(start, end, "key", text) if is_key(text) else None
