"""Signatures of tokens: key pairs like recorded public keys, signing and verifying with them.

Sources: RFC 7517 (JWK), RFC 7518 sections 3 and 6 (algorithms), RFC 8037 (EdDSA), RFC 8812 (ES256K).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from ci_gate.values.tokens import decoded, encoded

Jwk = dict[str, Any]
PrivateKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
PublicKey = (
    rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey
)

RSA_BITS = 2048
MOST_KEYS = 64
"""Keys of one set that are looked at."""
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
}
_CURVE_OF = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "secp256k1"}
_EDWARDS = {"EdDSA": ("Ed25519", "Ed448"), "Ed25519": ("Ed25519",), "Ed448": ("Ed448",)}
_HMAC = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_MATERIAL = frozenset({"n", "e", "x", "y"})
_CERTIFICATE = frozenset({"x5c", "x5t", "x5t#S256", "x5u"})
"""Members that speak of a certificate for the recorded key; without them libraries use the key."""


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
        return bool(kty == "RSA" and alg[2:] in _HASHES)
    if alg in _CURVE_OF:
        return bool(kty == "EC" and curve == _CURVE_OF[alg])
    return bool(kty == "OKP" and curve in _EDWARDS.get(alg, ()))


def key_like(jwk: Jwk) -> PrivateKey | None:
    """A new private key of the kind of a public one; None for kinds that sign nothing."""
    kty, curve = jwk["kty"], jwk.get("crv")
    if kty == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    if kty == "EC" and curve in _CURVES:
        return ec.generate_private_key(_CURVES[curve])
    if kty == "OKP" and curve == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kty == "OKP" and curve == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    return None


def public_like(jwk: Jwk, key: PrivateKey) -> Jwk:
    """The public half of `key` in the place of a recorded one: its kid, alg, use and the like stay,
    what speaks of a certificate goes."""
    kept = {k: v for k, v in jwk.items() if k not in _MATERIAL | _CERTIFICATE}
    return kept | _material(key)


def _material(key: PrivateKey) -> Jwk:
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"n": _number(numbers.n), "e": _number(numbers.e)}
    if isinstance(public, ec.EllipticCurvePublicKey):
        size = (public.curve.key_size + 7) // 8
        point = public.public_numbers()
        return {
            "x": encoded(point.x.to_bytes(size, "big")),
            "y": encoded(point.y.to_bytes(size, "big")),
        }
    return {"x": encoded(public.public_bytes_raw())}


def _number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def sign(alg: str, key: PrivateKey, data: bytes) -> bytes:
    """The signature of `data`; `key` fits `alg`."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, _padding(alg), _HASHES[alg[2:]])
    if isinstance(key, ec.EllipticCurvePrivateKey):
        size = (key.curve.key_size + 7) // 8
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(_hash_of(alg))))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return key.sign(data)


def sign_shared(alg: str, secret: bytes, data: bytes) -> bytes:
    """The same for HS256 and its like."""
    return hmac.digest(secret, data, _HMAC[alg])


def verifies(alg: str, jwk: Jwk, data: bytes, signature: bytes) -> bool:
    """True when the owner of a public key has signed `data`. False for keys that cannot be read."""
    try:
        _verify(alg, _public(jwk), data, signature)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        return False
    return True


def verifies_shared(alg: str, secret: bytes, data: bytes, signature: bytes) -> bool:
    """The same for HS256 and its like."""
    return hmac.compare_digest(sign_shared(alg, secret, data), signature)


def _verify(alg: str, key: PublicKey, data: bytes, signature: bytes) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, data, _padding(alg), _HASHES[alg[2:]])
    elif isinstance(key, ec.EllipticCurvePublicKey):
        size = (key.curve.key_size + 7) // 8
        if len(signature) != 2 * size:
            raise InvalidSignature
        r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(_hash_of(alg)))
    else:
        key.verify(signature, data)


def _public(jwk: Jwk) -> PublicKey:
    kty, curve = jwk["kty"], jwk.get("crv")
    if kty == "RSA":
        return rsa.RSAPublicNumbers(_int(jwk["e"]), _int(jwk["n"])).public_key()
    if kty == "EC":
        return ec.EllipticCurvePublicNumbers(
            _int(jwk["x"]), _int(jwk["y"]), _CURVES[str(curve)]
        ).public_key()
    data = _bytes(jwk["x"])
    if curve == "Ed448":
        return ed448.Ed448PublicKey.from_public_bytes(data)
    return ed25519.Ed25519PublicKey.from_public_bytes(data)


def _bytes(text: object) -> bytes:
    data = decoded(text) if isinstance(text, str) else None
    if data is None:
        raise ValueError("not base64url")
    return data


def _int(text: object) -> int:
    return int.from_bytes(_bytes(text), "big")


def _hash_of(alg: str) -> hashes.HashAlgorithm:
    return _HASHES["256" if alg == "ES256K" else alg[2:]]


def _padding(alg: str) -> padding.AsymmetricPadding:
    if alg.startswith("PS"):
        chosen = _HASHES[alg[2:]]
        return padding.PSS(padding.MGF1(chosen), chosen.digest_size)
    return padding.PKCS1v15()


def half_hash(alg: str, token: str) -> str:
    """`at_hash` of an access token beside an identity token signed by `alg`: the left half of the
    hash of its text (OpenID Connect Core section 3.1.3.6)."""
    name = "sha512" if alg in ("EdDSA", "Ed25519") else f"sha{alg[2:5]}"
    digest = (
        hashlib.new(name, token.encode()).digest() if name in hashlib.algorithms_available else b""
    )
    return encoded(digest[: len(digest) // 2])
