"""A busy machine: processes that load every core, and end with whoever wants them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

_BURN = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    sum(range(1_000_000))
"""
"""Ends within a moment of its parent's end, however that ends."""


@contextlib.contextmanager
def busy_machine() -> Iterator[None]:
    """While in it, one process for each core does nothing but work."""
    command = [sys.executable, "-S", "-c", _BURN, str(os.getpid())]
    burning = [
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for one in burning:
            one.kill()
            one.wait()
