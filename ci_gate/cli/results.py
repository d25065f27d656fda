"""A gate's result on stdout, and its exit code."""

from __future__ import annotations

import sys

from ci_gate.cli.output import colours, say, say_json, tell, width
from ci_gate.model.result import Result
from ci_gate.policy.verdict import exit_code
from ci_gate.report.document import encode
from ci_gate.report.terminal import render


def show_result(result: Result, *, as_json: bool, no_color: bool) -> int:
    """Print the result document or its rendering; returns the exit code of its verdict,
    which is always 0 in report mode."""
    if as_json:
        say_json(encode(result))
    else:
        say(render(result, width(), colours(sys.stdout, no_color)))
    code = exit_code(result.verdict)
    if result.shard is not None:
        tell(f"ci-gate: shard {result.shard} of a run; `ci-gate merge` judges all of them together")
    if result.report_only and code:
        text = f"report mode: this would have been blocked (exit code {code}); it is not"
        tell(f"ci-gate: {text}")
        return 0
    return code
