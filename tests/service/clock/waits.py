"""What a Python program sees of time: prints the wall clock and how long every wait took."""

import asyncio
import contextlib
import json
import multiprocessing
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

SECONDS = 0.2
ENDED = (TimeoutError, asyncio.TimeoutError, queue.Empty, subprocess.TimeoutExpired)


def forked(pipe):
    """Another process tells what it sees."""
    pipe.send(time.time())


async def never():
    """Wait in vain."""
    await asyncio.wait_for(asyncio.Event().wait(), SECONDS)


def main():
    """Read every clock, wait in every way."""
    waits = {}

    def measured(name, call, *arguments, **named):
        begin = time.monotonic()
        with contextlib.suppress(*ENDED):
            call(*arguments, **named)
        waits[name] = (time.monotonic() - begin) * 1000

    held = threading.Lock()
    held.acquire()
    ours, _theirs = socket.socketpair()
    ours.settimeout(SECONDS)
    condition = threading.Condition()
    before, begin = time.time(), time.monotonic()
    measured("sleep", time.sleep, SECONDS)
    measured("Event.wait", threading.Event().wait, SECONDS)
    measured("Lock.acquire", held.acquire, timeout=SECONDS)
    measured("Semaphore.acquire", threading.Semaphore(0).acquire, timeout=SECONDS)
    with condition:
        measured("Condition.wait", condition.wait, SECONDS)
    measured("Barrier.wait", lambda: broken(SECONDS))
    measured("Queue.get", queue.Queue().get, timeout=SECONDS)
    measured("SimpleQueue.get", queue.SimpleQueue().get, timeout=SECONDS)
    measured("Future.result", Future().result, timeout=SECONDS)
    measured("multiprocessing.Event", multiprocessing.Event().wait, SECONDS)
    measured("multiprocessing.Queue", multiprocessing.Queue().get, timeout=SECONDS)
    measured("asyncio.sleep", lambda: asyncio.run(asyncio.sleep(SECONDS)))
    measured("asyncio.wait_for", lambda: asyncio.run(never()))
    measured("socket.recv", ours.recv, 1)
    measured("select", select.select, [ours], [], [], SECONDS)
    measured("signal", sigtimedwait)
    sleeper = subprocess.Popen(["sleep", "20"])
    measured("Popen.wait", sleeper.wait, timeout=SECONDS)
    sleeper.kill()
    sleeper.wait()
    with ThreadPoolExecutor(1) as pool:
        measured("Timer", timer)
        walls = {
            "time.time": time.time(),
            "time_ns": time.time_ns() / 1e9,
            "clock_gettime": time.clock_gettime(time.CLOCK_REALTIME),
            "datetime.now": datetime.now(UTC).timestamp(),
            "datetime.utcnow": (
                datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
            ).total_seconds(),
            "gmtime": datetime(*time.gmtime()[:6], tzinfo=UTC).timestamp(),
            "thread": pool.submit(time.time).result(),
        }
    went, took = time.time() - before, time.monotonic() - begin
    script = "import time; print(time.time())"
    walls["child"] = float(subprocess.check_output([sys.executable, "-c", script]))
    walls["date(1)"] = float(subprocess.check_output(["date", "+%s"]))
    walls["shell"] = float(subprocess.check_output("exec date +%s", shell=True))
    read, write = multiprocessing.get_context("fork").Pipe()
    process = multiprocessing.get_context("fork").Process(target=forked, args=(write,))
    process.start()
    walls["fork"] = read.recv()
    process.join()
    walls["posix_spawn"] = spawned(script)
    told = {"walls": walls, "waits": waits, "went": went, "took": took}
    sys.stdout.write(json.dumps(told))


def broken(seconds):
    """A barrier at which nobody else arrives."""
    with contextlib.suppress(threading.BrokenBarrierError):
        threading.Barrier(2).wait(seconds)


def timer():
    """A thread that starts later."""
    done = threading.Event()
    threading.Timer(SECONDS, done.set).start()
    done.wait()


def sigtimedwait():
    """Wait for a signal that nobody sends."""
    signal.sigtimedwait([signal.SIGUSR1], SECONDS)


def spawned(script):
    """What a program started by posix_spawn sees."""
    read, write = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, write, 1)]
    command = [sys.executable, "-c", script]
    pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)
    os.waitpid(pid, 0)
    os.close(write)
    with os.fdopen(read) as file:
        return float(file.read())


if __name__ == "__main__":
    main()
