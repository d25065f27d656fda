"""The order of things on a connection, in each of our roles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ci_gate.codecs.base import (
    LARGE,
    Action,
    Begun,
    Bytes,
    Close,
    Ended,
    More,
    Side,
    Undecodable,
    Whole,
)
from ci_gate.codecs.http1.conversation import Mocking, Recording, Replaying
from ci_gate.model.message import (
    Headers,
    HttpRequest,
    HttpResponse,
    Stored,
)

C, S = Side.CLIENT, Side.SERVER

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
TEXT = (b"Content-Type", b"text/plain")
OK = HttpResponse(200, b"OK", (TEXT,), b"hello")
SAID = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
CONTINUE = Bytes(C, b"HTTP/1.1 100 Continue\r\n\r\n")


def response(body: Any, *fields: tuple[bytes, bytes], coding: str = "") -> HttpResponse:
    """A 200."""
    return HttpResponse(200, b"OK", fields, body, coding=coding)


def sent(actions: Sequence[Action]) -> bytes:
    """What is to be sent, joined."""
    return b"".join(action.data for action in actions if isinstance(action, Bytes))


def messages(actions: Sequence[Action]) -> list[Any]:
    """The whole messages."""
    return [action.message for action in actions if isinstance(action, Whole)]


class TestRecording:
    """A tap."""

    def test_it_says_nothing(self) -> None:
        """A tap that is made to speak is a mistake of ours."""
        tap = Recording()
        for speak in (
            lambda: tap.say(S, OK),
            lambda: tap.say_more(S, b""),
            lambda: tap.say_end(S),
        ):
            with pytest.raises(TypeError):
                speak()
        assert not tap.reusable

    def test_an_error_ends_what_was_begun_on_both_sides(self) -> None:
        """Nobody waits for the rest of a large body on a connection that is given up."""
        tap = Recording()
        tap.feed(C, b"PUT / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (LARGE + 1), 0)
        tap.feed(S, b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", 0)
        tap.feed(S, b"Transfer-Encoding: chunked\r\n\r\n", 0)
        actions = tap.feed(S, b"garbage\r\n", 1)
        assert [type(action) for action in actions] == [Ended, Ended, Undecodable]
        assert not any(action.complete for action in actions if isinstance(action, Ended))
        assert tap.feed(C, b"more", 2) == ()
        assert tap.feed(S, b"", 2) == ()

    def test_closing_between_messages_is_nothing(self) -> None:
        """The end of an idle connection is no event."""
        tap = Recording()
        tap.feed(C, GET, 0)
        assert not tap.feed(C, b"", 1)
        assert not tap.feed(S, b"", 1)


class TestReplaying:
    """Playing the client."""

    def test_an_exchange(self) -> None:
        """The request's bytes, the response's message, and the connection can be used again."""
        replay = Replaying()
        assert replay.reusable
        request = HttpRequest("GET", b"/", ((b"Host", b"x"),))
        assert replay.say(C, request) == (Bytes(S, GET),)
        assert not replay.reusable
        (whole,) = replay.feed(S, SAID, 3)
        assert isinstance(whole, Whole)
        assert (whole.side, whole.number, whole.started, whole.ended) == (S, 0, 3, 3)
        assert replay.reusable
        assert replay.say(C, request, b"prepared") == (Bytes(S, b"prepared"),)
        replay.feed(S, SAID[:50], 4)
        assert not replay.reusable
        (whole,) = replay.feed(S, SAID[50:], 5)
        assert isinstance(whole, Whole)
        assert (whole.number, whole.started, whole.ended) == (1, 4, 5)
        assert replay.reusable

    def test_a_connection_that_the_server_ends(self) -> None:
        """After Connection: close or a body until close there is no other request."""
        for head, close in ((b"Connection: close\r\nContent-Length: 2\r\n", False), (b"", True)):
            replay = Replaying()
            replay.say(C, HttpRequest("GET", b"/"))
            actions = list(replay.feed(S, b"HTTP/1.1 200 OK\r\n" + head + b"\r\nhi", 0))
            if close:
                assert actions == []
                actions += replay.feed(S, b"", 1)
            assert messages(actions)[0].body == b"hi"
            assert not replay.reusable

    @pytest.mark.parametrize(
        ("data", "kinds"),
        [
            (b"", [Undecodable]),
            (b"HTTP/1.1 100 Continue\r\n\r\n", [Undecodable]),
            (b"HTTP/1.1 200 OK\r\nCont", [Undecodable]),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", [Begun, Ended]),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal", [Begun, More, Ended]),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", [Begun, Ended]),
        ],
    )
    def test_a_server_that_leaves_too_early(self, data: bytes, kinds: list[type]) -> None:
        """What is not a complete response is never whole."""
        replay = Replaying()
        replay.say(C, HttpRequest("GET", b"/"))
        if data:
            assert replay.feed(S, data, 0) == []
        actions = replay.feed(S, b"", 1)
        assert [type(action) for action in actions] == kinds
        assert not any(action.complete for action in actions if isinstance(action, Ended))
        assert not replay.reusable
        assert replay.feed(S, b"", 2) == ()

    def test_garbage(self) -> None:
        """A server that does not speak HTTP is named and left."""
        replay = Replaying()
        replay.say(C, HttpRequest("GET", b"/"))
        undecodable, close = replay.feed(S, b"SSH-2.0-x\r\n", 0)
        assert isinstance(undecodable, Undecodable)
        assert "SSH" in undecodable.reason
        assert close == Close(S)
        assert not replay.reusable

    def test_bytes_that_nobody_asked_for(self) -> None:
        """A server that says more than its response leaves a connection that is not used again."""
        replay = Replaying()
        replay.say(C, HttpRequest("GET", b"/"))
        assert len(messages(replay.feed(S, SAID + b"HTTP", 0))) == 1
        assert not replay.reusable

    def test_an_upgrade(self) -> None:
        """101 is a response, and the last thing on the connection that we understand."""
        replay = Replaying()
        request = HttpRequest(
            "GET", b"/", ((b"Connection", b"keep-alive, Upgrade"), (b"Upgrade", b"x"))
        )
        assert sent(replay.say(C, request)) == (
            b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
        )
        whole, undecodable = replay.feed(S, b"HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n\x81", 0)
        assert isinstance(whole, Whole)
        assert undecodable == Undecodable(S, "upgraded to x", upgrade=True)
        assert not replay.reusable

    @pytest.mark.parametrize(
        ("fields", "coding", "head"),
        [
            ((), "", b"Content-Length: 3\r\n"),
            (((b"Transfer-Encoding", b"chunked"),), "", b"Transfer-Encoding: chunked\r\n"),
            (((b"Content-Length", b"9"),), "gzip", b"Transfer-Encoding: chunked\r\n"),
        ],
    )
    def test_a_large_request_is_streamed(self, fields: Headers, coding: str, head: bytes) -> None:
        """An upload from a file is framed as recorded, and the mock hears what was meant."""
        replay, mock = Replaying(), Mocking()
        headers = ((b"Content-Encoding", b"gzip"), *fields) if coding else fields
        message = HttpRequest("PUT", b"/", headers, Stored("ab", 3), coding=coding)
        said = [*replay.say(C, message)]
        assert sent(said).endswith(head + b"\r\n")
        assert not replay.reusable
        said += [*replay.say_more(C, b"abc"), *replay.say_end(C)]
        (heard,) = messages(mock.feed(C, sent(said), 0))
        assert heard.body == b"abc"
