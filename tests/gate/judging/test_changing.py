"""What a run keeps for `accept`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ci_gate.store.disk import digest_of
from ci_gate.store.runs import read_change
from ci_gate.store.snapshot import read_snapshot


def test_answers_calls_and_stored_forms(acting: Any) -> None:
    """Of an exchange whose calls differ: the live call in recorded terms, where it was made, and
    the stored form of what it was compared with."""
    acting.run("extra")
    snapshot = read_snapshot(acting.snapshot)
    names = [path.stem for path in (acting.out / "changes").iterdir()]
    changes = [read_change(str(acting.out), name) for name in names]
    calls = [call for change in changes for call in change.calls]
    assert {call.change for call in calls} == {"unexpected"}
    assert all(call.exchange.dependency == "greetings" for call in calls)
    assert all(call.exchange.response is None for call in calls)
    stored = {one.id: digest_of(one) for one in (*snapshot.inbound, *snapshot.outbound)}
    for change in changes:
        assert change.stored
        assert change.stored.items() <= stored.items()
        assert change.differences
        assert all(one.cause for one in change.differences)


def test_a_secret_in_a_live_call_is_redacted(acting: Any) -> None:
    """Nothing of a run directory holds one, calls included."""
    service = acting.service("leaks", env={"SECRET": "sk_live_4eC39HqLyjWDarjtT1zdp7dc"})
    acting.run("leaks", service=service)
    kept = [path.read_bytes() for path in Path(acting.out).rglob("*") if path.is_file()]
    assert not any(b"4eC39HqLyjWDarjtT1zdp7dc" in data for data in kept)


def test_nothing_is_kept_of_what_is_equal(acting: Any) -> None:
    """A green run has no changes."""
    acting.run("")
    assert not (acting.out / "changes").exists()
