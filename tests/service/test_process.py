"""Real processes: what they print, how they end, and that none is left."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest
import uvloop

from ci_gate.errors import UsageError
from ci_gate.service.log import ServiceLog
from ci_gate.service.process import Process
from ci_gate.service.tree import marked

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]
_numbers = itertools.count()
_started: list[Process] = []


def run(main: Callable[[], Awaitable[None]], factory: Callable[[], object] | None = None) -> None:
    """Run on uvloop or the given loop, for a minute at most."""

    async def cleaned() -> None:
        try:
            await asyncio.wait_for(main(), 60)
        finally:
            # A test that fails half-way: uvloop cannot be closed while a child of it lives.
            while _started:
                await _started.pop().stop(timeout=0)

    with asyncio.Runner(loop_factory=factory or uvloop.new_event_loop) as runner:
        runner.run(cleaned())


async def start(
    program: str,
    folder: Path,
    *,
    log: bool = True,
    env: dict[str, str] | None = None,
    run: str = "test",
) -> Process:
    """A Python program under our care, of one `run`; `folder` is its working folder."""
    process = await Process.start(
        [sys.executable, "-c", program],
        env={**os.environ, **(env or {})},
        folder=str(folder),
        log=ServiceLog(str(folder / "service.log"), str.upper) if log else None,
        marker=f"{run}-{os.getpid()}.{next(_numbers)}",
    )
    _started.append(process)
    return process


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for what must happen soon."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        await asyncio.sleep(0.01)


def pids_in(path: Path) -> list[int]:
    """The process ids that a program has written into files below `path`."""
    return [int(file.read_text()) for file in path.glob("pid-*[0-9]")]


def gone(pids: list[int]) -> bool:
    """Whether none of `pids` runs any more."""
    return not any(
        psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        for pid in pids
    )


SAY_PID = """
import os, signal, subprocess, sys, time
def say():
    with open(f"pid-{os.getpid()}.tmp", "w") as file: file.write(str(os.getpid()))
    os.rename(f"pid-{os.getpid()}.tmp", f"pid-{os.getpid()}")
"""


@pytest.mark.parametrize("factory", LOOPS)
def test_output_and_exit_code(tmp_path: Path, factory: Callable[[], object]) -> None:
    """Both outputs reach the log redacted, and the exit code and the last lines are known."""

    async def main() -> None:
        process = await start(
            "import sys; print('one', flush=True); print('two', file=sys.stderr); sys.exit(3)",
            tmp_path,
        )
        assert await process.wait() == 3
        await process.drained()
        assert not process.alive()
        failure = process.failure()
        assert failure.reason == "the service ended with exit code 3"
        assert failure.exit_code == 3
        assert failure.last_lines == ("ONE", "TWO")
        await process.stop()

    run(main, factory)
    assert (tmp_path / "service.log").read_text() == "ONE\nTWO\n"


def test_crash_by_signal(tmp_path: Path) -> None:
    """A process that is killed by a signal is reported with the signal's name."""

    async def main() -> None:
        process = await start("import os; os.abort()", tmp_path)
        await process.wait()
        assert process.failure().reason == "the service was killed by SIGABRT"
        await process.stop()

    run(main)


@pytest.mark.parametrize("factory", LOOPS)
@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("plain", "say(); time.sleep(1000)"),
        ("forks", "os.fork(); os.fork(); say(); time.sleep(1000)"),
        ("setsid", "os.fork() == 0 and os.setsid(); say(); time.sleep(1000)"),
        ("ignores", "signal.signal(signal.SIGTERM, signal.SIG_IGN); say(); time.sleep(1000)"),
        (
            "daemon",
            "\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n"
            "    say()\n    time.sleep(1000)\n  os._exit(0)\nos.wait(); say(); time.sleep(1000)",
        ),
        (
            "daemon without environment",
            "\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n"
            "    os.setsid()\n    time.sleep(0.1)\n    say()\n"
            "    os.execve('/bin/sleep', ['sleep', '1000'], {})\n"
            "  os._exit(0)\nos.wait(); say(); time.sleep(1000)",
        ),
        (
            "stopped",
            "\nchild = os.fork()\nsay()\nif child == 0:\n  os.kill(os.getpid(), signal.SIGSTOP)\n"
            "time.sleep(1000)",
        ),
    ],
    ids=lambda value: value if " = " not in str(value) and "(" not in str(value) else "",
)
def test_stop_leaves_nothing(
    tmp_path: Path, name: str, program: str, factory: Callable[[], object]
) -> None:
    """Forks, sessions of their own, daemons, stopped and stubborn processes all end."""
    expected = {"plain": 1, "ignores": 1, "forks": 4}.get(name, 2)

    async def main() -> None:
        process = await start(SAY_PID + program, tmp_path)
        await until(lambda: len(pids_in(tmp_path)) == expected)
        assert process.alive()
        await process.stop(timeout=0.5 if name == "ignores" else 10)
        assert gone(pids_in(tmp_path))
        assert not process.members()

    run(main, factory)


def test_stop_is_quick(tmp_path: Path) -> None:
    """A process that ends on SIGTERM does not cost its whole stop timeout."""

    async def main() -> None:
        process = await start(SAY_PID + "say(); time.sleep(1000)", tmp_path)
        await until(lambda: pids_in(tmp_path))
        begun = time.monotonic()
        await process.stop(timeout=30)
        assert time.monotonic() - begun < 10

    run(main)


def test_what_runs_while_ending_is_not_disturbed(tmp_path: Path) -> None:
    """A process that cleans up on SIGTERM with a child of its own is given the time to."""
    program = SAY_PID + (
        "def end(*_):\n"
        "  subprocess.run([sys.executable, '-c', \"import time; time.sleep(0.3); "
        "open('cleaned', 'w').close()\"])\n"
        "  sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\nsay()\nwhile True: time.sleep(0.05)"
    )

    async def main() -> None:
        process = await start(program, tmp_path)
        await until(lambda: pids_in(tmp_path))
        await process.stop(timeout=20)
        assert process.exit_code == 0

    run(main)
    assert (tmp_path / "cleaned").exists()


@pytest.mark.parametrize("factory", LOOPS)
def test_daemon_that_leaves_its_parent(tmp_path: Path, factory: Callable[[], object]) -> None:
    """A command that ends well and leaves a daemon counts as alive until the daemon is gone."""
    program = SAY_PID + "if os.fork() == 0:\n  os.setsid(); say(); time.sleep(1000)\n"

    async def main() -> None:
        process = await start(program, tmp_path)
        assert await process.wait() == 0
        await until(lambda: pids_in(tmp_path))
        assert process.alive()
        await process.stop()
        assert not process.alive()
        assert gone(pids_in(tmp_path))

    run(main, factory)


def test_two_commands_do_not_take_each_other(tmp_path: Path) -> None:
    """Stopping one command leaves the other, and our own helpers, alone."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    async def main() -> None:
        program = SAY_PID + "os.fork() == 0 and os.setsid(); say(); time.sleep(1000)"
        first = await start(program, tmp_path / "one")
        second = await start(program, tmp_path / "two")
        helper = await asyncio.create_subprocess_exec("sleep", "1000")
        await until(lambda: len(pids_in(tmp_path / "one")) == len(pids_in(tmp_path / "two")) == 2)
        await first.stop()
        assert gone(pids_in(tmp_path / "one"))
        assert len(second.members()) == 2
        assert helper.returncode is None
        await second.stop()
        assert helper.returncode is None
        helper.kill()
        await helper.wait()

    run(main)


def test_reused_process_id_is_not_ours(tmp_path: Path) -> None:
    """After the end of a command its process id may mean another process, which stays alive."""

    async def main() -> None:
        process = await start("", tmp_path)
        await process.wait()
        helper = await asyncio.create_subprocess_exec("sleep", "1000")
        # What the system would do after many more processes.
        process._tree.pid = helper.pid
        assert process.members() == []
        await process.stop(timeout=0)
        assert helper.returncode is None
        helper.kill()
        await helper.wait()

    run(main)


def test_cancelled_stop_kills(tmp_path: Path) -> None:
    """A second Ctrl-C, which cancels the stopping, kills what is left at once."""

    async def main() -> None:
        process = await start(
            SAY_PID + "signal.signal(signal.SIGTERM, signal.SIG_IGN); say(); time.sleep(1000)",
            tmp_path,
        )
        await until(lambda: pids_in(tmp_path))
        stopping = asyncio.create_task(process.stop(timeout=1000))
        await asyncio.sleep(0.1)
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        await until(lambda: gone(pids_in(tmp_path)))
        await process.wait()
        await process.stop()

    run(main)


def test_it_ends_with_us(tmp_path: Path) -> None:
    """A gate that is killed with -9 takes the command with it (Linux)."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells a process of its parent's death")
    gate = f"""
import asyncio, os, sys
from ci_gate.service.process import Process
from ci_gate.service.tree import marked
async def main():
    await Process.start([sys.executable, "-c", {SAY_PID + "say(); time.sleep(1000)"!r}],
        env=dict(os.environ), folder={str(tmp_path)!r}, log=None, marker="x.1")
    await asyncio.sleep(1000)
asyncio.run(main())
"""

    async def main() -> None:
        killed = await asyncio.create_subprocess_exec(sys.executable, "-c", gate)
        await until(lambda: pids_in(tmp_path))
        killed.kill()
        await killed.wait()
        await until(lambda: gone(pids_in(tmp_path)))

    run(main)


def test_shell_only_when_asked(tmp_path: Path) -> None:
    """Shell syntax means something in a shell line only; elsewhere it is an argument."""

    async def output(command: list[str], shell: bool) -> tuple[str, ...]:
        process = await Process.start(
            command,
            env=dict(os.environ),
            folder=str(tmp_path),
            log=ServiceLog("", str),
            marker=f"shell-{os.getpid()}.{next(_numbers)}",
            shell=shell,
        )
        await process.wait()
        await process.stop()
        return process.last_lines()

    async def main() -> None:
        assert await output(["echo a; echo b"], shell=True) == ("a", "b")
        assert await output(["echo", "a; echo b"], shell=False) == ("a; echo b",)

    run(main)


def test_exact_environment(tmp_path: Path) -> None:
    """The command sees the environment it was given and our marker, nothing of ours."""

    async def main() -> None:
        process = await Process.start(
            ["/usr/bin/env"],
            env={"ONLY": "this"},
            folder=str(tmp_path),
            log=ServiceLog("", str),
            marker="exact.1",
        )
        await process.wait()
        await process.stop()
        assert set(process.last_lines()) == {"ONLY=this", "CI_GATE_RUN=exact.1"}

    run(main)


@pytest.mark.parametrize("factory", LOOPS)
def test_command_that_cannot_start(tmp_path: Path, factory: Callable[[], object]) -> None:
    """A missing program, a file that is not executable and a missing folder are named."""
    (tmp_path / "plain").write_text("text")

    async def main() -> None:
        for command, folder, words in [
            ("no-such-program", tmp_path, "'no-such-program' cannot be started"),
            ("./plain", tmp_path, "'./plain' cannot be started"),
            ("true", tmp_path / "nowhere", "working folder"),
        ]:
            with pytest.raises(UsageError, match=words):
                await Process.start(
                    [command],
                    env=dict(os.environ),
                    folder=str(folder),
                    log=ServiceLog("", str),
                    marker="none.1",
                )

    run(main, factory)


def test_output_kept(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Without a log the command writes to our own outputs."""

    async def main() -> None:
        process = await start("print('straight through')", tmp_path, log=False)
        await process.wait()
        await process.stop()
        assert process.last_lines() == ()

    run(main)
    assert "straight through" in capfd.readouterr().out


@pytest.mark.parametrize("factory", LOOPS)
def test_cancelled_start_leaves_nothing(tmp_path: Path, factory: Callable[[], object]) -> None:
    """A Ctrl-C at any moment of starting leaves neither process nor open file."""
    marker = f"cancelled-{os.getpid()}.{next(_numbers)}"

    async def attempt(turns: int) -> None:
        starting = asyncio.create_task(
            Process.start(
                ["sleep", "1000"],
                env=dict(os.environ),
                folder=str(tmp_path),
                log=ServiceLog("", str),
                marker=marker,
            )
        )
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        try:
            process = await starting
        except asyncio.CancelledError:
            return
        await process.stop()

    async def main() -> None:
        for turns in range(12):
            await attempt(turns)
            await until(lambda: not marked(marker), 5)

    run(main, factory)
    before = psutil.Process().num_fds()
    run(main, factory)
    assert psutil.Process().num_fds() == before


def test_who_shares_its_folder_with_another_run_is_told_so(tmp_path: Path) -> None:
    """Two runs at once may take each other's files away: the one that ends names the other, and
    none that works elsewhere or is of its own run."""
    (tmp_path / "elsewhere").mkdir()

    async def main() -> None:
        waits, ends = "import time; time.sleep(60)", "raise SystemExit(3)"
        other = await start(waits, tmp_path, run="other")
        await start(waits, tmp_path / "elsewhere", run="other")
        ended = await start(ends, tmp_path)
        await ended.wait()
        assert f"another ci-gate run (pid {other.pid})" in ended.failure().reason
        await other.stop(timeout=0)
        await start(waits, tmp_path)
        alone = await start(ends, tmp_path)
        await alone.wait()
        assert alone.failure().reason == "the service ended with exit code 3"

    run(main)
