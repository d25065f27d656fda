"""`explain`: a run directory of our own or a downloaded one, and the cause in it that is asked for."""

from __future__ import annotations

import os
import shlex

import msgspec

from ci_gate.errors import UsageError
from ci_gate.model.difference import Cause
from ci_gate.model.result import ExchangeResult, Result
from ci_gate.report.explain import Explanation, example_of, explain
from ci_gate.report.words import accept
from ci_gate.store.runs import BASE, RunDirectory, latest_run, read_exchanges, read_result

_ROWS = 100_000
"""Lines of an exchanges.jsonl that are looked at."""


class ExplainOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be explained."""

    run: str = ""
    """Run directory; "" = the latest one below `folder`."""
    cause: str
    """"C1"."""
    folder: str = "."
    """The configuration's folder."""


def explained(options: ExplainOptions) -> Explanation:
    """Explain one cause. Raises UsageError for a run directory that cannot be read, and for a cause
    that it has not, naming those it has."""
    folder = options.run or latest_run(os.path.join(options.folder, BASE)) or ""
    if not folder:
        raise UsageError(
            f"no run below {os.path.join(options.folder, BASE)}; run `ci-gate run` first, or give "
            "a run directory"
        )
    run = RunDirectory(folder)
    result = read_result(run.result)
    cause = _cause(result, options.cause, folder)
    row, note = _row(run.exchanges, example_of(cause))
    command = accept(result, cause)
    if options.run:
        here = f"ci-gate accept {shlex.quote(options.run)}"
        command = command.replace("ci-gate accept", here, 1)
    return explain(
        result, cause, row, {"accept": command} if command else {}, (note,) if note else ()
    )


def _cause(result: Result, name: str, folder: str) -> Cause:
    for cause in result.causes:
        if cause.id.lower() == name.lower():
            return cause
    if not result.causes:
        raise UsageError(f"{folder}: the run has no cause to explain: {result.verdict.outcome}")
    known = ", ".join(cause.id for cause in result.causes[:20])
    raise UsageError(f"{folder}: there is no cause {name}; it has {known}")


def _row(path: str, exchange: str) -> tuple[ExchangeResult | None, str]:
    """The line of an exchange, and why there is none."""
    if not exchange:
        return None, ""
    try:
        for number, row in enumerate(read_exchanges(path)):
            if row.id == exchange:
                return row, ""
            if number >= _ROWS:
                break
    except UsageError as error:
        return None, f"calls and log of the request are not at hand: {error}"
    return None, f"{exchange} is not in exchanges.jsonl: its calls and log are not at hand"
