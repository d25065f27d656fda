"""What services hear without having published it."""

from __future__ import annotations

from ci_gate.codecs.base import Published, Pushed, Side
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.recording import Recording as PostgresTap
from ci_gate.codecs.redis.conversation import Recording as RedisTap
from ci_gate.codecs.redis.resp import command, dump
from ci_gate.recorder import pushes
from ci_gate.recorder.pushes import Pushes
from tests.codecs.postgres.said_as_bytes import READY, STARTUP, query

C, S = Side.CLIENT, Side.SERVER


def test_only_what_others_have_published_is_told() -> None:
    """With its number, by dependency; what the service published itself the mock can tell, too."""
    known = Pushes()
    known.heard("db", Pushed(b"jobs", b"1"))
    known.heard("db", Published(b"jobs", b"1"))
    known.heard("cache", Published(b"jobs", b"2"))
    assert known.warnings() == ()
    for _ in range(2):
        known.heard("db", Pushed(b"jobs", b"2"))
    (warning,) = known.warnings()
    assert warning.startswith("db: 2 messages that the service heard without publishing them")


def test_a_flood_says_nothing() -> None:
    """A service that publishes more than can be told apart is not told what it did not publish."""
    known = Pushes()
    for number in range(pushes.LARGEST + 1):
        known.heard("db", Published(b"jobs", b"%d" % number))
    known.heard("db", Pushed(b"jobs", b"%d" % pushes.LARGEST))
    assert known.warnings() == ()


def test_taps_tell_both() -> None:
    """PostgreSQL's NOTIFY and NotificationResponse, Redis's PUBLISH and message."""
    tap = PostgresTap()
    tap.feed(C, STARTUP, 0)
    tap.feed(S, READY, 0)
    assert Published(b"jobs", b"7") in tap.feed(C, query(b"NOTIFY jobs, '7'"), 0)
    told = frame(b"A", b"\0\0\0\1jobs\0" + b"7\0")
    assert tap.feed(S, told, 0) == [Pushed(b"jobs", b"7")]
    cache = RedisTap()
    cache.feed(C, command((b"SUBSCRIBE", b"jobs")), 0)
    cache.feed(S, dump([b"subscribe", b"jobs", 1]), 0)
    assert Pushed(b"jobs", b"7") in cache.feed(S, dump([b"message", b"jobs", b"7"]), 0)
    said = RedisTap().feed(C, command((b"PUBLISH", b"jobs", b"7")), 0)
    assert Published(b"jobs", b"7") in said
