"""A service that knows its callers by tokens: keys by OpenID discovery, a secret of its own, webhooks.

Written as services are: Flask, PyJWT and its PyJWKClient. IDENTITY names a fault, which makes it a
service that somebody has changed.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import time
import urllib.parse
import urllib.request
from typing import Any

import jwt
from flask import Flask, Response, jsonify, redirect, request

IDP = os.environ["IDP_URL"]
SECRET = os.environ.get("JWT_SECRET", "a secret that nobody has set, long enough")
HOOK = os.environ.get("HOOK_SECRET", "")
FAULT = os.environ.get("IDENTITY", "")
app = Flask(__name__)


def fetch(path: str, data: dict[str, str] | None = None) -> Any:
    """What the identity provider says."""
    body = urllib.parse.urlencode(data).encode() if data is not None else None
    with urllib.request.urlopen(IDP + path, data=body, timeout=10) as answer:
        return json.load(answer)


@functools.cache
def keys() -> tuple[str, jwt.PyJWKClient]:
    """The issuer and its keys, by discovery."""
    told = fetch("/.well-known/openid-configuration")
    return told["issuer"], jwt.PyJWKClient(told["jwks_uri"])


def claims(token: str, audience: str = "shop") -> dict[str, Any]:
    """The claims of a token of the identity provider."""
    if FAULT == "trusting":
        return jwt.decode(token, options={"verify_signature": False})
    issuer, client = keys()
    key = client.get_signing_key_from_jwt(token)
    algorithms = ["RS256", "PS256", "ES256", "EdDSA"]
    expiry = {"verify_exp": FAULT != "lasting"}
    return jwt.decode(token, key, algorithms, expiry, audience=audience, issuer=issuer)


def bearer() -> str:
    """The token of the request."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


@app.errorhandler(jwt.PyJWTError)
def refused(error: Exception) -> tuple[Response, int]:
    """A bad token, and why."""
    return jsonify(error=type(error).__name__), 401


@app.get("/healthz")
def healthz() -> str:
    """Ready."""
    return "ok"


@app.get("/me")
def me() -> Response:
    """Who calls, and what the provider knows of them: the token goes there as it came."""
    found = claims(bearer())
    known = fetch(f"/users/{found['sub']}?token={bearer()}")
    return jsonify(sub=found["sub"], email=found["email"], level=known["level"])


@app.get("/orders")
def orders() -> Response:
    """The same by a cookie."""
    return jsonify(orders=[1, 2, 3], of=claims(request.cookies.get("access", ""))["sub"])


@app.post("/callback")
def callback() -> Response:
    """The code flow: the provider's identity token, verified; a session of our own."""
    told = fetch("/token", {"code": request.form["code"]})
    found = claims(told["id_token"])
    half = hashlib.sha256(told["access_token"].encode()).digest()[:16]
    if found["at_hash"] != jwt.utils.base64url_encode(half).decode():
        return jsonify(error="at_hash"), 401
    return session(found["sub"])


@app.post("/login")
def login() -> Response:
    """A session of our own."""
    return session(request.get_json()["user"])


def session(user: str) -> Response:
    """A token by our own secret."""
    now = int(time.time())
    held = {"sub": user, "iat": now, "exp": now + 600}
    return jsonify(token=jwt.encode(held, SECRET, "HS256"), user=user)


@app.get("/session")
def who() -> Response:
    """Whose session it is."""
    options = {"verify_signature": False} if FAULT == "trusting" else {}
    held = jwt.decode(bearer(), SECRET, ["HS256"], options)
    return jsonify(user=held["sub"])


@app.post("/hook")
def hook() -> Any:
    """A webhook in GitHub's way."""
    want = "sha256=" + hmac.new(HOOK.encode(), request.get_data(), "sha256").hexdigest()
    if FAULT != "trusting" and request.headers.get("X-Hub-Signature-256") != want:
        return jsonify(error="signature"), 401
    return jsonify(taken=request.get_json()["action"])


@app.get("/")
def index() -> Any:
    """Somewhere to go."""
    return redirect("/me")


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ["PORT"]), threaded=True)
