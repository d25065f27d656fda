"""Run directories."""

from __future__ import annotations

import datetime
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from ci_gate.errors import CannotRun, UsageError
from ci_gate.model.change import Change, MadeCall
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import Exchange
from ci_gate.model.result import Counts, Environment, ExchangeResult, Result, Run, Verdict
from ci_gate.store import runs
from ci_gate.store.runs import (
    RunDirectory,
    latest_run,
    read_change,
    read_exchanges,
    read_result,
)
from tests.store.strategies import exchanges

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def result(**more: Any) -> Result:
    """Some result."""
    run = Run(counts=Counts(total=2), latencies={"GET /": (10, 1, 1)}, histograms={"GET /": {3: 4}})
    fields = {"runs": (run,), "service": "orders"} | more
    return Result(
        verdict=Verdict(outcome="pass", reasons=("all is well",)),
        environment=Environment(version="0"),
        **fields,
    )


def test_default_place(tmp_path: Path) -> None:
    """Without a name a run lies under its UTC time, nothing of it is committed, latest names it."""
    base = str(tmp_path / ".ci-gate")
    assert latest_run(base) is None
    east = NOW.astimezone(datetime.timezone(datetime.timedelta(hours=5)))
    paths = [RunDirectory.create("", now, base).path for now in (NOW, east, NOW)]
    assert [os.path.basename(path) for path in paths] == [
        "20260102T030405Z",
        "20260102T030405Z-2",
        "20260102T030405Z-3",
    ]
    assert latest_run(base) == paths[2]
    assert os.path.islink(tmp_path / ".ci-gate" / "runs" / "latest")
    assert (tmp_path / ".ci-gate" / ".gitignore").read_bytes() == b"*\n"


def test_without_symbolic_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no symbolic links a small file names the latest run."""

    def refuse(*names: str) -> None:
        raise OSError("not here")

    monkeypatch.setattr(os, "symlink", refuse)
    paths = [RunDirectory.create("", NOW, str(tmp_path)).path for _ in range(2)]
    assert latest_run(str(tmp_path)) == paths[1]


@pytest.mark.parametrize("name", ["../../elsewhere", "gone", "", "/"])
def test_a_pointer_elsewhere(tmp_path: Path, name: str) -> None:
    """A pointer that names no run of ours is none."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "b" / "runs").mkdir(parents=True)
    (tmp_path / "b" / "runs" / "latest").write_text(name)
    assert latest_run(str(tmp_path / "b")) is None


def test_named_place(tmp_path: Path) -> None:
    """A folder given by name is used as it is; what an earlier run left there is gone, the rest
    is not ours."""
    path = str(tmp_path / "out")
    with RunDirectory.create(path, NOW) as run:
        run.write_result(result())
        run.append_exchange(ExchangeResult(id="a", route="GET /", label="GET /", state="passed"))
        run.write_change(Change(name="a-1"))
        run.write_text(run.summary, "# pass \udcff\n")
    assert Path(run.summary).read_bytes() == b"# pass \\udcff\n"
    (tmp_path / "out" / "mine.txt").write_bytes(b"")
    again = RunDirectory.create(path, NOW)
    left = sorted(p.name for p in Path(again.path).rglob("*") if p.is_file())
    assert left == ["mine.txt"]


@pytest.mark.parametrize("name", ["changes/mine.md", "bodies/mine.bin", "snapshot.json"])
def test_a_folder_that_is_not_ours_is_refused(tmp_path: Path, name: str) -> None:
    """A folder with such names in it that no run has written, a snapshot's above all, stays whole."""
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"mine")
    with pytest.raises(UsageError, match="name another folder"):
        RunDirectory.create(str(tmp_path / "out"), NOW)
    assert path.read_bytes() == b"mine"


def test_an_abandoned_run_leaves_nothing(tmp_path: Path) -> None:
    """Neither folder nor pointer, whichever way the folder was chosen; what is not ours stays."""
    for path in ("", str(tmp_path / "out")):
        run = RunDirectory.create(path, NOW, str(tmp_path / "base"))
        Path(run.service_log).write_bytes(b"log")
        run.write_change(Change(name="a-1"))
        run.abandon()
        assert not os.path.lexists(run.path)
    assert list((tmp_path / "base" / "runs").iterdir()) == []
    run = RunDirectory.create(str(tmp_path / "out"), NOW)
    Path(run.path, "mine.txt").write_bytes(b"")
    run.abandon()
    assert os.listdir(run.path) == ["mine.txt"]


def test_a_file_in_the_way(tmp_path: Path) -> None:
    """A name that is a file is an error that names it."""
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(CannotRun, match="out"):
        RunDirectory.create(str(tmp_path / "out"), NOW)


def test_result_round_trip(tmp_path: Path) -> None:
    """A result comes back as it was, from files that everyone may read."""
    run = RunDirectory.create(str(tmp_path / "r"), NOW)
    run.write_result(result())
    assert read_result(run.result) == result()
    assert os.stat(run.result).st_mode & 0o777 == 0o644
    assert {os.path.basename(p) for p in (run.junit, run.service_log)} == {
        "junit.xml",
        "service.log",
    }


def test_a_result_that_is_too_large(tmp_path: Path) -> None:
    """A result that cannot be made to fit is refused, not cut."""
    run = RunDirectory.create(str(tmp_path / "r"), NOW)
    many = {"GET /": tuple(range(10**9, 10**9 + 600_000))}
    with pytest.raises(CannotRun, match=r"result.json: larger than 5000000 bytes"):
        run.write_result(result(runs=(Run(counts=Counts(), latencies=many),)))
    assert not os.path.exists(run.result)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not a result"),
        (b"[" * 100_000, "not a result"),
        (b'{"service": "\xff"}', "not a result"),
        (b'{"verdict": {"outcome": "green"}}', "not a result"),
        (b" " * 5_000_001, "larger than 5000000 bytes"),
        (msgspec.json.encode(result(format=2)), "written by a newer ci-gate"),
        (
            msgspec.json.encode(
                result(runs=(Run(counts=Counts(), latencies={"GET /": (1,) * 100_001}),))
            ),
            "more than 100000 latencies",
        ),
    ],
)
def test_results_from_anywhere(tmp_path: Path, data: bytes, complaint: str) -> None:
    """A result of a stranger is read strictly and in bounds."""
    path = tmp_path / "result.json"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=f"^{path}: .*{complaint}"):
        read_result(str(path))


def test_exchange_lines(tmp_path: Path) -> None:
    """Lines come back in order; what is no line is named with its number."""
    ones = [
        ExchangeResult(
            id=f"a-{n}",
            route="GET /",
            label="GET /?é",
            state="failed",
            differences=(Difference(change="value", expected="\0"),),
        )
        for n in range(3)
    ]
    with RunDirectory.create(str(tmp_path), NOW) as run:
        for one in ones:
            run.append_exchange(one)
    run.close()
    assert list(read_exchanges(run.exchanges)) == ones
    with open(run.exchanges, "ab") as file:
        file.write(b'{"id": 1}\n')
    with pytest.raises(UsageError, match=r"exchanges.jsonl:4: "):
        list(read_exchanges(run.exchanges))
    with pytest.raises(UsageError, match="is this a run directory"):
        list(read_exchanges(str(tmp_path / "absent")))
    with pytest.raises(UsageError, match="is this a run directory"):
        read_result(str(tmp_path / "absent"))


@settings(suppress_health_check=list(HealthCheck), max_examples=40)
@given(exchanges("3f2a9c1b7e-1", "pay", ("a-1",)))
def test_changes(tmp_path: Path, exchange: Exchange) -> None:
    """Live messages come back as they were, for `accept`."""
    run = RunDirectory.create(tempfile.mkdtemp(dir=tmp_path), NOW)
    call = MadeCall(change="unexpected", after="c-1", late=True, exchange=exchange)
    change = Change(
        name=exchange.id,
        live=exchange,
        differences=(Difference(change="status", exchange=exchange.id, cause="C1"),),
        calls=(call,),
        more=2,
        order=("c-1",),
        stored={exchange.id: "0" * 64},
    )
    run.write_change(change)
    assert read_change(run.path, exchange.id) == change
    assert os.listdir(run.changes) == [f"{exchange.id}.json"]


def test_odd_ids(tmp_path: Path) -> None:
    """An id never leads out of the folder; one without messages, or with broken ones, is named."""
    run = RunDirectory.create(str(tmp_path / "r"), NOW)
    odd = Change(name="../../x")
    run.write_change(odd)
    assert read_change(run.path, "../../x") == odd
    assert [p.parent.name for p in tmp_path.rglob("*.json")] == ["changes"]
    with pytest.raises(UsageError, match=r"nothing.json"):
        read_change(run.path, "nothing")
    Path(run.changes, "other.json").write_bytes(b'{"name": "another"}')
    with pytest.raises(UsageError, match=r"is about 'another'"):
        read_change(run.path, "other")
    Path(run.changes, "bad.json").write_bytes(b"{")
    with pytest.raises(UsageError, match=r"bad.json"):
        read_change(run.path, "bad")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk while a run is written names the folder."""

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    run = RunDirectory.create(str(tmp_path / "r"), NOW)
    monkeypatch.setattr(runs, "open", full, raising=False)
    with pytest.raises(CannotRun, match=f"{tmp_path}.*No space left on device"):
        run.append_exchange(ExchangeResult(id="a", route="", label="", state="passed"))
