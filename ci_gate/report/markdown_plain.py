"""Our Markdown without HTML, for forges that show elements as text (Bitbucket).

What `report.markdown` writes is known: elements stand alone on their lines, fences are closed by
the run of backticks that opened them. Nothing inside a fence is touched.
"""

from __future__ import annotations

import re
from html import unescape

from ci_gate.report.markdown_text import BREAK, code, inline

_FENCE = re.compile(r"(`{3,})([a-z]*)")
_FOLD = re.compile(r"<details(?: open)?><summary>(.*)</summary>")
_CODE = re.compile(r"<code>(.*?)</code>")
_SMALL = re.compile(r"<sub>(.*)</sub>")


def without_html(text: str) -> str:
    """`text` with our own elements as headings and plain lines; charts are left out."""
    lines: list[str] = []
    ticks = ""
    drawing = False
    for line in text.split("\n"):
        if ticks:
            if not drawing:
                lines.append(line)
            if line == ticks:
                ticks, drawing = "", False
            continue
        opened = _FENCE.fullmatch(line)
        if opened:
            ticks, drawing = opened[1], opened[2] == "mermaid"
            if not drawing:
                lines.append(line)
            continue
        lines += _plain(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _plain(line: str) -> list[str]:
    folded = _FOLD.fullmatch(line)
    if folded:
        return [f"**{_title(folded[1])}**"]
    if line == "</details>":
        return []
    small = _SMALL.fullmatch(line)
    return [small[1] if small else line]


def _title(text: str) -> str:
    """Pieces of code and text in turn, as `_CODE` splits them."""
    pieces = _CODE.split(text)
    return "".join(
        code(_raw(piece)) if number % 2 else inline(_raw(piece))
        for number, piece in enumerate(pieces)
    ).strip()


def _raw(text: str) -> str:
    return unescape(text).replace(BREAK, "")
