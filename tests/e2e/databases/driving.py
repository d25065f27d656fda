"""A client recorded beside the real server and played beside the mock, and how it is prepared."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.conftest import Gate
from tests.e2e.databases import matrix
from tests.e2e.databases.servers import Server

Proven = Callable[[str, str, str, str], None]


class Transcripts(NamedTuple):
    """What a client printed with the real server, what beside the mock, and what the mock says."""

    before: str
    after: str
    told: str


def transcripts(
    gate: Gate, server: Server, protocol: str, command: Sequence[str], listen: int, **mocked: str
) -> Transcripts:
    """Record the command's calls, stop the server, and run it again beside the mock.

    The command finds `ADDRESS` (host:port) in its environment, and what is `mocked` the second time
    only: `POOL="8"`, `COMMENT="…"`.
    """
    where = f"db@{listen}={protocol}://127.0.0.1:{server.port}"
    ports = ("--out-port", "0", "--map", where)
    env = {"ADDRESS": f"127.0.0.1:{listen}"}
    recorded = gate("record", "--out", "snap", *ports, "--", *command, **env)
    assert recorded.code == 0, recorded.text
    server.stop()
    played = gate("mock", "--in", "snap", *ports, "--", *command, **env, **mocked)
    assert played.code == 0, played.text
    return Transcripts(recorded.out, played.out, played.err)


def prepare(*command: str, cwd: Path, **env: str) -> None:
    """Run a step of a client's preparation; the test is skipped where it cannot be done."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-300:]}")


def prove(protocol: str, driver: str, before: str, after: str, *, update: bool) -> None:
    """The transcripts are equal, and the driver's column in docs/databases.md is what they show;
    with `update` it is written there."""
    found = matrix.features(protocol, before, after)
    assert [name for name, equal in found.items() if not equal] == []
    assert before == after
    text = matrix.DOCUMENT.read_text(encoding="utf-8")
    if update:
        text = matrix.with_driver(protocol, driver, frozenset(found), text)
        matrix.DOCUMENT.write_text(text, encoding="utf-8")
    assert matrix.table(protocol, text).get(driver) == frozenset(found), (
        "docs/databases.md says otherwise: run pytest --update-golden and read the diff"
    )
