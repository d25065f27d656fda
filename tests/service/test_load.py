"""A machine that is busy for a while."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from ci_gate.service.load import busy_machine

PARENT = """
import os, sys, time
from ci_gate.service.load import busy_machine
with busy_machine():
    print("busy", flush=True)
    os.kill(os.getpid(), 9)
"""


def children() -> list[psutil.Process]:
    """Our processes that work."""
    return [one for one in psutil.Process().children() if "getppid" in " ".join(one.cmdline())]


def test_every_core_is_loaded_for_a_while() -> None:
    """One process a core that works, and none of them afterwards."""
    with busy_machine():
        burning = children()
        assert len(burning) == os.cpu_count()
        end = time.monotonic() + 20
        while not all(sum(one.cpu_times()[:2]) > 0.02 for one in burning):
            assert time.monotonic() < end, "they do not work"
            time.sleep(0.02)
    assert children() == []


def test_nothing_is_left_when_something_fails() -> None:
    """However it is left."""
    with pytest.raises(ZeroDivisionError), busy_machine():
        _ = 1 / 0
    assert children() == []


def test_they_end_with_us() -> None:
    """Killed in the middle, nothing of it is left to load the machine."""
    done = subprocess.run([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, check=False)
    assert done.stdout == b"busy\n"
    end = time.monotonic() + 20
    while any(
        "getppid" in " ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])
    ):
        assert time.monotonic() < end, "they are left"
        time.sleep(0.05)
