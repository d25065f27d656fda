"""Stack traces in what a service logged: the exception, and the files it came through.

Python, Node, Java and Kotlin, Go, Ruby. Lines are hostile input: patterns are anchored and linear,
lines and frames bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

FRAMES = 30
"""Frames of one trace that are kept, the innermost ones."""
_LONGEST = 1000
_MESSAGE = 3
"""Lines above the last line of a message in which its first one is looked for."""
_TEXT = 200


class Frame(msgspec.Struct, frozen=True):
    """One place in a program's text."""

    path: str
    """As the trace names it, "/" between its parts."""
    line: int
    function: str = ""


class Trace(msgspec.Struct, frozen=True):
    """One stack trace. `frames` are innermost first."""

    error: str
    """ "KeyError: 'rate'", one line."""
    frames: tuple[Frame, ...]
    first: int
    """Index of its first line."""
    last: int
    """Index of its last line."""


_PYTHON_HEAD = re.compile(r"Traceback \(most recent call last\):")
_PYTHON_FRAME = re.compile(r'\s+File "([^"]{1,400})", line (\d{1,7})(?:, in (\S{1,200}))?')
_PYTHON_ERROR = re.compile(r"(?:\s*\|\s*)?([A-Za-z_][\w.]{0,200})(?:: (.*))?")

_NODE_FRAME = re.compile(
    r"\s{1,20}at (?:(?:async )?([^()]{1,200}) \()?(?:file://)?([^():]{1,400}|[A-Za-z]:[^():]{1,400})"
    r":(\d{1,7}):\d{1,7}\)?"
)
_JAVA_FRAME = re.compile(
    r"\s{1,20}at (?:[\w.@-]{1,100}/)?([\w.$<>]{1,300})\.([\w$<>]{1,200})"
    r"\(([\w.$-]{1,200}\.(?:java|kt|scala|groovy)):(\d{1,7})\)"
)
_ERROR = re.compile(
    r"(?:.{0,200}?\s)?((?:[\w$]{1,60}\.){0,10}[\w$]{0,60}(?:Error|Exception|Failure|Fault)[\w$]{0,20})"
    r"(?:: ?(.*))?"
)
_CAUSED = re.compile(r"(?:\s{0,20}Caused by|\s{0,8}\[cause\]): (.*)")

_GO_PANIC = re.compile(r"(?:.{0,100}\s)?panic(?:: | serving [^:]{1,60}(?::\d{1,5})?: )(.*)")
_GO_FRAME = re.compile(r"\s{1,8}(\S{1,400}\.go):(\d{1,7})(?: \+0x[0-9a-f]{1,16})?")
_GO_FUNCTION = re.compile(r"([\w./*()$-]{1,300})\(.{0,500}\)")

_RUBY_HEAD = re.compile(
    r"(?:.{0,100}?\s)?((?:[./~]|[A-Za-z]:)?[^\s:]{1,400}\.rb):(\d{1,7}):in [`'](.{1,200}?)'"
    r": (.{0,500}) \(([A-Z][\w:]{0,200})\)"
)
_RUBY_FRAME = re.compile(
    r"\s{0,20}(?:from )?([^\s:]{1,400}\.(?:rb|ru)):(\d{1,7}):in [`'](.{1,200}?)'"
)


def traces(lines: Sequence[str]) -> tuple[Trace, ...]:
    """The stack traces among some lines of a log, in order."""
    found: list[Trace] = []
    at = 0
    cut = [line[:_LONGEST] for line in lines]
    while at < len(cut):
        trace = next((one for read in _READERS if (one := read(cut, at)) is not None), None)
        if trace is not None:
            found.append(trace)
        at = trace.last + 1 if trace is not None else at + 1
    return tuple(found)


def _python(lines: Sequence[str], at: int) -> Trace | None:
    """Oldest call first; of chained exceptions the last one counts, which is what was raised in
    the end, and its frames."""
    head = _PYTHON_HEAD.search(lines[at])
    if head is None:
        return None
    indent = head.start()
    frames: list[Frame] = []
    number = at + 1
    while number < len(lines):
        line = lines[number][indent:] if lines[number][:indent] == lines[at][:indent] else ""
        line = line or lines[number]
        frame = _PYTHON_FRAME.match(line)
        if frame is not None:
            frames.append(Frame(_slashes(frame[1]), int(frame[2]), frame[3] or ""))
        elif line[:1] not in ("", " ", "\t"):
            break
        number += 1
    if number >= len(lines) or not frames:
        return None
    error = _PYTHON_ERROR.match(line)
    text = _error(error[1], error[2]) if error is not None else _text(line)
    return Trace(text, tuple(frames[::-1][:FRAMES]), at, number)


def _v8_or_java(lines: Sequence[str], at: int) -> Trace | None:
    """Innermost call first, below the error. Of Java's causes the last one is where it began."""
    if not _is_frame(lines, at + 1):
        return None
    # A message may have several lines; its first one has the name.
    above = map(_ERROR.fullmatch, lines[max(at - _MESSAGE, 0) : at + 1][::-1])
    error = next((found for found in above if found is not None), None)
    frames: list[Frame] = []
    text = _error(error[1], error[2]) if error is not None else _text(lines[at])
    number = at + 1
    while number < len(lines):
        line = lines[number]
        cause = _CAUSED.match(line)
        if cause is not None and _is_frame(lines, number + 1):
            frames, text = [], _text(cause[1])
        elif (frame := _frame(line)) is not None:
            frames.append(frame)
        elif not line.lstrip().startswith(("at ", "... ")):
            break
        number += 1
    return Trace(text, tuple(frames[:FRAMES]), at, number - 1)


def _is_frame(lines: Sequence[str], at: int) -> bool:
    return at < len(lines) and _frame(lines[at]) is not None


def _frame(line: str) -> Frame | None:
    java = _JAVA_FRAME.match(line)
    if java is not None:
        package = java[1].rpartition(".")[0].replace(".", "/")
        return Frame(f"{package}/{java[3]}" if package else java[3], int(java[4]), java[2])
    node = _NODE_FRAME.fullmatch(line.rstrip())
    if node is not None and not node[2].startswith(("node:", "internal/")):
        return Frame(_slashes(node[2]), int(node[3]), (node[1] or "").removeprefix("new "))
    return None


def _go(lines: Sequence[str], at: int) -> Trace | None:
    """Innermost call first: the function on one line, the file on the next. What panics stands
    below the frames of the runtime's own `panic`."""
    head = _GO_PANIC.match(lines[at]) if "panic" in lines[at] else None
    if head is None:
        return None
    frames: list[Frame] = []
    name, number, last = "", at + 1, at
    while number < len(lines):
        line = lines[number]
        frame = _GO_FRAME.fullmatch(line.rstrip())
        function = _GO_FUNCTION.match(line)
        if frame is not None:
            frames.append(Frame(frame[1], int(frame[2]), name.rpartition("/")[2]))
            last = number
        elif function is not None:
            if function[1] == "panic":
                frames.clear()
            name = function[1]
        elif line.strip() and not line.startswith(("goroutine ", "created by ", "[", "\t")):
            break
        number += 1
    if not frames:
        return None
    frames = [one for one in frames if not one.path.endswith("/runtime/panic.go")]
    return Trace(f"panic: {_text(head[1])}", tuple(frames[:FRAMES]), at, last)


def _ruby(lines: Sequence[str], at: int) -> Trace | None:
    """Innermost call first; the first line has the error as well."""
    head = _RUBY_HEAD.fullmatch(lines[at].rstrip()) if ".rb:" in lines[at] else None
    if head is None:
        return None
    frames = [Frame(head[1], int(head[2]), head[3])]
    number = at + 1
    while number < len(lines):
        frame = _RUBY_FRAME.match(lines[number])
        if frame is None:
            break
        frames.append(Frame(frame[1], int(frame[2]), frame[3]))
        number += 1
    return Trace(_error(head[5], head[4]), tuple(frames[:FRAMES]), at, number - 1)


_READERS: tuple[Callable[[Sequence[str], int], Trace | None], ...] = (
    _python,
    _go,
    _ruby,
    _v8_or_java,
)


def _error(name: str, text: str | None) -> str:
    return _text(f"{name}: {text}" if text else name)


def _text(text: str) -> str:
    line = text.strip()
    return line if len(line) <= _TEXT else line[: _TEXT - 1] + "…"


def _slashes(path: str) -> str:
    return path.replace("\\", "/")
