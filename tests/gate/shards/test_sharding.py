"""One shard: what it judges, what it looks at again, and what it keeps."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.gate.events import Stage
from ci_gate.model.message import HttpResponse
from ci_gate.model.result import ShardPart
from ci_gate.model.rule import Rule, Where
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.store.runs import read_exchanges, read_result
from ci_gate.store.shards import decode
from tests.gate.conftest import acted
from tests.gate.sharded import comparable, merged, shards


def test_a_shard_judges_its_own_and_says_so(acting: Any) -> None:
    """Every exchange is judged in one shard; result.json says which; a regression is red there."""
    results = shards(acting, 2, "type")
    assert [str(one.shard) for one in results] == ["1/2", "2/2"]
    assert sum(one.runs[0].counts.total for one in results) == 7
    assert sorted(one.verdict.outcome for one in results) == ["fail", "pass"]
    folders = [acting.folder / f"shard-{index}" for index in (1, 2)]
    parts = [read_result(str(one / "result.json")).shard for one in folders]
    assert list(map(str, parts)) == ["1/2", "2/2"]
    rows = [row for one in folders for row in read_exchanges(str(one / "exchanges.jsonl"))]
    assert sorted(row.id for row in rows) == sorted(one.id for one in acted().inbound)


def remembering() -> Any:
    """The snapshot of a service that answers /list otherwise once /json was asked for."""
    snapshot = acted()
    inbound = []
    for one in snapshot.inbound:
        response = one.response
        if one.route == "GET /list":
            assert isinstance(response, HttpResponse)
            response = msgspec.structs.replace(response, body=b'["b", "a"]')
        inbound.append(msgspec.structs.replace(one, response=response))
    return msgspec.structs.replace(snapshot, inbound=tuple(inbound))


@pytest.mark.long
def test_what_lacks_other_requests_is_no_finding(acting: Any) -> None:
    """An unchanged service that remembers requests of other shards passes: what differs is replayed
    again among all others, as one run would, and a notice says so."""
    acting.write(remembering())
    results = shards(acting, 7, "remembers")
    assert {one.verdict.outcome for one in results} == {"pass"}
    told = [text for one in results for text in one.notices]
    assert "1 request of this shard differed only without those of other shards" in told
    stages = [one.name for one in acting.events if isinstance(one, Stage)]
    assert stages.count("shard") == 1
    result = merged(acting, *(f"shard-{index}" for index in range(1, 8)))
    assert comparable(result) == comparable(acting.run("remembers"))


def test_the_form_of_what_is_kept(acting: Any) -> None:
    """shard.json has latencies, differences with nothing passed, the basis, and no secret."""
    acting.write(remembering())
    replay = ReplayerOptions(
        settle=0.1, headers=(("X-Test", "s3cret-of-ours"),), secrets=("s3cret-of-ours",)
    )
    service = acting.service("leaks", env={"SECRET": "another-s3cret"})
    (result,) = shards(acting, 1, service=service, replay=replay)
    assert result.verdict.outcome == "fail"
    path = acting.folder / "shard-1" / "shard.json"
    shard = decode(path.read_bytes(), str(path))
    assert shard.part == ShardPart(index=1, count=1)
    assert [one.exchange for one in shard.exchanges] == [one.id for one in acted().inbound]
    assert all(one.latency > 0 for one in shard.exchanges)
    assert any(one.differences for one in shard.exchanges)
    assert b"s3cret-of-ours" not in path.read_bytes()


@pytest.mark.parametrize("how", ["ends-badly"])
def test_a_service_that_does_not_start_is_red_in_each(acting: Any, how: str) -> None:
    """No shard is green for want of a service, and none is replayed among all others."""
    assert {one.verdict.outcome for one in shards(acting, 2, how)} == {"fail"}
    assert not [one for one in acting.events if isinstance(one, Stage) and one.name == "shard"]


def test_rules_are_not_used_by_what_is_not_judged(acting: Any) -> None:
    """What is replayed for others only counts nowhere: a rule excuses it once, where it is judged."""
    at = "response.headers.cache-control"
    rules = (Rule(index=1, at=at, allow="any", where=Where(), reason="x"),)
    write = acted().inbound[-1]
    first = acted().inbound[0]
    answer = msgspec.structs.replace(write.response, status=404, body=b"{}")
    reads = tuple(
        msgspec.structs.replace(
            first,
            id=f"dd{number:02}0000-1",
            route="GET /things",
            at=200.0 + number,
            request=msgspec.structs.replace(first.request, target=b"/things"),
            response=answer,
        )
        for number in range(10)
    )
    calls = acted().outbound[1:]
    acting.write(msgspec.structs.replace(acted(), inbound=(write, *reads), outbound=calls))
    results = shards(acting, 2, "header", rules=rules)
    stages = [one.text for one in acting.events if isinstance(one, Stage) and one.name == "replay"]
    assert sum(int(text.split()[0]) for text in stages) == 12
    assert {one.verdict.outcome for one in results} == {"pass"}
    assert sum(one.rules[0].used for one in results) == 11
