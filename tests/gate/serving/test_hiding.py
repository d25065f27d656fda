"""Values of `replay.set` are hidden wherever they may turn up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.gate.serving.hiding import PIECE, SHOWN, Hidden
from ci_gate.model.difference import Difference
from ci_gate.model.message import HttpResponse

SECRET = "s3cr3t-value-of-a-test-token"


def test_a_value_is_hidden_with_and_without_its_scheme() -> None:
    """The scheme is no secret; what follows it is, wherever it stands."""
    hidden = Hidden([f"Bearer {SECRET}"])
    assert hidden.text(f"Authorization: Bearer {SECRET}") == f"Authorization: Bearer {SHOWN}"
    assert hidden.text(f"x={SECRET}&y=1") == f"x={SHOWN}&y=1"


@given(st.integers(0, len(SECRET) - PIECE), st.text(), st.text())
def test_pieces_of_a_cut_value_are_hidden(at: int, before: str, after: str) -> None:
    """However a text was cut, no eight letters of the value remain."""
    hidden = Hidden([SECRET])
    shown = hidden.text(before + SECRET[at : at + PIECE + 3] + after)
    assert not any(SECRET[i : i + PIECE] in shown for i in range(len(SECRET) - PIECE + 1))


@given(st.text())
def test_other_text_stays(text: str) -> None:
    """What has nothing of the value in it is as it was, and hiding twice changes nothing."""
    hidden = Hidden(["\0\1\2\3\4\5\6\7\0\1\2"])
    shown = hidden.text(text)
    assert hidden.text(shown) == shown
    assert shown == text or "\0\1\2\3\4\5\6\7" in text


def test_words_that_stand_everywhere_are_not_hidden() -> None:
    """A value of a few letters is no secret that could be hidden."""
    hidden = Hidden(["abc", "Bearer x", ""])
    assert not hidden
    assert hidden.text("abc x") == "abc x"


def test_messages_lose_the_value_in_headers_and_body() -> None:
    """A live answer that echoes the value is kept without it."""
    message = HttpResponse(200, headers=((b"X-Echo", SECRET.encode()),), body=SECRET.encode())
    shown = Hidden([SECRET]).message(message)
    assert SECRET.encode() not in repr(shown).encode()
    assert Hidden([]).message(message) is message


def test_every_text_of_a_difference_is_hidden() -> None:
    """Place, call, dependency and detail may quote traffic as well."""
    fields = ("expected", "actual", "detail", "place", "call", "dependency", "route")
    one = Difference(change="value", **dict.fromkeys(fields, f"a {SECRET} b"))
    shown = Hidden([SECRET]).difference(one)
    assert {getattr(shown, name) for name in fields} == {f"a {SHOWN} b"}
    assert Hidden([]).difference(one) is one
