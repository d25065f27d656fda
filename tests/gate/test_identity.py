"""Keys made for a run, and the time by which its tokens go."""

from __future__ import annotations

import datetime
import time

import msgspec
import pytest

from ci_gate.gate.clocking import Timing
from ci_gate.gate.identity import new_identity, times_of
from ci_gate.model.snapshot import Origin, Snapshot
from tests.correlation.tokens import START, asked, bearer, recording, token, verified

EXCHANGE = asked("i1", token())


def test_keys_are_made_for_the_tokens_of_a_snapshot() -> None:
    """A recorded token verifies by the key set that the mock tells."""
    run = new_identity(recording(EXCHANGE))
    assert verified(run, bearer(run.live(EXCHANGE.request, 0.0)))["sub"] == "ada"


def test_without_tokens_no_key_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most services have none, and should not pay for any."""
    monkeypatch.setattr("ci_gate.gate.identity.key_like", lambda _: pytest.fail("made a key"))
    new_identity(recording())


def test_a_moved_clock_moves_all_alike() -> None:
    """By whole seconds, whenever it was recorded."""
    timing = msgspec.structs.replace(Timing(), by=datetime.timedelta(days=31), clock=object())
    times = times_of(recording(), timing)
    assert times.steady
    assert times.by(0.0) == times.by(99_000.0) == 31 * 86_400


def test_by_the_machines_clock_tokens_go_by_the_moment() -> None:
    """A later request of the recording moves less: a replay does not take as long."""
    times = times_of(recording(), Timing())
    assert not times.steady
    expected = time.time() - START
    assert times.by(0.0) == pytest.approx(expected, abs=5)
    assert times.by(0.0) - times.by(60_000.0) == pytest.approx(60, abs=2)


def test_without_a_time_nothing_moves() -> None:
    """A snapshot that does not say when it was recorded."""
    times = times_of(Snapshot(origin=Origin(service="x")), Timing())
    assert times.steady
    assert times.by(5.0) == 0
