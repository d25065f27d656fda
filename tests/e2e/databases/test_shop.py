"""A service over PostgreSQL and Redis, gated with neither running."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.servers import Postgres, Redis

CONFIG = """
version: 1
snapshot: snap
service:
  name: shop
  command: [{python}, shop.py]
  port: auto
  env:
    PORT: "${{service.port}}"
    DATABASE_URL: "postgresql://postgres@${{db.address}}/postgres"
    REDIS_URL: "redis://${{cache.address}}/0"
    BREAK: "${{env.BREAK:-}}"
  ready: {{path: /healthz, timeout: 30s}}
dependencies:
  db: {{protocol: postgres, upstream: "127.0.0.1:{postgres}"}}
  cache: {{protocol: redis, upstream: "127.0.0.1:{redis}"}}
"""

DRIVE = """
import json, os, urllib.error, urllib.request
base = os.environ["CI_GATE_TARGET"]
def send(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    try:
        return json.load(urllib.request.urlopen(urllib.request.Request(base + path, data=data)))
    except urllib.error.HTTPError as error:
        return error.code
for number in range(3):
    order = send("/orders", {"item": f"thing {number}", "quantity": number + 1,
                             "email": f"somebody{number}@corp.test"})
    send(f"/orders/{order['id']}"), send(f"/orders/{order['id']}")
send("/orders/9999")
"""

REGRESSIONS = {
    "dropped insert": ("INSERT audit (db)", "missing"),
    "bind value": ("INSERT orders (db)", "changed"),
    "n+1": ("SELECT orders (db)", "repeated"),
    "no transaction": ("INSERT orders (db) left its transaction", "changed"),
    "own transaction": ("INSERT audit (db) left its transaction", "changed"),
    "stale cache": ("DEL order:{id} (cache)", "missing"),
    "no cache": ("order:{id} (cache)", ""),
    "another meaning": ("SELECT orders (db)", ""),
}


@pytest.fixture
def shop(request: pytest.FixtureRequest, gate: Gate, postgres: Postgres, redis: Redis) -> Gate:
    """The recorded shop; its databases are stopped. Its parameter drives it in another way."""
    shutil.copy(Path(__file__).with_name("shop.py"), gate.folder)
    (gate.folder / "drive.py").write_text(getattr(request, "param", DRIVE), encoding="utf-8")
    text = CONFIG.format(python=sys.executable, postgres=postgres.port, redis=redis.port)
    (gate.folder / "ci-gate.yml").write_text(text, encoding="utf-8")
    ports = ("--in-port", "0", "--out-port", "0")
    done = gate("record", *ports, "--drive", f"{sys.executable} drive.py")
    assert done.code == 0, done.text
    postgres.stop()
    redis.stop()
    return gate


def causes(gate: Gate, out: str = "run") -> list[tuple[str, str]]:
    """Title and kind of change of every cause."""
    found: list[dict[str, Any]] = gate.result(out)["causes"]
    return [(one["title"], one["change"]) for one in found]


def migrate(shop: Gate) -> None:
    """Migrations that the change brings are done and one cause, until they are accepted."""
    title = (
        "migration at startup (db): CREATE shop_migrations, ALTER orders, INSERT alembic_version"
    )
    done = shop("run", "--out", "run", BREAK="migration")
    assert (done.code, causes(shop)) == (1, [(title, "migration")]), done.text
    done = shop("accept", "--yes", "--reason", "notes on orders", "run", "C1")
    assert done.code == 0, done.text
    shutil.rmtree(shop.folder / "run")
    done = shop("run", "--out", "run", BREAK="migration")
    assert (done.code, causes(shop)) == (0, []), done.text
    shutil.rmtree(shop.folder / "run")


def leave_transaction(shop: Gate) -> None:
    """That a write is no longer in a transaction with another is accepted like any other change."""
    assert shop("run", "--out", "run", BREAK="own transaction").code == 1
    done = shop("accept", "--yes", "--reason", "audited apart", "run", "C1")
    assert done.code == 0, done.text
    shutil.rmtree(shop.folder / "run")
    done = shop("run", "--out", "run", BREAK="own transaction")
    assert (done.code, causes(shop)) == (0, []), done.text
    shutil.rmtree(shop.folder / "run")


def keep_state(shop: Gate) -> None:
    """With a cache that keeps state, reads are as they come and writes are compared all the same."""
    config = shop.folder / "ci-gate.yml"
    text = config.read_text(encoding="utf-8")
    strict = "cache: {protocol: redis,"
    assert strict in text
    config.write_text(text.replace(strict, f"{strict} mode: stateful,"), encoding="utf-8")
    done = shop("run", "--out", "run", BREAK="read twice")
    assert done.code == 0, done.text
    shutil.rmtree(shop.folder / "run")
    done = shop("run", "--out", "run", BREAK="stale cache")
    assert ("DEL order:{id} (cache) no longer called", "missing") in causes(shop), done.text
    shutil.rmtree(shop.folder / "run")


def test_the_shop_without_its_databases(shop: Gate) -> None:
    """Unchanged it passes, and in other words too, which it is told; each regression is red and
    named, also behind equal answers; no value that a person gave is in any file."""
    for how in ("", "commented", "rewritten"):
        done = shop("run", "--out", "run", BREAK=how)
        assert done.code == 0, (how, done.text)
        assert shop.result()["runs"][0]["counts"]["total"] == 10
        told = [("SELECT orders (db): written in another way, with the same meaning", "rewritten")]
        assert causes(shop) == (told if how == "rewritten" else [])
        shutil.rmtree(shop.folder / "run")
    for how, (title, change) in REGRESSIONS.items():
        done = shop("run", "--out", "run", BREAK=how)
        assert done.code == 1, (how, done.text)
        found = causes(shop)
        assert any(title in told and change in (kind, "") for told, kind in found), (how, found)
        shutil.rmtree(shop.folder / "run")
    keep_state(shop)
    leave_transaction(shop)
    migrate(shop)
    for path in (shop.folder / "snap").rglob("*.json"):
        assert "@corp.test" not in path.read_text(encoding="utf-8")
