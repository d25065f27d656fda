"""Other pools than were recorded, and requests that were recorded while others were in flight."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases.servers import Postgres, program
from tests.e2e.databases.test_shop import causes, shop

pytestmark = pytest.mark.long
HERE = Path(__file__).parent
DRIVE = """
import json, os, threading, urllib.request
base = os.environ["CI_GATE_TARGET"]
def send(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    return json.load(urllib.request.urlopen(urllib.request.Request(base + path, data=data)))
together = threading.Barrier(4, timeout=20)
def customer(number):
    for round in range(5):
        together.wait()
        order = send("/orders", {"item": f"thing {number}", "quantity": number + round + 1,
                                 "email": f"somebody{number}@corp.test"})
        together.wait()
        send(f"/orders/{order['id']}"), send(f"/orders/{order['id']}")
threads = [threading.Thread(target=customer, args=(number,)) for number in range(4)]
for one in threads: one.start()
for one in threads: one.join()
"""
__all__ = ["shop"]


@pytest.fixture(autouse=True)
def installed() -> None:
    """Skipped where the servers are not."""
    program("initdb")
    program("redis-server")


def test_eight_connections_then_one_then_many(
    gate: Gate, postgres: Postgres, free_port: Callable[[], int]
) -> None:
    """Eight connections while recording, one and thirty-two beside the mock: the same transcript."""
    listen = free_port()
    ports = ("--out-port", "0", "--map", f"db@{listen}=postgres://127.0.0.1:{postgres.port}")
    command = ("--", sys.executable, str(HERE / "asyncpg_client.py"))
    env = {"ADDRESS": f"127.0.0.1:{listen}"}
    recorded = gate("record", "--out", "snap", *ports, *command, **env, POOL="8")
    assert recorded.code == 0, recorded.text
    postgres.stop()
    for size in ("1", "32"):
        played = gate("mock", "--in", "snap", *ports, *command, **env, POOL=size)
        assert (played.code, played.out) == (0, recorded.out), played.text
        assert "0 not recorded, 0 recorded and never called" in played.err


@pytest.mark.parametrize("shop", [DRIVE], indirect=True)
def test_four_requests_in_flight(shop: Gate) -> None:
    """Recorded four at a time, replayed one after the other: nothing differs; a changed value does."""
    done = shop("run", "--out", "run")
    assert done.code == 0, done.text
    counts = shop.result()["runs"][0]["counts"]
    assert counts["answered"] == counts["total"] == 60
    done = shop("run", "--out", "broken", BREAK="bind value")
    assert done.code == 1, done.text
    assert any("INSERT orders (db)" in title for title, _ in causes(shop, "broken")), done.text
