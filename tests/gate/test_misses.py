"""`record --misses`: only what nobody has recorded is asked for, and only where that is wanted."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.misses import check, record_misses
from ci_gate.net.loop import run
from ci_gate.recorder.options import Upstream
from ci_gate.store.snapshot import read_snapshot


def test_what_is_missed_is_recorded(acting: Any, greetings: Upstream) -> None:
    """One call is new: it is asked for, kept with its answer, and the gate is green; nothing that
    was recorded has changed."""
    before = read_snapshot(acting.snapshot)
    found = run(record_misses(acting.options("extra", dependencies=(greetings,)), print))
    assert found.added
    assert not found.refused
    after = read_snapshot(acting.snapshot)
    assert after.inbound == before.inbound
    new = [one for one in after.outbound if one not in before.outbound]
    assert len(new) == len(found.added) == len(after.outbound) - len(before.outbound)
    assert all(one.response is not None and not one.assumed for one in new)
    assert acting.run("extra").verdict.outcome == "pass"


def test_nothing_is_missed(acting: Any, greetings: Upstream) -> None:
    """Then nothing is asked and nothing written."""
    before = read_snapshot(acting.snapshot)
    found = run(record_misses(acting.options("", dependencies=(greetings,)), print))
    assert (found.added, found.rounds) == ((), 1)
    assert read_snapshot(acting.snapshot) == before


def test_where_nothing_may_be_asked(acting: Any, greetings: Upstream) -> None:
    """In CI unless forced; without an upstream; for a service that is not ours."""
    options = acting.options("", dependencies=(greetings,))
    check(options, ci=False, force=False)
    check(options, ci=True, force=True)
    with pytest.raises(UsageError, match="CI is set"):
        check(options, ci=True, force=False)
    with pytest.raises(UsageError, match="upstream"):
        check(acting.options(""), ci=False, force=False)
    there = acting.options("", acting.service(url="http://127.0.0.1:1"), dependencies=(greetings,))
    with pytest.raises(UsageError, match="starts the service itself"):
        check(there, ci=False, force=False)
