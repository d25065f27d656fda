"""Ids: who keeps which."""

from __future__ import annotations

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest
from ci_gate.store.naming import Known, Numbers, name_all


def one(identifier: str, *groups: str) -> Exchange:
    """An exchange with this id."""
    return Exchange(id=identifier, route="", groups=groups, request=HttpRequest("GET", b"/"))


def test_numbers_are_never_used_twice() -> None:
    """Numbers count up by identity, around those that are or were in use."""
    numbers = Numbers(["a-1", "a-3"])
    assert [numbers.next("a") for _ in range(3)] == ["a-2", "a-4", "a-5"]
    assert numbers.next("b") == "b-1"


def test_same_groups_first() -> None:
    """A call takes the id it has in its own group, then a spare one, then a number."""
    old = [one("k-1", "x"), one("k-2", "y"), one("k-3", "z")]
    identities = {e.id: "k" for e in old} | {"o1": "k", "o2": "k", "o3": "k", "o4": "k"}
    known = Known(old, old, identities)
    new = [one("o1", "w"), one("o2", "y"), one("o3", "x"), one("o4", "v")]
    names = name_all(new, identities, known, Numbers(identities))
    assert names == {"o1": "k-3", "o2": "k-2", "o3": "k-1", "o4": "k-4"}


def test_only_exact() -> None:
    """Ids that are known in their groups only go to no other group."""
    old = [one("k-1", "startup")]
    identities = {"k-1": "k", "o1": "k", "o2": "k"}
    names = name_all(
        [one("o1", "x"), one("o2", "startup")],
        identities,
        Known(old, (), identities),
        Numbers(["k-1"]),
    )
    assert names == {"o1": "k-2", "o2": "k-1"}
