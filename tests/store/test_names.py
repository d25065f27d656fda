"""File names for routes and dependencies."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.store.names import folder_name, slug


@given(st.text())
def test_names_are_safe(text: str) -> None:
    """Any text gives a lower-case name that is a plain file name everywhere."""
    for name in (slug(text), folder_name(text)):
        assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,66}", name)
        assert name not in ("con", "nul", "aux", "prn", "com1")


def test_readable() -> None:
    """A route's name shows the route; a good dependency name is its own folder name."""
    assert slug("GET /orders/{id}").startswith("get-orders-id-")
    assert folder_name("orders-db") == "orders-db"


@pytest.mark.parametrize(
    ("one", "other"), [("GET /a", "get /a"), ("GET /é", "GET /ü"), ("a" * 80, "a" * 81)]
)
def test_names_differ(one: str, other: str) -> None:
    """Texts that differ only in case, in unsafe characters or beyond the cut keep apart."""
    assert slug(one) != slug(other)


@pytest.mark.parametrize("name", ["Payments", "aux", "a/b", "..", "", "a.b", "x" * 61])
def test_unsafe_dependency_names(name: str) -> None:
    """A name that some file system cannot hold gets hash digits."""
    assert folder_name(name) == slug(name)
