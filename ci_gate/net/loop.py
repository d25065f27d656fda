"""Running a verb on an event loop: uvloop where there is one, signals as cancellation."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Terminated(BaseException):
    """SIGTERM stopped the verb; everything it had started was stopped before this was raised."""


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's loop where it is installed, asyncio's own elsewhere (Windows)."""
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end. SIGINT and SIGTERM cancel it, so that it can clean up.

    A verb that finishes normally after being cancelled (`record`, `mock`) has its result returned.
    Raises `KeyboardInterrupt` or `Terminated` when the cancellation went through.
    """
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(_guarded(main))


async def _guarded(main: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(main)
    received: list[signal.Signals] = []

    def cancel(number: signal.Signals) -> None:
        received.append(number)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, cancel, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not received:
            raise
        if received[0] is signal.SIGTERM:
            raise Terminated from None
        raise KeyboardInterrupt from None
