"""One statement asked of a real server: login, reading only, and the answer as a tap records it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.base import Action, Bytes, Side, StartTLS, Undecodable, Whole
from ci_gate.codecs.postgres.asking import Asking
from ci_gate.codecs.postgres.frames import SSL_REQUEST, frame
from ci_gate.model.message import PgResult, PgStatement

READY = frame(b"Z", b"I")
IN = frame(b"R", pack("!I", 0)) + READY
ROWS = frame(b"T", b"\0\0") + frame(b"D", b"\0\0") + frame(b"C", b"SELECT 1\0")
EXECUTE = PgStatement("select $1", ("7",), "execute")
LOGIN = {"user": "app", "database": "shop"}


def said(actions: Sequence[Action]) -> bytes:
    """What goes to the server."""
    return b"".join(one.data for one in actions if isinstance(one, Bytes))


def asking(statement: PgStatement = EXECUTE, **wishes: str) -> tuple[Asking, bytes]:
    """A connection, and what it begins with."""
    made = Asking({**LOGIN, **wishes})
    return made, said(made.say(Side.CLIENT, statement))


def hear(made: Asking, data: bytes) -> Sequence[Action]:
    """The server says something."""
    return made.feed(Side.SERVER, data, 1)


def why(actions: Sequence[Action]) -> str:
    """Why there is no answer."""
    [one] = [one for one in actions if isinstance(one, Undecodable)]
    return one.reason


def test_a_statement_that_reads() -> None:
    """Logged in as the service is, inside of a transaction that may not write; the answer has the
    description of its rows, and nothing of the protocol's steps."""
    made, begun = asking(read="on")
    assert b"user\0app\0database\0shop\0" in begun
    assert said(hear(made, IN)) == frame(b"Q", b"BEGIN READ ONLY\0")
    asked = said(hear(made, frame(b"C", b"BEGIN\0") + READY))
    assert [asked.count(one) for one in (b"select $1\0", b"D\0\0\0\x06P\0", b"E\0\0\0\x09")] == [
        1
    ] * 3
    answer = hear(made, frame(b"1") + frame(b"2") + ROWS + READY)
    assert [one.message for one in answer if isinstance(one, Whole)] == [PgResult(ROWS)]
    assert hear(made, READY) == ()


def test_a_statement_that_writes_is_asked_alone() -> None:
    """Nothing is begun before it; without rows there is nothing of them."""
    made, _ = asking()
    assert b"BEGIN" not in said(hear(made, IN))
    done = frame(b"C", b"INSERT 0 1\0")
    [answer] = hear(made, frame(b"1") + frame(b"2") + frame(b"n") + done + READY)
    assert isinstance(answer, Whole)
    assert answer.message == PgResult(done)


@pytest.mark.parametrize(("step", "parameters"), [("describe", True), ("portal", False)])
def test_descriptions(step: str, parameters: bool) -> None:
    """Of a statement with its parameters; of a portal without, and without values for them."""
    made, _ = asking(PgStatement("insert into a values ($1)", (), step))
    assert frame(b"D", b"S\0") in said(hear(made, IN))
    [answer] = hear(made, frame(b"1") + frame(b"t", b"\0\0") + frame(b"n") + READY)
    assert isinstance(answer, Whole)
    told = (frame(b"t", b"\0\0") if parameters else b"") + frame(b"n")
    assert answer.message == PgResult(told)


def test_simple_statements_and_copies() -> None:
    """A query is said as such; to a COPY nothing is sent."""
    made, _ = asking(PgStatement("copy a from stdin"))
    assert said(hear(made, IN)) == frame(b"Q", b"copy a from stdin\0")
    assert said(hear(made, frame(b"G", b"\0\0\0"))).startswith(b"f")


def test_passwords() -> None:
    """As text, and as the digest that is asked for (MD5)."""
    made, _ = asking(password="open")
    assert said(hear(made, frame(b"R", pack("!I", 3)))) == frame(b"p", b"open\0")
    made, _ = asking(password="open")
    inner = hashlib.md5(b"openapp", usedforsecurity=False).hexdigest().encode()
    outer = hashlib.md5(inner + b"salt", usedforsecurity=False).hexdigest().encode()
    asked = frame(b"R", pack("!I", 5) + b"salt")
    assert said(hear(made, asked)) == frame(b"p", b"md5" + outer + b"\0")
    made, _ = asking(password="open", nonce="once")
    asked = frame(b"R", pack("!I", 10) + b"SCRAM-SHA-256\0\0")
    assert b"n,,n=,r=once" in said(hear(made, asked))


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        (frame(b"R", pack("!I", 3)), "asks for a password, and none is known"),
        (frame(b"R", pack("!I", 7)), "wants a login that is not known"),
        (frame(b"E", b"SFATAL\0C28P01\0Mno such user\0\0"), "refuses the login: no such user"),
        (
            IN + frame(b"E", b"SERROR\0C25006\0Mread-only\0\0"),
            "it writes (read-only); say --writes",
        ),
        (b"HTTP/1.1 400\r\n\r\n" + b"\xff" * 20, "not PostgreSQL"),
    ],
)
def test_no_answer(heard: bytes, reason: str) -> None:
    """Each with its reason; then nothing more is heard."""
    made, _ = asking()
    told = why(hear(made, heard))
    assert reason in told
    assert hear(made, IN) == ()


def test_an_error_is_an_answer() -> None:
    """What the server says to the statement is what the service is told."""
    made, _ = asking()
    hear(made, IN)
    error = frame(b"E", b"SERROR\0C42P01\0Mno such table\0\0")
    [answer] = hear(made, error + READY)
    assert isinstance(answer, Whole)
    assert answer.message == PgResult(error)


def test_encryption() -> None:
    """Asked for first; a server without it is refused."""
    made, begun = asking(server_tls="on")
    assert begun == pack("!II", 8, SSL_REQUEST)
    started = hear(made, b"S")
    assert isinstance(started[0], StartTLS)
    assert b"user\0app" in said(started)
    made, _ = asking(server_tls="on")
    assert "does not speak TLS" in why(hear(made, b"N"))


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_any_bytes(pieces: list[bytes]) -> None:
    """Whatever a server says, there is an answer, a reason, or silence."""
    made, _ = asking(password="open", read="on")
    for piece in pieces:
        for one in hear(made, piece):
            assert isinstance(one, Bytes | Whole | Undecodable)
