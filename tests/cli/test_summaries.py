"""The ends of record, mock and learn."""

from __future__ import annotations

from collections.abc import Callable

from ci_gate.cli.summaries import lesson_text, mocking_text, recording_text
from ci_gate.gate.summary import LearnSummary, Miss, MockSummary, RecordSummary, Uncaptured


def test_recording(golden: Callable[[str, str], None]) -> None:
    """Everything a recording can end with; nothing in it is obeyed by a terminal."""
    summary = RecordSummary(
        out="snapshots/orders",
        inbound=3,
        outbound=50,
        routes=(("GET /orders/{id}", 2), ("POST /orders", 1)),
        dependencies=tuple((f"dep-{n}", f"https://{n}.example", n) for n in range(45)),
        dropped=(("GET /orders/{id}", 12),),
        undecoded=("payments: not HTTP: \x1b[31m",),
        uncaptured=(Uncaptured(address="203.0.113.9:443", count=2, fix="set PAYMENTS_URL"),),
        redacted=(("email", 4), ("jwt", 1)),
        warnings=("nothing came in on one port",),
    )
    golden("cli/recording.txt", recording_text(summary) + "\n")


def test_an_empty_recording() -> None:
    """No table without rows."""
    assert recording_text(RecordSummary(out="s", inbound=0, outbound=0)) == (
        "s: 0 inbound and 0 outbound exchanges"
    )


def test_mocking(golden: Callable[[str, str], None]) -> None:
    """What was not recorded, with what came nearest."""
    miss = Miss(dependency="payments", label="POST /charges", nearest="POST /charge: path", count=3)
    summary = MockSummary(
        matched=9, unmatched=3, unused=1, misses=(miss,), new_hosts=("new.example:443",)
    )
    golden("cli/mocking.txt", mocking_text(summary) + "\n")


def test_learning(golden: Callable[[str, str], None]) -> None:
    """What varies, what was rebased, and a note; nothing in it is obeyed by a terminal."""
    summary = LearnSummary(
        snapshot="snapshots/orders",
        replays=3,
        noise=tuple(("POST /orders", f"response.body.$.items[{n}].id: uuid") for n in range(45)),
        rebased=(("GET /orders/{id}", 'response.body.$.host: "a\x1b[31m" → "b"'),),
        bindings=2,
        note="the service's clock could not be moved",
    )
    golden("cli/learning.txt", lesson_text(summary) + "\n")


def test_what_could_not_be_learned(golden: Callable[[str, str], None]) -> None:
    """First that nothing was written, then why, then what the service said last."""
    summary = LearnSummary(
        snapshot="snapshots/orders",
        replays=1,
        unfaithful=("replay 1: the service ended with 7", "payments: POST /x misses (near:\n a)"),
        last_lines=("cannot \x1b[31mwork",),
        exit_code=1,
    )
    golden("cli/unfaithful.txt", lesson_text(summary) + "\n")
