"""`ci-gate run`: from flags to options, from verdict to exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_gate.gate.events import Note, Progress, Stage


def test_flags_reach_the_verb(
    call: Callable[..., Any], fake: Callable[..., list[Any]], result: Callable[[str], Any]
) -> None:
    """Every flag; the folder of the file is where it works."""
    seen = fake("run", result("pass"))
    Path("sub").mkdir()
    Path("sub/gate.yml").write_text("version: 1\nservice: {command: [a]}")
    called = call(
        "run", "-c", "sub/gate.yml", "--in", "s", "--app-port", "7", "--map", "p@1=http://a",
        "--fail-if", "latency.p95 > 50", "--only", "a", "--out", "o",
    )  # fmt: skip
    (options,) = seen
    assert called.code == 0
    assert (options.service.command, options.service.port) == (("a",), 7)
    assert (options.snapshot, options.out, options.folder) == ("s", "o", "sub")
    assert (options.config, options.only) == ("sub/gate.yml", ("a",))


@pytest.mark.parametrize(("outcome", "code"), [("pass", 0), ("fail", 1), ("inconclusive", 3)])
def test_verdicts(
    call: Callable[..., Any],
    fake: Callable[..., list[Any]],
    result: Callable[[str], Any],
    outcome: str,
    code: int,
) -> None:
    """The verdict is the exit code, in JSON too."""
    fake("run", result(outcome))
    assert call("run", "--", "x").code == code
    called = call("run", "--json", "--", "x")
    assert called.code == code
    assert json.loads(called.out)["verdict"]["outcome"] == outcome


def test_progress_is_on_stderr_and_the_result_on_stdout(
    call: Callable[..., Any], fake: Callable[..., list[Any]], result: Callable[[str], Any]
) -> None:
    """So that the result can be piped; --quiet leaves the result."""
    fake(
        "run", result("pass"), Stage("mocks", "1 dependency"), Progress(2, 2), Note("hm", "warning")
    )
    called = call("run", "--", "x")
    assert (
        called.err == "ci-gate: mocks: 1 dependency\nci-gate: 2/2 requests\nci-gate: warning: hm\n"
    )
    assert "2 EVALS PASSED" in called.out
    quiet = call("run", "--quiet", "--", "x")
    assert (quiet.err, quiet.out) == ("", called.out)


def test_no_colours_where_none_are_wanted(
    call: Callable[..., Any],
    fake: Callable[..., list[Any]],
    result: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Colours when forced, none with --no-color."""
    fake("run", result("fail"))
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in call("run", "--", "x").out
    assert "\x1b[" not in call("run", "--no-color", "--", "x").out
