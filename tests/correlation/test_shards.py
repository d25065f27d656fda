"""Chains spread over shards: all of them, each once, evenly, and the same everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.correlation.chains import Chains
from ci_gate.correlation.shards import spread
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import HttpRequest
from ci_gate.model.snapshot import Origin, Snapshot

TOP = Path(__file__).resolve().parents[2]


def facts(one: Exchange) -> Facts:
    """As HTTP has them."""
    return Facts(effect="read" if one.route.startswith("GET") else "write", targets=())


def inbound(id_: str, route: str, took: float = 0.0) -> Exchange:
    """An inbound exchange."""
    method, path = route.split()
    request = HttpRequest(method, path.encode())
    return Exchange(id=id_, route=route, took=took, request=request)


def spread_of(
    exchanges: list[Exchange], count: int, calls: tuple[Exchange, ...] = ()
) -> tuple[frozenset[str], ...]:
    """The shards of such a snapshot."""
    snapshot = Snapshot(origin=Origin(service="x"), inbound=tuple(exchanges), outbound=calls)
    return spread(snapshot, Chains(snapshot, facts).of, count)


def test_chains_that_share_nothing_are_spread_evenly() -> None:
    """Twelve alike over three: four each."""
    shards = spread_of([inbound(str(at), f"GET /thing{at}") for at in range(12)], 3)
    assert [len(one) for one in shards] == [4, 4, 4]


def test_what_took_long_weighs_more() -> None:
    """One of 100 ms balances ten of 0 ms."""
    exchanges = [inbound("slow", "GET /slow", 100.0)]
    exchanges += [inbound(str(at), f"GET /thing{at}") for at in range(11)]
    shards = spread_of(exchanges, 2)
    assert {"slow"} in shards
    assert sorted(map(len, shards)) == [1, 11]


def test_readers_of_the_same_writes_share_a_shard_while_there_is_room() -> None:
    """What another shard would have to replay again is judged where it is replayed anyway."""
    exchanges = []
    for name in ("orders", "users"):
        exchanges += [inbound(f"{name}-{at}", f"POST /{name}") for at in range(5)]
        exchanges += [inbound(f"{name}-read-{at}", f"GET /{name}") for at in range(5)]
    one, other = spread_of(exchanges, 2)
    assert {name.partition("-")[0] for name in one} == {"orders"}
    assert {name.partition("-")[0] for name in other} == {"users"}


def test_many_readers_are_spread_though_writes_are_replayed_again() -> None:
    """One resource, two writes and forty reads: each shard gets its share of the reads."""
    exchanges = [inbound(f"w{at}", "POST /orders") for at in range(2)]
    exchanges += [inbound(f"r{at}", "GET /orders/{id}") for at in range(40)]
    assert all(len(one) >= 8 for one in spread_of(exchanges, 4))


def test_those_that_may_have_made_one_call_stay_together() -> None:
    """Two in flight when a call was made: nobody could judge it in two shards."""
    exchanges = [inbound(str(at), f"GET /thing{at}") for at in range(6)]
    call = Exchange(
        id="c", dependency="d", route="GET /x", groups=("0", "5"), request=HttpRequest("GET", b"/x")
    )
    shards = spread_of(exchanges, 3, (call,))
    assert any({"0", "5"} <= one for one in shards)


def test_every_process_comes_to_the_same() -> None:
    """Whatever the order of sets is in one: weights are never added up to something else."""
    program = (
        "from tests.correlation.test_shards import *\n"
        "made = [inbound(f'x{n}', f'{\"POST\" if n % 3 else \"GET\"} /r', n / 7) for n in range(60)]\n"
        "print([sorted(one) for one in spread_of(made, 3)])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(TOP)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(said) == 1


def test_more_shards_than_chains() -> None:
    """The rest are empty."""
    assert sorted(map(len, spread_of([inbound("a", "GET /a")], 3))) == [0, 0, 1]
    assert spread_of([], 2) == (frozenset(), frozenset())


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST"]), st.integers(0, 4), st.floats(0, 5000, width=32)
        ),
        max_size=40,
    ),
    st.integers(1, 9),
)
def test_every_exchange_is_in_exactly_one_shard(
    made: list[tuple[str, int, float]], count: int
) -> None:
    """Whatever was recorded; and the same again."""
    exchanges = [
        inbound(f"{at}", f"{method} /thing{number}", took)
        for at, (method, number, took) in enumerate(made)
    ]
    shards = spread_of(exchanges, count)
    assert len(shards) == count
    assert sorted(name for one in shards for name in one) == sorted(one.id for one in exchanges)
    assert spread_of(exchanges, count) == shards
