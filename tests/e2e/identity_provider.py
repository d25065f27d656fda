"""An identity provider for tests: discovery, keys, tokens, and what it knows of its users."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER = "https://idp.example/"


def certified(key: Any) -> dict[str, object]:
    """What a provider adds for a key that it has a certificate for."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )
    digest = base64.urlsafe_b64encode(hashlib.sha256(made).digest()).decode().rstrip("=")
    return {"x5c": [base64.b64encode(made).decode()], "x5t#S256": digest}


class Provider:
    """Its keys, one a kind, made when it starts."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[str, Any]] = {
            "rsa-1": ("RS256", rsa.generate_private_key(65537, 2048)),
            "pss-1": ("PS256", rsa.generate_private_key(65537, 2048)),
            "ec-1": ("ES256", ec.generate_private_key(ec.SECP256R1())),
            "ed-1": ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
        }
        self.url = ""

    def token(self, kid: str = "rsa-1", age: int = 5, life: int = 300, **more: object) -> str:
        """A token made `age` seconds ago."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": "shop",
            "sub": "u-20817",
            "email": "jane@mail.example",
            "iat": now - age,
            "nbf": now - age,
            "exp": now - age + life,
            **more,
        }
        algorithm, key = self.keys[kid]
        return jwt.encode(claims, key, algorithm, headers={"kid": kid})

    def answer(self, path: str) -> object:
        """What it says at a path."""
        path = path.partition("?")[0]
        if path == "/.well-known/openid-configuration":
            return {"issuer": ISSUER, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys":
            return {"keys": [self._public(kid) for kid in self.keys]}
        if path == "/token":
            access = self.token(scope="read")
            half = hashlib.sha256(access.encode()).digest()[:16]
            at_hash = base64.urlsafe_b64encode(half).decode().rstrip("=")
            return {
                "access_token": access,
                "id_token": self.token(age=0, at_hash=at_hash),
                "expires_in": 300,
            }
        return {"level": "gold", "user": path.rpartition("/")[2]}

    def _public(self, kid: str) -> dict[str, object]:
        algorithm, key = self.keys[kid]
        kinds = {"RS": RSAAlgorithm, "PS": RSAAlgorithm, "ES": ECAlgorithm, "Ed": OKPAlgorithm}
        told = json.loads(kinds[algorithm[:2]].to_jwk(key.public_key()))
        certificate = certified(key) if kid == "rsa-1" else {}
        return {**told, "kid": kid, "use": "sig", "alg": algorithm, **certificate}


@contextmanager
def provider() -> Iterator[Provider]:
    """One that answers on a free port."""
    held = Provider()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            data = json.dumps(held.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.url = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
