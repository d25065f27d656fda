"""Shards of one run, merged: what one run would have said, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate import __version__
from ci_gate.config.options import Policy
from ci_gate.diff.causes.fingerprint import of_difference
from ci_gate.errors import UsageError
from ci_gate.model.exchange import STARTUP
from ci_gate.model.known import Known, Quarantined
from ci_gate.model.message import HttpRequest
from ci_gate.model.result import ShardPart
from ci_gate.model.rule import Rule, Where
from ci_gate.store.runs import read_change, read_exchanges, read_result
from ci_gate.store.shards import decode, encode
from tests.gate.conftest import acted
from tests.gate.sharded import comparable, in_shards, merged, shards

HOWS = ("", "type", "write-dropped", "twice", "changed", "new-host", "wanders", "ends-badly")


@pytest.mark.parametrize(
    "how", [how if how == "twice" else pytest.param(how, marks=pytest.mark.long) for how in HOWS]
)
def test_three_shards_come_to_what_one_run_comes_to(acting: Any, how: str) -> None:
    """Unchanged and with each regression: verdict, causes, counts, routes, rows; the rest of the
    run directory too."""
    one = acting.run(how)
    result = in_shards(acting, 3, how)
    assert comparable(result) == comparable(one)
    folder = acting.folder / "merged"
    rows = [list(read_exchanges(str(path / "exchanges.jsonl"))) for path in (acting.out, folder)]
    rows = [[msgspec.structs.replace(row, milliseconds=0, log=()) for row in part] for part in rows]
    assert rows[0] == rows[1]
    names = [{path.name for path in run.rglob("*")} for run in (acting.out, folder)]
    assert names[0] == names[1]
    assert read_result(str(folder / "result.json")).shard is None
    log = (folder / "service.log").read_text()
    assert [f"--- shard {index}/3" in log for index in (1, 2, 3)] == [True] * 3


def test_figures_are_those_of_the_samples(acting: Any) -> None:
    """Latencies of the merged run are the samples of its shards, and so are the percentiles."""
    results = shards(acting, 2)
    result = merged(acting, "shard-1", "shard-2")
    samples = {route: one for part in results for route, one in part.runs[0].latencies.items()}
    assert result.runs[0].latencies == dict(sorted(samples.items()))
    figures = {one.route: one for part in results for one in part.routes}
    assert list(result.routes) == [figures[name] for name in sorted(figures)]


@pytest.mark.long
def test_what_is_accepted_has_the_causes_of_the_whole(acting: Any) -> None:
    """What the shards kept of what differs is there, under the merged run's causes."""
    result = in_shards(acting, 3, "changed")
    cause = result.causes[0]
    folder = str(acting.folder / "merged")
    change = read_change(folder, cause.exchanges[0])
    assert {one.cause for one in change.differences} == {cause.id}
    request = change.calls[0].exchange.request
    assert isinstance(request, HttpRequest)
    assert request.target == b"/greeting?for=eve"


@pytest.mark.long
def test_conditions_are_judged_on_the_whole(acting: Any) -> None:
    """A minimum of requests and unused mocks: no shard fails for them, nor for having nothing."""
    policy = Policy(fail_if=(("", "requests.total < 7"), ("", "mocks.unused > 0")))
    results = shards(acting, 9, policy=policy)
    assert {one.verdict.outcome for one in results} == {"pass"}
    assert {one.verdict.evaluations for one in results} == {()}
    assert any("nothing falls to shard" in text for one in results for text in one.notices)
    assert {run.counts.unused for one in results for run in one.runs} == {None}
    result = merged(acting, *(f"shard-{index}" for index in range(1, 10)), policy=policy)
    assert result.verdict.outcome == "pass"
    assert result.runs[0].counts.unused == 0
    strict = Policy(fail_if=(("", "requests.total < 8"),))
    result = merged(acting, *(f"shard-{index}" for index in range(1, 10)), policy=strict)
    assert result.verdict.outcome == "fail"


def test_nothing_at_all_is_inconclusive_on_the_whole_only(acting: Any) -> None:
    """A snapshot without inbound requests: each shard is at peace, the whole is never green."""
    acting.write(msgspec.structs.replace(acted(), inbound=(), outbound=()))
    assert [one.verdict.outcome for one in shards(acting, 2)] == ["pass", "pass"]
    result = merged(acting, "shard-1", "shard-2")
    assert result.verdict.outcome == "inconclusive"
    assert "no inbound request" in result.notices[0]


def at_startup(route: str) -> Any:
    """The snapshot, with a call that was recorded at startup."""
    snapshot = acted()
    first = snapshot.outbound[0]
    assert isinstance(first.request, HttpRequest)
    request = msgspec.structs.replace(first.request, target=route.encode())
    call = msgspec.structs.replace(
        first, id="cc000000-1", route=f"GET {route}", at=1.0, groups=(STARTUP,), request=request
    )
    return msgspec.structs.replace(snapshot, outbound=(call, *snapshot.outbound))


@pytest.mark.long
def test_startup_is_judged_on_the_whole_and_once(acting: Any) -> None:
    """A call that is no longer made at startup: no shard is red for it, the whole is, once."""
    acting.write(at_startup("/settings"))
    one = acting.run()
    assert {part.verdict.outcome for part in shards(acting, 3)} == {"pass"}
    result = merged(acting, "shard-1", "shard-2", "shard-3")
    assert [cause.change for cause in result.causes] == ["missing"]
    assert comparable(result) == comparable(one)


def test_rules_count_over_all_shards(acting: Any) -> None:
    """How often a rule excused is the sum; one that nothing needed is told of the whole only."""
    rules = (
        Rule(
            index=1,
            at="response.body.$.id",
            allow="any",
            where=Where(route="GET /json"),
            reason="x",
        ),
        Rule(index=2, at="response.body.$.other", allow="any", where=Where(), reason="x"),
    )
    one = acting.run("type", rules=rules)
    results = shards(acting, 3, "type", rules=rules)
    assert {part.verdict.warnings for part in results} == {()}
    result = merged(acting, "shard-1", "shard-2", "shard-3", rules=rules)
    assert comparable(result) == comparable(one)
    assert [(use.used > 0, use.state) for use in result.rules] == [
        (True, "used"),
        (False, "unused"),
    ]


@pytest.mark.long
def test_known_causes_pass_in_the_whole(acting: Any) -> None:
    """An entry of `known` covers the cause of the merged run, and is used, as in one run; one that
    no shard has is gone only when all are there."""
    fingerprint = acting.run("write-dropped").causes[0].fingerprint
    known = tuple(
        Known(index=number, fingerprint=text, reason="x", owner="@x", until="2999-01-01")
        for number, text in ((1, fingerprint), (2, "c1:00000000-00000000"))
    )
    one = acting.run("write-dropped", known=known)
    result = in_shards(acting, 3, "write-dropped", known=known)
    assert result.verdict.outcome == "pass"
    assert [entry.state for entry in result.known] == ["used", "gone"]
    assert comparable(result) == comparable(one)


@pytest.mark.long
def test_quarantine_holds_in_the_whole(acting: Any) -> None:
    """What is listed passes in the merged run, wherever the exchange was; the entry is used."""
    row = acting.run("value")
    exchange = row.causes[0].exchanges[0]
    quarantine = (
        Quarantined(
            index=1,
            exchange=exchange,
            differences=(of_difference(row.causes[0].examples[0]),),
            reason="x",
            owner="@x",
            until="2999-01-01",
        ),
    )
    one = acting.run("value", quarantine=quarantine)
    result = in_shards(acting, 3, "value", quarantine=quarantine)
    assert (result.verdict.outcome, result.quarantine[0].state) == ("pass", "used")
    assert comparable(result) == comparable(one)


@pytest.mark.long
def test_what_did_not_repeat_is_unstable_in_the_whole(acting: Any) -> None:
    """Confirmed in the shard: red at first only is unstable, and not green, as in one run."""
    once = acting.folder / "once"

    def how(index: int) -> Any:
        return acting.service("value", env={"ONCE": str(acting.folder / f"{once.name}-{index}")})

    one = acting.run(service=how(0))
    assert [cause.standing for cause in one.causes] == ["unstable"]
    for index in (1, 2):
        part = ShardPart(index=index, count=2)
        acting.run(service=how(index), shard=part, out=str(acting.folder / f"shard-{index}"))
    result = merged(acting, "shard-1", "shard-2")
    assert comparable(result) == comparable(one)


@pytest.mark.long
def test_a_baseline_lets_pass_in_the_whole(acting: Any) -> None:
    """`--baseline` of one run holds for shards of another."""
    acting.run("type")
    result = in_shards(acting, 3, "type", baseline=str(acting.out))
    assert (result.verdict.outcome, result.causes[0].standing) == ("pass", "before")


@pytest.mark.long
def test_a_call_that_moved_to_another_shard_is_told_as_moved(acting: Any) -> None:
    """Recorded in a request of one shard, made by one of another: one cause, as in one run."""
    json, hello = (
        next(one for one in acted().inbound if one.route == route)
        for route in ("GET /json", "GET /hello")
    )
    hello = msgspec.structs.replace(hello, at=5.0)
    call = msgspec.structs.replace(acted().outbound[0], groups=(json.id,), at=json.at + 0.5)
    acting.write(msgspec.structs.replace(acted(), inbound=(hello, json), outbound=(call,)))
    one = acting.run()
    assert [cause.change for cause in one.causes] == ["moved"]
    results = shards(acting, 2)
    assert [part.runs[0].counts.total for part in results] == [1, 1]
    assert comparable(merged(acting, "shard-1", "shard-2")) == comparable(one)


# -- refused


@pytest.fixture
def two(acting: Any) -> Any:
    """Both shards of a run."""
    shards(acting, 2)
    return acting


def refusal(acting: Any, *folders: str, **more: Any) -> str:
    """Why these are not merged; nothing is written."""
    with pytest.raises(UsageError) as caught:
        merged(acting, *folders, **more)
    assert not (acting.folder / "merged").exists()
    return str(caught.value)


def edit(acting: Any, name: str, **more: Any) -> None:
    """Change what all shards have in common in one."""
    path = acting.folder / name / "shard.json"
    shard = decode(path.read_bytes(), str(path))
    basis = msgspec.structs.replace(shard.basis, **more)
    path.write_bytes(encode(msgspec.structs.replace(shard, basis=basis)))


def test_what_is_not_all_of_one_run_is_refused(two: Any, tmp_path: Path) -> None:
    """Each with its reason and what to do."""
    assert "1 shard missing: 2/2" in refusal(two, "shard-1")
    assert "Run it again" in refusal(two, "shard-1")
    shutil.copytree(tmp_path / "shard-1", tmp_path / "copy")
    assert "shard 1/2 is there twice" in refusal(two, "shard-1", "copy", "shard-2")
    assert "was the artifact" in refusal(two, "nowhere")
    two.run()
    assert "is a whole run" in refusal(two, "run", "shard-1")
    assert "holds no shard" in refusal(two, "state")
    (tmp_path / "shard.zip").write_bytes(b"PK")
    assert "unpack it" in refusal(two, "shard.zip")
    (tmp_path / "copy" / "shard.json").write_text('{"format": 1, "part": 3}')
    assert "not a shard" in refusal(two, "copy", "shard-2")
    (tmp_path / "copy" / "shard.json").write_text('{"format": 9}')
    assert "with the ci-gate that ran the shards" in refusal(two, "copy", "shard-2")


def test_what_was_run_otherwise_is_refused(two: Any) -> None:
    """Another snapshot, other rules, another commit, another version."""
    rules = (Rule(index=1, at="response.body.$.id", allow="any", where=Where(), reason="x"),)
    assert "other rules or settings" in refusal(two, "shard-1", "shard-2", rules=rules)
    edit(two, "shard-2", version="0.0.0")
    assert "another version of ci-gate" in refusal(two, "shard-1", "shard-2")
    edit(two, "shard-2", version=__version__, snapshot="0" * 64)
    assert "another snapshot (000000000000)" in refusal(two, "shard-1", "shard-2")
    two.write(at_startup("/settings"))
    assert "another snapshot" in refusal(two, "shard-1", "shard-2")


@pytest.mark.long
def test_a_shard_of_another_count_is_refused(acting: Any) -> None:
    """1/2 and 2/3 are not of one run."""
    shards(acting, 2)
    (acting.folder / "shard-1").rename(acting.folder / "first")
    shards(acting, 3)
    assert "not of one run" in refusal(acting, "first", "shard-2")


def test_a_folder_of_shards_does(two: Any, tmp_path: Path) -> None:
    """Where artifacts were unpacked side by side, their folder is enough; so are both ways."""
    (tmp_path / "all").mkdir()
    for name in ("shard-1", "shard-2"):
        (tmp_path / name).rename(tmp_path / "all" / name)
    assert merged(two, "all").verdict.outcome == "pass"
