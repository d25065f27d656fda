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
    Piece,
    Pieces,
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


class TestMocking:
    """Playing the server."""

    def test_prepared_bytes_are_sent_as_they_are(self) -> None:
        """In the common state nothing is serialised again."""
        mock = Mocking()
        (whole,) = mock.feed(C, GET, 7)
        assert isinstance(whole, Whole)
        assert (whole.number, whole.started, whole.ended) == (0, 7, 7)
        assert mock.say(S, OK, b"as it is") == (Bytes(C, b"as it is"),)
        assert not mock.reusable

    def test_without_prepared_bytes_the_message_is_serialised(self) -> None:
        """The same answer, made on the spot."""
        mock = Mocking()
        mock.feed(C, GET, 0)
        assert mock.say(S, OK) == (Bytes(C, SAID),)

    def test_pipelined_requests_are_answered_in_order(self) -> None:
        """Two requests in one read, two answers, the connection stays."""
        mock = Mocking()
        actions = mock.feed(C, GET + b"HEAD / HTTP/1.1\r\n\r\n" + GET, 0)
        assert [message.method for message in messages(actions)] == ["GET", "HEAD", "GET"]
        assert mock.say(S, OK) == (Bytes(C, SAID),)
        assert sent(mock.say(S, OK)).endswith(b"\r\n\r\n")
        assert mock.say(S, OK) == (Bytes(C, SAID),)

    def test_head_gets_the_recorded_length_and_no_body(self) -> None:
        """The answer to HEAD keeps the Content-Length that was recorded."""
        mock = Mocking()
        mock.feed(C, b"HEAD / HTTP/1.1\r\n\r\n", 0)
        actions = mock.say(S, response(b"", (b"Content-Length", b"1234")), b"prepared for GET")
        assert sent(actions) == b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"

    @pytest.mark.parametrize(
        "request_",
        [
            b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
            b"GET / HTTP/1.0\r\n\r\n",
            b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        ],
    )
    @pytest.mark.parametrize("bytewise", [False, True])
    def test_a_request_that_ends_the_connection(self, request_: bytes, bytewise: bool) -> None:
        """Its answer says so, Close follows, and nothing after it is heard."""
        mock = Mocking()
        data = request_ + GET
        step = 1 if bytewise else len(data)
        actions: list[Action] = []
        for start in range(0, len(data), step):
            actions += mock.feed(C, data[start : start + step], 0)
        assert len(messages(actions)) == 1
        said = mock.say(S, OK, b"prepared for keep-alive")
        assert b"\r\nConnection: close\r\n" in sent(said)
        assert sent(said).endswith(b"\r\n\r\nhello")
        assert said[-1] == Close(C)
        assert mock.feed(C, GET, 1) == ()

    def test_old_clients_may_keep_alive(self) -> None:
        """HTTP/1.0 with keep-alive is told that it may, and gets no chunks."""
        mock = Mocking()
        data = b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
        for _ in range(2):
            mock.feed(C, data, 0)
            (said,) = mock.say(S, response(b"hello", (b"Transfer-Encoding", b"chunked")))
            assert isinstance(said, Bytes)
            assert said.data == (
                b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"
            )

    def test_expect_is_answered_when_the_head_is_there(self) -> None:
        """A client that waits for 100 (Continue) gets it, once."""
        mock = Mocking()
        head = b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        assert mock.feed(C, head, 0) == [CONTINUE]
        assert mock.feed(C, b"h", 1) == []
        assert messages(mock.feed(C, b"i", 2))[0].body == b"hi"
        assert mock.say(S, OK) == (Bytes(C, SAID),)

    def test_expect_is_not_answered_when_the_body_is_there(self) -> None:
        """A client that did not wait is not told to go on."""
        mock = Mocking()
        data = b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"
        assert len(mock.feed(C, data, 0)) == 1
        actions = Mocking().feed(C, data + GET, 0)
        assert CONTINUE not in actions
        assert len(messages(actions)) == 2

    def test_expect_waits_for_its_turn(self) -> None:
        """The invitation comes after the answers to the requests before."""
        mock = Mocking()
        head = b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        assert CONTINUE not in mock.feed(C, GET + GET + head, 0)
        assert mock.say(S, OK) == [Bytes(C, SAID)]
        assert mock.say(S, OK) == [Bytes(C, SAID), CONTINUE]
        assert len(messages(mock.feed(C, b"hi", 1))) == 1

    def test_expect_that_was_answered_early(self) -> None:
        """Who got its answer is not invited any more."""
        mock = Mocking()
        data = b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        assert mock.feed(C, GET + data, 0)[-1] != CONTINUE
        assert mock.say(S, OK)[-1] == CONTINUE
        assert mock.say(S, OK) == (Bytes(C, SAID),)
        large = b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n"
        mock = Mocking()
        mock.feed(C, GET + large, 0)
        mock.say(S, OK)
        assert mock.say(S, OK) == (Bytes(C, SAID),)

    @pytest.mark.parametrize(
        "garbage", [b"\x16\x03\x01", b"nonsense\r\n\r\n", b"GET / HTTP/3.0\r\n\r\n"]
    )
    def test_garbage_gets_a_400_and_the_end(self, garbage: bytes) -> None:
        """The error is the protocol's own, says why, and the connection ends."""
        mock = Mocking()
        undecodable, answer, close = mock.feed(C, garbage, 0)
        assert isinstance(undecodable, Undecodable)
        assert isinstance(answer, Bytes)
        assert answer.data.startswith((b"HTTP/1.1 400 Bad", b"HTTP/1.1 505 HTTP"))
        assert b"Connection: close" in answer.data
        assert b'"reason":' in answer.data
        assert close == Close(C)
        assert mock.feed(C, GET, 1) == ()

    def test_garbage_waits_for_the_answers_before_it(self) -> None:
        """A good request is answered before the bad one behind it is refused."""
        mock = Mocking()
        whole, undecodable = mock.feed(C, GET + b"\0\r\n\r\n", 0)
        assert isinstance(whole, Whole)
        assert isinstance(undecodable, Undecodable)
        said = mock.say(S, OK)
        assert sent(said).startswith(SAID + b"HTTP/1.1 400 ")
        assert said[-1] == Close(C)

    def test_garbage_inside_a_body(self) -> None:
        """The request whose body goes wrong is refused, not answered."""
        mock = Mocking()
        head = b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        actions = mock.feed(C, head + b"zz\r\n", 0)
        assert [type(action) for action in actions] == [Undecodable, Bytes, Close]

    def test_a_client_that_leaves(self) -> None:
        """Between requests that is the end; after a request its answer comes first; inside one
        there is nothing to answer."""
        assert Mocking().feed(C, b"", 0) == [Close(C)]
        mock = Mocking()
        mock.feed(C, GET, 0)
        assert mock.feed(C, b"", 1) == []
        assert mock.say(S, OK) == [Bytes(C, SAID), Close(C)]
        mock = Mocking()
        mock.feed(C, b"PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf", 0)
        actions = mock.feed(C, b"", 1)
        assert [type(action) for action in actions] == [Begun, More, Ended, Close]

    def test_an_upgrade_ends_the_connection(self) -> None:
        """101 is served as recorded; what would follow was not recorded."""
        mock = Mocking()
        mock.feed(C, b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", 0)
        fields = ((b"Connection", b"Upgrade"), (b"Upgrade", b"x"))
        said = mock.say(S, HttpResponse(101, b"Switching", fields))
        assert sent(said) == (
            b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"
        )
        assert said[-1] == Close(C)

    def test_a_body_from_a_file_is_streamed(self) -> None:
        """A stored body is announced with its size and passed on as it is read."""
        mock = Mocking()
        mock.feed(C, GET, 0)
        said = [*mock.say(S, response(Stored("ab", 6), TEXT)), *mock.say_more(S, b"abc")]
        said += [*mock.say_more(S, b"def"), *mock.say_end(S)]
        assert sent(said) == (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nabcdef"
        )

    def test_a_stream_is_chunked(self) -> None:
        """The pieces of an event stream go out as chunks, and empty ones not at all."""
        mock = Mocking()
        mock.feed(C, GET, 0)
        said = [*mock.say(S, response(Pieces((Piece(0, b"a"),)), TEXT)), *mock.say_more(S, b"a")]
        said += [*mock.say_more(S, b""), *mock.say_end(S, ((b"X", b"1"),))]
        assert sent(said) == (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"1\r\na\r\n0\r\nX: 1\r\n\r\n"
        )
        mock.feed(C, GET, 1)
        assert mock.say(S, OK) == (Bytes(C, SAID),)

    def test_a_coded_body_is_coded_while_it_is_streamed(self) -> None:
        """A stored body that was decoded goes out in our own coding."""
        mock = Mocking()
        mock.feed(C, GET, 0)
        fields = ((b"Content-Encoding", b"gzip"), (b"Content-Length", b"99"))
        said = [*mock.say(S, response(Stored("ab", 6), *fields, coding="gzip"))]
        said += [*mock.say_more(S, b"abcdef"), *mock.say_end(S)]
        replay = Replaying()
        replay.say(C, HttpRequest("GET", b"/"))
        (heard,) = messages(replay.feed(S, sent(said), 0))
        assert (heard.body, heard.coding) == (b"abcdef", "gzip")

    def test_a_stream_to_head_is_silent(self) -> None:
        """HEAD of a stored body is its head."""
        mock = Mocking()
        mock.feed(C, b"HEAD / HTTP/1.1\r\n\r\n", 0)
        said = [*mock.say(S, response(Stored("ab", 6), (b"Content-Length", b"6")))]
        said += [*mock.say_more(S, b"abcdef"), *mock.say_end(S)]
        assert sent(said) == b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"

    def test_a_stream_to_an_old_client_ends_with_the_connection(self) -> None:
        """HTTP/1.0 has no chunks."""
        mock = Mocking()
        mock.feed(C, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 0)
        said = [*mock.say(S, response(Pieces(()), (b"Transfer-Encoding", b"chunked")))]
        assert mock.feed(C, GET, 0) == ()
        said += [*mock.say_more(S, b"abc"), *mock.say_end(S)]
        assert sent(said) == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"
        assert said[-1] == Close(C)

    def test_while_a_stream_goes_on_nothing_is_wound_up(self) -> None:
        """A client that closes its side still gets the end of its stream, then Close."""
        mock = Mocking()
        mock.feed(C, GET, 0)
        mock.say(S, response(Pieces(()), TEXT))
        assert mock.feed(C, b"", 1) == []
        assert mock.say_end(S)[-1] == Close(C)


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
