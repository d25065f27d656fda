"""Signed tokens in messages: JSON Web Tokens read, their times moved, found wherever they stand. Pure.

A token is made of letters that no medium escapes, so it stands in a target, a header, a cookie, a
form or a JSON body as it is, and bytes are all that has to be looked at.

Sources: RFC 7515 section 3.1 (compact form), RFC 7519 section 4.1 (iat, nbf, exp), OpenID Connect
Core section 2 (auth_time) and 3.1.3.6 (at_hash).
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Literal, TypeVar

import msgspec

from ci_gate.model.message import HttpRequest, HttpResponse, Message, Part, Pieces
from ci_gate.values.named import changed
from ci_gate.values.places import rewrite, walk
from ci_gate.values.redaction.shapes import JWT

M = TypeVar("M", bound=Message)
Phase = Literal["early", "valid", "expired"]

LONGEST = 1 << 16
"""Longer texts are taken for no token."""

_TOKEN = re.compile(JWT.encode())
_HINT = b"eyJ"
_MOVED = frozenset({"claims.$.iat", "claims.$.nbf", "claims.$.exp", "claims.$.auth_time"})
_LAST_SECOND = 1e10
"""Numbers from here on are no seconds since 1970."""


class _Header(msgspec.Struct, frozen=True):
    alg: object = None
    kid: object = None


class _Times(msgspec.Struct, frozen=True):
    nbf: object = None
    iat: object = None
    exp: object = None


class Token(msgspec.Struct, frozen=True):
    """A token in its compact form; `claims` is its payload decoded, JSON or not."""

    header: str
    claims: bytes
    signature: str
    alg: str
    kid: str
    """"" = it names no key."""

    @property
    def text(self) -> str:
        """The token as it is sent."""
        return f"{self.signed}.{self.signature}"

    @property
    def signed(self) -> str:
        """What the signature is over (RFC 7515 section 5.1)."""
        return f"{self.header}.{encoded(self.claims)}"


def read_token(text: str) -> Token | None:
    """The token that a text is as a whole, None when it is none that can be put together again."""
    pieces = text.split(".")
    if len(text) > LONGEST or len(pieces) != 3:
        return None
    head, claims = decoded(pieces[0]), decoded(pieces[1])
    if head is None or claims is None or encoded(claims) != pieces[1]:
        return None
    try:
        header = msgspec.json.decode(head, type=_Header)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if not isinstance(header.alg, str):
        return None
    kid = header.kid if isinstance(header.kid, str) else ""
    return Token(pieces[0], claims, pieces[2], header.alg, kid)


def tokens_in(message: Message) -> Iterator[str]:
    """The texts in a message that look like tokens, each time they stand there."""
    found: list[str] = []
    if not _may_hold(message):
        return iter(found)

    def look(data: bytes) -> bytes:
        if _HINT in data:
            found.extend(one.decode() for one in _TOKEN.findall(data))
        return data

    changed(message, look)
    return iter(found)


def _may_hold(message: Message) -> bool:
    """False for most messages, quickly."""
    if not isinstance(message, HttpRequest | HttpResponse):
        return True
    if isinstance(message, HttpRequest) and _HINT in message.target:
        return True
    for _, value in message.headers:
        if _HINT in value:
            return True
    body = message.body
    return _HINT in body if isinstance(body, bytes) else isinstance(body, Pieces)


def found_in(text: str) -> Iterator[str]:
    """The same for a text."""
    data = text.encode("utf-8", "surrogatepass")
    return (one.decode() for one in _TOKEN.findall(data))


def with_tokens(message: M, change: Callable[[str], str]) -> M:
    """The message with every text that looks like a token given to `change`; the same object when
    there is none."""
    if not _may_hold(message):
        return message
    touched = False

    def one(old: str) -> str:
        nonlocal touched
        new = change(old)
        touched = touched or new != old
        return new

    new = changed(message, lambda data: replaced(data, one))
    return new if touched else message


def replaced(data: bytes, change: Callable[[str], str]) -> bytes:
    """The same for bytes."""
    if _HINT not in data:
        return data
    return _TOKEN.sub(lambda found: change(found[0].decode()).encode(), data)


def with_claims(text: str, change: Callable[[bytes], bytes]) -> str:
    """A token's text with what `change` makes of its payload, the signature as it was; a text that
    is no token as it is."""
    token = read_token(text)
    if token is None:
        return text
    claims = change(token.claims)
    return text if claims == token.claims else msgspec.structs.replace(token, claims=claims).text


def moved(token: Token, by: int) -> Token:
    """The token with its times `by` seconds later, written as they were; signature and all else
    as they are."""
    if not by:
        return token

    def later(place: str, text: str) -> str | None:
        if place not in _MOVED:
            return None
        whole, dot, rest = text.partition(".")
        return f"{int(whole) + by}{dot}{rest}" if _is_time(text) else None

    part = rewrite(Part("claims", token.claims, "json"), later)
    assert isinstance(part.value, bytes)
    return msgspec.structs.replace(token, claims=part.value)


def has_claim(token: Token | None, name: str) -> bool:
    """True when the token has a claim of that name, which is a text."""
    found = walk(Part("claims", token.claims, "json")) if token is not None else ()
    return any(place == f"claims.$.{name}" and isinstance(value, str) for place, value in found)


def with_claim(token: Token, name: str, value: str) -> Token:
    """The token with a claim, which is a text, replaced; the signature as it is."""
    place = f"claims.$.{name}"
    part = Part("claims", token.claims, "json")
    part = rewrite(part, lambda at, _: value if at == place else None)
    assert isinstance(part.value, bytes)
    return msgspec.structs.replace(token, claims=part.value)


def phase(token: Token, at: float) -> Phase:
    """Whether a token is out of date, or not yet valid, at a moment (seconds since 1970)."""
    try:
        times = msgspec.json.decode(token.claims, type=_Times)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return "valid"
    expiry = _seconds(times.exp)
    if expiry is not None and expiry <= at:
        return "expired"
    begins = [one for one in map(_seconds, (times.nbf, times.iat)) if one is not None]
    # Times are whole seconds, and clocks of two machines are not one.
    return "early" if max(begins, default=at) > at + 1 else "valid"


def encoded(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes | None:
    """The bytes that such a text stands for; None: it is not base64url."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None


def _is_time(text: str) -> bool:
    whole, _, rest = text.partition(".")
    return whole.isascii() and whole.isdigit() and len(whole) <= 10 and (not rest or rest.isdigit())


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value >= _LAST_SECOND:
        return None
    return value
