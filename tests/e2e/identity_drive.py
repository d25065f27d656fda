"""What clients of the service with tokens do; a file of the folder has the tokens."""

from __future__ import annotations

import hmac
import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

BASE = os.environ["CI_GATE_TARGET"]
TOKENS = json.loads(Path("tokens.json").read_text(encoding="utf-8"))
SEND = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def send(path: str, body: bytes | None = None, **headers: str) -> Any:
    """Ask the service, with `User_Agent` for User-Agent; its answer, also a refusal."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(BASE + path, data=body, headers=named)
    try:
        with SEND(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.read()


def by(token: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


for name in ("good", "pss", "ec", "ed", "late", "forged", "good"):
    send("/me", **by(TOKENS[name]))
send("/orders", Cookie=f"theme=dark; access={TOKENS['good']}")
for name in ("shared", "late-shared", "forged-shared"):
    send("/session", **by(TOKENS[name]))
session = send("/callback", b"code=4e5f6a7b8c9d")["token"]
send("/session", **by(session))
session = send("/login", b'{"user":"bob"}', Content_Type="application/json")["token"]
send("/session", **by(session))
HOOK = b'{"action":"opened","number":41}'
for secret in (os.environ["HOOK_SECRET"], "another"):
    digest = hmac.new(secret.encode(), HOOK, "sha256").hexdigest()
    said = {"Content_Type": "application/json", "X_Hub_Signature_256": f"sha256={digest}"}
    send("/hook", HOOK, **said)
