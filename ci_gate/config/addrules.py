"""Rules added to the text of a ci-gate.yml, whose other lines stay as they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ci_gate.config.file import load
from ci_gate.errors import UsageError

_KEY = re.compile(r"rules:[ \t]*(#.*)?\Z")
_EMPTY = re.compile(r"rules:[ \t]*\[[ \t]*\][ \t]*(#.*)?\Z")
_ITEM = re.compile(r"([ \t]*)- ")
_TOP = re.compile(r"[^\s#-]")


def with_rules(text: str, name: str, rules: Sequence[str]) -> str | None:
    """`text` with each rule (one line of YAML's flow style) as an item of `rules:`; None where that
    cannot be done without touching what is there, or one of them is no rule. Rules that the file
    has on the same line already are not added again."""
    lines = text.splitlines()
    new = [one for one in rules if not any(line.strip() == f"- {one}" for line in lines)]
    if not new:
        return text
    before = _rules(text, name)
    start = next((at for at, line in enumerate(lines) if _KEY.match(line)), -1)
    empty = next((at for at, line in enumerate(lines) if _EMPTY.match(line)), -1)
    if empty >= 0:
        lines[empty] = "rules:"
        start = empty
    if start < 0:
        lines += ["", "rules:"]
        start = len(lines) - 1
    end = start + 1
    while end < len(lines) and not _TOP.match(lines[end]):
        end += 1
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    first = next((_ITEM.match(line) for line in lines[start + 1 : end] if _ITEM.match(line)), None)
    pad = first[1] if first else "  "
    lines[end:end] = [f"{pad}- {one}" for one in new]
    made = "\n".join(lines) + "\n"
    after = _rules(made, name)
    return made if before is not None and after == before + len(new) else None


def _rules(text: str, name: str) -> int | None:
    """How many rules a configuration has; None when it is not one."""
    try:
        return len(load(text, name).settings.rules)
    except UsageError:
        return None
