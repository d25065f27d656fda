"""Everything wrong with a configuration, collected, so that one reading shows it all."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ci_gate.errors import UsageError

if TYPE_CHECKING:
    # The command line uses `hint` before anything reads YAML.
    from ci_gate.config.lines import Document, Path

MAX_SHOWN = 20


class Problems:
    """Collects complaints about places of one document and raises them in the order of lines."""

    def __init__(self, name: str, document: Document) -> None:
        self.name = name
        self.document = document
        self.found: list[tuple[int, str]] = []

    def add(self, path: Path, text: str) -> None:
        """Complain about `path`: "ci-gate.yml:12: service.port: <text>"."""
        line = self.document.line(path)
        place = dotted(path)
        message = f"{self.name}:{line}: {place}: {text}" if place else f"{self.name}:{line}: {text}"
        if (line, message) not in self.found:
            self.found.append((line, message))

    def finish(self) -> None:
        """Raise UsageError with every complaint, one a line; nothing when there is none."""
        if not self.found:
            return
        texts = [text for _, text in sorted(self.found, key=lambda item: item[0])]
        more = len(texts) - MAX_SHOWN
        if more > 0:
            texts = [*texts[:MAX_SHOWN], f"{self.name}: and {more} more"]
        raise UsageError("\n".join(texts))


def dotted(path: Path) -> str:
    """A path as people write it: service.ready.timeout, rules[1].at (list items from 1)."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            text += f".{step}" if text else step
    return text


def hint(word: str, known: Iterable[str]) -> str:
    """ "; did you mean X?" when one of the known words is close, else ""."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""
