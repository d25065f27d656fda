"""`distill`: journal or snapshot in, the fewest chains out."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.distilling import DistillOptions, DistillSummary, Left, distill
from ci_gate.gate.events import ignore
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.journal import Journal
from ci_gate.store.snapshot import read_snapshot, write_snapshot

ORIGIN = Origin(service="shop", recorded_at="2026-01-02T03:04:05.000+00:00")
PAY = Dependency(name="pay", address="https://pay.example")
JSON = ((b"Content-Type", b"application/json"),)


def exchange(
    name: str,
    method: str,
    target: str,
    at: float,
    answer: object,
    group: str = "",
    status: int = 200,
) -> Exchange:
    """One exchange; a call with a group."""
    path = target.partition("?")[0]
    parts = ["{id}" if any(c.isdigit() for c in part) else part for part in path.split("/")]
    return Exchange(
        id=name,
        dependency="pay" if group else "",
        groups=(group,) if group else (),
        route=f"{method} {'/'.join(parts)}",
        at=at,
        took=0.5,
        request=HttpRequest(method, target.encode(), ((b"Host", b"h"),)),
        response=HttpResponse(status, b"", JSON, json.dumps(answer).encode()),
    )


def recorded(count: int) -> list[Exchange]:
    """Orders that are made and read; some are paid, one is not found, one has a note."""
    found = []
    for number in range(count):
        at, order = number * 10.0, f"ord-{10_000_000 + number}"
        found.append(exchange(f"i{number}a", "POST", "/orders", at, {"id": order}, status=201))
        note = {"note": "x"} if number == count // 2 else {}
        status = 404 if number == count // 3 else 200
        found.append(
            exchange(
                f"i{number}b",
                "GET",
                f"/orders/{order}",
                at + 1,
                {"id": order, **note},
                status=status,
            )
        )
        if number % 2:
            found.append(exchange(f"o{number}", "POST", "/charge", at + 0.2, {}, f"i{number}a"))
    return found


def journal(path: Path, count: int) -> str:
    """A journal of so many orders."""
    with Journal.create(str(path), ORIGIN, (PAY,)) as written:
        for one in recorded(count):
            written.append(one)
    return str(path)


def distilled(path: str, out: Path, maximum: int = 300) -> tuple[DistillSummary, Snapshot]:
    """What comes of it."""
    options = DistillOptions(path=path, out=str(out), maximum=maximum, replace=True)
    return distill(options, ignore), read_snapshot(str(out))


def test_a_journal(tmp_path: Path) -> None:
    """One of each kind with what it needs before it; the same each time; the rest is in a table."""
    path = journal(tmp_path / "j.jsonl", 60)
    summary, snapshot = distilled(path, tmp_path / "a")
    assert summary.exchanges == 150
    assert summary.kinds == 5
    statuses = sorted(one.response.status for one in snapshot.inbound)  # type: ignore[union-attr]  # HTTP
    assert {*statuses} == {200, 201, 404}
    readers = [one for one in snapshot.inbound if one.route == "GET /orders/{id}"]
    makers = {one.response.body for one in snapshot.inbound if one.route == "POST /orders"}  # type: ignore[union-attr]  # HTTP
    for one in readers:
        assert isinstance(one.request, HttpRequest)
        order = one.request.target.rpartition(b"/")[2].decode()
        assert json.dumps({"id": order}).encode() in makers
    assert 1 <= len(snapshot.outbound) <= 4
    rows = {(one.route, one.status): one for one in summary.table}
    assert sum(one.kept + one.dropped for one in summary.table) == 120
    assert rows["GET /orders/{id}", 404] == Left(
        route="GET /orders/{id}", status=404, kept=1, dropped=0
    )
    again, same = distilled(path, tmp_path / "b")
    assert msgspec.structs.replace(again, out="") == msgspec.structs.replace(summary, out="")
    assert [one.id for one in same.inbound] == [one.id for one in snapshot.inbound]


def test_the_maximum(tmp_path: Path) -> None:
    """Rare kinds first; what there is no room for is told."""
    summary, snapshot = distilled(journal(tmp_path / "j.jsonl", 60), tmp_path / "a", 3)
    assert len(snapshot.inbound) <= 3
    assert sum(one.uncovered for one in summary.table) >= 1


def test_a_snapshot(tmp_path: Path) -> None:
    """In its place: what stays keeps its id, and what was learned of it."""
    distilled(journal(tmp_path / "j.jsonl", 10), tmp_path / "a")
    everything = recorded(10)
    folder = str(tmp_path / "s")
    write_snapshot(
        folder,
        Snapshot(
            origin=ORIGIN,
            dependencies=(PAY,),
            inbound=tuple(one for one in everything if one.inbound),
            outbound=tuple(one for one in everything if not one.inbound),
        ),
    )
    summary = distill(DistillOptions(path=folder), ignore)
    kept = read_snapshot(folder)
    assert summary.inbound == len(kept.inbound) < 20
    assert {one.id for one in kept.inbound} <= {one.id for one in everything}


def test_refusals(tmp_path: Path) -> None:
    """A journal without a place to go, a snapshot that is there, nothing at all."""
    path = journal(tmp_path / "j.jsonl", 2)
    with pytest.raises(UsageError, match="--out"):
        distill(DistillOptions(path=path), ignore)
    distilled(path, tmp_path / "a")
    with pytest.raises(UsageError, match="--replace"):
        distill(DistillOptions(path=path, out=str(tmp_path / "a")), ignore)
    empty = tmp_path / "e.jsonl"
    with Journal.create(str(empty), ORIGIN):
        pass
    with pytest.raises(UsageError, match="holds no exchange"):
        distilled(str(empty), tmp_path / "b")


@pytest.mark.long
def test_200_000_exchanges(tmp_path: Path) -> None:
    """In one pass under 1 GB, and at least 10,000 a second of one core."""
    path = tmp_path / "j.jsonl"
    line = journal(tmp_path / "one.jsonl", 1)
    head = Path(line).read_bytes().split(b"\n")[0]
    with path.open("wb") as file:
        file.write(head + b"\n")
        encode = msgspec.json.Encoder().encode
        for number in range(80_000):
            order = f"ord-{10_000_000 + number}"
            made = {"id": order, "items": [{"sku": str(n), "n": n} for n in range(4)]}
            for name, verb, target, status, group in (
                (f"i{number}a", "POST", "/orders", 201, ""),
                (f"i{number}b", "GET", f"/orders/{order}", 200, ""),
                (f"o{number}", "POST", "/charge", 200, f"i{number}a"),
            )[: 2 + number % 2]:
                form = {
                    "id": name, "at": number * 10.0, "took": 1.0,
                    "route": f"{verb} {target.replace(order, '{id}')}",
                    "request": {"method": verb, "target": target, "headers": [["Host", "h"]]},
                    "response": {"status": status, "body": {"text": json.dumps(made)}},
                }  # fmt: skip
                more = {"dependency": "pay", "groups": [group]} if group else {}
                file.write(encode({"exchange": form | more}) + b"\n")
    code = (
        "import sys; from ci_gate.gate.distilling import DistillOptions, distill;"
        "print(distill(DistillOptions(path=sys.argv[1], out=sys.argv[2]), lambda e: None).exchanges)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path / "out")],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout.strip() == "200000"
    assert time.monotonic() - began < 300
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 20
    assert after.ru_maxrss < 1_000_000  # kilobytes
