"""record beside a running service, run --only, inspect, check, init, output formats."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from junitparser import JUnitXml


def test_gateway_beside_a_service_that_runs(
    small: Any,
    upstream: int,
    free_port: Callable[[], int],
    until: Callable[[Callable[[], object]], None],
    listens: Callable[[int], bool],
    send: Callable[..., int],
) -> None:
    """Without CMD, record stands before a running service; --map gives it an address to call."""
    (small.folder / "ci-gate.yml").unlink()
    port, in_port, mapped = free_port(), free_port(), free_port()
    env = {**small.env, "PORT": str(port), "GREETINGS_URL": f"http://127.0.0.1:{mapped}"}
    service = subprocess.Popen([sys.executable, "small.py"], cwd=small.folder, env=env)
    try:
        recorder = small.start(
            *("record", "--app-port", str(port), "--in-port", str(in_port), "--out-port", "0"),
            *("--map", f"greetings@{mapped}=http://localhost:{upstream}", "--out", "gateway"),
        )
        until(lambda: (listens(port) and listens(in_port)) or recorder.poll() is not None)
        assert send(in_port, "/hello/ada") == 200
        assert send(in_port, "/things", [1]) == 201
        os.kill(recorder.pid, signal.SIGINT)
        done = small.end(recorder)
        assert done.code == 0, done.text
        assert "2 inbound and 1 outbound" in done.text
    finally:
        service.terminate()
        service.wait()


def test_only_one_exchange_after_the_writes_before_it(small: Any) -> None:
    """run --only ID judges that exchange alone, with the earlier writes done and unjudged."""
    files = (small.folder / "snapshots" / "small" / "inbound").iterdir()
    folded = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    reads = next(f for f in folded if f["route"] == "GET /things")["exchanges"]
    third = reads[2]
    assert third["response"]["body"]["json"] == {"count": 3}
    done = small("run", "--only", third["id"], "--out", "run")
    assert done.code == 0, done.text
    assert small.result()["runs"][0]["counts"]["total"] == 1


def test_only_shows_a_changed_exchange(small: Any) -> None:
    """The command that a report gives for a cause reproduces it alone."""
    done = small("run", "--out", "run", SMALL="changed")
    assert done.code == 1
    first = small.result()["causes"][0]["exchanges"][0]
    done = small("run", "--only", first, "--out", "again", SMALL="changed")
    assert done.code == 1, done.text
    assert small.result("again")["causes"][0]["exchanges"] == [first]


def test_every_output_is_there_and_readable(small: Any) -> None:
    """A run directory has result.json, exchanges.jsonl, junit.xml, summary.md, service.log."""
    done = small("run", "--out", "run", SMALL="changed")
    assert done.code == 1
    run = small.folder / "run"
    names = {path.name for path in run.iterdir()}
    wanted = {"result.json", "exchanges.jsonl", "junit.xml", "summary.md", "service.log"}
    assert wanted <= names
    suites = JUnitXml.fromfile(str(run / "junit.xml"))
    assert suites.failures == 3
    assert (run / "summary.md").read_text(encoding="utf-8").lstrip().startswith(("#", "**", "<!--"))
    lines = (run / "exchanges.jsonl").read_text(encoding="utf-8").splitlines()
    states = [json.loads(line)["state"] for line in lines]
    assert states.count("failed") == 3


def test_json_is_the_result_on_stdout(small: Any) -> None:
    """--json prints result.json and nothing else on stdout."""
    done = small("run", "--json", "--out", "run")
    assert done.code == 0, done.text
    assert json.loads(done.out) == small.result()


def test_default_run_directory_has_a_latest_pointer(small: Any) -> None:
    """Without --out the run lies in .ci-gate/runs, and `latest` leads to it."""
    done = small("run")
    assert done.code == 0, done.text
    assert (small.folder / ".ci-gate" / "runs" / "latest" / "result.json").is_file()


def test_check_and_inspect(small: Any) -> None:
    """check finds nothing wrong; inspect lists, selects and shows."""
    done = small("check")
    assert done.code == 0, done.text
    done = small("inspect")
    assert done.code == 0, done.text
    assert "GET /hello/ada" in done.out
    done = small("inspect", "response.status == `201`")
    assert done.code == 0, done.text
    assert "POST /things" in done.out
    assert "GET /hello/ada" not in done.out


def test_conditions_on_the_command_line(small: Any) -> None:
    """--fail-if replaces the configured conditions, and a condition can fail a run alone."""
    done = small("run", "--fail-if", "requests.total > 3", "--out", "run")
    assert done.code == 1, done.text
    assert "requests.total > 3" in done.text


def test_help_and_version() -> None:
    """Both entry points answer."""
    for args in (["--help"], ["--version"], ["run", "--help"]):
        done = subprocess.run(
            [sys.executable, "-m", "ci_gate", *args], capture_output=True, text=True, check=True
        )
        assert done.stdout
