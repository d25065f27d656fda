"""Snapshots on disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from ci_gate.codecs.base import LARGE
from ci_gate.errors import CannotRun, UsageError
from ci_gate.model.binding import Binding, Bindings, Spot
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    HttpRequest,
    HttpResponse,
    PgResult,
    PgStatement,
    RedisCommand,
    RedisReply,
    Stored,
)
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.store.bodies import BodyWriter, body_path
from ci_gate.store.journal import journal_folder
from ci_gate.store.snapshot import digest, exists, read_snapshot, read_with_places, write_snapshot
from tests.store.samples import changed, example, tree
from tests.store.strategies import snapshots


def test_golden(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    """The files of format 1 look as they looked when format 1 was made."""
    write_snapshot(str(tmp_path), example())
    files = tree(tmp_path)
    golden("store/snapshot/files.txt", "".join(f"{path}\n" for path in sorted(files)))
    for path, data in files.items():
        golden(f"store/snapshot/{path.replace('.gitattributes', 'gitattributes')}", data.decode())


def test_the_committed_format_is_read(tmp_path: Path) -> None:
    """A snapshot written by an earlier build of this format still means the same."""
    committed = Path(__file__).parents[1] / "golden" / "store" / "snapshot"
    shutil.copytree(committed, tmp_path / "x")
    read = read_snapshot(str(tmp_path / "x"))
    assert (read.inbound, read.outbound) == (example().inbound, example().outbound)
    assert (read.origin, read.dependencies) == (example().origin, example().dependencies)


@settings(suppress_health_check=list(HealthCheck), max_examples=40)
@given(snapshots())
def test_round_trip_and_stability(tmp_path: Path, snapshot: Snapshot) -> None:
    """Any snapshot comes back as it was; written again, not one byte or file changes."""
    folder = tmp_path / "x"
    shutil.rmtree(folder, ignore_errors=True)
    write_snapshot(str(folder), snapshot)
    before = tree(folder)
    read = read_snapshot(str(folder))
    assert (read.origin, read.dependencies) == (snapshot.origin, snapshot.dependencies)
    assert (read.inbound, read.outbound) == (snapshot.inbound, snapshot.outbound)
    write_snapshot(str(folder), read)
    assert tree(folder) == before
    assert digest(str(folder)) == digest(snapshot)


def test_unchanged_files_are_not_touched(tmp_path: Path) -> None:
    """Writing the same snapshot again replaces no file."""
    write_snapshot(str(tmp_path), example())
    before = {p: p.stat().st_ino for p in tmp_path.rglob("*")}
    write_snapshot(str(tmp_path), read_snapshot(str(tmp_path)))
    assert {p: p.stat().st_ino for p in tmp_path.rglob("*")} == before


def test_what_is_no_longer_needed_goes(tmp_path: Path) -> None:
    """Files of routes, dependencies and bodies that are gone are removed; others are not ours."""
    big = example().inbound[0]
    response = HttpResponse(200, body=b"\xff" * 5000)
    large = Exchange(id="b-1", route="GET /big", request=big.request, response=response)
    write_snapshot(str(tmp_path), Snapshot(origin=example().origin, inbound=(large,)))
    (tmp_path / "README.md").write_bytes(b"mine")
    (tmp_path / "inbound" / "notes.txt").write_bytes(b"mine")
    (tmp_path / "inbound" / ".x.json.1.tmp").write_bytes(b"half")
    write_snapshot(str(tmp_path), example())
    (tmp_path / "inbound" / "notes.txt").unlink()
    (tmp_path / "README.md").unlink()
    fresh = tmp_path / "fresh"
    write_snapshot(str(fresh), example())
    expected = tree(fresh)
    shutil.rmtree(fresh)
    assert tree(tmp_path) == expected
    assert not (tmp_path / "bodies").exists()


def test_bindings_come_and_go(tmp_path: Path) -> None:
    """bindings.json is written with the snapshot, and removed when nothing travels any more."""
    folder = str(tmp_path / "s")
    snapshot = example()
    spot = Spot(exchange=snapshot.inbound[0].id, at="response.body.$.id")
    bound = Bindings(inbound=(Binding(name="B1", value="v", made=spot, used=(spot,)),))
    write_snapshot(folder, msgspec.structs.replace(snapshot, bindings=bound))
    assert read_snapshot(folder).bindings == bound
    write_snapshot(folder, snapshot)
    assert not (tmp_path / "s" / "bindings.json").exists()


def test_a_limit_refuses(tmp_path: Path) -> None:
    """A snapshot beyond the size limit is refused as a whole, never cut."""
    with pytest.raises(UsageError, match=r"more than the 1000 bytes allowed"):
        write_snapshot(str(tmp_path), example(), limit=1000)
    assert tree(tmp_path) == {}
    stored = Stored("a" * 64, 2_000_000_000)
    one = Exchange(id="a-1", route="GET /", request=HttpRequest("PUT", b"/", body=stored))
    with pytest.raises(UsageError, match="1000000000 bytes allowed"):
        write_snapshot(str(tmp_path), Snapshot(origin=Origin(service="x"), inbound=(one,)))


def test_own_gitattributes_stay(tmp_path: Path) -> None:
    """A .gitattributes that people changed is left as it is."""
    (tmp_path / ".gitattributes").write_bytes(b"* text\n")
    write_snapshot(str(tmp_path), example())
    assert (tmp_path / ".gitattributes").read_bytes() == b"* text\n"


def large_bodies(folder: Path, size: int) -> tuple[Stored, bytes]:
    """A body in a journal's folder."""
    data = os.urandom(1024) * (size // 1024)
    writer = BodyWriter(str(folder))
    writer.write(data)
    return writer.finish(), data


@pytest.mark.parametrize(("size", "loaded"), [(8192, True), (LARGE, True), (2 * LARGE, False)])
def test_bodies_in_files(tmp_path: Path, size: int, loaded: bool) -> None:
    """A body moves from the journal into the snapshot, then from there into another; up to a
    megabyte it is loaded, above it stays where it is."""
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    stored, data = large_bodies(Path(journal_folder(first)), size)
    one = Exchange(id="a-1", route="GET /", request=HttpRequest("PUT", b"/", body=stored))
    write_snapshot(first, Snapshot(origin=Origin(service="x"), inbound=(one,)))
    shutil.rmtree(journal_folder(first))
    write_snapshot(second, read_snapshot(first))
    shutil.rmtree(first)
    snapshot = read_snapshot(second)
    request = snapshot.inbound[0].request
    assert request.body == (data if loaded else stored)
    assert Path(body_path(snapshot.folder, stored.sha256)).read_bytes() == data


def test_bodies_of_databases(tmp_path: Path) -> None:
    """Loaded whatever their size: they are said and compared as a whole."""
    data = os.urandom(1024) * (2 * LARGE // 1024)
    messages = (
        (PgStatement("copy t from stdin", body=data), PgResult(data)),
        (RedisCommand(data), RedisReply(data)),
    )
    outbound = tuple(
        Exchange(id=f"b-{i}", dependency="db", route="x", request=request, response=response)
        for i, (request, response) in enumerate(messages)
    )
    origin, db = Origin(service="x"), Dependency(name="db")
    snapshot = Snapshot(origin=origin, dependencies=(db,), outbound=outbound)
    write_snapshot(str(tmp_path), snapshot)
    for one in read_snapshot(str(tmp_path)).outbound:
        assert one.response is not None
        assert one.request.body == one.response.body == data


def test_a_body_that_is_nowhere(tmp_path: Path) -> None:
    """Writing a snapshot whose body was lost is an error that names it."""
    stored = Stored("a" * 64, 3)
    one = Exchange(id="a-1", route="GET /", request=HttpRequest("PUT", b"/", body=stored))
    with pytest.raises(UsageError, match=f"{'a' * 64}: the body of 3 bytes is missing"):
        write_snapshot(str(tmp_path), Snapshot(origin=Origin(service="x"), inbound=(one,)))
    assert not exists(str(tmp_path))


def with_large_body(folder: Path) -> Path:
    """A snapshot with one body in a file; the file."""
    data = b"\xff" * 5000
    one = Exchange(id="a-1", route="GET /", request=HttpRequest("PUT", b"/", body=data))
    write_snapshot(str(folder), Snapshot(origin=Origin(service="x"), inbound=(one,)))
    return Path(body_path(str(folder), hashlib.sha256(data).hexdigest()))


def test_broken_bodies(tmp_path: Path) -> None:
    """A body file that is gone, cut off or changed is named, with the exchange's file."""
    path = with_large_body(tmp_path)
    path.write_bytes(b"\xfe" * 5000)
    with pytest.raises(UsageError, match=f"inbound.get.*{path.name}: its content was changed"):
        read_snapshot(str(tmp_path))
    os.truncate(path, 10)
    with pytest.raises(UsageError, match=f"{path.name}: 10 bytes, 5000 expected"):
        read_snapshot(str(tmp_path))
    path.unlink()
    with pytest.raises(UsageError, match=f"{path.name}: No such file"):
        read_snapshot(str(tmp_path))


def test_no_snapshot(tmp_path: Path) -> None:
    """A folder without a snapshot, or none at all, says how to record one."""
    for folder in (tmp_path, tmp_path / "absent"):
        assert not exists(str(folder))
        with pytest.raises(UsageError, match=r"no snapshot here.*ci-gate record --out"):
            read_snapshot(str(folder))


@pytest.mark.parametrize(
    ("head", "complaint"),
    [
        (b'{"format": 2, "service": "x"}', "snapshot.json: .*written by a newer ci-gate"),
        (b'{"format": 99, "new": {}}', "written by a newer ci-gate"),
        (b'{"format": 0}', "no ci-gate wrote snapshots of format 0"),
        (b'{"format": "1"}', "snapshot.json: Expected `int`"),
        (b"", "snapshot.json:1: the file is cut off"),
    ],
)
def test_formats(tmp_path: Path, head: bytes, complaint: str) -> None:
    """A format this version does not read is named before anything else is looked at."""
    (tmp_path / "inbound").mkdir()
    (tmp_path / "inbound" / "a.json").write_bytes(b"garbage of another version")
    (tmp_path / "snapshot.json").write_bytes(head)
    with pytest.raises(UsageError, match=complaint):
        read_snapshot(str(tmp_path))


def test_a_truncated_file(tmp_path: Path) -> None:
    """Wherever a file is cut off, reading names it and never gives half a snapshot."""
    write_snapshot(str(tmp_path), example())
    for path in tmp_path.rglob("*.json"):
        whole = path.read_bytes()
        for cut in range(0, len(whole.rstrip()), 97):
            path.write_bytes(whole[:cut])
            with pytest.raises(UsageError, match=path.name):
                read_snapshot(str(tmp_path))
        path.write_bytes(whole)
    assert read_snapshot(str(tmp_path)).inbound == example().inbound


def test_places(tmp_path: Path) -> None:
    """Where each exchange lies is known, relative to the snapshot's folder."""
    write_snapshot(str(tmp_path), example())
    found = read_with_places(str(tmp_path))
    assert len(found.places) == 6
    for name, path in found.places.items():
        assert f'"id": "{name}"' in (tmp_path / path).read_text()


def test_digest(tmp_path: Path) -> None:
    """The digest is that of the snapshot until a file of it changes; other files do not enter."""
    write_snapshot(str(tmp_path), example())
    assert digest(str(tmp_path)) == digest(example())
    (tmp_path / "README.md").write_bytes(b"mine")
    assert digest(str(tmp_path)) == digest(example())
    head = tmp_path / "snapshot.json"
    head.write_bytes(head.read_bytes().replace(b"@orders", b"@others"))
    assert digest(str(tmp_path)) != digest(example())


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up while writing names the folder, and the old snapshot still reads."""
    write_snapshot(str(tmp_path), example())
    before = tree(tmp_path)
    other = Snapshot(origin=Origin(service="other"), inbound=example().inbound[:1])

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotRun, match=f"{tmp_path}.*No space left on device"):
        write_snapshot(str(tmp_path), other)
    assert tree(tmp_path) == before


def killed_writer(folder: Path, step: int) -> int:
    """Write `changed()` in a child that kills itself at its n-th step; how it ended (9 or 0)."""
    child = os.fork()
    if child == 0:
        left = step

        def dying(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **more: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **more)

            return call

        for name in ("replace", "unlink", "fsync", "makedirs"):
            setattr(os, name, dying(getattr(os, name)))
        try:
            write_snapshot(str(folder), changed())
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def test_kill_9_while_writing(tmp_path: Path) -> None:
    """Wherever a writer is killed, the snapshot reads as the old or the new one, never a mixture,
    and what the next writer leaves is exactly the new one."""
    write_snapshot(str(tmp_path / "new"), changed())
    expected = tree(tmp_path / "new")
    seen = set()
    for step in range(1, 100):
        folder = tmp_path / str(step)
        write_snapshot(str(folder), example())
        ended = killed_writer(folder, step)
        assert ended in (0, signal.SIGKILL)
        inbound = read_snapshot(str(folder)).inbound
        assert inbound in (example().inbound, changed().inbound)
        seen.add((ended, inbound == changed().inbound))
        write_snapshot(str(folder), changed())
        assert tree(folder) == expected
        if ended == 0:
            break
    assert seen == {(signal.SIGKILL, False), (signal.SIGKILL, True), (0, True)}


def many(number: int) -> Snapshot:
    """A snapshot with bodies of about two kilobytes."""
    headers = tuple((b"X-Header-%d" % n, b"value %d" % n) for n in range(8))
    body = b'{"items": [%s], "number": %%d}' % b", ".join(
        [b'{"name": "some item", "price": 1.50}'] * 50
    )
    ones = [
        Exchange(
            id=f"{n:010x}-1",
            dependency="pay" if n % 2 else "",
            route=f"GET /{n % 40}",
            groups=(f"{n - 1:010x}-1",) if n % 2 else (),
            at=float(n),
            request=HttpRequest("GET", b"/%d" % n, headers),
            response=HttpResponse(200, b"OK", headers, body % n),
        )
        for n in range(number)
    ]
    return Snapshot(
        origin=Origin(service="x"),
        dependencies=(Dependency(name="pay"),),
        inbound=tuple(e for e in ones if e.inbound),
        outbound=tuple(e for e in ones if not e.inbound),
    )


def test_ten_thousand_exchanges(tmp_path: Path) -> None:
    """A snapshot of 10,000 exchanges is whole after reading, and equal header fields are shared."""
    snapshot = many(10_000)
    write_snapshot(str(tmp_path), snapshot)
    read = read_snapshot(str(tmp_path))
    assert (read.inbound, read.outbound) == (snapshot.inbound, snapshot.outbound)
    fields = {id(field) for e in read.inbound for field in e.request.headers}  # type: ignore[union-attr]  # HttpRequests
    assert len(fields) == 8
