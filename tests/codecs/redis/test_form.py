"""RESP as JSON and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.redis.form import command_body, command_form, reply_body, reply_form
from ci_gate.codecs.redis.resp import Typed, command, dump

NAMES = st.sampled_from([b"a", b"a", b"$b", b"\xff", b"long name"]) | st.binary(max_size=4)
VALUES = st.recursive(
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.binary(max_size=9)
    | st.sampled_from([Typed("_"), Typed("*"), Typed("#", True), Typed("+", b"OK")])
    | st.sampled_from([Typed("=", b"txt:x"), Typed(",", b"1.5"), Typed("(", b"123")]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(NAMES, inner), max_size=3).map(
            lambda pairs: Typed("%", [one for pair in pairs for one in pair])
        )
        | st.builds(Typed, st.sampled_from("~>"), st.lists(inner, max_size=2))
    ),
    max_leaves=8,
)


@given(VALUES)
def test_a_reply_survives(value: object) -> None:
    """JSON holds everything that RESP says."""
    body = dump(value)
    assert reply_body(reply_form(body)) == body


@given(st.lists(NAMES, min_size=1, max_size=6), st.sampled_from([b"HSET", b"MSET", b"GET"]))
def test_a_command_survives(args: list[bytes], name: bytes) -> None:
    """Also where names repeat, are no text, or look like our own tags."""
    body = command((name, *args))
    assert command_body(command_form(body)) == body


def test_a_transaction_is_an_array_of_commands() -> None:
    """All of it, from MULTI to EXEC."""
    body = command((b"MULTI",)) + command((b"INCR", b"n")) + command((b"EXEC",))
    assert json.loads(command_form(body)) == [["MULTI"], ["INCR", "n"], ["EXEC"]]
    assert command_body(command_form(body)) == body


def test_fields_have_their_names() -> None:
    """Names and values of a hash are an object, so that a place says which field."""
    body = command((b"HSET", b"user:1", b"email", b"a@b", b"raw", b"\xff"))
    assert json.loads(command_form(body)) == [
        "HSET", "user:1", {"email": "a@b", "raw": {"$b64": "/w=="}},
    ]  # fmt: skip
    reply = dump([b"email", b"a@b"])
    assert json.loads(reply_form(reply, paired=True)) == {"email": "a@b"}
    assert reply_body(reply_form(reply, paired=True), paired=True) == reply


@pytest.mark.parametrize("form", [b"{}", b"[]", b'["GET", {"$b64": "?"}]', b'["GET", null]'])
def test_what_is_no_command_is_an_error(form: bytes) -> None:
    """Somebody edits snapshots by hand."""
    with pytest.raises(ValueError, match=r"\w"):
        command_body(form)


@pytest.mark.parametrize("form", [b'{"$what": 1}', b'{"$double": 2}', b"1.5", b"nothing"])
def test_what_is_no_reply_is_an_error(form: bytes) -> None:
    """A tag that we do not know is not passed on as something else."""
    with pytest.raises(ValueError, match=r"\w"):
        reply_body(form)
