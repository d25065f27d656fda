"""What is read and checked before anything is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.config.options import Policy, RunOptions
from ci_gate.errors import UsageError
from ci_gate.gate.planning import NOTHING, NOTHING_CHOSEN, alone, make_plan
from ci_gate.model.rule import Rule, Where
from ci_gate.model.snapshot import Snapshot
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.service.options import ServiceOptions
from ci_gate.store.snapshot import digest, write_snapshot

ORDER = "POST /orders"


def options(folder: str, **more: Any) -> RunOptions:
    """Options that name a snapshot."""
    return RunOptions(snapshot=folder, service=ServiceOptions(name="x"), **more)


def test_everything_inbound_in_recorded_order(snapshot_folder: str) -> None:
    """Without --only every request is a step, judged, and the digest is that of the files."""
    plan = make_plan(options(snapshot_folder))
    assert [step.exchange.id for step in plan.steps] == ["aaaa1111-1", "bbbb1111-1"]
    assert all(step.judged for step in plan.steps)
    assert plan.digest == digest(snapshot_folder)
    assert plan.places["aaaa1111-1"].endswith(".json")


def test_routes_of_the_configuration_change_names_and_not_the_digest(snapshot_folder: str) -> None:
    """Routes are named as configured now; the snapshot is the same one."""
    plan = make_plan(options(snapshot_folder, routes=("GET /orders/{number}",)))
    assert plan.steps[1].exchange.route == "GET /orders/{number}"
    assert plan.digest == digest(snapshot_folder)


def test_a_rule_that_hides_a_body_with_places_is_refused(snapshot_folder: str) -> None:
    """`response.body` opens a text or binary body; one with places would be hidden with all of
    them. Of a route that has none, and of another kind, it is a rule."""
    rule = Rule(index=1, at="response.body", allow="any", reason="x", where=Where(route=ORDER))
    with pytest.raises(UsageError, match=r"would hide all of POST /orders: .*`ci-gate learn`"):
        make_plan(options(snapshot_folder, rules=(rule,)))
    for other in (
        msgspec.structs.replace(rule, where=Where(route="GET /page")),
        msgspec.structs.replace(rule, allow="string"),
    ):
        assert make_plan(options(snapshot_folder, rules=(other,))).rules.counts == {}


def test_what_was_chosen_is_judged_after_earlier_writes(snapshot_folder: str) -> None:
    """--only: the write before goes first, unjudged."""
    plan = make_plan(options(snapshot_folder, only=("bbbb",)))
    assert [(s.exchange.id, s.judged) for s in plan.steps] == [
        ("aaaa1111-1", False),
        ("bbbb1111-1", True),
    ]


def test_the_pace_is_the_snapshots_unless_given(recorded: Snapshot, snapshot_folder: str) -> None:
    """`auto` takes what the snapshot says, anything else wins."""
    origin = msgspec.structs.replace(recorded.origin, pace="recorded")
    write_snapshot(snapshot_folder, msgspec.structs.replace(recorded, origin=origin))
    assert [step.due for step in make_plan(options(snapshot_folder)).steps] == [0.0, 10.0]
    fast = options(snapshot_folder, replay=ReplayerOptions(pace="fast"))
    assert [step.due for step in make_plan(fast).steps] == [0.0, 0.0]


def test_why_there_is_nothing(recorded: Snapshot, snapshot_folder: str, tmp_path: Path) -> None:
    """Nothing recorded and nothing chosen are told apart."""
    empty = str(tmp_path / "empty")
    write_snapshot(empty, Snapshot(origin=recorded.origin))
    assert make_plan(options(empty)).nothing == NOTHING
    chosen = make_plan(options(snapshot_folder, only=("response.status == `418`",)))
    assert chosen.steps == ()
    assert chosen.nothing == NOTHING_CHOSEN


def test_a_condition_that_is_none_is_refused(snapshot_folder: str) -> None:
    """Before the snapshot is read."""
    with pytest.raises(UsageError):
        make_plan(options("absent", policy=Policy(fail_if=(("", "latency.p98 >"),))))


def test_a_plan_at_another_pace(recorded: Snapshot, snapshot_folder: str) -> None:
    """The same requests, due when they were recorded, or at once."""
    write_snapshot(snapshot_folder, recorded)
    made = make_plan(options(snapshot_folder))
    slow = made.at_pace("recorded")
    assert [one.exchange for one in slow.steps] == [one.exchange for one in made.steps]
    assert any(one.due for one in slow.steps)
    assert slow.at_pace("fast").steps == made.steps


def test_set_values_replace_the_stand_ins_that_the_snapshot_names(
    recorded: Snapshot, snapshot_folder: str
) -> None:
    """A name of replay.set.values is looked up in the head; one it does not know is refused."""
    origin = msgspec.structs.replace(recorded.origin, values={"password": "kqzxw-plmrt"})
    write_snapshot(snapshot_folder, msgspec.structs.replace(recorded, origin=origin))
    given = ReplayerOptions(values=(("password", "secret"),))
    plan = make_plan(options(snapshot_folder, replay=given))
    assert plan.given.values == {"kqzxw-plmrt": "secret"}
    unknown = ReplayerOptions(values=(("pin", "1234"),))
    with pytest.raises(UsageError, match=r"replay\.set\.values\.pin: .* record it again"):
        make_plan(options(snapshot_folder, replay=unknown))


def test_alone_is_the_chains_and_nothing_else(snapshot_folder: str) -> None:
    """All of it is looked at, and rules count afresh."""
    given = options(snapshot_folder)
    plan = make_plan(given)
    again = alone(plan, ["bbbb1111-1"], given)
    assert [(s.exchange.id, s.judged) for s in again.steps] == [
        ("aaaa1111-1", True),
        ("bbbb1111-1", True),
    ]
    assert [s.exchange.id for s in alone(plan, ["aaaa1111-1"], given).steps] == ["aaaa1111-1"]
    assert again.rules is not plan.rules
