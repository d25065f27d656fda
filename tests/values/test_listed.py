"""Texts that list something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.listed import items, same_items


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET, HEAD, OPTIONS", "OPTIONS, GET, HEAD"),
        ("read write admin", "admin read write"),
        ("a,b", "b,a"),
        ("no-cache; x=1; y", "y; no-cache; x=1"),
        ("a b|c d", "c d|a b"),
    ],
)
def test_lists_of_the_same(one: str, other: str) -> None:
    """Whatever stands between: the order does not count."""
    assert same_items(one, other)
    assert same_items(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET, HEAD", "GET, POST"),
        ("GET, HEAD", "GET,HEAD"),
        ("a, b, c", "a, b"),
        ("a, a, b", "b, a, a"),
        ("a, , b", "b, , a"),
        ("word", "word"),
        ("", ""),
        ("a " * 3000 + "b", "b" + " a" * 3000),
    ],
)
def test_what_is_no_list_of_the_same(one: str, other: str) -> None:
    """Another item, another sign between, fewer, one twice, nothing between, or too long."""
    assert not same_items(one, other)


@given(st.permutations(["GET", "HEAD", "PUT", "x y"]), st.sampled_from([", ", ",", "; ", "|"]))
def test_any_order(order: list[str], between: str) -> None:
    """Every order of items is the same list."""
    assert same_items(between.join(order), between.join(sorted(order)))


@given(st.text(max_size=50))
def test_any_text(text: str) -> None:
    """A list is its items with what stands between; no other text is one."""
    found = items(text)
    if found is not None:
        between, parts = found
        assert len(parts) > 1
        assert sorted(text.split(between)) == sorted(parts)
