"""Conversations become exchanges: what is kept, what is only counted, and whose a call is."""

from __future__ import annotations

import zlib
from typing import Any

from ci_gate.codecs.base import LARGE, Role, Side
from ci_gate.codecs.registry import codec
from ci_gate.model.exchange import CLOSED, GAVE_UP
from ci_gate.model.message import HttpRequest, HttpResponse, Opaque, Pieces, Raw, Stored
from ci_gate.recorder.exchanges import Tap

C, S = Side.CLIENT, Side.SERVER
GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
MS = 1_000_000


def hear(
    kept: Any,
    *said: tuple[Side, bytes],
    dependency: str = "",
    protocol: str = "http",
    by: Side | None = None,
) -> None:
    """One connection, a millisecond between what is said; b"" closes a side. Then it is finished."""
    conversation = codec(protocol).converse(Role.RECORD)
    tap = Tap(kept.recording, codec(protocol), dependency)
    at = kept.recording.started
    for side, data in said:
        at += MS
        tap.heard(conversation.feed(side, data, at))
    tap.finish(at + MS, by)
    tap.finish(at + MS, by)  # a second time is harmless


def test_an_exchange(kept: Any) -> None:
    """Request, response, times and the connection's number."""
    hear(kept, (C, GET), (S, OK), (C, b""))
    hear(kept, (C, GET), (S, OK), dependency="payments")
    first, second = kept.exchanges
    assert (first.id, first.dependency, first.route) == ("i1", "", "GET /a")
    assert (first.at, first.took, first.connection) == (1.0, 1.0, 1)
    assert first.response == HttpResponse(200, b"OK", ((b"Content-Length", b"2"),), b"ok")
    assert (second.id, second.dependency, second.groups) == ("o2", "payments", ("i1",))
    assert second.connection == 2
    assert kept.notes == []
    assert kept.recording.heard == 1


def test_pipelined_requests(kept: Any) -> None:
    """Answers are paired with requests in their order."""
    hear(kept, (C, GET + GET.replace(b"/a", b"/b")), (S, OK + OK.replace(b"200", b"201")))
    assert kept.summary == [("GET /a", 200), ("GET /b", 201)]


def test_whose_call_it_is(kept: Any) -> None:
    """A call belongs to the request in flight; before the first one, to the start."""
    hear(kept, (C, GET), (S, OK), dependency="d")
    conversation = codec("http").converse(Role.RECORD)
    tap = Tap(kept.recording, codec("http"), "")
    tap.heard(conversation.feed(C, GET, kept.recording.started + 5 * MS))
    hear(kept, (C, GET), (S, OK), dependency="d")
    tap.heard(conversation.feed(S, OK, kept.recording.started + 9 * MS))
    assert [one.groups for one in kept.exchanges] == [("startup",), ("i2",), ()]


def test_answered_before_the_request_was_complete(kept: Any) -> None:
    """An early answer waits for the rest of its request, and both are kept."""
    head = b"POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
    hear(kept, (C, head + b"12"), (S, OK), (C, b"34"), dependency="d")
    hear(kept, (C, head + b"12"), (S, OK), (C, b"34"))
    assert [one.request.body for one in kept.exchanges] == [b"1234", b"1234"]
    assert [one.took for one in kept.exchanges] == [1.0, 1.0]
    assert not kept.correlation._in_flight


def test_answered_and_never_completed(kept: Any) -> None:
    """Half a request cannot be replayed: it is counted, and no longer in flight."""
    head = b"POST /a HTTP/1.1\r\nContent-Length: %d\r\n\r\n12"
    for size in (4, 2 * LARGE):
        hear(kept, (C, head % size), (S, OK), (C, b""))
    assert kept.exchanges == []
    assert len(kept.notes) == 1
    assert "not kept" in kept.notes[0]
    assert [one.state for one in kept.sinks if one.coding != "opaque"] == ["aborted"]
    assert not kept.correlation._in_flight


def test_large_bodies_go_to_a_sink(kept: Any) -> None:
    """More than a megabyte goes, part by part, to a sink with its coding."""
    data = b"z" * (LARGE + 1)
    head = b"POST /a HTTP/1.1\r\nContent-Encoding: x-gzip\r\nContent-Length: %d\r\n\r\n" % len(data)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data)
    hear(kept, (C, head + data[:9]), (C, data[9:]), (S, answer + data))
    (one,) = kept.exchanges
    assert one.request.body == one.response.body == Stored("0" * 64, len(data))
    assert [(sink.coding, sink.data == data, sink.state) for sink in kept.sinks] == [
        ("gzip", True, "finished"),
        ("", True, "finished"),
    ]
    assert (one.request.coding, one.response.coding) == ("gzip", "")


def test_codings_nobody_can_undo(kept: Any) -> None:
    """Unknown and repeated codings are never taken for none, or their bytes would not be redacted."""
    head = b"HTTP/1.1 200 OK\r\n%b\r\nContent-Length: 2000000\r\n\r\n"
    for field in (b"Content-Encoding: what", b"Content-Encoding: gzip\r\nContent-Encoding: br"):
        hear(kept, (C, GET), (S, head % field + b"x" * 2_000_000))
    assert all(sink.coding not in ("", "gzip") for sink in kept.sinks)


def test_a_small_body_nobody_can_read(kept: Any) -> None:
    """It is kept as size and keyed hash."""
    hear(kept, (C, GET), (S, OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: what\r\n\r\n")))
    body = kept.exchanges[0].response.body
    assert isinstance(body, Opaque)
    assert body.size == 2


def test_a_stream_is_kept_in_lines(kept: Any) -> None:
    """Parts of an event stream are kept with their times, cut only where a line ends."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    hear(kept, (C, GET), (S, head), (S, b"data: 1\n\nda"), (S, b"ta: 2\n"), (S, b"tail"), (S, b""))
    body = kept.exchanges[0].response.body
    assert [(one.at, one.data) for one in body.items] == [
        (1.0, b"data: 1\n\ndata: 2\n"),
        (3.0, b"tail"),
    ]
    assert body.complete


def test_an_endless_stream_ends_with_its_client(kept: Any) -> None:
    """What was heard of it is kept as incomplete."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"
    hear(kept, (C, GET), (S, head), (C, b""))
    body = kept.exchanges[0].response.body
    assert body == Pieces(body.items, complete=False)
    assert body.items[0].data == b"data: 1\n\n"


def test_a_coded_stream_is_decoded(kept: Any) -> None:
    """A secret in a gzipped stream is redacted like any other; broken gzip is kept as a hash."""
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b"data: bob@corp.example.com\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    last = packer.compress(b"data: end\n") + packer.flush()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n"
    hear(kept, (C, GET), (S, head + first), (S, last), (S, b""))
    hear(kept, (C, GET), (S, head + b"not gzip"), (S, b""))
    good, bad = kept.exchanges
    text = b"".join(one.data for one in good.response.body.items)
    assert b"bob" not in text
    assert text.endswith(b"data: end\n")
    assert good.response.coding == "gzip"
    assert isinstance(bad.response.body, Stored)  # what the fake opaque sink gives
    assert bad.response.coding == ""


def test_a_stream_without_lines_costs_no_more(kept: Any) -> None:
    """A stream of many parts and no line is joined once, and kept up to its limit only."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    hear(kept, (C, GET), (S, head), *((S, b"x" * 1000) for _ in range(9000)), (S, b""))
    (piece,) = kept.exchanges[0].response.body.items
    assert len(piece.data) == (8 << 20) // 1000 * 1000
    assert not kept.exchanges[0].response.body.complete


def test_a_broken_off_answer(kept: Any) -> None:
    """A service that goes away in the middle is kept so, because that is what it does."""
    hear(kept, (C, GET), (S, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), (S, b""))
    body = kept.exchanges[0].response.body
    assert (body.items[0].data, body.complete) == (b"half", False)


def test_a_large_answer_broken_off(kept: Any) -> None:
    """For a call it counts as no answer; what was written is removed."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n"
    for dependency in ("d", ""):
        hear(kept, (C, GET), (S, head + b"x" * 1000), (S, b""), dependency=dependency)
    assert kept.summary == [("GET /a", CLOSED)]
    assert [sink.state for sink in kept.sinks] == ["aborted", "aborted"]
    assert len(kept.notes) == 2


def test_calls_without_an_answer_are_kept(kept: Any) -> None:
    """Who gave up is part of what the service does; an inbound request is only counted."""
    hear(kept, (C, GET), (S, b""), dependency="d", by=S)
    hear(kept, (C, GET), (C, b""), dependency="d", by=C)
    hear(kept, (C, GET), (C, b""), by=C)
    assert kept.summary == [("GET /a", CLOSED), ("GET /a", GAVE_UP)]
    assert [one.response for one in kept.exchanges] == [None, None]
    assert kept.notes == [
        f"GET /a: {GAVE_UP}; not kept",
        f"d: GET /a: {GAVE_UP}",
        f"d: GET /a: {CLOSED}",
    ]
    assert not kept.correlation._in_flight


def test_a_client_that_goes_away_in_its_request(kept: Any) -> None:
    """Half a request is counted, and whatever is answered to it is not kept either."""
    head = b"POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\n12"
    hear(kept, (C, head), (C, b""), (S, OK))
    assert kept.exchanges == []
    assert kept.notes == ["POST /a: its sender went away in the middle of it; not kept"]
    assert not kept.correlation._in_flight


def test_an_upgrade_is_a_note(kept: Any) -> None:
    """The 101 is kept; what is spoken after it is not."""
    answer = b"HTTP/1.1 101 Switching\r\nUpgrade: twice\r\nConnection: Upgrade\r\n\r\n\x00\xff"
    hear(kept, (C, GET), (S, answer), (C, b"\x81\x82"), dependency="d")
    assert kept.summary == [("GET /a", 101)]
    assert kept.notes == ["d: upgraded to twice"]


def test_what_is_no_http_is_a_note(kept: Any) -> None:
    """One line for the summary; the traffic is somebody else's."""
    hear(kept, (C, b"\x00\x01garbage\r\n\r\n"), (S, b"more"), dependency="d")
    assert kept.exchanges == []
    assert len(kept.notes) == 1


def test_raw_connections(kept: Any) -> None:
    """Whoever closes first, both sides are kept as size and hash."""
    for end in ((C, S), (S, C), ()):
        closes = tuple((side, b"") for side in end)
        hear(kept, (C, b"\x01"), (S, b"\x02\x03"), *closes, dependency="r", protocol="raw")
    assert [one.request for one in kept.exchanges] == [Raw(Stored("0" * 64, 1))] * 3
    assert [one.response for one in kept.exchanges] == [Raw(Stored("0" * 64, 2))] * 3
    assert kept.notes == []


def test_secrets_are_replaced(kept: Any) -> None:
    """Places that hold stand-ins are named."""
    asked = b"GET /a HTTP/1.1\r\nAuthorization: Bearer abcdef0123456789\r\n\r\n"
    hear(kept, (C, asked), (S, OK))
    (one,) = kept.exchanges
    assert one.redacted == ("request.headers.authorization",)
    assert isinstance(one.request, HttpRequest)
    assert b"abcdef" not in one.request.headers[0][1]


def test_notes_are_bounded_and_masked(kept: Any) -> None:
    """A peer's garbage can neither fill the memory nor carry a secret to the summary."""
    for number in range(500):
        kept.recording.note(f"garbage {number} from bob@corp.example.com")
    assert len(kept.recording.undecoded) <= 101
    assert "bob@" not in " ".join(kept.recording.undecoded)


def test_clients_that_left(kept: Any) -> None:
    """They are told of until a connection with their dependency has begun as it should."""
    for dependency in ("db", "cache"):
        for _ in range(2):
            kept.recording.left(dependency, f"{dependency}: wants TLS")
    kept.recording.understood("db")
    kept.recording.left("db", "db: wants TLS")
    assert kept.recording.undecoded == {"cache: wants TLS": 2}
