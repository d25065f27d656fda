"""Which inbound exchanges are kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Raw
from ci_gate.store.select import class_of, select


def exchange(number: int, route: str = "GET /a", status: int = 200) -> Exchange:
    """The n-th exchange of a recording."""
    method = route.split(" ")[0]
    return Exchange(
        id=f"i{number}",
        route=route,
        at=number,
        request=HttpRequest(method, b"/"),
        response=HttpResponse(status) if status else None,
    )


def is_write(exchange: Exchange) -> bool:
    """POST is a write."""
    return exchange.route.startswith("POST")


def kept(routes: str, maximum: int, already: str = "") -> str:
    """Letters are routes; upper-case ones are writes. Which numbers are kept?"""

    def made(text: str, first: int) -> list[Exchange]:
        return [
            exchange(first + n, f"{'POST' if sign.isupper() else 'GET'} /{sign}")
            for n, sign in enumerate(text)
        ]

    chosen = select(made(routes, 0), maximum, is_write, made(already, 100))
    return "".join(routes[int(one.id[1:])] + one.id[1:] for one in chosen)


def test_few_are_all_kept() -> None:
    """Nothing is dropped while there are no more than allowed."""
    assert kept("aabA", 4) == "a0a1b2A3"


def test_distinct_first_then_in_turn() -> None:
    """One of each comes first, then one more of each, round by round."""
    assert kept("aaaaabbbcc", 3) == "a0b5c8"
    assert kept("aaaaabbbcc", 6) == "a0a1b5b6c8c9"
    assert kept("aaaaabbbcc", 7) == "a0a1a2b5b6c8c9"


def test_writes_are_never_dropped() -> None:
    """All writes are there, even beyond the limit, and one of each read within it."""
    assert kept("AAaaAAb", 2) == "A0A1a2A4A5"
    assert kept("AAAAb", 4) == "A0A1A2A3b4"


def test_beside_a_snapshot() -> None:
    """Those there already use up room, and their kinds are not needed first any more."""
    assert kept("aabb", 3, already="a") == "a0b2"
    assert kept("ab", 1, already="a") == ""


def test_status_counts() -> None:
    """The same route with another status is another kind; no answer is one, too."""
    ones = [exchange(n, status=200) for n in range(5)] + [
        exchange(5, status=404),
        exchange(6, status=0),
    ]
    assert [one.id for one in select(ones, 3, is_write)] == ["i0", "i5", "i6"]
    raw = Exchange(id="i", route="raw", request=Raw(), response=Raw())
    assert class_of(raw) == ("raw", 0)


@given(st.text("abcABC", max_size=30), st.integers(1, 12))
def test_properties(routes: str, maximum: int) -> None:
    """Writes are all there, the limit is kept beside them, order stays, and room is used."""
    chosen = kept(routes, maximum)
    letters = [sign for sign in chosen if sign.isalpha()]
    writes = sum(sign.isupper() for sign in routes)
    assert sum(sign.isupper() for sign in letters) == writes
    assert len(letters) <= maximum + writes
    assert len(letters) >= min(maximum, len(routes))
    if len({*routes}) <= maximum:
        assert {*letters} == {*routes}
