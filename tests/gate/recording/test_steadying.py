"""Recorded anew: what is equal but for times, noise and stand-ins keeps its text."""

from __future__ import annotations

import json

import msgspec

from ci_gate.codecs.registry import codec, codec_of
from ci_gate.gate.recording.steadying import steady
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, PgStatement
from ci_gate.model.noise import Noise
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.values.redaction.standins import StandIns

JSON = ((b"Content-Type", b"application/json"),)
EMAIL = "jane@mail.example"
MAIL = StandIns(b"k" * 32).stand_in("email", EMAIL)


def exchange(name: str, at: float, body: dict[str, object], **more: object) -> Exchange:
    """An exchange whose answer has that body."""
    places = tuple(f"response.body.$.{key}" for key in ("email", "by") if key in body)
    return Exchange(
        id=name, route="GET /a", at=at, took=1.0, request=HttpRequest("GET", b"/a"), redacted=places,
        response=HttpResponse(200, headers=JSON, body=json.dumps(body).encode()), **more,  # type: ignore[arg-type]  # fields of it
    )  # fmt: skip


def recorded(key: bytes, at: float, stamp: str, total: int = 3, email: str = EMAIL) -> Snapshot:
    """One recording: two exchanges and a call, with an address under that key."""
    mail = StandIns(key).stand_in("email", email)
    noise = (Noise(at="response.body.$.at", kind="timestamp"),)
    return Snapshot(
        origin=Origin(service="s", recorded_at=stamp),
        dependencies=(Dependency(name="d", address="http://d.example"),),
        inbound=(
            exchange("aaaa000001-1", at, {"email": mail, "at": stamp}, noise=noise),
            exchange("bbbb000001-1", at + 20, {"by": mail, "total": total}),
        ),
        outbound=(
            exchange(
                "cccc000001-1", at + 10, {"email": mail}, dependency="d", groups=("aaaa000001-1",)
            ),
        ),
    )


OLD = recorded(b"k" * 32, 1.0, "2026-01-01T00:00:00Z")


def again(new: Snapshot) -> Snapshot:
    """What is kept of a recording after OLD."""
    return steady(new, OLD, lambda _: codec("http"))


def without_noise(snapshot: Snapshot) -> Snapshot:
    """As the recorder gives it: nothing has been learned yet."""
    inbound = tuple(msgspec.structs.replace(one, noise=()) for one in snapshot.inbound)
    return msgspec.structs.replace(snapshot, inbound=inbound)


def test_the_same_but_for_times_noise_and_key() -> None:
    """Under another key, an hour later: not a byte changes, and what was learned stays."""
    assert again(without_noise(recorded(b"o" * 32, 7.5, "2026-01-01T01:00:00Z"))) == OLD


def test_what_changed_speaks_the_old_words() -> None:
    """One exchange has changed: it is the new one, with the stand-in that the others have."""
    made = again(without_noise(recorded(b"o" * 32, 7.5, "2026-01-01T01:00:00Z", total=4)))
    first = made.inbound[0].response
    assert isinstance(first, HttpResponse)
    # One recording has one day: what tells the time tells the new one, in the old words.
    assert first.body == b'{"email": "%s", "at": "2026-01-01T01:00:00Z"}' % MAIL.encode()
    assert made.outbound == OLD.outbound
    response = made.inbound[1].response
    assert isinstance(response, HttpResponse)
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {"by": MAIL, "total": 4}
    assert made.inbound[1].at == OLD.inbound[1].at


def test_equal_values_must_stay_equal() -> None:
    """Where two places were equal and are not any more, the later exchange is a new one."""
    new = without_noise(recorded(b"o" * 32, 7.5, "2026-01-01T01:00:00Z"))
    other = exchange(
        "bbbb000001-1", 27.5,
        {"by": StandIns(b"o" * 32).stand_in("email", "john@mail.example"), "total": 3},
    )  # fmt: skip
    made = again(msgspec.structs.replace(new, inbound=(new.inbound[0], other)))
    assert made.outbound == OLD.outbound
    assert made.inbound[1].response == other.response


def test_another_order_has_new_times() -> None:
    """Times are kept only where they tell the order that was heard now."""
    new = without_noise(recorded(b"o" * 32, 7.5, "2026-01-01T01:00:00Z"))
    first, second = new.inbound
    swapped = (
        msgspec.structs.replace(second, at=1.5),
        msgspec.structs.replace(first, at=2.5),
    )
    made = again(msgspec.structs.replace(new, inbound=swapped))
    assert [one.at for one in made.inbound] == [1.5, 2.5]
    assert made.inbound[1].request == first.request


def test_headers_and_texts_keep_their_stand_ins() -> None:
    """A cookie, a key in a header and a sentence, under another key: not a byte changes."""

    def made(key: bytes) -> Exchange:
        stand_ins = StandIns(key)
        secret = stand_ins.stand_in("secret", "hunter2hunter2").encode()
        mail = stand_ins.stand_in("email", EMAIL).encode()
        text = ((b"Content-Type", b"text/plain"),)
        headers = (*text, (b"Cookie", b"sid=" + secret), (b"X-Api-Key", secret))
        body = b"write to " + mail + b", or call"
        return Exchange(
            id="aaaa000001-1", route="POST /a", at=1.0, took=1.0,
            request=HttpRequest("POST", b"/a", headers, body),
            response=HttpResponse(200, headers=text, body=body),
            redacted=("request.headers.cookie.sid", "request.headers.x-api-key", "response.body"),
        )  # fmt: skip

    old, new = (
        Snapshot(origin=Origin(service="s"), inbound=(made(key),)) for key in (b"k" * 32, b"o" * 32)
    )
    assert steady(new, old, lambda _: codec("http")) == old


def window(at: float, took: float, gap: float, total: int = 3) -> Snapshot:
    """A request that makes two calls, the second `gap` after the first began."""
    first = exchange("cccc000001-1", at + 1, {}, dependency="d", groups=("aaaa000001-1",))
    first = msgspec.structs.replace(first, took=took)
    second = exchange(
        "cccc000002-1", at + 1 + gap, {"n": total}, dependency="d", groups=first.groups
    )
    request = msgspec.structs.replace(exchange("aaaa000001-1", at, {}), took=50.0)
    return msgspec.structs.replace(OLD, inbound=(request,), outbound=(first, second))


def test_one_after_the_other_stays_so() -> None:
    """Of a call that changed the new times are told; where they do not go with the old ones of the
    others, as if both had been made at once, all are the new ones."""
    codecs = lambda _: codec("http")  # noqa: E731 - one for all
    new = window(1.0, took=2.0, gap=3.0, total=4)
    assert [one.took for one in steady(new, window(1.0, 8.0, 9.0), codecs).outbound] == [2.0, 1.0]
    assert [one.took for one in steady(new, window(1.0, 2.5, 9.0), codecs).outbound] == [2.5, 1.0]


def test_another_transaction_is_a_change() -> None:
    """An equal statement that left its transaction is the new one."""

    def told(block: int) -> Snapshot:
        asked = PgStatement("update t set a = 1", transaction=True, block=block)
        call = Exchange(id="dddd000001-1", dependency="d", route="", at=5.0, request=asked)
        return msgspec.structs.replace(OLD, outbound=(call,))

    made = steady(told(2), told(1), lambda one: codec_of(one.request))
    assert made.outbound[0].request == told(2).outbound[0].request
