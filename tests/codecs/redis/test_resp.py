"""Where RESP values end, and what they say."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.redis.resp import (
    DEPTH_LIMIT,
    LIMIT,
    Malformed,
    Reader,
    Typed,
    arguments,
    command,
    dump,
    parse,
)

LINE = st.binary(max_size=8).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b""))
LEAVES = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.binary(max_size=9)
    | st.builds(Typed, st.sampled_from("+-,("), LINE)
    | st.builds(Typed, st.just("!"), st.binary(max_size=9))
    | st.builds(Typed, st.just("="), st.binary(max_size=5).map(lambda raw: b"txt:" + raw))
    | st.builds(Typed, st.just("#"), st.booleans())
    | st.sampled_from([Typed("_"), Typed("*")])
)


def aggregates(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Arrays, sets, pushes, maps and attributes of `inner`."""
    items = st.lists(inner, max_size=3)
    pairs = st.lists(st.tuples(inner, inner), max_size=2).map(
        lambda found: [one for pair in found for one in pair]
    )
    return (
        items
        | st.builds(Typed, st.sampled_from("~>"), items)
        | st.builds(Typed, st.just("%"), pairs)
        | st.builds(lambda facts, value: Typed("|", [facts, value]), pairs, inner)
    )


VALUES = st.recursive(LEAVES, aggregates, max_leaves=8)


@given(VALUES)
def test_what_is_said_is_heard(value: object) -> None:
    """Every value survives being written and read."""
    assert parse(dump(value)) == value


@given(st.lists(VALUES, max_size=4), st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_values_are_cut_where_they_end(values: list[object], sizes: list[int]) -> None:
    """However the bytes arrive, each value comes out once and whole."""
    data = b"".join(map(dump, values))
    reader = Reader(inline=False)
    found: list[bytes] = []
    turn = 0
    while data:
        size = sizes[turn % len(sizes)]
        found += reader.feed(data[:size])
        data, turn = data[size:], turn + 1
    assert [parse(one) for one in found] == values
    assert reader.at_rest


@given(st.binary(max_size=60), st.booleans())
def test_garbage_is_malformed_or_waits(data: bytes, inline: bool) -> None:
    """Any bytes are values, the beginning of one, or Malformed."""
    with contextlib.suppress(Malformed):
        for one in Reader(inline=inline).feed(data):
            arguments(one) if inline else parse(one)


def test_an_inline_command_is_a_line() -> None:
    """What people type into telnet comes among arrays, an empty line too."""
    said = Reader(inline=True).feed(b"ping hello\r\n*2\r\n$3\r\nget\r\n$1\r\nk\r\n\r\nGET")
    assert [arguments(one) for one in said] == [(b"PING", b"hello"), (b"GET", b"k"), ()]


def test_a_long_string_is_joined_once() -> None:
    """While a string's bytes come, nothing is scanned or copied: they are collected."""
    reader = Reader(inline=False)
    body = b"x" * 1_000_000
    data = dump(body)
    found = [reader.feed(data[at : at + 1000]) for at in range(0, len(data), 1000)]
    assert found[-1] == [data]
    assert not any(found[:-1])


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"?\r\n", "begins no RESP value"),
        (b"$abc\r\n", "is no length"),
        (b"$?\r\n", "is no length"),
        (b"$3\r\nabcdef\r\n", "longer than its length says"),
        (b"$%d\r\n" % (LIMIT + 1), "more than"),
        (b"*99999999\r\n", "more than"),
        (b"+" + b"x" * 70_000, "does not end"),
    ],
)
def test_what_is_no_resp_says_why(said: bytes, reason: str) -> None:
    """Each limit and each error of form has its own words."""
    with pytest.raises(Malformed, match=reason):
        Reader(inline=False).feed(said)


def test_depth_is_limited() -> None:
    """A reply nested deeper than any real one does not exhaust the stack."""
    with pytest.raises(Malformed, match="deep"):
        parse(b"*1\r\n" * (DEPTH_LIMIT + 2) + b":1\r\n")


def test_a_command_has_its_name_in_capitals() -> None:
    """The same command of two clients is the same bytes."""
    assert command((b"get", b"K")) == command((b"GET", b"K")) == b"*2\r\n$3\r\nGET\r\n$1\r\nK\r\n"


def test_a_line_cannot_be_broken_out_of() -> None:
    """An error text with line ends stays one line."""
    assert dump(Typed("-", b"ERR a\r\n:1")) == b"-ERR a  :1\r\n"
