"""What services hear without having published it, and what it followed."""

from __future__ import annotations

from ci_gate.codecs.base import Published, Pushed, Side
from ci_gate.codecs.postgres.frames import frame
from ci_gate.codecs.postgres.recording import Recording as PostgresTap
from ci_gate.codecs.pushing import as_message, published_by
from ci_gate.codecs.redis.conversation import Recording as RedisTap
from ci_gate.codecs.redis.resp import command, dump
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import HttpRequest, Message, RedisCommand
from ci_gate.recorder import pushes
from ci_gate.recorder.pushes import Foreign, Pushes, attached
from tests.codecs.postgres.said_as_bytes import READY, query
from tests.codecs.postgres.said_as_bytes import STARTUP as HELLO

C, S = Side.CLIENT, Side.SERVER
MS = 1_000_000


def heard(known: Pushes, data: bytes, at: int = 0, connection: int = 1, by: bytes = b"") -> None:
    """The service hears something on a connection."""
    known.pushed("cache", "redis", connection, Pushed(b"jobs", data, by, at))


def test_only_what_others_have_published_is_told() -> None:
    """Once, whoever heard of it, in order of time; what the service published the mock tells."""
    known = Pushes()
    heard(known, b"own")
    known.published("cache", Published(b"jobs", b"own"))
    known.published("db", Published(b"jobs", b"2"))
    for at in (7, 9):
        heard(known, b"2", at)
        heard(known, b"2", at + 1, connection=2)
        heard(known, b"2", at, by=b"jo*")
    heard(known, b"1", 3)
    told = [(one.at, *published_by(one.message)) for one in known.foreign()]
    first, again = Published(b"jobs", b"1"), Published(b"jobs", b"2")
    assert told == [(3, first), (7, again), (9, again)]
    assert known.warning() == ""


def test_a_flood_is_not_kept() -> None:
    """More than can be told apart, or than is to be held in memory: nothing is, and that is said."""
    many = Pushes()
    for number in range(pushes.LARGEST + 1):
        many.published("cache", Published(b"jobs", b"%d" % number))
    heard(many, b"%d" % pushes.LARGEST)
    large = Pushes()
    for number in range(5):
        heard(large, b"%d" % number * (1 << 20))
    for known in (many, large):
        assert known.foreign() == ()
        assert "none that another process sent will come" in known.warning()


def made(id_: str, at: float, took: float, *groups: str) -> Exchange:
    """An inbound exchange, or a call of a group."""
    request: Message = RedisCommand() if groups else HttpRequest("GET", b"/")
    dependency = "cache" if groups else ""
    return Exchange(
        id=id_, route="", request=request, at=at, took=took, dependency=dependency, groups=groups
    )


def test_each_is_kept_with_what_it_followed() -> None:
    """A call that was answered or, as triggers are quick, is about to be; or a request that began or
    ended; not with what nobody caused, nor with what is asked about a session; and clean. What came
    before all is told of."""
    exchanges = (
        made("start", 10, 1, STARTUP),
        made("a", 100, 50),
        made("call", 110, 5, "a"),
        made("describe", 117, 1, STARTUP),
        made("job", 160, 1, BACKGROUND),
    )
    foreign = [
        Foreign((1000 + at) * MS, "cache", as_message("redis", Pushed(b"jobs", b"secret %d" % at)))
        for at in (5, 12, 104, 113, 120, 130, 170)
    ]

    def clean(_: str, message: Message) -> Message:
        (told,) = published_by(message)
        return as_message("redis", Pushed(told.topic, told.data.replace(b"secret ", b"")))

    found, (warning,) = attached(exchanges, foreign, 1000 * MS, clean)
    assert warning.startswith("cache: 1 message that the service heard without publishing them")
    assert {
        one.id: [(push.after, published_by(push.message)[0].data) for push in one.pushed]
        for one in found
    } == {
        "start": [(1.0, b"12")],
        "a": [(4.0, b"104"), (70.0, b"170")],
        "call": [(0.0, b"113"), (5.0, b"120"), (15.0, b"130")],
        "describe": [],
        "job": [],
    }


def test_taps_tell_both() -> None:
    """PostgreSQL's NOTIFY and NotificationResponse, Redis's PUBLISH and message."""
    tap = PostgresTap()
    tap.feed(C, HELLO, 0)
    tap.feed(S, READY, 0)
    assert Published(b"jobs", b"7") in tap.feed(C, query(b"NOTIFY jobs, '7'"), 0)
    told = frame(b"A", b"\0\0\0\1jobs\0" + b"7\0")
    assert tap.feed(S, told, 5) == [Pushed(b"jobs", b"7", at=5)]
    cache = RedisTap()
    cache.feed(C, command((b"PSUBSCRIBE", b"jo*")), 0)
    cache.feed(S, dump([b"psubscribe", b"jo*", 1]), 0)
    message = dump([b"pmessage", b"jo*", b"jobs", b"7"])
    assert Pushed(b"jobs", b"7", b"jo*", 5) in cache.feed(S, message, 5)
    said = RedisTap().feed(C, command((b"PUBLISH", b"jobs", b"7")), 0)
    assert Published(b"jobs", b"7") in said
