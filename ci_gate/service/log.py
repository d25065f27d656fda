"""The output of the service under test: redacted into a file, its last lines kept for errors."""

from __future__ import annotations

import asyncio
import re
import time
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable

import re2

from ci_gate.errors import UsageError

MAXIMUM_LINE = 65536
MAXIMUM_FILE = 64_000_000
KEPT_LINES = 20
MOMENT = 64 * 1024
"""Bytes of what was written in one moment that are read again, the last ones."""

_MARKS = 500_000
"""Times that are kept, one for what came together; what comes later has no time."""
_SHOWN_LETTERS = 2000
_TAIL = 4096
"""Where a line is cut, a secret may be cut in two, so that no pattern knows it: up to this many
letters before the cut go too, back to something that cannot be inside a secret."""
_KEY_LINES = 400
_SEPARATORS = re.compile(r"[\s,;\"'&|<>(){}\[\]]")
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), 127) if code != 9}


class ServiceLog:
    """Takes output as it comes and writes whole lines, redacted, to `path` ("" = nowhere).

    `redact` changes one line (or one private key over several lines); `expect` is a regular
    expression: `matched` is set when a line has it. Raises UsageError for a bad expression and
    OSError when `path` cannot be opened. A write that fails later (a full disk) ends the writing,
    not the service: `error` says so.
    """

    def __init__(self, path: str, redact: Callable[[str], str], expect: str = "") -> None:
        self.matched = asyncio.Event()
        self.error: OSError | None = None
        self._path = path
        self._times = array("q")
        """Monotonic nanoseconds at which output came."""
        self._offsets = array("q")
        """Where in the file it begins."""
        self._redact = redact
        self._expect = _compiled(expect) if expect else None
        # Unbuffered: what was fed is on disk, and a full disk shows at once.
        self._file = open(path, "wb", buffering=0) if path else None  # noqa: SIM115 - see close
        self._pending = bytearray()
        self._written = 0
        self._rest = b""
        self._dropping = False
        self._key: list[str] = []
        self._last: deque[str] = deque(maxlen=KEPT_LINES)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of output."""
        if len(self._times) < _MARKS:
            self._times.append(time.monotonic_ns())
            self._offsets.append(self._written)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if not self._dropping:
                self._line(line)
            self._dropping = False
        if len(self._rest) > MAXIMUM_LINE:
            if not self._dropping:
                self._line(self._rest)
            self._rest = b""
            self._dropping = True
        self._flush()

    def close(self) -> None:
        """Write what has no line end yet and close the file. May be called twice."""
        if self._rest and not self._dropping:
            self._line(self._rest)
        self._rest = b""
        if self._key:
            self._end_of_key("[private key without an end]")
        self._flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    def last_lines(self) -> tuple[str, ...]:
        """The last lines, redacted, without colours, control characters shown as text."""
        return tuple(self._last)

    def span(self, begin: int, end: int) -> tuple[int, int]:
        """Where in the file that stands which came from `begin` to `end` (monotonic nanoseconds):
        the first byte, and the one behind the last."""
        first, last = bisect_left(self._times, begin), bisect_left(self._times, end)
        if first >= last:
            return 0, 0
        stop = self._offsets[last] if last < len(self._offsets) else self._written
        return self._offsets[first], stop

    def read(self, start: int, stop: int) -> bytes:
        """A piece of the file, redacted as it is, at most its last `MOMENT` bytes; nothing without
        a file."""
        size = min(stop - start, MOMENT)
        if not self._path or size <= 0:
            return b""
        try:
            with open(self._path, "rb") as file:
                file.seek(stop - size)
                return file.read(size)
        except OSError:
            return b""

    def _line(self, raw: bytes) -> None:
        text = raw.rstrip(b"\r").decode("utf-8", "replace")
        if len(raw) > MAXIMUM_LINE:
            text = _cut(text[:MAXIMUM_LINE])
        if self._expect is not None and self._expect.search(text):
            self.matched.set()
        # Keys are the one secret that spans lines; a redactor that sees one line misses its middle.
        if self._key or ("-----BEGIN" in text and "PRIVATE KEY" in text):
            self._key.append(text)
            if "-----END" in text:
                self._end_of_key()
            elif len(self._key) > _KEY_LINES:
                self._end_of_key("[private key without an end]")
            return
        self._write(self._redact(text))

    def _end_of_key(self, instead: str = "") -> None:
        lines, self._key = self._key, []
        self._write(instead or self._redact("\n".join(lines)))

    def _write(self, text: str) -> None:
        for line in text.split("\n"):
            shown = _COLOURS.sub("", line)[:_SHOWN_LETTERS].translate(_CONTROLS)
            if shown.strip():
                self._last.append(shown)
        if self._file is None or self._written > MAXIMUM_FILE:
            return
        encoded = text.encode("utf-8", "replace") + b"\n"
        self._written += len(encoded)
        if self._written > MAXIMUM_FILE:
            encoded += b"[the log ends here: it has reached its limit of 64 MB]\n"
        self._pending += encoded

    def _flush(self) -> None:
        if self._file is None or not self._pending:
            return
        try:
            while self._pending:
                del self._pending[: self._file.write(self._pending) or 0]
        except OSError as error:
            self.error = error
            self._pending.clear()
            self._file.close()
            self._file = None


def _cut(text: str) -> str:
    tail = len(text) - _TAIL
    ends = [found.start() for found in _SEPARATORS.finditer(text, tail)]
    return f"{text[: ends[-1] if ends else tail]} [line cut at 64 KB]"


def _compiled(expression: str) -> re2._Regexp[str]:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(expression, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        reason = reason.decode() if isinstance(reason, bytes) else reason
        raise UsageError(f"service.ready.log: {expression!r}: {reason}") from error
