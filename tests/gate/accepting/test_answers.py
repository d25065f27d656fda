"""Answers that are accepted: these places, and every other byte as it was."""

from __future__ import annotations

from typing import Any

import pytest

from ci_gate.store.snapshot import read_snapshot
from tests.gate.accepts import accept, files, green


@pytest.mark.parametrize("how", ["type", "status"])
def test_an_answer_is_expected_from_now_on(acting: Any, how: str) -> None:
    """Red, accepted, green; only the file of that route was touched, and the reason is in it."""
    assert acting.run(how).verdict.outcome == "fail"
    before = files(acting)
    acceptance = accept(acting, reason="clients ask for it")
    after = files(acting)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert changed == {one.file for one in acceptance.shown}
    assert all(b'"reason": "clients ask for it"' in after[name] for name in changed)
    green(acting, how)


@pytest.mark.long
@pytest.mark.parametrize("how", ["value", "added", "removed", "order", "text", "binary", "header"])
def test_every_kind_of_change(acting: Any, how: str) -> None:
    """Values, fields, order, texts, bytes and headers."""
    assert acting.run(how).verdict.outcome == "fail"
    accept(acting)
    green(acting, how)


def test_one_cause_leaves_the_other(acting: Any) -> None:
    """Of two causes in one exchange each is accepted by itself, from the same run."""
    result = acting.run("type", rules=())
    assert [one.id for one in result.causes] == ["C1"]
    accept(acting, causes=("C1",))
    exchanges = read_snapshot(acting.snapshot).inbound
    lines = [line for one in exchanges for line in one.accepted]
    assert lines
    assert {line.reason for line in lines} == {"intended"}
