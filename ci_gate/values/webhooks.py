"""Webhooks: signatures over a body by a shared secret, in the forms that senders have for them.

| form | header | over | secret |
|---|---|---|---|
| github | X-Hub-Signature-256, X-Hub-Signature | the body | as it is |
| shopify | X-Shopify-Hmac-Sha256 | the body | as it is |
| slack | X-Slack-Signature | v0, X-Slack-Request-Timestamp, the body | as it is |
| stripe | Stripe-Signature (t=, v1=) | t, the body | as it is |
| standard | Webhook-Signature, Svix-Signature | Webhook-Id, Webhook-Timestamp, the body | base64 |
| hex, base64 | a header of one's own | the body | as it is |

Sources: the senders' own pages on verifying, and standardwebhooks.com for `standard`.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping

import msgspec

from ci_gate.model.message import Headers

JWT_FORMS = ("jwt", "jwt-base64")
"""Secrets that sign tokens (HS256 and its like); the second is base64 of the key's bytes."""
OWN_FORMS = ("hex", "base64")
"""Forms without a header of their own: the configuration names it."""

_HASHES = {20: "sha1", 32: "sha256", 48: "sha384", 64: "sha512"}
"""By the bytes of a digest."""
_HEX = re.compile(rb"[0-9a-fA-F]{40,128}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{26,86}={0,2}")
_STAMP = re.compile(rb"\d{10}")

Fields = Mapping[bytes, bytes]
"""Header fields by lower-case name."""


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """One secret and what it signs."""

    secret: str
    """Its name: `${secret.NAME}`."""
    form: str
    header: str = ""
    """Where the signature of a form without its own stands."""

    @property
    def headers(self) -> tuple[bytes, ...]:
        """The lower-case names of the headers that it writes; none for tokens."""
        if self.header:
            return (self.header.lower().encode(),)
        return tuple(_FORMS[self.form]) if self.form in _FORMS else ()


def new_secret(form: str, random: bytes) -> str:
    """A secret's text, as its form has it, of 64 random bytes; letters, digits and dashes, long
    enough for every algorithm."""
    if form == "standard":
        return "whsec_" + b64encode(random[:32]).decode()
    if form == "jwt-base64":
        return b64encode(random).decode()
    return random.hex()[:96]


def key_of(form: str, secret: str) -> bytes:
    """The key that a secret's text stands for."""
    if form in ("standard", "jwt-base64"):
        text = secret.removeprefix("whsec_")
        try:
            return b64decode(text + "=" * (-len(text) % 4), validate=True)
        except ValueError:
            return secret.encode()
    return secret.encode("utf-8", "surrogateescape")


def is_signed(signing: Signing, headers: Headers) -> bool:
    """True when a request carries such a signature."""
    return any(name.lower() in signing.headers for name, _ in headers)


def seal(
    signing: Signing,
    key: bytes,
    headers: Headers,
    body: bytes,
    by: int = 0,
    *,
    spoilt: bool = False,
) -> Headers:
    """The headers with the signatures that `key` makes over `body`, their times `by` seconds later.

    `spoilt`: well-formed signatures that are none. What is not signed stays as it is.
    """
    if not is_signed(signing, headers):
        return headers
    moved = tuple((name, _moved(name.lower(), value, signing, by)) for name, value in headers)
    written = dict(_written(signing, key, moved, body + b" " if spoilt else body))
    return tuple((name, written.get(name.lower(), value)) for name, value in moved)


def is_sealed(signing: Signing, key: bytes, headers: Headers, body: bytes) -> bool:
    """True when all such signatures of a request, at least one, are those that `key` makes."""
    fields = _fields(headers)
    made = dict(_written(signing, key, headers, body))
    return bool(made) and all(_holds(fields[name], value) for name, value in made.items())


def _holds(value: bytes, made: bytes) -> bool:
    """Whether a header holds a signature: senders may add others, of older secrets."""
    pieces = {one.strip() for one in re.split(rb"[,\s]", value)}
    return all(hmac_part in pieces for hmac_part in re.split(rb"[,\s]", made))


def _fields(headers: Headers) -> dict[bytes, bytes]:
    return {name.lower(): value for name, value in headers}


def _moved(name: bytes, value: bytes, signing: Signing, by: int) -> bytes:
    """A header with the time of a signature; others as they are."""
    if not by or name not in _STAMPS.get(signing.form, ()):
        return value
    return _STAMP.sub(lambda found: b"%d" % (int(found[0]) + by), value, count=1)


_STAMPS: dict[str, tuple[bytes, ...]] = {
    "slack": (b"x-slack-request-timestamp",),
    "stripe": (b"stripe-signature",),
    "standard": (b"webhook-timestamp", b"svix-timestamp"),
}
"""Form -> headers that hold the time of a signature, seconds since 1970."""


def _written(
    signing: Signing, key: bytes, headers: Headers, body: bytes
) -> Iterator[tuple[bytes, bytes]]:
    """(lower-case name, value) of each signature header that is there."""
    fields = _fields(headers)
    for name in signing.headers:
        if name in fields:
            write = _FORMS[signing.form][name] if signing.form in _FORMS else _OWN[signing.form]
            yield name, write(key, fields, fields[name], body)


def _hex_digest(key: bytes, data: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.digest(key, data, algorithm).hex().encode()


def _base64_digest(key: bytes, data: bytes, algorithm: str = "sha256") -> bytes:
    return b64encode(hmac.digest(key, data, algorithm))


def _github(key: bytes, _: Fields, __: bytes, body: bytes) -> bytes:
    return b"sha256=" + _hex_digest(key, body)


def _github_old(key: bytes, _: Fields, __: bytes, body: bytes) -> bytes:
    return b"sha1=" + _hex_digest(key, body, "sha1")


def _shopify(key: bytes, _: Fields, __: bytes, body: bytes) -> bytes:
    return _base64_digest(key, body)


def _slack(key: bytes, fields: Fields, _: bytes, body: bytes) -> bytes:
    stamp = fields.get(b"x-slack-request-timestamp", b"")
    return b"v0=" + _hex_digest(key, b"v0:" + stamp + b":" + body)


def _stripe(key: bytes, _: Fields, value: bytes, body: bytes) -> bytes:
    found = _STAMP.search(value)
    stamp = found[0] if found else b"0"
    return b"t=" + stamp + b",v1=" + _hex_digest(key, stamp + b"." + body)


def _standard(kind: bytes) -> Callable[[bytes, Fields, bytes, bytes], bytes]:
    def write(key: bytes, fields: Fields, _: bytes, body: bytes) -> bytes:
        about = (fields.get(kind + b"-id", b""), fields.get(kind + b"-timestamp", b""), body)
        return b"v1," + _base64_digest(key, b".".join(about))

    return write


def _own_hex(key: bytes, _: Fields, value: bytes, body: bytes) -> bytes:
    """The digits of a recorded value replaced; what stands before them (sha256=) stays."""
    found = _HEX.search(value)
    algorithm = _HASHES.get(len(found[0]) // 2, "sha256") if found else "sha256"
    digest = _hex_digest(key, body, algorithm)
    return digest if found is None else value[: found.start()] + digest + value[found.end() :]


def _own_base64(key: bytes, _: Fields, value: bytes, body: bytes) -> bytes:
    """The same for base64."""
    found = _BASE64.search(value)
    size = len(found[0].rstrip(b"=")) * 3 // 4 if found else 0
    digest = _base64_digest(key, body, _HASHES.get(size, "sha256"))
    return digest if found is None else value[: found.start()] + digest + value[found.end() :]


_Write = Callable[[bytes, Fields, bytes, bytes], bytes]
_FORMS: dict[str, dict[bytes, _Write]] = {
    "github": {b"x-hub-signature-256": _github, b"x-hub-signature": _github_old},
    "shopify": {b"x-shopify-hmac-sha256": _shopify},
    "slack": {b"x-slack-signature": _slack},
    "standard": {
        b"webhook-signature": _standard(b"webhook"),
        b"svix-signature": _standard(b"svix"),
    },
    "stripe": {b"stripe-signature": _stripe},
}
_OWN: dict[str, _Write] = {"hex": _own_hex, "base64": _own_base64}

FORMS = (*JWT_FORMS, *_FORMS, *OWN_FORMS)
"""Every form."""
SIGNATURES = frozenset(name for form in _FORMS.values() for name in form)
"""The headers (lower case) in which they stand."""
