"""`learn --fill`: answers of the unchanged service for requests that came without one."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.learn import learn
from ci_gate.gate.learning.filling import Filled, fill
from ci_gate.gate.planning import make_plan
from ci_gate.model.message import HttpResponse
from ci_gate.net.loop import run
from ci_gate.store.snapshot import read_snapshot


def test_filling(acting: Any) -> None:
    """Every open answer is taken from the service; one that came about while a call was refused is
    left open, and then nothing is learned."""
    snapshot = read_snapshot(acting.snapshot)
    answers = {one.id: one.response for one in snapshot.inbound}
    bare = tuple(msgspec.structs.replace(one, response=None) for one in snapshot.inbound)
    acting.write(msgspec.structs.replace(snapshot, inbound=bare))
    with pytest.raises(UsageError, match=r"requests have no recorded answer.*learn --fill"):
        make_plan(acting.options())
    filled = run(fill(acting.options(), acting.events.append))
    assert filled == Filled(filled=len(bare))
    for one in read_snapshot(acting.snapshot).inbound:
        expected = answers[one.id]
        assert isinstance(expected, HttpResponse)
        assert isinstance(one.response, HttpResponse)
        assert one.response.status == expected.status
        if not isinstance(expected.body, bytes) or b"made" in expected.body:
            continue
        assert one.response.body == expected.body
    calls = tuple(one for one in snapshot.outbound if "greeting" not in one.route)
    acting.write(msgspec.structs.replace(snapshot, inbound=bare, outbound=calls))
    summary = run(learn(acting.options(), acting.events.append, 2, fill=True))
    assert summary.exit_code == 1
    assert "it called what nobody has recorded: greetings GET /greeting" in summary.left[0]
    acting.check_nothing_left()


def test_nothing_to_fill(acting: Any) -> None:
    """Where every answer is there, nothing is started."""
    assert run(fill(acting.options(), acting.events.append)) == Filled()
    assert acting.events == []
