"""A snapshot of a service that verifies tokens, for any language's service: recorded, then aged."""

from __future__ import annotations

import datetime
import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jwt

from ci_gate.values.redaction.standins import StandIns
from ci_gate.values.tokens import found_in, moved, read_token
from tests.e2e.identity_provider import Provider

HERE = Path(__file__).parent
REAL = {"JWT_SECRET": "the real secret of production, long enough", "HOOK_SECRET": "the real hook"}
"""What the service has in its environment where it is recorded, and no snapshot may hold."""
CONFIG = """
version: 1
snapshot: snapshots/shop
service:
  name: shop
  command: {command}
  port: auto
  clock: auto
  env:
    PORT: "${{service.port}}"
    IDP_URL: "${{idp.url}}"
    JWT_SECRET: "${{secret.jwt}}"
    HOOK_SECRET: "${{secret.github}}"
  ready: {{path: /healthz, timeout: 20s}}
dependencies:
  idp: {{upstream: "{upstream}"}}
"""


def tokens(provider: Provider) -> dict[str, str]:
    """One of each kind: good ones, one out of date, one that somebody else signed."""
    good, now = provider.token(), int(time.time())
    forged = good[:-12] + ("A" if good[-12] != "A" else "B") + good[-11:]
    shared = {"sub": "carol", "iat": now - 5, "exp": now + 300}
    late = shared | {"iat": now - 900, "exp": now - 600}
    secret = REAL["JWT_SECRET"]
    return {
        "good": good,
        "forged": forged,
        "late": provider.token(age=900),
        **{kind: provider.token(f"{kind}-1") for kind in ("pss", "ec", "ed")},
        "shared": jwt.encode(shared, secret, "HS256"),
        "late-shared": jwt.encode(late, secret, "HS256"),
        "forged-shared": jwt.encode(shared, "a secret of somebody else, long enough", "HS256"),
    }


def record(gate: Any, provider: Provider, command: Sequence[str]) -> None:
    """Record the service, with its real secrets, into the gate's folder."""
    folder = gate.folder
    shutil.copy(HERE / "identity_drive.py", folder)
    (folder / "tokens.json").write_text(json.dumps(tokens(provider)), encoding="utf-8")
    text = CONFIG.format(command=json.dumps(list(command)), upstream=provider.url)
    (folder / "ci-gate.yml").write_text(text, encoding="utf-8")
    drive = f"{sys.executable} identity_drive.py"
    done = gate("record", "--in-port", "0", "--out-port", "0", "--drive", drive, **REAL)
    assert done.code == 0, done.text


def age(snapshot: Path, days: int) -> None:
    """Have a snapshot, and the tokens in it, be so many days older."""
    stand_ins = StandIns(b"of this test")
    head = json.loads((snapshot / "snapshot.json").read_text(encoding="utf-8"))
    recorded = datetime.datetime.fromisoformat(head["recorded_at"])
    before = (recorded - datetime.timedelta(days=days)).isoformat(timespec="milliseconds")
    texts = {path: path.read_text(encoding="utf-8") for path in snapshot.rglob("*.json")}
    older = {}
    for known in {one for text in texts.values() for one in found_in(text)}:
        token = read_token(known)
        assert token is not None
        older[known] = stand_ins.stand_in("jwt", moved(token, -86_400 * days).text)
    for path, text in texts.items():
        text = text.replace(head["recorded_at"], before)
        for old, new in older.items():
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")


def clocked(gate: Any, clock: str) -> None:
    """Write `service.clock` into the configuration."""
    path = gate.folder / "ci-gate.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("clock: auto", f"clock: {clock}"), encoding="utf-8")


def statuses(gate: Any) -> dict[str, list[int]]:
    """What was recorded: path -> statuses in the order of the requests."""
    found: dict[str, list[tuple[float, int]]] = {}
    for path in (gate.folder / "snapshots" / "shop" / "inbound").glob("*.json"):
        file = json.loads(path.read_text(encoding="utf-8"))
        for one in file["exchanges"]:
            route = file["route"].partition(" ")[2]
            found.setdefault(route, []).append((one["at"], one["response"]["status"]))
    return {route: [status for _, status in sorted(pairs)] for route, pairs in found.items()}


def refused(folder: Path) -> set[str]:
    """The exchanges that were recorded with 401."""
    paths = (folder / "snapshots" / "shop" / "inbound").glob("*.json")
    files = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return {
        one["id"] for file in files for one in file["exchanges"] if one["response"]["status"] == 401
    }


RECORDED = {
    "/me": [200, 200, 200, 200, 401, 401, 200],
    "/orders": [200],
    "/session": [200, 401, 401, 200, 200],
    "/callback": [200],
    "/login": [200],
    "/hook": [200, 401],
}
REQUESTS = sum(map(len, RECORDED.values()))
