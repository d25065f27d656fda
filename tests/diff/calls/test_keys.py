"""When two calls are the same call."""

from __future__ import annotations

from ci_gate.codecs.http1.codec import Http1
from ci_gate.diff.calls.keys import call_key
from ci_gate.diff.masks import NO_MASKS, Masks
from ci_gate.model.call import CallRecord
from ci_gate.model.exchange import Facts
from ci_gate.model.message import HttpRequest

CODEC = Http1()
JSON = (b"Content-Type", b"application/json")


def _call(body: bytes = b"{}", *headers: tuple[bytes, bytes], target: bytes = b"/a") -> CallRecord:
    message = HttpRequest("POST", target, headers or (JSON,), body)
    return CallRecord(
        id="x",
        dependency="d",
        route=CODEC.route(message),
        label="",
        facts=Facts("write"),
        parts=CODEC.places(message),
        coarse=CODEC.key(message).coarse,
    )


def test_compared_places_count() -> None:
    """Target, body and content type are in the key, the client's name is not."""
    one = call_key(_call(), NO_MASKS)
    assert one == call_key(_call(b"{}", JSON, (b"User-Agent", b"x")), NO_MASKS)
    assert one != call_key(_call(b"[]"), NO_MASKS)
    assert one != call_key(_call(target=b"/a?x=1"), NO_MASKS)
    assert one != call_key(_call(b"{}", (b"Content-Type", b"text/plain")), NO_MASKS)


def test_opened_places_do_not_count() -> None:
    """Calls that differ only where a rule opens them are the same call; of another kind they are not."""
    masks = Masks((("request.body.$.at", "integer", 1),))
    one = call_key(_call(b'{"at":1,"n":1}'), masks)
    assert one == call_key(_call(b'{"at":2,"n":1}'), masks)
    assert one != call_key(_call(b'{"at":2,"n":2}'), masks)
    assert one != call_key(_call(b'{"at":"2","n":1}'), masks)
