"""Findings at places of the repository: lines of a job's log, check runs, Code Insights.

A job log of GitHub Actions is a command channel: every value is encoded as the runner decodes it,
and what was cut out of traffic can only ever be the message of a command that we wrote.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from ci_gate.model.difference import Cause
from ci_gate.model.result import Result
from ci_gate.report.text import cut, one_line
from ci_gate.report.words import condition, extent, plural, red, reproduce, short_side, sides
from ci_gate.values.redaction.masks import masked_again

PER_KIND = 10
"""Annotations of one kind that GitHub keeps of a step."""
MESSAGE = 4_000
"""Characters of a message; GitHub cuts at 4096."""
CHECK_ANNOTATIONS = 200

Level = Literal["failure", "warning", "notice"]
_COMMANDS = {"failure": "error", "warning": "warning", "notice": "notice"}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding as text of one visible line each; the place is given by whoever shows it."""

    level: Level
    title: str
    message: str
    change: str = ""
    cause: str = ""
    """Id of the cause."""


def findings(result: Result) -> list[Finding]:
    """Causes first, then failed conditions, reasons that are neither, and warnings."""
    level: Level = "warning" if result.report_only else "failure"
    name = one_line(result.service, 80)
    found = [_of_cause(result, cause, level) for cause in red(result)]
    for one in result.verdict.evaluations:
        if one.outcome != "pass":
            text = f"{condition(one)}: observed {one.observed}"
            kind: Level = level if one.level == "fail" else "warning"
            found.append(_finding(kind, f"{name}: condition", text))
    if not found and result.verdict.outcome != "pass":
        reasons = "; ".join(result.verdict.reasons) or result.verdict.outcome
        found.append(_finding(level, f"{name}: {result.verdict.outcome}", reasons))
    found += [
        _finding("warning", f"{name}: warning", one)
        for one in result.verdict.warnings
        if not any(one.startswith(said.condition) for said in result.verdict.evaluations)
    ]
    return found


def log_lines(result: Result, *, file: str = "") -> list[str]:
    """Workflow commands of GitHub Actions, at most ten of a kind, the last of which counts the rest.

    `file` is the path, from the top of the repository, that findings are shown at; "" = none.
    """
    lines: list[str] = []
    for level in _COMMANDS:
        kind = [one for one in findings(result) if one.level == level]
        shown = kind if len(kind) <= PER_KIND else kind[: PER_KIND - 1]
        lines += [command(one.level, one.title, one.message, file) for one in shown]
        if len(kind) > len(shown):
            rest = f"{plural(len(kind) - len(shown), 'more finding')}: see the summary"
            lines.append(command(kind[0].level, one_line(result.service, 80), rest, file))
    return lines


def command(level: str, title: str, message: str, file: str = "") -> str:
    """One workflow command: `::error title=…::…`."""
    properties = [f"file={_property(file)}"] if file else []
    properties.append(f"title={_property(one_line(title, 200))}")
    name = _COMMANDS.get(level, "notice")
    return f"::{name} {','.join(properties)}::{_data(cut(message, MESSAGE))}"


def _of_cause(result: Result, cause: Cause, level: Level) -> Finding:
    title = f"{one_line(result.service, 80)}: {short_side(cause)}"
    said = [cause.title]
    if cause.routes:
        said.append(f"in {', '.join(cause.routes[:3])}")
    first = cause.examples[0] if cause.examples else None
    if first is not None:
        expected, actual = (_quoted(one) for one in sides(first))
        said.append(f"expected {expected}, actual {actual}")
    said += [extent(cause), f"reproduce with {reproduce(result, cause)}"]
    made = _finding(level, title, "; ".join(said))
    return msgspec.structs.replace(made, change=cause.change, cause=cause.id)


def _quoted(text: str | None) -> str:
    return "nothing" if text is None else one_line(text, 120) or "(empty)"


def _finding(level: Level, title: str, message: str) -> Finding:
    title, message = masked_again(title), masked_again(message)
    return Finding(level=level, title=one_line(title, 200), message=one_line(message, MESSAGE))


def _data(text: str) -> str:
    return _encoded(text, "%\r\n")


def _property(text: str) -> str:
    return _encoded(text, "%\r\n:,")


def _encoded(text: str, characters: Iterable[str]) -> str:
    """Percent-encoded as the runner decodes it: exactly these characters, `%` first."""
    for character in characters:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
