"""Serving a snapshot's dependencies to a command or until it is stopped."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ci_gate.config.options import MockVerbOptions
from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate.events import Addresses
from ci_gate.gate.mock import mock
from ci_gate.gate.summary import MockSummary
from ci_gate.model.noise import Noise
from ci_gate.net.loop import run as loop_run
from ci_gate.recorder.options import Upstream
from ci_gate.service.options import ServiceOptions
from ci_gate.service.ports import free_port
from ci_gate.store.snapshot import read_snapshot, write_snapshot

CLIENT = """
import os, sys, urllib.request as u, urllib.error as e
def ask(path, data=None):
    headers = {"Accept": "application/json"}
    if data: headers["Content-Type"] = "application/json"
    try:
        print(u.urlopen(u.Request(os.environ["URL"] + path, data, headers)).status, flush=True)
    except e.HTTPError as error:
        print(error.code, error.read().decode(), flush=True)
"""
Make = Callable[..., MockVerbOptions]


@pytest.fixture
def options(acting: Any) -> Make:
    """Makes options of `mock` with a Python script as CMD."""

    def make(code: str = "", **more: Any) -> MockVerbOptions:
        command = (sys.executable, "-S", "-c", CLIENT + code) if code else ()
        given: dict[str, Any] = {
            "snapshot": acting.snapshot,
            "service": ServiceOptions(
                name="acting",
                command=command,
                env={"URL": "${greetings.url}"},
                folder=str(acting.folder),
                stop_timeout=3.0,
            ),
            "out_port": 0,
            "state_folder": acting.state,
        }
        return MockVerbOptions(**{**given, **more})

    return make


def mocked(acting: Any, options: MockVerbOptions) -> MockSummary:
    """`mock` to its end; nothing may be left."""
    summary = loop_run(mock(options, acting.events.append))
    acting.check_nothing_left()
    return summary


def test_a_command_gets_recorded_answers_and_passes_its_code_on(acting: Any, options: Make) -> None:
    """Calls are counted; the exit code is CMD's."""
    summary = mocked(acting, options('ask("/greeting?for=ada"); sys.exit(5)'))
    assert summary == MockSummary(matched=1, unmatched=0, unused=1, exit_code=5)


def test_a_command_ended_by_a_signal(acting: Any, options: Make) -> None:
    """128 and the signal's number, as a shell would say."""
    assert mocked(acting, options("os.kill(os.getpid(), 15)")).exit_code == 143


def test_misses_are_told_with_the_nearest_recorded_call(
    acting: Any, options: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    """An unknown call gets 501 and is in the summary, with what comes near it."""
    summary = mocked(acting, options('ask("/greeting?for=eve"); ask("/greeting?for=eve")'))
    assert capfd.readouterr().out.startswith("501 ")
    (miss,) = summary.misses
    assert (miss.dependency, miss.label, miss.count) == ("greetings", "GET /greeting?for=eve", 2)
    assert "query.for" in miss.nearest


def test_new_hosts_are_told(acting: Any, options: Make) -> None:
    """A host that is not in the snapshot is refused by the proxy and named."""
    code = """
try: u.urlopen("http://new.example/x")
except e.HTTPError as error: sys.exit(error.code == 501)
"""
    summary = mocked(acting, options(code))
    assert summary.new_hosts == ("new.example",)
    assert summary.exit_code == 1


def test_garbage_is_told(acting: Any, options: Make) -> None:
    """Bytes that are no HTTP are in the summary."""
    code = """
import socket
from urllib.parse import urlsplit
where = urlsplit(os.environ["URL"])
peer = socket.create_connection((where.hostname, where.port))
peer.sendall(b"\\x00\\x01 nonsense\\r\\n\\r\\n")
peer.recv(1000)
"""
    summary = mocked(acting, options(code))
    assert [one.dependency for one in summary.refused] == ["greetings"]


def test_an_unknown_program_is_refused(acting: Any, options: Make) -> None:
    """UsageError, and nothing left."""
    service = ServiceOptions(name="x", command=("no-such-program",), folder=str(acting.folder))
    with pytest.raises(UsageError, match="no-such-program"):
        mocked(acting, options(service=service))
    acting.check_nothing_left()


def test_noise_that_cannot_be_meant_is_refused(acting: Any, options: Make) -> None:
    """What would open the mocks' keys by mistake is an error before anything is started."""
    snapshot = read_snapshot(acting.snapshot)
    noise = (Noise(at="request.body.$.gone", kind="uuid"),)
    call = msgspec.structs.replace(snapshot.outbound[0], noise=noise)
    wrong = msgspec.structs.replace(snapshot, outbound=(call, *snapshot.outbound[1:]))
    write_snapshot(acting.snapshot, wrong)
    with pytest.raises(UsageError, match=r"request.body.\$.gone: there is no such place"):
        mocked(acting, options("pass"))
    acting.check_nothing_left()


def test_a_port_in_use_is_named(acting: Any, options: Make) -> None:
    """Another mock on the same port: CannotRun names the holder."""

    async def both() -> None:
        first = asyncio.ensure_future(mock(options(out_port=port), acting.events.append))
        while not acting.events:
            await asyncio.sleep(0.01)
        with pytest.raises(CannotRun, match=f"port {port} is needed for the outbound proxy"):
            await mock(options(out_port=port), acting.events.append)
        first.cancel()
        assert (await first).exit_code == 0

    port = free_port()
    asyncio.run(both())
    acting.check_nothing_left()


def test_fixed_ports_are_taken(acting: Any, options: Make) -> None:
    """`listen:` of a dependency is where it is served."""
    port = free_port()
    upstream = Upstream(name="greetings", address="http://greetings.example", listen=port)
    mocked(acting, options("pass", dependencies=(upstream,)))
    told = next(one for one in acting.events if isinstance(one, Addresses))
    assert told.addresses["greetings"] == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_is_a_normal_end(acting: Any, options: Make, times: int) -> None:
    """Ctrl-C, also twice and with a CMD that ignores SIGTERM: a summary, and CMD is gone."""
    touched = acting.folder / "touched"
    code = f"""
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN if {times} == 2 else signal.SIG_DFL)
ask("/greeting?for=ada")
open({str(touched)!r}, "w").close()
time.sleep(600)
"""

    async def interrupted() -> None:
        task = asyncio.ensure_future(mock(options(code), acting.events.append))
        while not touched.exists():
            await asyncio.sleep(0.01)
        task.cancel()
        if times == 2:
            await asyncio.sleep(0.2)
            task.cancel()
        (summary,) = await asyncio.gather(task, return_exceptions=True)
        if times == 1:
            assert summary == MockSummary(matched=1, unmatched=0, unused=1)

    asyncio.run(interrupted())
    acting.check_nothing_left()
