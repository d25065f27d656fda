"""`ci-gate record`: from flags to options, and the exit code of CMD."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ci_gate.gate.events import Note, Stage
from ci_gate.gate.summary import RecordSummary

SUMMARY = RecordSummary(out="snapshots/shop", inbound=2, outbound=1, exit_code=5)


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
