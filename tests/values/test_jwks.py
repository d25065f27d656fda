"""Public keys in the sets that providers tell, and what shared secrets sign."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import jwt
import pytest

from ci_gate.values.jwks import fits, is_shared, key_set, sign_shared, verifies_shared, with_keys
from ci_gate.values.tokens import encoded, read_token


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


def test_no_cryptography() -> None:
    """An import loads none: it takes seven megabytes."""
    code = (
        "import sys; import ci_gate.gate.importing;"
        "sys.exit('cryptography.hazmat.primitives.asymmetric.rsa' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
