"""Verbs on a loop: signals are cancellation, and what they come to."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from ci_gate.net.loop import Terminated, new_event_loop, run


def test_a_verb_that_ends() -> None:
    """Its result is returned."""

    async def verb() -> int:
        await asyncio.sleep(0)
        return 7

    assert run(verb()) == 7


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_a_signal_lets_the_verb_clean_up(
    number: signal.Signals, error: type[BaseException]
) -> None:
    """The verb is cancelled, ends what it began, and then the signal is what came of it."""
    cleaned = []

    async def verb() -> None:
        os.kill(os.getpid(), number)
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    with pytest.raises(error):
        run(verb())
    assert cleaned == [True]


def test_a_verb_for_which_a_signal_is_the_end() -> None:
    """`record` and `mock` return what they have."""

    async def verb() -> str:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return "summary"
        return "nobody came"

    assert run(verb()) == "summary"


def test_cancelled_without_a_signal() -> None:
    """A cancellation from inside stays one."""

    async def verb() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(verb())


def test_the_loop_is_fast_where_it_can_be() -> None:
    """uvloop where it is installed."""
    loop = new_event_loop()
    loop.close()
    assert type(loop).__module__.startswith(("uvloop", "asyncio"))
