"""What real writers write varies, is learned from three replays, and holds for every later run."""

from __future__ import annotations

import base64
import datetime
import json
import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.held import Context, Varying
from ci_gate.diff.noise.learn import learn_message
from ci_gate.model.message import HttpResponse, Part

CODEC = Http1()
START = datetime.datetime(2026, 5, 1, 10, tzinfo=datetime.UTC)
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
Draw = Callable[[random.Random], Any]


def moment(draw: random.Random) -> datetime.datetime:
    """Some time within a month."""
    seconds = draw.randrange(30 * 86_400)
    return START + datetime.timedelta(seconds=seconds, microseconds=draw.randrange(10**6))


def url64(draw: random.Random, size: int) -> str:
    """Random bytes in base64url without padding."""
    return base64.urlsafe_b64encode(draw.randbytes(size)).decode().rstrip("=")


def nano(draw: random.Random) -> str:
    """As Go writes RFC 3339: zeros at the end of the fraction are dropped."""
    fraction = f".{draw.randrange(10**9):09d}".rstrip("0").rstrip(".")
    return f"{moment(draw):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def session(draw: random.Random) -> str:
    """A signed cookie: JSON in base64, a time and a signature."""
    payload = base64.urlsafe_b64encode(
        json.dumps({"csrf": f"{draw.getrandbits(160):040x}"}).encode()
    )
    return f"{payload.decode().rstrip('=')}.{url64(draw, 4)}.{url64(draw, 20)}"


WRITERS: dict[str, Draw] = {
    "uuid": lambda d: str(uuid.UUID(int=d.getrandbits(128), version=4)),
    "hex": lambda d: f"{d.getrandbits(64):016x}",
    "hex without zeros": lambda d: f"{d.getrandbits(44):x}-{d.getrandbits(48):x}",
    "base64": lambda d: base64.b64encode(d.randbytes(16)).decode(),
    "base64url": lambda d: url64(d, 32),
    "prefixed token": lambda d: "req_" + url64(d, 9),
    "letters and digits": lambda d: "".join(d.choice(LETTERS) for _ in range(25)),
    "code": lambda d: f"{d.randrange(10**6):06d}",
    "number in a text": lambda d: f"127.0.0.1:{d.randrange(32768, 60999)}",
    "integer": lambda d: d.randrange(10**6),
    "duration": lambda d: d.expovariate(200),
    "nanoseconds": nano,
    "isoformat": lambda d: moment(d).isoformat(),
    "milliseconds": lambda d: moment(d).isoformat(timespec="milliseconds")[:23] + "Z",
    "epoch": lambda d: moment(d).timestamp(),
    "http date": lambda d: f"{moment(d):%a, %d %b %Y %H:%M:%S} GMT",
    "link": lambda d: f"/orders/{uuid.UUID(int=d.getrandbits(128), version=4)}/items?t=1",
    "log line": lambda d: f"took {d.random():.3f} s at {nano(d)} for {d.getrandbits(64):016x}",
    "page": lambda d: f'<form><input name="c" value="{url64(d, 32)}"><p>fine</p></form>',
    "session": session,
    "trace": lambda d: f"00-{d.getrandbits(128):032x}-{d.getrandbits(64):016x}-01",
    "order": lambda d: d.sample([{"id": n, "n": "x"} for n in range(6)], 6),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_hundred_runs(writer: str) -> None:
    """Ten services with a value of this kind, a hundred runs each: none is red."""
    draw = random.Random(writer)

    def said() -> tuple[Part, ...]:
        body = json.dumps({"v": WRITERS[writer](draw)}).encode()
        return CODEC.places(HttpResponse(200, b"", ((b"Content-Type", b"application/json"),), body))

    for _ in range(10):
        recorded, *replays = [said() for _ in range(4)]
        learned = learn_message("response", recorded, replays)
        assert learned.unexplained == ()
        assert learned.rebased == ()
        for _ in range(100):
            varying = Varying(learned.noise, "response", Context())
            masks = Masks().with_varying(varying)
            assert compare("response", recorded, said(), masks, Equality()) == ()
