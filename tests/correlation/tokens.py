"""A recording with an identity provider: its keys, clients' tokens, and how the service took them."""

from __future__ import annotations

import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from ci_gate.codecs.registry import codec
from ci_gate.correlation.identity import Identity, RunKey, RunSecret, needed_keys, recorded_tokens
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Message, Part
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.values.redaction.standins import StandIns
from ci_gate.values.signing import key_like
from ci_gate.values.webhooks import Signing

START = 1_790_000_000
"""Seconds since 1970 at which the recording began."""
RECORDED_AT = "2026-09-21T14:13:20+00:00"
SECRET = b"the secret of this run, as long as it has to be"
KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
_STAND_INS = StandIns(b"k" * 32)


def public(key: Any, kid: str) -> dict[str, Any]:
    """A key as a key set tells it."""
    return {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "alg": "RS256"}


def token(alg: str = "RS256", kid: str = "k1", **claims: Any) -> str:
    """A token as a snapshot holds it: made 10 s before the recording, good for 300 s."""
    held = {"sub": "ada", "iat": START - 10, "exp": START + 290, **claims}
    key: Any = {"RS256": KEY, "none": None}.get(alg, b"what nobody has written down anywhere")
    headers = {"kid": kid} if kid else {}
    return _STAND_INS.stand_in("jwt", jwt.encode(held, key, alg, headers))


def parts_of(_: Exchange, message: Message) -> tuple[Part, ...]:
    """By the HTTP codec."""
    return codec("http").places(message)


def asked(id_: str, text: str, status: int = 200, at: float = 0.0, **more: Any) -> Exchange:
    """An inbound request with a bearer token, and how it was answered."""
    headers = ((b"Authorization", b"Bearer " + text.encode()),)
    fields: dict[str, Any] = {"route": "GET /me", **more}
    return Exchange(
        id=id_,
        at=at,
        request=HttpRequest("GET", b"/me", headers),
        response=HttpResponse(status),
        **fields,
    )


def told(body: object, id_: str = "o1", at: float = 0.0, **more: Any) -> Exchange:
    """What the provider answered."""
    return Exchange(
        id=id_,
        dependency="idp",
        route="GET /keys",
        at=at,
        request=HttpRequest("GET", b"/keys"),
        response=HttpResponse(200, body=json.dumps(body).encode()),
        groups=("startup",),
        **more,
    )


KEYS = told({"keys": [public(KEY, "k1"), public(OTHER, "k2")]})


def recording(*exchanges: Exchange) -> Snapshot:
    """All of it, with the keys."""
    return Snapshot(
        origin=Origin(service="shop", recorded_at=RECORDED_AT),
        dependencies=(Dependency(name="idp"),),
        inbound=tuple(one for one in exchanges if one.inbound),
        outbound=(KEYS, *(one for one in exchanges if not one.inbound)),
    )


def identity(snapshot: Snapshot, secret: bytes | None = None) -> Identity:
    """The identity of a run, with a secret for tokens."""
    keys = []
    for jwk in needed_keys(snapshot, recorded_tokens(snapshot).values()):
        key = key_like(jwk)
        assert key is not None
        keys.append(RunKey(jwk, key))
    jwt_secret = Signing(secret="jwt", form="jwt")
    secrets = [RunSecret(jwt_secret, secret.decode())] if secret is not None else []
    return Identity(snapshot, parts_of, keys, secrets)


def bearer(message: Message) -> str:
    """The token of a request."""
    assert isinstance(message, HttpRequest)
    return dict(message.headers)[b"Authorization"].decode().removeprefix("Bearer ")


def live_keys(run: Identity) -> dict[str, dict[str, Any]]:
    """The keys that the mock tells, by kid."""
    response = run.answered(KEYS).response
    assert isinstance(response, HttpResponse)
    assert isinstance(response.body, bytes)
    return {one["kid"]: one for one in json.loads(response.body)["keys"]}


def verified(run: Identity, text: str, kid: str = "k1") -> dict[str, Any]:
    """The claims of a live token, when PyJWT verifies it by the mocked key set, whatever the time."""
    key = jwt.PyJWK(live_keys(run)[kid])
    whenever = {"verify_exp": False, "verify_iat": False}
    found: dict[str, Any] = jwt.decode(text, key, ["RS256"], whenever)
    return found
