"""Public keys as JSON tells them, which algorithm each is for, and signatures by shared secrets.

Apart from `values.signing`, so that what only looks for keys need not load any cryptography.
Sources: RFC 7517 (JWK), RFC 7518 sections 3 and 6 (algorithms), RFC 8037 (EdDSA), RFC 8812 (ES256K).
"""

from __future__ import annotations

import hmac
from typing import Any

import msgspec

Jwk = dict[str, Any]
MOST_KEYS = 64
"""Keys of one set that are looked at."""
_SIZES = frozenset({"256", "384", "512"})
_CURVE_OF = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "secp256k1"}
_EDWARDS = {"EdDSA": ("Ed25519", "Ed448"), "Ed25519": ("Ed25519",), "Ed448": ("Ed448",)}
_HMAC = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def is_shared(alg: str) -> bool:
    """True for algorithms with one secret for both sides: HS256, HS384, HS512."""
    return alg in _HMAC


def key_set(body: object) -> tuple[Jwk, ...]:
    """The keys of a JWK set (`{"keys": [{"kty": …}]}`), () for any other body."""
    if not isinstance(body, bytes) or b'"keys"' not in body or b'"kty"' not in body:
        return ()
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ()
    keys = data.get("keys") if isinstance(data, dict) else None
    if not isinstance(keys, list) or not all(_is_key(one) for one in keys):
        return ()
    return tuple(keys[:MOST_KEYS])


def _is_key(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("kty"), str)


def with_keys(body: bytes, keys: tuple[Jwk, ...]) -> bytes:
    """A body that `key_set` could read, with its first keys replaced by these."""
    data = msgspec.json.decode(body)
    data["keys"][: len(keys)] = keys
    return msgspec.json.encode(data)


def fits(jwk: Jwk, alg: str) -> bool:
    """True when a public key is for signatures by `alg`."""
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", alg) not in (alg, "EdDSA"):
        return False
    kty, curve = jwk["kty"], jwk.get("crv")
    if alg[:2] in ("RS", "PS"):
        return bool(kty == "RSA" and alg[2:] in _SIZES)
    if alg in _CURVE_OF:
        return bool(kty == "EC" and curve == _CURVE_OF[alg])
    return bool(kty == "OKP" and curve in _EDWARDS.get(alg, ()))


def sign_shared(alg: str, secret: bytes, data: bytes) -> bytes:
    """The same for HS256 and its like."""
    return hmac.digest(secret, data, _HMAC[alg])


def verifies_shared(alg: str, secret: bytes, data: bytes, signature: bytes) -> bool:
    """The same for HS256 and its like."""
    return hmac.compare_digest(sign_shared(alg, secret, data), signature)
