"""What other processes tell a service by its databases comes from the mock, when it came then."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import psycopg
import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.servers import Postgres, Redis

pytestmark = pytest.mark.long
CONFIG = """
version: 1
snapshot: snap
service:
  name: listening
  command: [{python}, listening.py]
  port: auto
  env:
    PORT: "${{service.port}}"
    DATABASE_URL: "postgresql://postgres@${{db.address}}/postgres"
    REDIS_URL: "redis://${{cache.address}}/0"
    BREAK: "${{env.BREAK:-}}"
dependencies:
  db: {{protocol: postgres, upstream: "127.0.0.1:{postgres}"}}
  cache: {{protocol: redis, upstream: "127.0.0.1:{redis}"}}
"""
DRIVE = """
import json, os, threading, time, urllib.request
import psycopg, redis
base = os.environ["CI_GATE_TARGET"]
def send(path):
    return json.load(urllib.request.urlopen(base + path))
db = psycopg.connect("postgresql://postgres@127.0.0.1:{postgres}/postgres", autocommit=True)
def price(value):
    before = db.execute("select count(*) from heard").fetchone()
    db.execute("select pg_notify('prices', %s)", (value,))
    while db.execute("select count(*) from heard").fetchone() == before: time.sleep(0.01)
print(send("/price"))
price("12.50 for ada@corp.test")
print(send("/price"))
price("13")
price("14")
print(send("/price"))
waits = threading.Thread(target=lambda: print(send("/wait")))
waits.start()
time.sleep(0.3)  # the request is on its way; it gets the same where it comes later
redis.Redis(port={redis}).publish("done:7", "seven")
waits.join()
print(send("/price"))
"""


def test_what_others_publish(gate: Gate, postgres: Postgres, redis: Redis) -> None:
    """Between requests, more than once, and in the middle of a request that waits for it; what the
    service does of it is compared, a service that no longer listens is red, and no value of
    anybody's is in the snapshot."""
    shutil.copy(Path(__file__).with_name("listening.py"), gate.folder)
    where = f"postgresql://postgres@127.0.0.1:{postgres.port}/postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute("create table heard (price text)")
    ports = {"postgres": postgres.port, "redis": redis.port}
    (gate.folder / "drive.py").write_text(DRIVE.format(**ports), encoding="utf-8")
    text = CONFIG.format(python=sys.executable, **ports)
    (gate.folder / "ci-gate.yml").write_text(text, encoding="utf-8")
    proxies = ("--in-port", "0", "--out-port", "0")
    done = gate("record", *proxies, "--drive", f"{sys.executable} drive.py")
    assert done.code == 0, done.text
    assert "without publishing" not in done.text
    postgres.stop()
    redis.stop()
    for _ in range(3):
        done = gate("run", "--out", "run")
        assert done.code == 0, done.text
        assert gate.result()["runs"][0]["counts"]["total"] == 5
        shutil.rmtree(gate.folder / "run")
    done = gate("learn")
    assert done.code == 0, done.text
    assert gate("run", "--out", "run").code == 0
    shutil.rmtree(gate.folder / "run")
    done = gate("run", "--out", "run", BREAK="deaf")
    assert done.code == 1, done.text
    changes = {one["change"] for one in gate.result()["causes"]}
    assert "missing" in changes, done.text
    for path in (gate.folder / "snap").rglob("*.json"):
        assert "ada@corp.test" not in path.read_text(encoding="utf-8")
