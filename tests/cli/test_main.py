"""Exit codes and messages: whatever happens, one place turns it into both."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from ci_gate import __version__
from ci_gate.errors import CannotRun, ProtocolError, UsageError
from ci_gate.net.loop import Terminated

Call = Callable[..., Any]
Fake = Callable[..., list[Any]]


def test_help(call: Call, golden: Callable[[str, str], None]) -> None:
    """The first thing people see."""
    called = call("--help")
    assert called.code == 0
    golden("cli/help.txt", called.out)


def test_version(call: Call) -> None:
    """--version says ours."""
    assert call("--version").out == f"ci-gate {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["recrd"], "no command 'recrd'; there are init, record, import, export"),
        (["recrd"], "did you mean record?"),
        (["--typo"], "No such option '--typo'"),
        (["run", "--fial-if", "x"], "No such option '--fial-if'"),
        (["run", "--fail", "latency.p95 > 1"], "No such option '--fail'"),
        (["run", "snapshots/x"], "unexpected argument 'snapshots/x'; a command goes after --"),
        (["run", "--"], "nothing after --; a command goes there"),
        (["record", "--app-port", "x"], "'x' is not a valid integer"),
        (["record", "--max"], "requires an argument"),
        (["check", "extra"], "unexpected extra argument"),
        (["init", "--port", "0"], "0 is not in the range"),
        (["run", "-c", "none.yml"], "none.yml: there is no such configuration; `ci-gate init`"),
        (["run", "--fail-if", "latency.p59 > 1", "--", "x"], "there is no metric latency.p59"),
        (["run"], "no service to run"),
        (["inspect", "--in", "none"], "no snapshot here"),
    ],
)
def test_usage_errors_exit_2(call: Call, arguments: list[str], complaint: str) -> None:
    """A typing error in any flag, name or file never exits 0, and says what is wrong."""
    called = call(*arguments)
    assert called.code == 2
    assert complaint in called.err
    assert called.out == ""


def test_no_command(call: Call) -> None:
    """Nothing asked is usage, not success."""
    called = call()
    assert called.code == 2
    assert "Commands:" in called.err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("flag wrong"), 2, "ci-gate: flag wrong\n"),
        (CannotRun("port 1 is in use\nby x"), 3, "ci-gate: port 1 is in use\nci-gate: by x\n"),
        (ProtocolError("not HTTP"), 3, "ci-gate: not HTTP\n"),
        (KeyboardInterrupt(), 130, "\n"),
        (Terminated(), 143, ""),
        (
            ValueError("a\x1b[2Jb"),
            3,
            "ci-gate: internal error: ValueError: a\\x1b[2Jb (run again with CI_GATE_DEBUG=1 for the "
            "traceback)\n",
        ),
    ],
)
def test_errors_of_a_verb(
    call: Call, fake: Fake, error: BaseException, code: int, said: str
) -> None:
    """Whose problem it is decides the code; people see a message, never a traceback."""
    fake("run", error)
    called = call("run", "--", "x")
    assert (called.code, called.err, called.out) == (code, said, "")


def test_a_bug_tells_no_secret(call: Call, fake: Fake) -> None:
    """What an unexpected error quotes is masked like everything that people read."""
    fake("run", ValueError("cannot read ada.lovelace@company.com"))
    assert "ada.lovelace" not in call("run", "--", "x").err


def test_the_traceback_is_there_for_whoever_asks(
    call: Call, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CI_GATE_DEBUG=1 shows where it happened."""
    monkeypatch.setenv("CI_GATE_DEBUG", "1")
    fake("run", ValueError("odd"))
    assert "Traceback" in call("run", "--", "x").err


def test_a_reader_that_goes_away_does_not_change_the_verdict() -> None:
    """`ci-gate run | head -1` still exits with the gate's code."""
    code = (
        "import os, sys; from ci_gate.cli.output import say; "
        "os.read(0, 1); say('x' * 200000); sys.exit(7)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.write(b"x")
        process.stdin.close()
        assert process.wait(timeout=60) == 7


def test_python_m_ci_gate(tmp_path_factory: pytest.TempPathFactory) -> None:
    """`python -m ci_gate --help` answers without what only the verbs need, and says how fast."""
    code = (
        "import sys; sys.argv = ['ci-gate', '--help']; from ci_gate.cli.main import execute; "
        "code = execute(); heavy = {'asyncio', 'rich', 'yaml', 'jmespath', 'cryptography', 're2', "
        "'httpx', 'docker', 'uvloop'} & set(sys.modules); print(sorted(heavy)); sys.exit(code)"
    )
    folder = tmp_path_factory.mktemp("help")
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    seconds = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    print(f"--help took {seconds:.3f} s")  # noqa: T201 - measured here, judged by the benchmark
    done = subprocess.run(
        [sys.executable, "-m", "ci_gate", "--version"], cwd=folder, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout.decode().strip()) == (0, f"ci-gate {__version__}")


def test_every_code_is_documented() -> None:
    """The codes in the entry point's own text are those it has."""
    from ci_gate.cli import main

    text = main.__doc__ or ""
    for code in (main.USAGE, main.CANNOT_RUN, main.INTERRUPTED, main.TERMINATED):
        assert re.search(rf"\b{code}\b", text)
