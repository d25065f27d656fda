"""The README's quick start: no configuration, no account, four commands."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def test_record_mock_replay_without_configuration(
    small: Any,
    upstream: int,
    free_port: Callable[[], int],
    until: Callable[[Callable[[], object]], None],
    listens: Callable[[int], bool],
    send: Callable[..., int],
) -> None:
    """record -- CMD; mock -- CMD; replay with two conditions prints `2 EVALS PASSED`."""
    (small.folder / "ci-gate.yml").unlink()
    port, in_port, out_port = free_port(), free_port(), free_port()
    env = {"PORT": str(port), "GREETINGS_URL": f"http://localhost:{upstream}"}
    ports = ("--in-port", str(in_port), "--out-port", str(out_port))
    command = ("--", sys.executable, "small.py")

    recorder = small.start("record", "--replace", "--app-port", str(port), *ports, *command, **env)
    until(lambda: listens(port) and listens(in_port))
    assert send(in_port, "/hello/ada") == 200
    assert send(in_port, "/things", {"a": 1}) == 201
    assert send(in_port, "/things") == 200
    os.kill(recorder.pid, signal.SIGINT)
    done = small.end(recorder)
    assert "3 inbound" in done.text, done.text
    assert (small.folder / "snapshots" / "small" / "snapshot.json").is_file()

    mock = small.start("mock", "--out-port", str(out_port), *command, **env)
    until(lambda: listens(port))
    done = small("replay", "--fail-if", "latency.p95 > 2000", "--fail-if", "requests.failed > 0")
    assert done.code == 0, done.text
    assert "2 EVALS PASSED" in done.text
    assert "latency.p95 > 2000" in done.text
    os.kill(mock.pid, signal.SIGINT)
    done = small.end(mock)
    assert "1 calls answered, 0 not recorded" in done.text, done.text


def test_mock_serves_a_command_of_ones_own(small: Any) -> None:
    """`mock -- CMD` runs a client against the recorded dependency and passes its exit code on."""
    code = (
        "import os, sys, urllib.request as u;"
        "url = open('ci-gate.yml').read().split('upstream: \"')[1].split('\"')[0];"
        "print(u.urlopen(url + '/greeting?for=ada').read().decode());"
        "sys.exit(5)"
    )
    done = small("mock", "--out-port", "0", "--", sys.executable, "-c", code)
    assert done.code == 5, done.text
    assert '"Hello, ada!"' in done.out
    assert "ci-gate" not in done.out


def test_a_call_nothing_was_recorded_for_fails_closed(small: Any) -> None:
    """The mock answers 501 with an explanation, forwards nothing, and the summary names the call."""
    code = (
        "import urllib.request as u, urllib.error as e\n"
        "url = open('ci-gate.yml').read().split('upstream: \"')[1].split('\"')[0]\n"
        "try: u.urlopen(url + '/greeting?for=zoe')\n"
        "except e.HTTPError as error: print(error.code, error.read().decode())\n"
    )
    done = small("mock", "--out-port", "0", "--", sys.executable, "-c", code)
    assert done.out.startswith("501 "), done.text
    assert "/greeting?for=zoe" in done.err
