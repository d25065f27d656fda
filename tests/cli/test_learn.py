"""`ci-gate learn`: from flags to options, from the summary to the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_gate.gate.events import Stage
from ci_gate.gate.summary import LearnSummary, Unfaithful, Varies

LEARNED = LearnSummary(
    snapshot="s",
    replays=3,
    noise=(
        Varies(route="GET /a", place="response.body.$.id", kind="uuid", text="uuid", exchanges=1),
    ),
)


@pytest.fixture
def fake_learn(monkeypatch: pytest.MonkeyPatch) -> Callable[[LearnSummary], list[Any]]:
    """`fake_learn(summary)`: the verb returns it; its options and replays are appended to the list."""

    def install(summary: LearnSummary) -> list[Any]:
        seen: list[Any] = []

        async def pretend(
            options: Any, sink: Callable[[Any], None], replays: int, *, busy: bool, fill: bool
        ) -> LearnSummary:
            seen.append((options, replays, busy, fill))
            sink(Stage("learn", "replay 1 of 3"))
            return summary

        monkeypatch.setattr("ci_gate.gate.learn.learn", pretend)
        return seen

    return install


def test_flags_reach_the_verb(call: Callable[..., Any], fake_learn: Callable[..., Any]) -> None:
    """Every flag; the folder of the file is where it works."""
    seen = fake_learn(LEARNED)
    Path("sub").mkdir()
    Path("sub/gate.yml").write_text("version: 1\nservice: {command: [a]}")
    called = call(
        "learn", "-c", "sub/gate.yml", "--in", "s", "--app-port", "7", "--map", "p@1=http://a",
        "--replays", "5", "--busy", "--fill", "--", "other", "--flag",
    )  # fmt: skip
    ((options, replays, busy, fill),) = seen
    assert called.code == 0
    assert (options.service.command, options.service.port) == (("other", "--flag"), 7)
    assert (options.snapshot, options.folder, options.config) == ("s", "sub", "sub/gate.yml")
    assert (replays, busy, fill) == (5, True, True)


def test_three_replays_unless_told(
    call: Callable[..., Any], fake_learn: Callable[..., Any]
) -> None:
    """Two at the recorded clock and one ahead, on the machine as it is, need not be asked for."""
    seen = fake_learn(LEARNED)
    assert call("learn", "--", "x").code == 0
    assert seen[0][1:] == (3, False, False)


def test_the_exit_code_is_the_summarys(
    call: Callable[..., Any], fake_learn: Callable[..., Any]
) -> None:
    """1 when not everything could be explained, in JSON too."""
    fake_learn(
        LearnSummary(
            snapshot="s",
            replays=3,
            unfaithful=(Unfaithful(route="GET /a", why="why"),),
            exit_code=1,
        )
    )
    assert call("learn", "--", "x").code == 1
    called = call("learn", "--json", "--", "x")
    assert called.code == 1
    assert json.loads(called.out)["unfaithful"][0]["why"] == "why"


def test_the_table_is_for_people(call: Callable[..., Any], fake_learn: Callable[..., Any]) -> None:
    """What was learned is on stderr; --quiet leaves nothing."""
    fake_learn(LEARNED)
    called = call("learn", "--", "x")
    assert called.out == ""
    assert "1 place varies (1 uuid)" in called.err
    assert "response.body.$.id" in called.err
    quiet = call("learn", "--quiet", "--", "x")
    assert (quiet.out, quiet.err) == ("", "")


def test_what_has_no_answer_yet(call: Callable[..., Any], fake_learn: Callable[..., Any]) -> None:
    """Named with the remedy; what got its answer is counted."""
    fake_learn(LearnSummary(snapshot="s", replays=0, filled=2, left=("GET /a: why",), exit_code=1))
    called = call("learn", "--fill", "--", "x")
    assert called.code == 1
    assert "2 requests have got their answer" in called.err
    assert "GET /a: why" in called.err
    assert "export --format curl" in called.err


def test_replays_are_a_number(call: Callable[..., Any]) -> None:
    """Anything else is a usage error."""
    assert call("learn", "--replays", "many", "--", "x").code == 2
