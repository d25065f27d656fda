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

from ci_gate.values.signing import (
    fits,
    half_hash,
    is_shared,
    key_like,
    key_set,
    public_like,
    sign,
    sign_shared,
    verifies,
    verifies_shared,
    with_keys,
)
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


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_shared_secrets(alg: str) -> None:
    """PyJWT verifies what we sign with a secret, and we what it signs."""
    secret = b"a secret that is long enough for every one of these algorithms, surely"
    assert is_shared(alg)
    token = read_token(jwt.encode({"sub": "ada"}, secret, alg))
    assert token is not None
    data = token.signed.encode()
    signature = sign_shared(alg, secret, data)
    assert encoded(signature) == token.signature
    assert verifies_shared(alg, secret, data, signature)
    assert not verifies_shared(alg, b"another", data, signature)


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


@pytest.mark.parametrize(
    ("jwk", "alg", "expected"),
    [
        ({"kty": "RSA"}, "RS256", True),
        ({"kty": "RSA"}, "PS512", True),
        ({"kty": "RSA", "alg": "RS256"}, "RS512", False),
        ({"kty": "RSA", "use": "enc"}, "RS256", False),
        ({"kty": "RSA"}, "ES256", False),
        ({"kty": "RSA"}, "RS1", False),
        ({"kty": "EC", "crv": "P-256"}, "ES384", False),
        ({"kty": "OKP", "crv": "Ed25519"}, "EdDSA", True),
        ({"kty": "OKP", "crv": "X25519"}, "EdDSA", False),
        ({"kty": "oct", "k": "AA"}, "HS256", False),
    ],
)
def test_which_key_is_for_which_algorithm(jwk: dict[str, Any], alg: str, expected: bool) -> None:
    """By kind, curve, use and the algorithm that the key names."""
    assert fits(jwk, alg) is expected


def test_kinds_that_sign_nothing_have_no_key() -> None:
    """A symmetric key, a curve for agreement, a kind of tomorrow."""
    for jwk in ({"kty": "oct"}, {"kty": "OKP", "crv": "X25519"}, {"kty": "AKP"}, {"kty": "EC"}):
        assert key_like(jwk) is None


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b'{"keys": 1, "kty": 1}', b'{"keys": ["kty"]}', b'{"keys": [{"kty": 1}]}'),
        *(b'["keys", "kty"]', b'{"keys": [{"kty": "RSA"}', b'{"keys"' + b"[" * 5000 + b'"kty"'),
    ],
)
def test_what_is_no_key_set(body: bytes) -> None:
    """Other bodies have no keys, whatever they hold."""
    assert key_set(body) == ()
    assert key_set(None) == ()


def test_keys_of_a_set_are_replaced() -> None:
    """The keys, and nothing beside them."""
    body = b'{"keys": [{"kty": "RSA", "kid": "a"}, {"kty": "EC", "kid": "b"}], "issuer": "x"}'
    assert [one["kid"] for one in key_set(body)] == ["a", "b"]
    new = with_keys(body, ({"kty": "RSA", "kid": "c"}, {"kty": "EC", "kid": "d"}))
    assert json.loads(new) == {
        "keys": [{"kty": "RSA", "kid": "c"}, {"kty": "EC", "kid": "d"}],
        "issuer": "x",
    }


def test_the_hash_of_an_access_token() -> None:
    """The left half of the hash that the identity token's algorithm uses."""
    digest = hashlib.sha256(b"token").digest()
    assert half_hash("RS256", "token") == base64.urlsafe_b64encode(digest[:16]).decode().strip("=")
    assert len(half_hash("ES512", "token")) == 43
    assert len(half_hash("EdDSA", "token")) == 43
