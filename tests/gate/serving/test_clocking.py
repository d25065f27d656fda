"""The wall clock of the service in `run`: the recording's where it can be, else one line."""

from __future__ import annotations

import datetime
import re
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.codecs.registry import codec
from ci_gate.correlation.correlation import Correlation
from ci_gate.diff.rules import Rules
from ci_gate.errors import CannotRun
from ci_gate.gate.serving import boot
from ci_gate.gate.serving.clocking import Timing, by_machine, timing
from ci_gate.gate.serving.mocking import Mocks
from ci_gate.mocks.server import Answer
from ci_gate.model.message import HttpResponse
from ci_gate.model.snapshot import Snapshot
from ci_gate.net.certificates import Authority
from ci_gate.recorder.options import Upstream
from ci_gate.service import clock_library
from ci_gate.service.clock_probe import Program
from ci_gate.store.snapshot import read_snapshot, write_snapshot
from ci_gate.values.addresses import Addresses

RECORDED = "2021-03-04T05:06:07+00:00"
MOMENT = datetime.datetime.fromisoformat(RECORDED)
GLIBC = Program("/usr/bin/service", "glibc")
DAY = 86_400_000.0
"""Milliseconds."""


@pytest.fixture
def aged(acting: Any) -> Any:
    """The acting service with a snapshot of 2021, whose last request came a day after the others."""
    snapshot = read_snapshot(acting.snapshot)
    *early, last = snapshot.inbound
    origin = msgspec.structs.replace(snapshot.origin, recorded_at=RECORDED)
    inbound = (*early, msgspec.structs.replace(last, at=DAY))
    aged = msgspec.structs.replace(snapshot, origin=origin, inbound=inbound)
    write_snapshot(acting.snapshot, aged)
    return acting


def told(acting: Any) -> dict[str, str]:
    """Path -> the date on which the service says that it was asked for it."""
    log = acting.written()["service.log"].decode()
    return dict(re.findall(r"acting: (\S+) on (\S+)", log))


def run(acting: Any, clock: str) -> Any:
    """A run that passes whatever the clock, since no answer has a date in it."""
    result = acting.run(service=acting.service("clock", clock=clock))
    assert result.verdict.outcome == "pass", result.verdict.reasons
    return result


def clock_notices(result: Any) -> list[str]:
    """What the report says about the clock."""
    return [line for line in result.notices if "clock" in line]


@pytest.mark.parametrize("clock", ["auto", "recorded"])
def test_the_service_lives_in_the_days_of_the_recording(aged: Any, clock: str) -> None:
    """It boots at the recording's start, and is set forward before a request of the next day."""
    result = run(aged, clock)
    dates = told(aged)
    assert dates["/healthz"] == dates["/json"] == "2021-03-04"
    assert dates["/things"] == "2021-03-05"
    assert clock_notices(result) == []


def test_the_real_clock_stays(aged: Any) -> None:
    """`clock: real` shows the machine's time, and the report has nothing to say about it."""
    today = {str(datetime.date.today() + datetime.timedelta(days=one)) for one in (-1, 0, 1)}
    result = run(aged, "real")
    assert set(told(aged).values()) <= today
    assert clock_notices(result) == []


def test_a_program_without_effect_is_named(aged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the probe finds to be a Go program gets the machine's clock and one line."""
    monkeypatch.setattr(boot, "probe", lambda *_: Program("/srv/server", "go"))
    result = run(aged, "auto")
    assert clock_notices(result) == [
        "the clock is the machine's: server is a Go program, which asks the kernel for the time "
        "itself"
    ]
    assert told(aged)["/json"] != "2021-03-04"


def test_what_a_shell_starts_is_looked_at(aged: Any) -> None:
    """A program without the library behind a shell is named when the service is ready."""
    line = " ".join(aged.service().command)
    command = (f"env -u LD_PRELOAD {line} & wait",)
    service = aged.service("clock", command=command, shell=True)
    result = aged.run(service=service)
    assert result.verdict.outcome == "pass", result.verdict.reasons
    (notice,) = clock_notices(result)
    assert re.fullmatch(r"the clock is the machine's for python\S*", notice)


def test_no_compiler_is_one_line(aged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a C compiler `auto` passes with a line that has the remedy; `recorded` refuses."""
    monkeypatch.delenv(clock_library.LIBRARY_VARIABLE, raising=False)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    (notice,) = clock_notices(run(aged, "auto"))
    assert notice.startswith("the clock is the machine's: ")
    assert "install one" in notice
    with pytest.raises(CannotRun, match="needs a C compiler"):
        aged.run(service=aged.service(clock="recorded"))


@pytest.mark.parametrize("when", ["", "yesterday", "9999-12-31T23:59:59+00:00", "0001-01-01"])
def test_a_snapshot_without_a_time_keeps_the_machines(acting: Any, when: str) -> None:
    """An import says nothing about its time, and a hostile one lies: a line, never a failure."""
    snapshot = read_snapshot(acting.snapshot)
    origin = msgspec.structs.replace(snapshot.origin, recorded_at=when)
    write_snapshot(acting.snapshot, msgspec.structs.replace(snapshot, origin=origin))
    assert "does not say when it was recorded" in clock_notices(run(acting, "auto"))[0]
    assert clock_notices(run(acting, "real")) == []
    with pytest.raises(CannotRun, match="does not say when it was recorded"):
        acting.run(service=acting.service(clock="recorded"))


def test_nothing_of_the_clock_is_left(aged: Any) -> None:
    """The library is built once into the state folder; the clock's own file goes with the run."""
    run(aged, "recorded")
    built = list(Path(aged.state, "clock").glob("*"))
    run(aged, "recorded")
    assert list(Path(aged.state, "clock").glob("*")) == built
    assert len(built) <= 1  # none where the environment names one


# --- one boot's time


def timed(tmp_path: Path, wanted: str, shift: datetime.timedelta) -> Timing:
    """A boot's time for a program whose clock can be moved."""
    return timing(wanted, GLIBC, RECORDED, shift, str(tmp_path), lambda: str(tmp_path))


def test_a_boot_can_be_shifted(tmp_path: Path) -> None:
    """A shift moves the clock, the mocks' dates and the requests' moments alike."""
    month = datetime.timedelta(days=31)
    time = timed(tmp_path, "recorded", month)
    assert time.clock is not None
    assert time.advance is not None
    assert time.by == month
    try:
        begun = (MOMENT + month).timestamp()
        assert begun <= time.clock.now() / 1e9 < begun + 30
        time.advance(DAY, 0.0)
        assert begun + 86_400 <= time.clock.now() / 1e9 < begun + 86_430
        time.advance(0.0, 0.0)
        assert begun + 86_400 <= time.clock.now() / 1e9
        time.advance(DAY, 2_000.0)
        assert begun + 86_402 <= time.clock.now() / 1e9 < begun + 86_432
    finally:
        time.clock.close()


def test_a_real_clock_cannot_be_shifted(tmp_path: Path) -> None:
    """There the mocks' dates move by the snapshot's age, whatever the shift, and nothing is set."""
    before = datetime.datetime.now(datetime.UTC)
    time = timed(tmp_path, "real", datetime.timedelta(days=31))
    assert (time.clock, time.advance, time.note) == (None, None, "")
    assert before - MOMENT <= time.by <= datetime.datetime.now(datetime.UTC) - MOMENT
    assert time.seen_by([1]) == ""


def test_the_dates_of_mocks_move(recorded: Snapshot, tmp_path: Path) -> None:
    """An answer's Date and cookie expiry are `by` later, in the bytes that are sent, too."""
    dated = (
        (b"Date", b"Mon, 31 Aug 2026 10:00:00 GMT"),
        (b"Set-Cookie", b"a=b; Expires=Tue, 01 Sep 2026 10:00:00 GMT"),
    )
    first = recorded.outbound[0]
    assert isinstance(first.response, HttpResponse)
    response = msgspec.structs.replace(first.response, headers=dated)
    call = msgspec.structs.replace(first, response=response)
    snapshot = msgspec.structs.replace(recorded, outbound=(call,))
    correlation, authority = Correlation(0, by_time=False), Authority.open(str(tmp_path))
    mocks = Mocks(snapshot, (), Rules((), "2026-09-01"), correlation, authority, alone=False)
    mocks.prepare(Addresses({}), datetime.timedelta(days=2))
    (entry,) = mocks.mocks["payments"].matcher.entries
    answer = entry.prepared
    assert isinstance(answer, Answer)
    assert isinstance(answer.message, HttpResponse)
    assert answer.message.headers == (
        (b"Date", b"Wed, 02 Sep 2026 10:00:00 GMT"),
        (b"Set-Cookie", b"a=b; Expires=Thu, 03 Sep 2026 10:00:00 GMT"),
    )
    assert answer.prepared == codec("http").prepare(answer.message)


def test_the_dates_that_are_named_move(recorded: Snapshot, tmp_path: Path) -> None:
    """Of a body, those at the places that the configuration names, each as it was written."""
    body = b'{"until": 1788170400, "items": [{"from": "2026-08-31"}], "since": "2026-08-31"}'
    first = recorded.outbound[0]
    assert isinstance(first.response, HttpResponse)
    headers = ((b"Content-Type", b"application/json"), (b"Content-Length", b"%d" % len(body)))
    response = msgspec.structs.replace(first.response, headers=headers, body=body)
    call = msgspec.structs.replace(first, response=response)
    snapshot = msgspec.structs.replace(recorded, outbound=(call,))
    correlation, authority = Correlation(0, by_time=False), Authority.open(str(tmp_path))
    named = Upstream(
        name="payments", dates=("response.body.$.until", "response.body.$.items[*].from")
    )
    rules = Rules((), "2026-09-01")
    mocks = Mocks(snapshot, (named,), rules, correlation, authority, alone=False)
    mocks.prepare(Addresses({}), datetime.timedelta(days=2))
    (entry,) = mocks.mocks["payments"].matcher.entries
    assert isinstance(entry.prepared, Answer)
    assert isinstance(entry.prepared.message, HttpResponse)
    assert entry.prepared.message.body == (
        b'{"until": 1788343200, "items": [{"from": "2026-09-02"}], "since": "2026-08-31"}'
    )


class Shown:
    """A clock that some processes go by."""

    def __init__(self, *moved: int) -> None:
        self.moved = moved

    def any_moved(self, pids: list[int]) -> bool:
        """Whether one of them is among these."""
        return any(pid in self.moved for pid in pids)


@pytest.mark.parametrize(
    ("listens", "moved", "expected"),
    [([7], [], True), ([7, 8], [8], False), ([7], [7], False), ([], [], False)],
)
def test_a_service_that_the_clock_has_passed_by(
    monkeypatch: pytest.MonkeyPatch, listens: list[int], moved: list[int], expected: bool
) -> None:
    """What listens decides: a wrapper that sees the clock does not answer requests."""
    monkeypatch.setattr("ci_gate.gate.serving.clocking.listening", lambda pids: listens)
    shown: Any = Shown(1, *moved)
    assert Timing(clock=shown).passed_by([1, 7, 8]) is expected
    assert not Timing().passed_by([1, 7, 8])


def test_the_time_of_a_service_that_was_passed_by() -> None:
    """Its dates are today's, and without a recorded time they stay."""
    found = by_machine(RECORDED)
    assert found.by > datetime.timedelta(days=365)
    assert found.clock is None
    assert by_machine("").by == datetime.timedelta()
