"""Signatures of tokens: key pairs like recorded public keys, signing and verifying with them.

Sources: RFC 7517 (JWK), RFC 7518 sections 3 and 6 (algorithms), RFC 8037 (EdDSA), RFC 8812 (ES256K).
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from ci_gate.values.jwks import Jwk
from ci_gate.values.tokens import decoded, encoded

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
_MATERIAL = frozenset({"n", "e", "x", "y"})
_CERTIFICATE = frozenset({"x5c", "x5t", "x5t#S256", "x5u"})
"""Members that speak of a certificate for the recorded key; without them libraries use the key."""


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


def verifies(alg: str, jwk: Jwk, data: bytes, signature: bytes) -> bool:
    """True when the owner of a public key has signed `data`. False for keys that cannot be read."""
    try:
        _verify(alg, _public(jwk), data, signature)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        return False
    return True


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
