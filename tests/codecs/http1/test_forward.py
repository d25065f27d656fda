"""Where requests want to go, and what is sent there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.codecs.http1.forward import Authority, Go, HeadRewriter, Refuse, Send, Step, Tunnel

BASE = Authority("https", "api.example", 443)


def feed(rewriter: HeadRewriter, data: bytes, size: int) -> list[Step]:
    """The steps for data in pieces of `size`, neighbouring Sends joined."""
    steps: list[Step] = []
    for start in range(0, len(data), size):
        for step in rewriter.feed(data[start : start + size]):
            if isinstance(step, Send) and steps and isinstance(steps[-1], Send):
                step = Send(steps.pop().data + step.data)  # type: ignore[union-attr]  # a Send, as just tested
            steps.append(step)
    return steps


def steps_of(data: bytes, base: Authority | None = None) -> list[Step]:
    """The steps, the same whole and byte by byte."""
    whole = feed(HeadRewriter(base), data, len(data))
    assert feed(HeadRewriter(base), data, 1) == whole
    return whole


def test_an_absolute_form_request() -> None:
    """The request line becomes origin-form, Host the target's, the proxy's fields go."""
    assert steps_of(
        b"POST http://api.example:81/a?b HTTP/1.1\r\nHost: other\r\nX-A: 1\r\nx-a: 2\r\n"
        b"Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\nContent-Length: 2\r\n\r\nhi"
    ) == [
        Go("http", "api.example", 81),
        Send(
            b"POST /a?b HTTP/1.1\r\nHost: api.example:81\r\nX-A: 1\r\nx-a: 2\r\n"
            b"Content-Length: 2\r\n\r\nhi"
        ),
    ]


def test_go_comes_when_the_upstream_changes() -> None:
    """Requests to one upstream share its connection, another one is a new Go."""
    one = b"GET http://one/ HTTP/1.1\r\n\r\n"
    two = (
        b"PUT https://two:8443/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
    )
    assert steps_of(one + one + two + one) == [
        Go("http", "one", 80),
        Send(b"GET / HTTP/1.1\r\nHost: one\r\n\r\n" * 2),
        Go("https", "two", 8443),
        Send(
            b"PUT /x HTTP/1.0\r\nHost: two:8443\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"1\r\na\r\n0\r\n\r\n"
        ),
        Go("http", "one", 80),
        Send(b"GET / HTTP/1.1\r\nHost: one\r\n\r\n"),
    ]


def test_a_base_listener() -> None:
    """Everything goes to the base, under its name, whatever Host says or lacks."""
    data = b"GET /a HTTP/1.1\r\nhost: localhost:15000\r\n\r\nGET /b HTTP/1.1\r\n\r\n"
    assert steps_of(data, BASE) == [
        Go("https", "api.example", 443),
        Send(
            b"GET /a HTTP/1.1\r\nhost: api.example\r\n\r\n"
            b"GET /b HTTP/1.1\r\nHost: api.example\r\n\r\n"
        ),
    ]


def test_a_body_passes_as_it_is() -> None:
    """Chunk sizes, extensions and trailers are not touched."""
    body = b"3;x=1\r\nabc\r\n0000\r\nT: 1\r\n\r\n"
    (_, send) = steps_of(b"PUT / HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\n\r\n" + body, BASE)
    assert isinstance(send, Send)
    assert send.data.endswith(b"\r\n\r\n" + body)


def test_one_framing_is_passed_on() -> None:
    """Of chunked and a length only chunked reaches the upstream (RFC 9112 section 6.3)."""
    head = b"PUT / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    (_, send) = steps_of(head + b"0\r\n\r\n", BASE)
    assert isinstance(send, Send)
    assert b"Content-Length" not in send.data


def test_a_large_body_is_not_kept() -> None:
    """Parts of a body are sent as they come."""
    rewriter = HeadRewriter(BASE)
    rewriter.feed(b"PUT / HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n")
    piece = bytes(1000)
    for _ in range(100):
        assert rewriter.feed(piece) == [Send(piece)]


def test_connect() -> None:
    """CONNECT opens a tunnel; what came with it goes into the tunnel, nothing more is read."""
    rewriter = HeadRewriter(None)
    data = b"CONNECT api.example:443 HTTP/1.1\r\nHost: x\r\n\r\n\x16\x03"
    assert rewriter.feed(data) == [Tunnel("api.example", 443, b"\x16\x03")]
    assert rewriter.feed(b"more") == []


def test_a_tunnel_after_a_request() -> None:
    """A connection may be used for a request first."""
    steps = steps_of(b"GET http://a/ HTTP/1.1\r\n\r\nCONNECT b:1 HTTP/1.1\r\n\r\n")
    assert steps[-1] == Tunnel("b", 1, b"")


def test_after_an_upgrade_everything_passes() -> None:
    """What an upgrade leads to is not HTTP."""
    rewriter = HeadRewriter(BASE)
    rewriter.feed(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    rewriter.switch()
    assert rewriter.feed(b"\x81\x85\r\n\r\n") == [Send(b"\x81\x85\r\n\r\n")]


def test_an_upgrade_that_was_only_asked_for() -> None:
    """A client that asks for h2c with every request still has each of its heads read."""
    rewriter = HeadRewriter(None)
    asking = b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
    rewriter.feed(b"GET http://a.example/ HTTP/1.1\r\n" + asking)
    steps = rewriter.feed(b"GET http://b.example/ HTTP/1.1\r\n" + asking)
    assert steps[0] == Go("http", "b.example", 80)


@pytest.mark.parametrize(
    ("data", "base", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", None, 400),
        (b"GET ftp://x/ HTTP/1.1\r\n\r\n", None, 400),
        (b"GET http:/// HTTP/1.1\r\n\r\n", None, 400),
        (b"GET http://x:99999/ HTTP/1.1\r\n\r\n", None, 400),
        (b"CONNECT x:443 HTTP/1.1\r\n\r\n", BASE, 400),
        (b"CONNECT /x HTTP/1.1\r\n\r\n", None, 400),
        (b"nonsense\r\n\r\n", None, 400),
        (b"\x16\x03\x01", None, 400),
        (b"PRI * HTTP/2.0\r\n\r\n", BASE, 505),
        (b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", BASE, 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70000, BASE, 431),
    ],
)
def test_what_cannot_be_forwarded(data: bytes, base: Authority | None, status: int) -> None:
    """A head that cannot be read is answered, not forwarded, and nothing after it is read."""
    rewriter = HeadRewriter(base)
    refuse = rewriter.feed(data)[-1]
    assert isinstance(refuse, Refuse)
    assert refuse.data.startswith(b"HTTP/1.1 %d " % status)
    assert refuse.reason
    assert rewriter.feed(b"GET / HTTP/1.1\r\n\r\n") == []


def test_empty_lines_in_front() -> None:
    """Empty lines between requests are dropped."""
    assert steps_of(b"\r\n\n\r\nGET /a HTTP/1.1\r\n\r\n", BASE)[1:] == [
        Send(b"GET /a HTTP/1.1\r\nHost: api.example\r\n\r\n")
    ]


@settings(deadline=None)
@given(data=st.binary(max_size=200), base=st.sampled_from([None, BASE]))
def test_nothing_raises(data: bytes, base: Authority | None) -> None:
    """Whatever a client sends gives steps."""
    head = b"PUT http://x/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    for start in (b"", head, b"GET http://"):
        feed(HeadRewriter(base), start + data, 7)
