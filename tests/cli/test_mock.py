"""`ci-gate mock`: from flags to options, and the exit code of CMD."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ci_gate.gate.summary import MockSummary

SUMMARY = MockSummary(matched=3, unmatched=1, unused=0, exit_code=4)


def test_flags_reach_the_verb(call: Callable[..., Any], fake: Callable[..., list[Any]]) -> None:
    """Every flag, and CMD."""
    seen = fake("mock", SUMMARY)
    called = call("mock", "--in", "s", "--out-port", "0", "--map", "8081=http://a", "--", "pytest")
    (options,) = seen
    assert (called.code, called.out) == (4, "")
    assert (options.snapshot, options.out_port) == ("s", 0)
    assert (options.service.command, options.dependencies[0].listen) == (("pytest",), 8081)
    assert "3 calls answered, 1 not recorded" in called.err


def test_json(call: Callable[..., Any], fake: Callable[..., list[Any]]) -> None:
    """One line on stdout."""
    fake("mock", SUMMARY)
    assert json.loads(call("mock", "--json", "--", "x").out)["unmatched"] == 1
