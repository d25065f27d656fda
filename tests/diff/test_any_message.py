"""Whatever two messages are: comparing never fails, agrees with the quick look, and is printable."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.diff.causes.fold import causes
from ci_gate.diff.expectation import Expectation
from ci_gate.diff.outcomes import charge
from ci_gate.diff.rules import Rules
from ci_gate.model.message import HttpRequest, HttpResponse, Opaque, Piece, Pieces, Stored

_DATA = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [b'{"a":1}', b'{"a":[1,2]}', b"a=1&b=2", b"<x/>", b"--b\r\n\r\nx\r\n--b--", b""]
    ),
)
_BODIES = st.one_of(
    _DATA,
    st.builds(Stored, st.just("a" * 64), st.integers(0, 9)),
    st.builds(Opaque, st.integers(0, 9), st.just("b" * 64)),
    st.builds(
        Pieces,
        st.lists(st.builds(Piece, st.just(0.0), _DATA), max_size=3).map(tuple),
        st.booleans(),
    ),
)
_NAMES = st.sampled_from(
    [
        b"Content-Type",
        b"Set-Cookie",
        b"Cookie",
        b"Server",
        b"Date",
        b"X-A",
        b"Authorization",
        b"x.y",
    ]
)
_VALUES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            b"application/json",
            b"text/html; charset=latin-1",
            b"multipart/form-data; boundary=b",
            b"application/x-www-form-urlencoded",
            b"sid=1; Path=/; Secure",
        ]
    ),
)
_HEADERS = st.lists(st.tuples(_NAMES, _VALUES), max_size=4).map(tuple)
_RESPONSES = st.builds(
    HttpResponse,
    st.sampled_from([200, 404, 500]),
    st.just(b""),
    _HEADERS,
    _BODIES,
    st.one_of(st.just(()), _HEADERS),
)
_REQUESTS = st.builds(
    HttpRequest, st.sampled_from(["GET", "POST"]), st.binary(max_size=12), _HEADERS, _BODIES
)


@settings(max_examples=300)
@given(_RESPONSES, _RESPONSES)
def test_any_two_responses(diff: Any, old: HttpResponse, new: HttpResponse) -> None:
    """A quick match has no differences; others give text that can be written anywhere."""
    found = charge(diff(old, new), "x", "GET /a", Rules((), "2026-01-01"))
    if Expectation(old).matches(new):
        assert found == ()
    if old.status != new.status:
        assert found
    for one in found:
        f"{one.place}{one.expected}{one.actual}{one.detail}".encode()
        assert one.place.startswith("response")
        assert len(one.expected) <= 240
        assert len(one.actual) <= 240
    for cause in causes(found):
        cause.title.encode()


@given(_RESPONSES)
def test_a_response_equals_itself(diff: Any, one: HttpResponse) -> None:
    """No response differs from itself, whatever is in it."""
    if not isinstance(one.body, Pieces) or one.body.complete:
        assert Expectation(one).matches(one)
    assert diff(one, one) == ()


@settings(max_examples=300)
@given(_REQUESTS, _REQUESTS)
def test_any_two_requests(diff: Any, old: HttpRequest, new: HttpRequest) -> None:
    """Requests compare without failing, and one equals itself."""
    assert diff(old, old) == ()
    for one in diff(old, new):
        f"{one.place}{one.expected}{one.actual}{one.detail}".encode()
