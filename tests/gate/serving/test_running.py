"""Whatever a verb has started ends with it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate.events import Event, Note
from ci_gate.gate.serving.boot import Surroundings
from ci_gate.gate.serving.running import Running, death, to_the_end
from ci_gate.net.connection import Connection
from ci_gate.service.container import Container
from ci_gate.service.leftovers import Leftovers
from ci_gate.service.options import ServiceOptions
from ci_gate.service.process import Process

SLEEP = "import time; time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({!r}, 'w'); " + SLEEP


def command(code: str) -> ServiceOptions:
    """A Python script as a service."""
    return ServiceOptions(name="x", command=(sys.executable, "-S", "-c", code))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[str]:
    """A state folder in which no record of a gate is left afterwards."""
    yield str(tmp_path / "state")
    assert list((tmp_path / "state" / "running").glob("*")) == []


def running(state: str, timeout: float = 5.0) -> Running:
    """One that nobody listens to."""
    return Running(state, lambda _: None, timeout)


async def begun(started: Process | Container) -> psutil.Process:
    """The process, when it has become Python."""
    process = psutil.Process(started.pid)
    while "python" not in process.name():
        await asyncio.sleep(0.01)
    return process


def test_everything_ends_in_order(state: str) -> None:
    """Commands first, then listeners, then what else was to be closed, the last one first."""
    ends: list[str] = []

    async def run() -> None:
        async with running(state) as one:
            process = await begun(await one.start(command(SLEEP), Surroundings(), None))
            port = await one.listeners.open(Connection, 0, "a test")

            async def close(name: str) -> None:
                assert not process.is_running()
                with pytest.raises(OSError, match="Connect"):
                    await asyncio.open_connection("127.0.0.1", port)
                ends.append(name)

            one.at_end(lambda: close("first"))
            one.at_end(lambda: close("second"))
        assert os.listdir(os.path.join(state, "running")) == []

    asyncio.run(run())
    assert ends == ["second", "first"]


def test_what_fails_while_stopping_hinders_nothing_else(state: str) -> None:
    """A close that raises is told in the end; command, listener and the other close are done."""
    closed = []

    async def broken() -> None:
        raise CannotRun("cannot be closed")

    async def well() -> None:
        closed.append(True)

    async def run() -> psutil.Process:
        async with running(state) as one:
            one.at_end(well)
            one.at_end(broken)
            return await begun(await one.start(command(SLEEP), Surroundings(), None))

    with pytest.raises(CannotRun, match="cannot be closed"):
        asyncio.run(run())
    assert closed == [True]
    # Something may be left: the record stays for the next start, which clears it.
    (record,) = Path(state, "running").glob("*.json")
    record.unlink()


def test_an_error_in_the_middle_ends_everything(state: str) -> None:
    """An exception goes on its way, and the command is gone."""
    processes = []

    async def run() -> None:
        async with running(state) as one:
            processes.append(await begun(await one.start(command(SLEEP), Surroundings(), None)))
            raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        asyncio.run(run())
    assert not processes[0].is_running()


def test_a_command_that_cannot_be_started_leaves_nothing(state: str) -> None:
    """The error is the command's."""

    async def run() -> None:
        async with running(state) as one:
            await one.start(ServiceOptions(name="x", command=("no-such",)), Surroundings(), None)

    with pytest.raises(UsageError, match="no-such"):
        asyncio.run(run())


def test_cancelled_while_a_command_starts(state: str) -> None:
    """At every turn of the loop: the half-started command ends, too."""

    async def interrupted(turns: int) -> None:
        async def work() -> None:
            async with running(state) as one:
                await one.start(command(SLEEP), Surroundings(), None)
                await asyncio.sleep(600)

        task = asyncio.ensure_future(work())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for turns in (0, 1, 2, 4, 8, 16):
        asyncio.run(interrupted(turns))
        assert psutil.Process().children(recursive=True) == []


def test_cancelled_again_kills_what_ignores_being_told(state: str, tmp_path: Path) -> None:
    """A command that ignores SIGTERM is not waited for when we are cancelled a second time."""

    deaf = tmp_path / "deaf"

    async def interrupted() -> None:
        ready = asyncio.Event()

        async def work() -> None:
            async with running(state, timeout=600.0) as one:
                await one.start(command(DEAF.format(str(deaf))), Surroundings(), None)
                while not deaf.exists():
                    await asyncio.sleep(0.01)
                ready.set()
                await asyncio.sleep(600)

        task = asyncio.ensure_future(work())
        await ready.wait()
        task.cancel()
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 20)

    asyncio.run(interrupted())


def test_what_a_killed_gate_left_is_ended_and_told(tmp_path: Path) -> None:
    """A process and a folder of a gate that is dead: gone, and named in a warning."""
    state = str(tmp_path / "state")
    code = f"""
import os, subprocess, sys
from ci_gate.service.leftovers import Leftovers
left = Leftovers({state!r})
os.environ["CI_GATE_RUN"] = left.marker()
quiet = {{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}}
child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}], **quiet)
print(child.pid, left.folder(), flush=True)
os.kill(os.getpid(), 9)
"""
    told: list[Event] = []

    async def run() -> tuple[str, str]:
        killed = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await killed.communicate()
        pid, folder = out.decode().split()
        async with Running(state, told.append, 1.0):
            pass
        return pid, folder

    pid, folder = asyncio.run(run())
    assert not os.path.exists(folder)
    (note,) = told
    assert isinstance(note, Note)
    assert f"pid {pid}" in note.text
    assert folder in note.text


def test_a_state_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """CannotRun naming it, before anything is started."""
    (tmp_path / "state").write_bytes(b"")

    async def run() -> None:
        async with running(str(tmp_path / "state")):
            raise AssertionError("never entered")

    with pytest.raises(CannotRun, match="state"):
        asyncio.run(run())


def test_a_container_that_cannot_be_watched_says_so(state: str) -> None:
    """On another machine nobody looks, and the escapes say that."""

    class Elsewhere(Container):
        """Its first process has no id here."""

        def __init__(self) -> None:
            pass

        @property
        def pid(self) -> int:
            """None that means anything."""
            return 0

    async def run() -> Running:
        async with running(state) as one:
            one.watch(Elsewhere(), [])
        return one

    escapes = asyncio.run(run()).escapes
    assert not escapes.watched
    assert "not watched" in escapes.note


def test_the_death_of_a_service(state: str) -> None:
    """One that lives has no reason; one about to end is waited for; one that was killed says so."""

    async def run() -> None:
        async with running(state) as one:
            alive = await one.start(command(SLEEP), Surroundings(), None)
            assert await death(alive, suspected=False) is None
            os.kill(alive.pid, signal.SIGKILL)
            failure = await death(alive, suspected=True)
            assert failure is not None
            assert failure.reason.startswith("the service was killed by SIGKILL")

    asyncio.run(run())


def test_work_goes_to_its_end_however_often_it_is_cancelled() -> None:
    """Each cancellation hurries, the last one is raised when the work is done."""
    hurried = []
    done = []

    async def run() -> None:
        hurry = asyncio.Event()

        async def work() -> None:
            while len(hurried) < 3:
                await hurry.wait()
                hurry.clear()
            done.append(True)

        def faster() -> None:
            hurried.append(True)
            hurry.set()

        task = asyncio.ensure_future(to_the_end(work(), faster))
        await asyncio.sleep(0)
        for times in range(1, 4):
            task.cancel()
            while len(hurried) < times:
                await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert done == [True]


def test_the_error_of_the_work_is_raised() -> None:
    """What the work raises comes out."""

    async def broken() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(to_the_end(broken(), lambda: None))


def test_records_of_other_gates_stay(state: str) -> None:
    """A gate that lives beside us keeps its record and its processes."""
    with Leftovers(state):

        async def run() -> None:
            async with running(state):
                pass

        asyncio.run(run())
        assert len(os.listdir(os.path.join(state, "running"))) == 1
