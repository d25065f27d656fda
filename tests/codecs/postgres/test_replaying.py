"""A PostgreSQL client of ours."""

from __future__ import annotations

from ci_gate.codecs.base import Bytes, Side, Undecodable, Whole
from ci_gate.codecs.postgres.frames import frame, frames
from ci_gate.codecs.postgres.replaying import Replaying
from ci_gate.model.message import PgResult, PgStatement
from tests.codecs.postgres.said_as_bytes import READY

C, S = Side.CLIENT, Side.SERVER


def test_it_logs_in_once() -> None:
    """And says each statement in its form."""
    client = Replaying()
    (first,) = client.say(C, PgStatement("select 1"))
    assert isinstance(first, Bytes)
    assert first.data.endswith(frame(b"Q", b"select 1\0"))
    assert client.feed(S, READY, 0) == []
    done = frame(b"C", b"SELECT 1\0")
    assert client.feed(S, done + frame(b"Z", b"I"), 5) == [Whole(S, 0, PgResult(done), 5, 5)]
    assert client.reusable
    (second,) = client.say(C, PgStatement("select $1", ("x", None), "execute"))
    assert isinstance(second, Bytes)
    assert [kind for kind, _ in frames(second.data)] == [b"P", b"B", b"E", b"S"]


def test_an_answer_to_nothing_is_told() -> None:
    """A server that speaks first is not followed."""
    client = Replaying()
    (told,) = client.feed(S, READY + frame(b"Z", b"I"), 0)
    assert isinstance(told, Undecodable)
