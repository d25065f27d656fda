"""Credentials of a job, out of sight of what the job starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import ci_gate
from ci_gate.errors import UsageError
from ci_gate.gate.serving.sealing import HANDLE, forget, seal, secrets
from ci_gate.service.tree import LINUX

pytestmark = pytest.mark.skipif(not LINUX, reason="needs /proc")

TOKEN = "ghs_s3al3d" + "0" * 30
ENV = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(Path(ci_gate.__file__).resolve().parents[1]),
    "INPUT_TOKEN": TOKEN,
    "BASIC": f"x:{TOKEN}",
    "ACTIONS_RUNTIME_TOKEN": "runtime\n=line",
    "GITHUB_OUTPUT": "/out",
    "GITHUB_SHA": "abc",
    "CI_GATE_RUN": "outer",
}
SEALS = """
import ctypes, json, os, sys
from ci_gate.gate.serving.sealing import seal
before = os.getpid()
seal(os.environ)
environ = open("/proc/self/environ", "rb").read().decode()
dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
open_files = [os.readlink(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd")
              if os.path.lexists(f"/proc/self/fd/{one}")]
print(json.dumps([dict(os.environ), environ, sys.argv, sys.orig_argv, dumpable, open_files]))
"""


def test_environment_is_whole_and_unseen() -> None:
    """What the process was started with has no secret in it any more; its variables are all there,
    its arguments the same, nothing is left open, and nobody may look into its memory."""
    command = [sys.executable, "-s", "-c", SEALS, "two words", ""]
    done = subprocess.run(command, env=ENV, capture_output=True, text=True, check=True)
    environment, environ, arguments, original, dumpable, files = json.loads(done.stdout)
    for name, value in ENV.items():
        assert environment[name] == value
    assert HANDLE not in environment
    for text in (TOKEN, "runtime", "/out"):
        assert text not in environ
    assert "GITHUB_SHA=abc" in environ
    assert "CI_GATE_RUN=outer" in environ
    assert arguments == ["-c", "two words", ""]
    assert original == command
    assert dumpable == 0
    assert not any("memfd" in one for one in files)


def test_process_stays_the_same() -> None:
    """Same process, same exit code, and signals arrive at it."""
    script = (
        "import os, sys, signal\nfrom ci_gate.gate.serving.sealing import seal\n"
        "seal(os.environ)\nprint(os.getpid(), flush=True)\n"
        "sys.exit(7) if sys.argv[1] == 'exit' else signal.pause()"
    )
    for how, code in (("exit", 7), ("wait", -signal.SIGTERM)):
        with subprocess.Popen(
            [sys.executable, "-c", script, how], env=ENV, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert int(process.stdout.readline()) == process.pid
            if how == "wait":
                process.terminate()
            assert process.wait(30) == code


def test_secrets_are_the_platforms_and_ours() -> None:
    """Whatever a service must not have, and every other variable with such a token in it; the mark
    by which an outer gate finds us is none."""
    assert set(secrets(ENV)) == {"INPUT_TOKEN", "BASIC", "ACTIONS_RUNTIME_TOKEN", "GITHUB_OUTPUT"}
    assert secrets({"PATH": "/bin", "STRIPE_TOKEN": "mine", "INPUT_TOKEN": ""}) == {
        "INPUT_TOKEN": ""
    }


@pytest.mark.parametrize("handle", ["0", "99999", "x", "-1", "9" * 30])
def test_a_handle_that_is_not_ours(handle: str) -> None:
    """A job that sets the variable itself is told so; no other file is read or closed."""
    with pytest.raises(UsageError, match=HANDLE):
        seal({HANDLE: handle})


def test_forgetting() -> None:
    """The token goes under all its names, and what only looks like it stays."""
    env = {"INPUT_TOKEN": "token-1", "URL": "https://x:token-1@git.example", "NAME": "token"}
    forget(env, "token-1")
    assert env == {"NAME": "token"}
    forget(env, "")
    forget(env, "tok")
    assert env == {"NAME": "token"}
