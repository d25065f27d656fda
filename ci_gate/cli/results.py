"""A gate's result on stdout, and its exit code."""

from __future__ import annotations

import sys

from ci_gate.cli.output import colours, say, width
from ci_gate.model.result import Result
from ci_gate.policy.verdict import exit_code
from ci_gate.report.document import encode
from ci_gate.report.terminal import render


def show_result(result: Result, *, as_json: bool, no_color: bool) -> int:
    """Print the result document or its rendering; returns the exit code of its verdict."""
    if as_json:
        say(encode(result).decode())
    else:
        say(render(result, width(), colours(sys.stdout, no_color)))
    return exit_code(result.verdict)
