"""The order of things on a connection, when we play the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ci_gate.codecs.base import (
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
from ci_gate.codecs.http1.conversation import Mocking, Replaying
from ci_gate.model.message import (
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


class TestMocking:
    """Playing the server."""

    def test_prepared_bytes_are_sent_as_they_are(self) -> None:
        """In the common state nothing is serialised again."""
        mock = Mocking()
        (whole,) = mock.feed(C, GET, 7)
        assert isinstance(whole, Whole)
        assert (whole.number, whole.started, whole.ended) == (0, 7, 7)
        assert mock.say(S, OK, b"as it is") == (Bytes(C, b"as it is"),)
        assert mock.reusable

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

    def test_expect_with_a_large_body(self) -> None:
        """An upload that comes in parts is invited as well; curl asks for every large one."""
        mock = Mocking()
        head = b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n"
        begun, invitation = mock.feed(C, head, 0)
        assert isinstance(begun, Begun)
        assert invitation == CONTINUE
        *_, ended = mock.feed(C, bytes(2_000_000), 1)
        assert isinstance(ended, Ended)

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
