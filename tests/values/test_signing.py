"""Keys of a run in the place of recorded ones, and signatures that PyJWT accepts."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from ci_gate.values.jwks import fits
from ci_gate.values.signing import half_hash, key_like, public_like, sign, verifies
from ci_gate.values.tokens import encoded, read_token

RSA = rsa.generate_private_key(65537, 2048)
CURVES = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
    "ES256K": ec.SECP256K1(),
}
ALGORITHMS = [
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", *CURVES, "EdDSA", "Ed448"),
]


def private(alg: str) -> Any:
    """A key of somebody else's for an algorithm."""
    if alg in CURVES:
        return ec.generate_private_key(CURVES[alg])
    if alg == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    return ed25519.Ed25519PrivateKey.generate() if alg == "EdDSA" else RSA


def jwk_of(alg: str, key: Any) -> dict[str, Any]:
    """Its public half as PyJWT writes it, with what providers add."""
    maker: Any = RSAAlgorithm if alg[1] == "S" and alg[0] in "RP" else OKPAlgorithm
    maker = ECAlgorithm if alg in CURVES else maker
    told = json.loads(maker.to_jwk(key.public_key()))
    told.pop("key_ops", None)
    name = "EdDSA" if alg == "Ed448" else alg
    return {**told, "kid": "k1", "use": "sig", "alg": name, "x5c": ["MII"], "x5t": "t", "own": 1}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_run_key_takes_the_place_of_a_recorded_one(alg: str) -> None:
    """PyJWT verifies what our key signed by the public key we tell; the recorded one does not."""
    name = "EdDSA" if alg == "Ed448" else alg
    recorded = jwk_of(alg, private(alg))
    assert fits(recorded, name)
    key = key_like(recorded)
    assert key is not None
    told = public_like(recorded, key)
    assert {n: told[n] for n in ("kty", "kid", "use", "alg", "own")} == {
        n: recorded[n] for n in ("kty", "kid", "use", "alg", "own")
    }
    assert not {"x5c", "x5t"} & told.keys()
    head = encoded(json.dumps({"alg": name, "kid": "k1"}).encode())
    claims = encoded(json.dumps({"sub": "ada"}).encode())
    data = f"{head}.{claims}".encode()
    signature = sign(name, key, data)
    text = f"{data.decode()}.{encoded(signature)}"
    assert jwt.decode(text, jwt.PyJWK(told), [name])["sub"] == "ada"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(text, jwt.PyJWK(recorded), [name])
    assert verifies(name, told, data, signature)
    assert not verifies(name, recorded, data, signature)
    assert not verifies(name, told, data + b"x", signature)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_signatures_of_others_are_verified(alg: str) -> None:
    """A token that PyJWT signed verifies by its key, and not when a letter is another."""
    name = "EdDSA" if alg == "Ed448" else alg
    key = private(alg)
    token = read_token(jwt.encode({"sub": "ada"}, key, name))
    assert token is not None
    signature = base64.urlsafe_b64decode(token.signature + "==")
    jwk = jwk_of(alg, key)
    assert verifies(name, jwk, token.signed.encode(), signature)
    assert not verifies(name, jwk, token.signed.encode(), signature[:-1])
    assert not verifies(name, jwk, token.signed.encode(), bytes(len(signature)))


@pytest.mark.parametrize(
    "jwk",
    [
        *({"kty": "RSA"}, {"kty": "RSA", "n": "!", "e": "AQAB"}, {"kty": "RSA", "n": 1, "e": 2}),
        *({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, {"kty": "EC", "crv": "P-0"}),
        *({"kty": "OKP", "crv": "Ed25519", "x": "AA"}, {"kty": "OKP", "crv": "X25519", "x": "AA"}),
    ],
)
def test_keys_that_are_none_verify_nothing(jwk: dict[str, Any]) -> None:
    """Whatever a peer calls a key, there is no error."""
    for alg in ("RS256", "ES256", "EdDSA"):
        assert not verifies(alg, jwk, b"x", b"y")


def test_kinds_that_sign_nothing_have_no_key() -> None:
    """A symmetric key, a curve for agreement, a kind of tomorrow."""
    for jwk in ({"kty": "oct"}, {"kty": "OKP", "crv": "X25519"}, {"kty": "AKP"}, {"kty": "EC"}):
        assert key_like(jwk) is None


def test_the_hash_of_an_access_token() -> None:
    """The left half of the hash that the identity token's algorithm uses."""
    digest = hashlib.sha256(b"token").digest()
    assert half_hash("RS256", "token") == base64.urlsafe_b64encode(digest[:16]).decode().strip("=")
    assert len(half_hash("ES512", "token")) == 43
    assert len(half_hash("EdDSA", "token")) == 43
