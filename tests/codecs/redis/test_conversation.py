"""Redis connections as conversations."""

from __future__ import annotations

from collections.abc import Sequence

from ci_gate.codecs.base import Action, Bytes, Close, Pushed, Side, Undecodable, Whole
from ci_gate.codecs.redis.conversation import Mocking, Recording
from ci_gate.codecs.redis.resp import Typed, command, dump
from ci_gate.model.message import Message, RedisCommand, RedisReply

C, S = Side.CLIENT, Side.SERVER
QUEUED = RedisCommand(command((b"INCR", b"n")), queued=True)
PUSH = dump(Typed(">", [b"message", b"news", b"text"]))


def messages(actions: Sequence[Action]) -> list[tuple[int, Message]]:
    """Number and message of everything that was heard whole."""
    return [(one.number, one.message) for one in actions if isinstance(one, Whole)]


def sent(actions: Sequence[Action]) -> bytes:
    """What is to be sent, joined."""
    return b"".join(one.data for one in actions if isinstance(one, Bytes))


def call(*args: bytes) -> RedisCommand:
    """A command as a message."""
    return RedisCommand(command(args))


class TestRecording:
    """A tap."""

    def test_a_pipeline_pairs_in_order(self) -> None:
        """Replies belong to commands in the order of both; PING, SELECT and AUTH are no calls."""
        tap = Recording()
        said = b"PING\r\n" + command((b"AUTH", b"pw")) + command((b"GET", b"a"))
        assert messages(tap.feed(C, said + command((b"GET", b"b")), 0)) == [
            (0, call(b"GET", b"a")),
            (1, call(b"GET", b"b")),
        ]
        assert messages(tap.feed(S, b"+PONG\r\n+OK\r\n$1\r\nx\r\n$-1\r\n", 1)) == [
            (0, RedisReply(b"$1\r\nx\r\n")),
            (1, RedisReply(b"$-1\r\n")),
        ]

    def test_what_is_not_queued_is_told(self) -> None:
        """A command that is wrong at any time; one that there is no memory for now is not."""
        tap = Recording()
        said = [command((one,)) for one in (b"MULTI", b"SET", b"INCR", b"GET", b"EXEC")]
        assert messages(tap.feed(C, b"".join(said), 0)) == [(0, RedisCommand(b"".join(said)))]
        replies = b"+OK\r\n-ERR wrong\r\n-OOM full\r\n+QUEUED\r\n-EXECABORT no\r\n"
        assert messages(tap.feed(S, replies, 1)) == [
            (1, RedisCommand(said[1], queued=True)),
            (1, RedisReply(b"-ERR wrong\r\n")),
            (0, RedisReply(b"-EXECABORT no\r\n")),
        ]
        assert messages(tap.feed(C, command((b"PING",)) + said[3], 2)) == [(2, call(b"GET"))]

    def test_a_password_is_in_no_message(self) -> None:
        """Neither AUTH's nor HELLO's."""
        tap = Recording()
        said = command((b"AUTH", b"me", b"hunter2"))
        said += command((b"HELLO", b"3", b"AUTH", b"me", b"hunter2"))
        assert tap.feed(C, said, 0) == [Bytes(S, said)]

    def test_leaving_every_channel(self) -> None:
        """UNSUBSCRIBE without a name is answered once for each channel, once when there is none."""
        for channels in ((b"a", b"b", b"c"), (b"a",)):
            tap = Recording()
            tap.feed(C, command((b"SUBSCRIBE", *channels)) + command((b"UNSUBSCRIBE",)), 0)
            for word in (b"subscribe", b"unsubscribe"):
                for name in channels:
                    assert messages(tap.feed(S, dump([word, name, 1]), 0)) == []
            tap.feed(C, command((b"UNSUBSCRIBE",)) + command((b"GET", b"x")), 0)
            heard = tap.feed(S, dump([b"unsubscribe", None, 0]) + dump(b"y"), 0)
            assert messages(heard) == [(0, RedisReply(b"$1\r\ny\r\n"))]

    def test_a_transaction_is_one_exchange(self) -> None:
        """+OK and +QUEUED answer nothing of ours; EXEC's reply answers all."""
        tap = Recording()
        said = b"".join(map(command, [(b"MULTI",), (b"INCR", b"n"), (b"EXEC",)]))
        assert messages(tap.feed(C, said, 0)) == [(0, RedisCommand(said))]
        heard = tap.feed(S, b"+OK\r\n+QUEUED\r\n*1\r\n:1\r\n", 0)
        assert messages(heard) == [(0, RedisReply(b"*1\r\n:1\r\n"))]

    def test_published_messages_answer_nothing(self) -> None:
        """Neither as pushes, nor as arrays among a subscriber's confirmations."""
        tap = Recording()
        tap.feed(C, command((b"SUBSCRIBE", b"a", b"b")), 0)
        confirmed = dump([b"subscribe", b"a", 1]) + dump([b"subscribe", b"b", 2])
        published = dump([b"message", b"a", b"text"])
        told = tap.feed(S, confirmed + published + PUSH, 0)
        assert told == [Pushed(b"a", b"text"), Pushed(b"news", b"text")]
        tap.feed(C, command((b"UNSUBSCRIBE",)) * 1 + command((b"PING",)), 0)
        late = published + dump([b"unsubscribe", b"a", 0]) + b"+PONG\r\n"
        assert tap.feed(S, late, 0) == [Pushed(b"a", b"text")]

    def test_a_list_of_messages_is_a_reply(self) -> None:
        """An array that begins with the word is a reply where a call waits for one."""
        tap = Recording()
        tap.feed(C, command((b"LRANGE", b"l", b"0", b"-1")), 0)
        heard = tap.feed(S, dump([b"message", b"a"]), 0)
        assert messages(heard) == [(0, RedisReply(dump([b"message", b"a"])))]

    def test_names_and_values_are_known(self) -> None:
        """HGETALL's reply is paired in version 2, and a map says so itself in version 3."""
        tap = Recording()
        tap.feed(C, command((b"HGETALL", b"h")) * 2 + command((b"CONFIG", b"get", b"x")), 0)
        reply = dump([b"a", b"1"])
        heard = tap.feed(S, reply + dump(Typed("%", [b"a", b"1"])) + reply, 0)
        paired = [one.paired for _, one in messages(heard) if isinstance(one, RedisReply)]
        assert paired == [True, False, True]

    def test_what_is_not_followed_says_so_once(self) -> None:
        """MONITOR ends what we understand; what comes after is silence."""
        tap = Recording()
        heard = tap.feed(C, command((b"MONITOR",)) + command((b"GET", b"a")), 0)
        assert [type(one) for one in heard] == [Bytes, Undecodable]
        assert not tap.feed(S, b"+OK\r\n", 0)

    def test_a_reply_without_a_command_is_not_redis(self) -> None:
        """A connection that was joined in the middle is given up with its reason."""
        _, heard = Recording().feed(S, b"+OK\r\n", 0)
        assert isinstance(heard, Undecodable)
        assert "nobody asked for" in heard.reason
        assert "start the service after its listeners are up" in heard.reason

    def test_a_server_that_speaks_first_is_told_once(self) -> None:
        """Also when the client turns out to speak TLS that is not configured."""
        tap = Recording()
        tap.feed(C, b"\x16\x03", 0)
        told = [*tap.feed(S, b"+OK\r\n", 0), *tap.feed(C, command((b"GET", b"a")), 0)]
        assert [type(one) for one in told] == [Bytes, Bytes, Close, Undecodable]
        tap = Recording()
        tap.feed(S, b"-DENIED\r\n", 0)
        assert tap.feed(C, b"PING\r\n", 0) == [Bytes(S, b"PING\r\n")]


class TestMocking:
    """A server of ours."""

    def test_what_it_says_itself_keeps_the_order(self) -> None:
        """A PING behind a call that waits for its answer is answered after it."""
        server = Mocking({})
        heard = server.feed(C, command((b"GET", b"a")) + b"PING\r\n", 0)
        assert sent(heard) == b""
        assert sent(server.say(S, RedisReply(b"$1\r\nx\r\n"))) == b"$1\r\nx\r\n+PONG\r\n"
        assert server.reusable

    def test_a_transaction_is_asked_for_as_one(self) -> None:
        """Everything up to EXEC is answered at once."""
        server = Mocking({})
        said = command((b"MULTI",)) + command((b"INCR", b"n"))
        heard = server.feed(C, said, 0)
        assert sent(heard) == b"+OK\r\n"
        assert messages(heard) == [(0, QUEUED)], "may it be queued?"
        assert sent(server.say(S, RedisReply(b"+QUEUED\r\n"))) == b"+QUEUED\r\n"
        assert not server.reusable
        heard = server.feed(C, command((b"EXEC",)), 0)
        assert messages(heard) == [(1, RedisCommand(said + command((b"EXEC",))))]

    def test_what_is_said_at_once_is_answered_in_order(self) -> None:
        """A transaction in one piece: whether its commands may be queued, then all of it."""
        server = Mocking({})
        said = b"".join(command((one,)) for one in (b"MULTI", b"PUBLISH", b"PING", b"EXEC"))
        assert [one.number for one in server.feed(C, said, 0) if isinstance(one, Whole)] == [
            0,
            1,
            2,
        ]
        replies = [b"-ERR wrong\r\n", b"+QUEUED\r\n", b"-EXECABORT no\r\n"]
        assert [server.say(S, RedisReply(one)) for one in replies] == [
            [Bytes(C, r)] for r in replies
        ]
        assert server.reusable

    def test_what_a_transaction_never_takes(self) -> None:
        """Calls are not nested, and nothing is watched inside; it goes on as beside Redis 7."""
        server = Mocking({})
        said = b"".join(command((one,)) for one in (b"DISCARD", b"MULTI", b"MULTI", b"WATCH"))
        assert sent(server.feed(C, said, 0)).split(b"\r\n") == [
            b"-ERR DISCARD without MULTI",
            b"+OK",
            b"-ERR MULTI calls can not be nested",
            b"-ERR WATCH inside MULTI is not allowed",
            b"",
        ]
        heard = server.feed(C, command((b"EXEC",)), 0)
        assert messages(heard) == [(0, RedisCommand(command((b"MULTI",)) + command((b"EXEC",))))]

    def test_it_speaks_the_version_of_the_client(self) -> None:
        """What was prepared is version 2, and a client of version 3 gets its own."""
        server = Mocking({})
        server.feed(C, command((b"HELLO", b"3")), 0)
        server.feed(C, command((b"GET", b"a")), 0)
        said = server.say(S, RedisReply(b"$-1\r\n"), prepared=b"$-1\r\n")
        assert sent(said) == b"_\r\n"
        assert not server.reusable

    def test_quit_is_said_goodbye_to(self) -> None:
        """After everything that is owed."""
        server = Mocking({})
        server.feed(C, command((b"GET", b"a")) + command((b"QUIT",)), 0)
        said = server.say(S, RedisReply(b":1\r\n"))
        assert said == [Bytes(C, b":1\r\n+OK\r\n"), Close(C)]

    def test_garbage_is_an_error_and_the_end(self) -> None:
        """The client reads why; the report, too."""
        heard = Mocking({}).feed(C, b"*1\r\n:1\r\n", 0)
        assert [type(one) for one in heard] == [Undecodable, Bytes, Close]
        assert sent(heard).startswith(b"-ERR Protocol error")
        assert isinstance(heard[0], Undecodable)
        assert "start the service after its listeners are up" in heard[0].reason
        assert heard[0].reason.encode() in sent(heard)

    def test_a_version_of_the_future(self) -> None:
        """The client reads the remedy, and the report has it."""
        heard = Mocking({}).feed(C, command((b"HELLO", b"4")), 0)
        assert isinstance(heard[0], Undecodable)
        assert "RESP version 4" in heard[0].reason
        assert heard[0].reason.encode() in sent(heard)

    def test_monitor_is_refused(self) -> None:
        """With an error, and the connection stays usable."""
        server = Mocking({})
        heard = server.feed(C, command((b"MONITOR",)), 0)
        assert sent(heard).startswith(b"-ERR")
        assert server.reusable
