"""The journal of a recording."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ci_gate.errors import CannotRun, UsageError
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Dependency, Origin
from ci_gate.store.bodies import BodyWriter
from ci_gate.store.journal import (
    Journal,
    discard,
    journal_folder,
    leftover,
    open_journal,
    read_journal,
    read_recording,
)
from tests.store.strategies import exchanges

ORIGIN = Origin(service="orders", service_port=8080, recorded_at="2026-01-02T03:04:05Z")
PAY = Dependency(name="pay", address="https://pay.example")


def exchange(number: int = 1, body: bytes = b"") -> Exchange:
    """Some exchange."""
    return Exchange(
        id=f"i{number}",
        route="POST /",
        request=HttpRequest("POST", b"/", body=body),
        response=HttpResponse(200),
    )


@settings(suppress_health_check=list(HealthCheck), max_examples=50)
@given(st.lists(exchanges("o1", "pay", ("i1",)), max_size=3))
def test_round_trip(tmp_path: Path, written: list[Exchange]) -> None:
    """Any exchanges come back in the order written."""
    path = tmp_path / "j.jsonl"
    path.unlink(missing_ok=True)
    with Journal.create(str(path)) as journal:
        for one in written:
            journal.append(one)
        assert journal.size == path.stat().st_size
    assert list(read_journal(str(path))) == written


def test_what_is_held_is_written_at_once(tmp_path: Path) -> None:
    """In order, by the next flush, and by closing."""
    path = tmp_path / "j.jsonl"
    with Journal.create(str(path)) as journal:
        assert journal.hold(exchange(1))
        assert not journal.hold(exchange(2))
        assert path.stat().st_size == journal.size == 0
        journal.flush()
        assert journal.size == path.stat().st_size
        assert list(read_journal(str(path))) == [exchange(1), exchange(2)]
        journal.flush()
        assert journal.hold(exchange(3))
    assert list(read_journal(str(path))) == [exchange(1), exchange(2), exchange(3)]


def test_head_and_dependencies(tmp_path: Path) -> None:
    """The journal says what is recorded; a dependency learned later is there, too."""
    with open_journal(str(tmp_path), ORIGIN, (PAY,)) as journal:
        journal.append(exchange())
        journal.append_dependency(Dependency(name="ship"))
    found = leftover(str(tmp_path))
    assert found is not None
    assert found.origin == ORIGIN
    assert found.dependencies == (PAY, Dependency(name="ship"))
    assert found.exchanges == (exchange(),)
    assert not found.torn


def test_undecodable_text_does_not_break_it(tmp_path: Path) -> None:
    """Text made from bytes that are no UTF-8 is written escaped, not refused."""
    path = str(tmp_path / "j")
    with Journal.create(path) as journal:
        journal.append(Exchange(id="i1", route="GET /\udcff", request=HttpRequest("GET", b"/")))
    assert [one.route for one in read_journal(path)] == ["GET /\\udcff"]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    """Wherever the last line was cut, everything before it is read and nothing else."""
    path = tmp_path / "j"
    with Journal.create(str(path), ORIGIN) as journal:
        journal.append(exchange(1))
        before = journal.size
        journal.append(exchange(2))
    whole = path.read_bytes()
    for cut in range(before + 1, len(whole)):
        path.write_bytes(whole[:cut])
        assert [one.id for one in read_journal(str(path))] == ["i1"]
        assert read_recording(str(path)).torn


@pytest.mark.parametrize(
    "line",
    [b"garbage", b"{}x", b'{"exchange": {"id": 7}}', b'{"unknown": 1}', b"\xff", b"[" * 9999],
)
def test_a_broken_line_is_named(tmp_path: Path, line: bytes) -> None:
    """A broken line in the middle is an error with file and line, not a silent loss."""
    path = tmp_path / "j"
    with Journal.create(str(path), ORIGIN) as journal:
        journal.append(exchange(1))
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(UsageError, match=f"{path}:3: not a line of a journal"):
        list(read_journal(str(path)))


def test_a_newer_journal(tmp_path: Path) -> None:
    """A journal of a later version says so."""
    path = tmp_path / "j"
    path.write_bytes(b'{"recording": {"format": 2, "origin": {"service": "x"}}}\n')
    with pytest.raises(UsageError, match=r"j:1: .*written by a newer ci-gate"):
        read_recording(str(path))


def test_senseless_content_is_named(tmp_path: Path) -> None:
    """A line that is JSON but no exchange is an error with file and line."""
    path = tmp_path / "j"
    path.write_bytes(b'{"exchange": {"id": "i1", "request": {"target": "/"}}}\n')
    with pytest.raises(UsageError, match='j:1: exchange i1: its request has no "method"'):
        list(read_journal(str(path)))
    with pytest.raises(UsageError, match="absent: No such file"):
        list(read_journal(str(tmp_path / "absent")))


def test_never_written_over(tmp_path: Path) -> None:
    """A journal that is there is never started anew."""
    open_journal(str(tmp_path), ORIGIN, ()).close()
    with pytest.raises(UsageError, match="a journal is there already"):
        open_journal(str(tmp_path), ORIGIN, ())


def test_a_full_disk_keeps_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENOSPC in the middle of a line names the folder, keeps the lines before, and the next
    line is whole again once there is space."""
    path = tmp_path / "j"
    journal = Journal.create(str(path))
    journal.append(exchange(1))
    real, calls = os.write, []

    def full(handle: int, data: bytes) -> int:
        calls.append(len(data))
        if len(calls) == 1:
            return real(handle, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(CannotRun, match=f"{tmp_path}: No space left on device"):
            journal.append(exchange(2))
    assert len(calls) == 2
    journal.append(exchange(3))
    journal.close()
    assert [one.id for one in read_journal(str(path))] == ["i1", "i3"]


CHILD = """
    import sys
    from ci_gate.errors import CannotRun
    from ci_gate.model.exchange import Exchange
    from ci_gate.model.message import HttpRequest
    from ci_gate.model.snapshot import Origin
    from ci_gate.store.journal import open_journal

    limit = int(sys.argv[2])
    if limit:
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    journal = open_journal(sys.argv[1], Origin(service="x"), ())
    number = 0
    while True:
        number += 1
        body = b"x" * (number * 37 % 5000)
        request = HttpRequest("POST", b"/", body=body)
        try:
            journal.append(Exchange(id=f"i{number}", route="POST /", request=request))
        except CannotRun as error:
            print(error, file=sys.stderr)
            sys.exit(3)
        print(number, flush=True)
"""


def writer(folder: Path, limit: int) -> subprocess.Popen[bytes]:
    """A process that appends in a loop and reports each number after its append returned."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(folder), str(limit)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("wanted", [1, 50, 400])
def test_kill_9_loses_nothing(tmp_path: Path, wanted: int) -> None:
    """Every exchange that a killed recorder had reported as written is in its journal."""
    with writer(tmp_path, 0) as child:
        assert child.stdout is not None
        reported = [int(child.stdout.readline()) for _ in range(wanted)]
        child.send_signal(signal.SIGKILL)
        reported += [int(line) for line in child.stdout if line.endswith(b"\n")]
    found = leftover(str(tmp_path))
    assert found is not None
    ids = [one.id for one in found.exchanges]
    assert ids[: len(reported)] == [f"i{number}" for number in reported]
    assert found.origin == Origin(service="x")


def test_a_file_size_limit(tmp_path: Path) -> None:
    """When the system refuses more bytes the recorder says which folder, and all lines are whole."""
    with writer(tmp_path, 100_000) as child:
        out, err = child.communicate(timeout=60)
    assert child.returncode == 3
    assert str(tmp_path).encode() in err
    found = leftover(str(tmp_path))
    assert found is not None
    assert not found.torn
    assert [one.id for one in found.exchanges] == [f"i{line.decode()}" for line in out.split()]


def test_another_recorder_is_kept_out(tmp_path: Path) -> None:
    """A journal that a living recorder writes is no leftover; after its end it is."""
    with writer(tmp_path, 0) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(CannotRun, match="another ci-gate is recording into"):
            leftover(str(tmp_path))
        child.kill()
    assert leftover(str(tmp_path)) is not None


def test_discard(tmp_path: Path) -> None:
    """Discarding removes the journal and its bodies and may be repeated."""
    (tmp_path / "snapshot.json").write_bytes(b"{}")
    open_journal(str(tmp_path), ORIGIN, ()).close()
    writer = BodyWriter(journal_folder(str(tmp_path)))
    writer.write(b"x")
    writer.finish()
    assert (tmp_path / ".journal" / ".gitignore").read_bytes() == b"*\n"
    for _ in range(2):
        discard(str(tmp_path))
        assert leftover(str(tmp_path)) is None
        assert os.listdir(tmp_path) == ["snapshot.json"]
