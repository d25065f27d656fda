"""Keys of calls that differ by values the service made up."""

from __future__ import annotations

from collections.abc import Hashable

import pytest

from ci_gate.correlation.bindings import find
from ci_gate.correlation.madeup import Keys, sort_of
from ci_gate.model.message import HttpRequest
from tests.correlation.traffic import CODEC, FORM, Recording, ask, parts_of, say

A, B, C = (f"{n}f0c2a34-0000-4000-8000-0123456789ab" for n in (1, 2, 3))


def keys(*calls: HttpRequest, client: HttpRequest | None = None) -> list[Hashable]:
    """The keys of calls that the service makes after a client's request."""
    recording = Recording()
    recording.client(client or ask("/start"), say({}))
    for call in calls:
        recording.call(call, say({}))
    snapshot = recording.snapshot()
    made = Keys(
        (*snapshot.inbound, *snapshot.outbound),
        find(snapshot, parts_of),
        parts_of,
        lambda one: CODEC.key(one.request),
    )
    return [made(one) for one in snapshot.outbound]


def test_polls_and_renewals_are_one_key_each() -> None:
    """What the service makes up counts by kind, wherever it stands."""
    first, second = keys(
        ask("/feed?since=2026-05-01T10:00:00Z"), ask("/feed?since=2026-05-01T10:00:09Z")
    )
    assert first == second
    first, second, third = keys(
        ask("/token", {"nonce": A, "grant": 1}),
        ask("/token", {"nonce": B, "grant": 1}),
        ask("/token", {"nonce": C, "grant": 2}),
    )
    assert first == second
    assert first != third


@pytest.mark.parametrize(
    "other",
    [
        ask("/token", {"nonce": "2026-05-01T10:00:00Z"}),
        ask("/token", {"nonce": "short"}),
        ask("/token", {"nonce": None}),
        ask("/token", {"other": B}),
        ask("/token", b"\x00\x01", (b"Content-Type", b"image/png")),
        ask("/token", CODEC.places(ask("/", {"nonce": B}))[-1].value, FORM),
        ask("/tokens", {"nonce": B}),
        ask("/token?x=1", {"nonce": B}),
        ask("/token", {"nonce": B}, (b"Authorization", b"Bearer x")),
    ],
)
def test_everything_else_counts(other: HttpRequest) -> None:
    """Another kind, place, body, type, path, query or way to authorize is another key."""
    first, second = keys(ask("/token", {"nonce": A}), other)
    assert first != second


def test_a_value_with_an_origin_counts() -> None:
    """What a client sent is not made up: calls about two customers are two keys."""
    client = ask("/start", {"a": A, "b": B})
    first, second = keys(ask(f"/customers/{A}"), ask(f"/customers/{B}"), client=client)
    assert first != second


def test_bodies_that_have_no_text_stand_for_themselves() -> None:
    """A fresh id in the path does not hide another picture."""
    picture = (b"Content-Type", b"image/png")
    one, same, other = keys(
        ask(f"/p/{A}", b"\x00\x01", picture),
        ask(f"/p/{B}", b"\x00\x01", picture),
        ask(f"/p/{C}", b"\x00\x02", picture),
    )
    assert one == same
    assert one != other


def test_sorts() -> None:
    """Points in time by how they are written, named kinds by name, the rest by length."""
    assert sort_of("2026-05-01T10:00:00Z") == sort_of("2027-05-01T11:00:00Z")
    assert sort_of("2026-05-01T10:00:00Z") != sort_of("2026-05-01 10:00:00")
    assert sort_of(A) == sort_of(B) == "uuid"
    assert sort_of("aQ9xB2c3D4") == sort_of("zZ9xB2c3D4") != sort_of("aQ9xB2c3D4e")
