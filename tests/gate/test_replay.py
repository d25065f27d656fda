"""Replaying against a service that runs, or that a command starts."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ci_gate.config.options import Policy, ReplayVerbOptions
from ci_gate.errors import UsageError
from ci_gate.gate.replay import replay
from ci_gate.model.result import Result
from ci_gate.model.snapshot import Snapshot
from ci_gate.net.loop import run as loop_run
from ci_gate.recorder.options import Upstream
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.service.options import Ready, ServiceOptions
from ci_gate.service.ports import free_port
from ci_gate.store.snapshot import read_snapshot

Make = Callable[..., ReplayVerbOptions]


@pytest.fixture
def options(acting: Any) -> Make:
    """Makes options of `replay`."""

    def make(target: str, **more: Any) -> ReplayVerbOptions:
        given: dict[str, Any] = {
            "snapshot": acting.snapshot,
            "target": target,
            "service": ServiceOptions(name="acting"),
            "replay": ReplayerOptions(timeout=3.0),
            "out": str(acting.out),
            "folder": str(acting.folder),
            "state_folder": acting.state,
        }
        return ReplayVerbOptions(**{**given, **more})

    return make


@pytest.fixture
def standing(acting: Any, greetings: Upstream) -> Iterator[Callable[[str], str]]:
    """Starts the acting service beside us; its URL."""
    started = []

    def start(how: str = "") -> str:
        port = free_port()
        env = {"PORT": str(port), "GREETINGS_URL": greetings.address, "HOW": how}
        path = acting.service().command[-1]
        started.append(subprocess.Popen([sys.executable, "-S", path], env=env))
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return f"http://localhost:{port}"
            except OSError:
                assert started[-1].poll() is None

    yield start
    for process in started:
        process.kill()
        process.wait()


def replayed(acting: Any, options: ReplayVerbOptions) -> Result:
    """`replay` to its end; nothing may be left of what it started."""
    return loop_run(replay(options, acting.events.append))


def test_an_unchanged_service_passes(
    acting: Any, options: Make, standing: Callable[..., str]
) -> None:
    """Answers are compared, calls are said not to be measured."""
    result = replayed(acting, options(standing()))
    assert result.verdict.outcome == "pass", result.verdict.reasons
    counts = result.runs[0].counts
    assert (counts.total, counts.succeeded, counts.matched) == (7, 7, None)
    assert any("not measured" in text for text in result.notices)


def test_a_changed_answer_fails(acting: Any, options: Make, standing: Callable[..., str]) -> None:
    """A difference in an answer is red."""
    result = replayed(acting, options(standing("status")))
    assert result.verdict.outcome == "fail"
    assert result.causes[0].change == "status"


def test_a_condition_on_calls_cannot_be_judged(
    acting: Any, options: Make, standing: Callable[..., str]
) -> None:
    """`replay` does not see calls: a condition on them is inconclusive, not green."""
    policy = Policy(fail_if=(("", "calls.missing > 0"),))
    result = replayed(acting, options(standing(), policy=policy))
    assert result.verdict.outcome == "inconclusive"


def test_a_target_that_is_not_there_is_inconclusive(acting: Any, options: Make) -> None:
    """Nobody listens: nothing can be said of the change."""
    result = replayed(acting, options(f"http://127.0.0.1:{free_port()}"))
    assert result.verdict.outcome == "inconclusive"
    assert "answered nothing at all" in result.verdict.reasons[0]


def test_a_target_that_never_answers_is_inconclusive(acting: Any, options: Make) -> None:
    """A listener that takes requests and says nothing is no verdict either."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        replay_options = ReplayerOptions(timeout=0.2)
        target = f"http://127.0.0.1:{silent.getsockname()[1]}"
        result = replayed(acting, options(target, replay=replay_options))
    assert result.verdict.outcome == "inconclusive"


def test_a_target_that_answers_garbage_is_inconclusive(acting: Any, options: Make) -> None:
    """Whatever speaks there is no HTTP server: the address is in question, not the change."""
    with socket.create_server(("127.0.0.1", 0)) as noisy:

        def answer() -> None:
            while True:
                try:
                    connection, _ = noisy.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"\x00\x01garbage\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        result = replayed(acting, options(f"http://127.0.0.1:{noisy.getsockname()[1]}"))
        noisy.shutdown(socket.SHUT_RDWR)
    thread.join()
    assert result.verdict.outcome == "inconclusive"


def test_a_snapshot_with_nothing_inbound_is_inconclusive(acting: Any, options: Make) -> None:
    """No request to send: CMD is not even started."""
    acting.write(Snapshot(origin=read_snapshot(acting.snapshot).origin))
    service = ServiceOptions(name="acting", command=("no-such-program",))
    result = replayed(acting, options("http://127.0.0.1:9", service=service))
    assert result.verdict.outcome == "inconclusive"


def test_without_a_target_the_recorded_port_is_asked(acting: Any, options: Make) -> None:
    """The default target is the port that the service was recorded on."""
    result = replayed(acting, options(""))
    assert "127.0.0.1:8080" in str(acting.events)
    assert result.mode == "replay"


@pytest.mark.parametrize("target", ["ftp://x:1", "http://", "http://x:99999"])
def test_a_target_that_is_none_is_refused(acting: Any, options: Make, target: str) -> None:
    """UsageError says how to write one, before anything is made."""
    with pytest.raises(UsageError, match="http://host:port"):
        replayed(acting, options(target))
    assert not acting.out.exists()


def started(acting: Any, options: Make, how: str, greetings: Upstream, **more: Any) -> Result:
    """`replay -- CMD` with the acting service as CMD."""
    port = free_port()
    service = acting.service(
        how,
        port=port,
        auto_port=False,
        env={"PORT": str(port), "GREETINGS_URL": greetings.address, **more.pop("env", {})},
        ready=Ready(how="path", what="/healthz", timeout=5.0 if how != "mute" else 0.3),
    )
    result = replayed(acting, options(f"http://127.0.0.1:{port}", service=service, **more))
    acting.check_nothing_left()
    return result


@pytest.mark.parametrize("how", ["", "forks"])
def test_cmd_is_started_and_stopped(
    acting: Any, options: Make, greetings: Upstream, how: str
) -> None:
    """CMD answers, and is gone afterwards with all its children."""
    result = started(acting, options, how, greetings)
    assert result.verdict.outcome == "pass", result.verdict.reasons


@pytest.mark.parametrize("how", ["ends-well", "ends-badly", "mute"])
def test_cmd_that_does_not_come_up_fails(
    acting: Any, options: Make, greetings: Upstream, how: str
) -> None:
    """Started by us, a service that does not come up is red, and so is every request."""
    result = started(acting, options, how, greetings)
    assert result.verdict.outcome == "fail"
    assert "the service" in result.verdict.reasons[0]
    assert acting.written()["junit.xml"].count(b"<error") == 7


def test_cmd_that_dies_in_the_middle_fails(acting: Any, options: Make, greetings: Upstream) -> None:
    """Its end is the reason, its last words are shown, its output is redacted in service.log."""
    result = started(acting, options, "dies", greetings)
    assert result.verdict.outcome == "fail"
    assert "exit code 7" in result.verdict.reasons[0]
    log = acting.written()["service.log"]
    assert b"acting: dies now" in log
    assert b"ada@corp.example" not in log


def test_cmd_does_not_see_ci_tokens(
    acting: Any, options: Make, greetings: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a CI platform keeps for itself is taken out of CMD's environment."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_not_for_the_service")
    code = "import os; print('token', os.environ.get('GITHUB_TOKEN'), flush=True)"
    service = ServiceOptions(name="acting", command=(sys.executable, "-c", code))
    target = f"http://127.0.0.1:{free_port()}"
    replayed(acting, options(target, service=service))
    assert b"token None" in acting.written()["service.log"]


def test_a_cancelled_replay_stops_cmd(acting: Any, options: Make) -> None:
    """Cancelled while CMD comes up: no process, no run directory."""
    code = "import time; time.sleep(600)"
    service = ServiceOptions(name="acting", command=(sys.executable, "-c", code))
    given = options(f"http://127.0.0.1:{free_port()}", service=service)

    async def interrupted() -> None:
        task = asyncio.ensure_future(replay(given, acting.events.append))
        while not acting.alive() and not task.done():
            await asyncio.sleep(0.01)
        assert not task.done(), task.result()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(interrupted())
    acting.check_nothing_left()
    assert not acting.out.exists()
