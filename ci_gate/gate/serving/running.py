"""What a verb has started, and its end: commands, listeners, the watch, temporary files.

Everything is stopped however the verb ends. A cancellation in the middle of the stopping makes it
faster (commands are killed), not incomplete.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any

from ci_gate.gate import events
from ci_gate.gate.serving.boot import Surroundings, start_service
from ci_gate.gate.serving.listeners import Listeners
from ci_gate.service.container import Container
from ci_gate.service.leftovers import Leftovers, clear
from ci_gate.service.log import ServiceLog
from ci_gate.service.options import ServiceOptions
from ci_gate.service.outcome import ServiceFailed
from ci_gate.service.process import Process
from ci_gate.service.watch import Escapes, Watch

LAST_BREATH = 0.5
"""Seconds."""
NOT_WATCHED = "connections past our listeners were not watched"


class Running:
    """Use as an asynchronous context manager; nothing that was started through it outlives it.

    Entering clears away what killed gates have left, and raises CannotRun when the state folder
    cannot be written.
    """

    def __init__(self, state_folder: str, sink: events.Sink, stop_timeout: float) -> None:
        self.listeners = Listeners()
        self.escapes = Escapes(watched=False, note=NOT_WATCHED)
        """Complete when the context has been left."""
        self._state_folder = state_folder
        self._sink = sink
        self._stop_timeout = stop_timeout
        self._hurried = False
        self._leftovers: Leftovers | None = None
        self._starting: set[asyncio.Task[Process | Container]] = set()
        self._processes: list[Process | Container] = []
        self._watch: Watch | None = None
        self._closing: list[Callable[[], Awaitable[None]]] = []

    async def __aenter__(self) -> Running:
        cleared = await asyncio.to_thread(clear, self._state_folder)
        ended = (*cleared.processes, *cleared.folders)
        if ended:
            text = f"cleared away what a killed ci-gate had left: {', '.join(ended)}"
            self._sink(events.Note(text, "warning"))
        self._leftovers = Leftovers(self._state_folder)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await to_the_end(self._stop(), self._hurry)

    @property
    def leftovers(self) -> Leftovers:
        """The record by which the next start would clear away what this one has started."""
        assert self._leftovers is not None, "entered first"
        return self._leftovers

    def at_end(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have `close` awaited after commands and listeners are gone; the last one first."""
        self._closing.append(close)

    async def start(
        self, service: ServiceOptions, around: Surroundings, log: ServiceLog | None
    ) -> Process | Container:
        """Start a command or image; raises what `boot.start_service` raises."""
        leftovers = self.leftovers
        marker = leftovers.marker(container=bool(service.image))
        folder = leftovers.folder() if around.proxy else ""
        starting = asyncio.ensure_future(start_service(service, around, log, folder, marker))
        # Not cancelled with us: a half-started command would be nobody's.
        self._starting.add(starting)
        process = await asyncio.shield(starting)
        self._adopt()
        if isinstance(process, Process):
            leftovers.add_processes([process.pid])
        return process

    def watch(self, process: Process | Container, allowed: list[tuple[str, int]]) -> None:
        """Look which connections of `process` go past `allowed`, our listeners."""
        pid = process.pid
        if pid:
            self._watch = Watch(pid, lambda: [one.pid for one in process.members()], allowed)
        else:  # a container on another machine
            self.escapes = Escapes(watched=False, note=NOT_WATCHED)

    def _adopt(self) -> None:
        for task in [one for one in self._starting if one.done()]:
            self._starting.discard(task)
            if not task.cancelled() and task.exception() is None:
                self._processes.append(task.result())

    def _hurry(self) -> None:
        self._hurried = True
        for process in self._processes:
            if isinstance(process, Process):
                process.kill()

    async def _stop(self) -> None:
        """Stop everything, in this order, whatever of it fails."""
        async with contextlib.AsyncExitStack() as ends:
            ends.push(self._forget)
            for close in self._closing:
                ends.push_async_callback(close)
            ends.callback(self.listeners.close)
            ends.push_async_callback(self._stop_commands)
            if self._watch is not None:
                self.escapes = self._watch.close()
                self._watch = None

    def _forget(self, kind: type[BaseException] | None, *_: object) -> None:
        """Nothing is left for the next start to clear away; unless something could not be ended."""
        if self._leftovers is not None and kind is None:
            self._leftovers.close()

    async def _stop_commands(self) -> None:
        if self._starting:
            await asyncio.wait(self._starting)
            self._adopt()
        timeout = 0.0 if self._hurried else self._stop_timeout
        async with contextlib.AsyncExitStack() as ends:
            for process in self._processes:
                ends.push_async_callback(process.stop, timeout)
        self._processes.clear()


async def death(process: Process | Container, *, suspected: bool) -> ServiceFailed | None:
    """Why the service has ended, None when it lives. `suspected`: it has left a request without an
    answer, and may be about to end: its connections close before its end is known."""
    if suspected and process.alive():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), LAST_BREATH)
    if process.alive():
        return None
    await process.drained()
    return process.failure()


async def to_the_end(work: Coroutine[Any, Any, None], hurry: Callable[[], None]) -> None:
    """Await `work` until it is done, also when cancelled meanwhile; then `hurry` is called, and the
    cancellation raised at the end."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
            hurry()
    task.result()
    if cancelled is not None:
        raise cancelled
