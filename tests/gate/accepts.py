"""Accepting what a run of the acting service has found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ci_gate.gate.accept import Acceptance, AcceptOptions, prepare, write
from ci_gate.model.result import Result


def options(acting: Any, **more: Any) -> AcceptOptions:
    """Options of `accept` for the run directory of `acting`."""
    given = {"snapshot": acting.snapshot, "run": str(acting.out), "folder": str(acting.folder)}
    if not more.keys() & {"causes", "route"}:
        given["everything"] = True
    return AcceptOptions(**{**given, **more})


def accept(acting: Any, reason: str = "intended", **more: Any) -> Acceptance:
    """Accept and write."""
    chosen = options(acting, **more)
    acceptance = prepare(chosen, reason)
    assert write(acceptance, chosen)
    return acceptance


def files(acting: Any) -> dict[str, bytes]:
    """Every file of the snapshot."""
    top = Path(acting.snapshot)
    return {str(one.relative_to(top)): one.read_bytes() for one in top.rglob("*") if one.is_file()}


def green(acting: Any, how: str) -> Result:
    """The run with what was accepted, which has nothing red any more."""
    result: Result = acting.run(how)
    assert result.verdict.outcome == "pass", [one.title for one in result.causes]
    return result
