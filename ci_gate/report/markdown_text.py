"""Markdown that says what a text says and does nothing else.

Everything a report shows may have been written by whoever talks to the service under test. GitHub
and GitLab act on text: mentions notify people, bare addresses and commit hashes become links,
images load from elsewhere, lines that begin with a slash are commands of the bot that posts them,
and hidden markers steer our own comment. Code spans and fences switch most of that off, so traffic
goes there; `inline` and `html` are for sentences that quote some of it.
"""

from __future__ import annotations

import re

from ci_gate.report.text import one_line, visible

BREAK = "\u200b"
"""Zero-width space: ends a name, an address or a hash for a machine, not for a reader."""

_SPECIAL = re.compile(r"[\\`*_\[\]{}|~!#$^]")
_START = re.compile(r"^(?:[-+=/]|\d+(?=[.)](?:\s|$)))")
_REFERENCE = re.compile(r"(?<=[@#!~%$&^])(?=\w)|(?<=:)(?=[A-Za-z])|(?<=//)(?=.)|(?<=:)(?=//)")
_WWW = re.compile(r"(?i)(?<=www)(?=\.)")
_TICKET = re.compile(r"(?<=[A-Za-z]-)(?=\d)")
_HASH = re.compile(r"(?i)\b([0-9a-f]{4})(?=[0-9a-f]{3,}\b)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_ENTITY = re.compile(r'[&<>"]')
_BACKTICKS = re.compile(r"`+")


def inline(text: str, limit: int = 1000) -> str:
    """`text` in running Markdown, on one line, at most `limit` characters of it."""
    safe = _defused(one_line(text, limit))
    safe = _ENTITY.sub(lambda found: _ENTITIES[found.group()], _SPECIAL.sub(r"\\\g<0>", safe))
    return _START.sub(_escaped_start, safe)


def html(text: str, limit: int = 1000) -> str:
    """`text` inside our own HTML, where Markdown is not read but mentions and links still are."""
    return _escaped(_defused(one_line(text, limit)))


def html_code(text: str, limit: int = 1000) -> str:
    """`text` as a code element inside our own HTML."""
    return f"<code>{_escaped(unmarked(one_line(text, limit)))}</code>" if text else ""


def code(text: str, limit: int = 200) -> str:
    """`text` as a code span of one line, at most `limit` characters of it; "" stays ""."""
    line = unmarked(one_line(text, limit))
    if not line.strip():
        return code(line.replace(" ", "\\x20"), 0) if line else ""
    ticks = "`" * (_longest_run(line) + 1)
    pad = " " if line[0] in "` " or line[-1] in "` " else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def cell_code(text: str, limit: int = 60) -> str:
    """A code span for a table cell.

    A table is split at bars before code spans are read, and backslashes count there: a bar gets
    one, and a bar that already follows one in the data is written as an escape instead.
    """
    line = one_line(text, limit).replace("\\|", "\\\\x7c").replace("|", "\\|")
    return code(line, 0)


def fence(lines: list[str], language: str = "") -> str:
    """A fenced block of `lines` that nothing in them can close.

    A line that begins with a slash is moved away from the margin: GitLab executes it as a command
    of whoever posted the text, even inside a fence.
    """
    safe = [_unslashed(unmarked(visible(line).replace("\n", "\\n"))) for line in lines]
    ticks = "`" * max(3, *(_longest_run(line) + 1 for line in safe)) if safe else "```"
    return "\n".join([ticks + language, *safe, ticks])


def unmarked(text: str) -> str:
    """`text` without anything that could pass for one of our hidden markers."""
    return (
        text.replace("<!--", "<\\x21--")
        .replace("-->", "--\\x3e")
        .replace("ci-gate:comment", "ci-gate\\x3acomment")
        .replace("ci-gate:state", "ci-gate\\x3astate")
    )


def _defused(line: str) -> str:
    """No mention, reference, address, hash or marker left for a machine to act on."""
    line = unmarked(line)
    for pattern in (_REFERENCE, _WWW, _TICKET):
        line = pattern.sub(BREAK, line)
    return _HASH.sub(rf"\1{BREAK}", line)


def _escaped(line: str) -> str:
    return _ENTITY.sub(lambda found: _ENTITIES[found.group()], line)


def _escaped_start(found: re.Match[str]) -> str:
    start = found.group()
    return f"{start}{BREAK}" if start[0].isdigit() else f"\\{start}"


def _unslashed(line: str) -> str:
    return f"· {line}" if line.lstrip().startswith("/") else line


def _longest_run(line: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(line)), default=0)
