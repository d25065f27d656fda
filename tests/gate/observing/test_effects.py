"""Reads and writes, told apart by the codec and by the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ci_gate.codecs.registry import codec
from ci_gate.gate.observing.callrecords import recorded_calls
from ci_gate.gate.observing.effects import facts_of, with_effects
from ci_gate.gate.planning import chains_of
from ci_gate.model.rule import Rule, Where
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.options import Upstream
from ci_gate.store.snapshot import read_snapshot, write_snapshot

RULE = Rule(
    index=1, calls=("missing",), effect="read", where=Where(dependency="greetings"), reason="cached"
)


def test_what_the_configuration_says_counts(recorded: Snapshot) -> None:
    """A POST that reads is a read wherever calls are compared; the others are as they were."""
    ruled = with_effects(recorded, [Upstream(name="payments", reads=("POST /charges",))])
    effects = {one.route: one.facts.effect for one in recorded_calls(ruled)}
    assert effects["POST /charges"] == "read"
    assert effects["GET /health"] == "read"
    writes = with_effects(recorded, [Upstream(name="payments", writes=("GET /health",))])
    effects = {one.route: one.facts.effect for one in recorded_calls(writes)}
    assert (effects["POST /charges"], effects["GET /health"]) == ("write", "write")
    assert chains_of(writes).of(["bbbb1111-1"])


def test_without_a_word_nothing_changes(recorded: Snapshot) -> None:
    """The very same snapshot, and the codec's own facts."""
    assert with_effects(recorded, [Upstream(name="payments")]) is recorded
    call = recorded.outbound[0]
    assert facts_of(codec("http"), call, {}) == codec("http").facts(call)
    assert facts_of(codec("http"), call, {call.route: "read"}).targets == ("payments",)


def test_it_is_not_kept_on_disk(recorded: Snapshot, tmp_path: Path) -> None:
    """A snapshot that is written by a verb that knows the configuration does not repeat it."""
    ruled = with_effects(recorded, [Upstream(name="payments", reads=("POST /charges",))])
    write_snapshot(str(tmp_path / "s"), ruled)
    assert all(one.effects == {} for one in read_snapshot(str(tmp_path / "s")).dependencies)


def test_a_read_by_rule_may_be_relaxed_and_a_write_is_not(acting: Any) -> None:
    """`effect: read` covers a POST only where the configuration calls it a read."""
    assert acting.run("write-dropped", rules=(RULE,)).verdict.outcome == "fail"
    upstream = Upstream(
        name="greetings", address="http://greetings.example", reads=("POST /audit",)
    )
    result = acting.run("write-dropped", rules=(RULE,), dependencies=(upstream,))
    assert result.verdict.outcome == "pass", result.verdict.reasons


def test_a_read_by_rule_may_be_answered_again(acting: Any) -> None:
    """It is served more often than recorded, and that is still red."""
    upstream = Upstream(
        name="greetings", address="http://greetings.example", reads=("POST /audit",)
    )
    result = acting.run("write-twice", dependencies=(upstream,))
    assert [cause.change for cause in result.causes] == ["repeated"]
    assert result.runs[0].counts.unmatched == 0
