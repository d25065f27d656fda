"""The ends of record, mock and learn."""

from __future__ import annotations

from collections.abc import Callable

from ci_gate.cli.summaries import lesson_text, mocking_text, recording_text
from ci_gate.gate.summary import (
    LearnSummary,
    Miss,
    MockSummary,
    Rebase,
    RecordSummary,
    Refused,
    Risk,
    Uncaptured,
    Unfaithful,
    Varies,
)


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


def test_a_long_path_pushes_nothing_out_of_sight() -> None:
    """The count stands where it can be seen beside a route of any length."""
    summary = RecordSummary(out="s", inbound=1, outbound=0, routes=(("GET /" + "x" * 900, 1),))
    assert max(map(len, recording_text(summary).splitlines())) < 100


def test_an_empty_recording() -> None:
    """No table without rows."""
    assert recording_text(RecordSummary(out="s", inbound=0, outbound=0)) == (
        "s: 0 inbound and 0 outbound exchanges"
    )


def test_mocking(golden: Callable[[str, str], None]) -> None:
    """What was not recorded, with what came nearest; what was refused, with the whole remedy."""
    miss = Miss(dependency="payments", label="POST /charges", nearest="POST /charge: path", count=3)
    remedy = "a client does what no mock can do, and does it again and again: let it do without"
    summary = MockSummary(
        matched=9,
        unmatched=3,
        unused=1,
        misses=(miss,),
        refused=(Refused(dependency="orders-db", reason=remedy, count=2),),
        new_hosts=("new.example:443",),
    )
    golden("cli/mocking.txt", mocking_text(summary) + "\n")


def test_learning(golden: Callable[[str, str], None]) -> None:
    """What varies by kind, what was rebased, the pace, what may rot, and a note; nothing in it is
    obeyed by a terminal."""
    place = "response.body.$.created_at"
    stamp = "timestamp YYYY-MM-DDThh:mm:ssZ"
    call = "GET /rates (bank)"
    summary = LearnSummary(
        snapshot="snapshots/orders",
        replays=3,
        noise=(
            Varies(route="POST /orders", place=place, kind="timestamp", text=stamp, exchanges=12),
            Varies(
                route="GET /orders/{id}",
                place="response.body.$.items[*].sku",
                kind="one-of",
                text='one of "a", "b\x1b[31m"',
                exchanges=2,
            ),
            Varies(
                route="GET /today",
                place="response.body.$.day",
                kind="time-derived",
                text="time-derived string",
                exchanges=1,
            ),
            Varies(
                route=call, place="call", kind="optional", text="not always called", exchanges=1
            ),
        ),
        rebased=(
            Rebase(
                route="GET /orders/{id}",
                exchange="3f2a9c1b7e-1",
                place="response.body.$.host",
                recorded='"a\x1b[31m"',
                expected='"b"',
            ),
        ),
        bindings=2,
        pace="asked at full speed the service leaves out calls that it makes at the recorded pace",
        risks=(
            Risk(
                route="POST /bookings",
                place="request.body.$.from",
                example="2026-09-30",
                exchanges=3,
            ),
        ),
        note="the service's clock could not be moved",
    )
    golden("cli/learning.txt", lesson_text(summary) + "\n")


def test_a_lesson_with_nothing_in_it() -> None:
    """No table without rows, and grammar for one and for none."""
    assert lesson_text(LearnSummary(snapshot="s", replays=3)) == (
        "s: learned from 3 replays: 0 places vary, none rebased, 0 values travel"
    )
    one = Varies(route="GET /a", place="p", kind="uuid", text="uuid", exchanges=1)
    text = lesson_text(LearnSummary(snapshot="s", replays=2, noise=(one,), bindings=1))
    assert text.startswith(
        "s: learned from 2 replays: 1 place varies (1 uuid), none rebased, 1 value travels\n"
    )


def test_what_could_not_be_learned(golden: Callable[[str, str], None]) -> None:
    """First that nothing was written, then why, then what the service said last."""
    summary = LearnSummary(
        snapshot="snapshots/orders",
        replays=1,
        unfaithful=(
            Unfaithful(route="", why="replay 1: the service ended with 7"),
            Unfaithful(
                route="POST /orders",
                exchange="be6d730001-1",
                exchanges=4,
                why="POST /x (payments) was not recorded, so that nothing answers it; near:\n a",
            ),
        ),
        last_lines=("cannot \x1b[31mwork",),
        exit_code=1,
    )
    golden("cli/unfaithful.txt", lesson_text(summary) + "\n")


def test_a_service_that_is_not_deterministic(golden: Callable[[str, str], None]) -> None:
    """It is said of the service, with the routes, before the places."""
    why = "response.body.$.luck varies in no way that the replays explain (seen: heads; tails, 3)"
    summary = LearnSummary(
        snapshot="snapshots/dice",
        replays=3,
        unfaithful=tuple(
            Unfaithful(route=f"GET /{name}", exchange=f"{name}00001-1", exchanges=3, why=why)
            for name in ("dice", "luck")
        ),
        erratic=("GET /dice", "GET /luck"),
        exit_code=1,
    )
    golden("cli/erratic.txt", lesson_text(summary) + "\n")
