"""A recording whose exchanges and bodies stay in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from ci_gate.correlation.correlation import Correlation
from ci_gate.errors import CannotRun
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Opaque, Stored
from ci_gate.recorder.clean import Cleaner
from ci_gate.recorder.exchanges import Recording
from ci_gate.values.addresses import Addresses
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns

KEY = b"k" * 32


class Sink:
    """A body sink that keeps what it is given; coding "full" is a disk that is."""

    def __init__(self, coding: str) -> None:
        self.coding = coding
        self.parts: list[bytes] = []
        self.state = "open"

    def write(self, data: bytes) -> None:
        """Keep it."""
        if self.coding == "full":
            raise CannotRun("the disk is full")
        self.parts.append(data)

    @property
    def data(self) -> bytes:
        """All of it."""
        return b"".join(self.parts)

    def finish(self) -> tuple[Stored | Opaque, str]:
        """Name it by its size."""
        self.state = "finished"
        return Stored("0" * 64, len(self.data)), self.coding

    def abort(self) -> None:
        """Drop it."""
        self.state = "aborted"


class Kept:
    """A recording and what came of it."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.sinks: list[Sink] = []
        self.failures: list[CannotRun] = []
        self.correlation = Correlation(0, by_time=True)
        self.recording = Recording(
            started=time.monotonic_ns(),
            correlation=self.correlation,
            cleaner=Cleaner(Redactor(StandIns(KEY)), Addresses({}), KEY),
            sink=self.exchanges.append,
            body_sink=self._sink,
            opaque_sink=lambda: self._sink("opaque"),
            failed=self.failures.append,
        )

    def _sink(self, coding: str) -> Sink:
        self.sinks.append(Sink(coding))
        return self.sinks[-1]

    @property
    def notes(self) -> list[str]:
        """What was counted, a line each."""
        return sorted(self.recording.undecoded)

    @property
    def summary(self) -> list[Any]:
        """(route, status or error) of each exchange, in the order they were kept."""
        return [
            (one.route, getattr(one.response, "status", None) or one.error)
            for one in self.exchanges
        ]


@pytest.fixture
def kept() -> Kept:
    """A recording that begins."""
    return Kept()


@pytest.fixture
def make_kept() -> Callable[[], Kept]:
    """As many recordings as a test wants."""
    return Kept
