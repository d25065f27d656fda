"""`ci-gate record`: from flags to options, and the exit code of CMD."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_gate.gate.events import Note, Stage
from ci_gate.gate.summary import LearnSummary, RecordSummary

SUMMARY = RecordSummary(out="snapshots/shop", inbound=2, outbound=1, exit_code=5)
GOOD = RecordSummary(out="snapshots/shop", inbound=2, outbound=1)


def test_flags_reach_the_verb(call: Callable[..., Any], fake: Callable[..., list[Any]]) -> None:
    """Every flag, and everything after -- untouched."""
    seen = fake("record", SUMMARY)
    called = call(
        "record", "--app-port", "8080", "--out", "o", "--in-port", "0", "--out-port", "7",
        "--drive", "sh x", "--map", "p@1=http://a", "--replace", "--max", "9",
        "--", "python", "-m", "x", "--quiet", "--", "y",
    )  # fmt: skip
    (options,) = seen
    assert called.code == 5
    assert options.service.command == ("python", "-m", "x", "--quiet", "--", "y")
    assert options.recorder.app_port == 8080
    assert (options.recorder.in_port, options.recorder.out_port) == (0, 7)
    assert (options.recorder.maximum, options.drive, options.out) == (9, "sh x", "o")
    assert (options.existing, options.dependencies[0].name) == ("replace", "p")


def test_our_lines_go_to_stderr(call: Callable[..., Any], fake: Callable[..., list[Any]]) -> None:
    """stdout belongs to CMD; with --json its last line is our result."""
    fake("record", SUMMARY, Stage("service"), Note("made a key"))
    called = call("record", "--app-port", "1")
    assert called.out == ""
    assert "ci-gate: made a key" in called.err
    assert "snapshots/shop: 2 inbound and 1 outbound exchanges" in called.err
    assert call("record", "--quiet").err == ""
    called = call("record", "--json")
    assert json.loads(called.out)["out"] == "snapshots/shop"
    assert called.out.count("\n") == 1


def test_the_file_is_used(call: Callable[..., Any], fake: Callable[..., list[Any]]) -> None:
    """ci-gate.yml gives command and port."""
    seen = fake("record", SUMMARY)
    Path("ci-gate.yml").write_text("version: 1\nservice: {command: [a], port: 7}")
    call("record")
    assert (seen[0].service.command, seen[0].recorder.app_port) == (("a",), 7)


def test_learning_follows(
    call: Callable[..., Any], fake: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --learn what was recorded is learned, with the same command, port and listeners, three
    times or as often as is said; the exit code is that of learning."""
    fake("record", GOOD)
    seen: list[Any] = []

    async def pretend(options: Any, _sink: Any, replays: int) -> LearnSummary:
        seen.append((options, replays))
        return LearnSummary(snapshot=options.snapshot, replays=replays, exit_code=1)

    monkeypatch.setattr("ci_gate.gate.learn.learn", pretend)
    flags = ("--app-port", "7", "--out", "o", "--map", "p@1=http://a")
    called = call("record", *flags, "--learn", "--", "x")
    assert called.code == 1
    assert "2 inbound" in called.err
    assert "o: learned from 3 replays" in called.err
    options, replays = seen[0]
    assert (options.service.command, options.service.port, replays) == (("x",), 7, 3)
    assert (options.snapshot, options.dependencies[0].name) == ("o", "p")
    called = call("record", *flags, "--learn=5", "--json", "--", "x")
    assert seen[1][1] == 5
    assert called.out.count("\n") == 1
    assert json.loads(called.out)["learned"]["replays"] == 5


def test_what_was_recorded_badly_is_not_learned(
    call: Callable[..., Any], fake: Callable[..., list[Any]]
) -> None:
    """A driver or service that failed has recorded a failure: the exit code is its own."""
    fake("record", SUMMARY)
    called = call("record", "--app-port", "7", "--learn", "--", "x")
    assert called.code == 5
    assert "nothing was learned: CMD or its driver ended with 5" in called.err


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("--app-port", "7", "--learn"), "no service to run"),
        (("--learn", "--", "x"), "give --app-port"),
        (("--app-port", "7", "--learn=1", "--", "x"), "at least 2 replays"),
        (("--app-port", "7", "--learn=many", "--", "x"), "many"),
    ],
)
def test_what_cannot_be_learned_is_refused_before_recording(
    call: Callable[..., Any], fake: Callable[..., list[Any]], flags: tuple[str, ...], why: str
) -> None:
    """Nobody records for an hour to be told then."""
    seen = fake("record", GOOD)
    called = call("record", *flags)
    assert (called.code, seen) == (2, [])
    assert why in called.err
