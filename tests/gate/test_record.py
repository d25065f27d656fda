"""Recording a real service: every way in which it ends, and what is kept."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bcrypt
import msgspec
import pytest

from ci_gate.config.options import RecordOptions
from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate.record import record
from ci_gate.gate.summary import RecordSummary
from ci_gate.model.message import HttpRequest
from ci_gate.net.loop import run as loop_run
from ci_gate.recorder.options import RecorderOptions, Upstream
from ci_gate.service.options import Ready, ServiceOptions
from ci_gate.service.ports import free_port
from ci_gate.store.journal import Journal, leftover
from ci_gate.store.snapshot import exists, read_snapshot

DRIVE = """
import os, urllib.request
base = os.environ["CI_GATE_TARGET"]
ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
ask(base + "/json").read()
ask(base + "/hello").read()
ask(urllib.request.Request(base + "/things", b'{"thing": 1}')).read()
"""
Make = Callable[..., RecordOptions]


@pytest.fixture
def options(acting: Any, greetings: Upstream) -> Make:
    """Makes options of `record`: the acting service, its real dependency, a driver in Python."""

    def make(how: str = "", drive: str = DRIVE, **more: Any) -> RecordOptions:
        script = acting.folder / "drive.py"
        script.write_text(drive, encoding="utf-8")
        recorder = {"in_port": 0, "out_port": 0, "settle": 0.05, **more.pop("recorder", {})}
        given: dict[str, Any] = {
            "service": acting.service(how, **more.pop("service", {})),
            "dependencies": (greetings,),
            "recorder": RecorderOptions(**recorder),
            "out": str(acting.folder / "new"),
            "drive": f"exec {sys.executable} -S {script}",
            "state_folder": acting.state,
        }
        return RecordOptions(**{**given, **more})

    return make


def recorded(acting: Any, options: RecordOptions) -> RecordSummary:
    """`record` to its end; nothing may be left."""
    summary = loop_run(record(options, acting.events.append))
    acting.check_nothing_left()
    assert leftover(options.out) is None
    return summary


def test_a_driver_records_the_service(acting: Any, options: Make) -> None:
    """What the driver asked and what the service called is in the snapshot, and `run` passes on it."""
    given = options()
    summary = recorded(acting, given)
    assert (summary.inbound, summary.outbound, summary.exit_code) == (3, 2, 0)
    assert summary.warnings == ()
    assert summary.uncaptured == ()
    assert dict(summary.routes) == {"GET /json": 1, "GET /hello": 1, "POST /things": 1}
    snapshot = read_snapshot(given.out)
    assert [one.groups for one in snapshot.outbound] == [
        (snapshot.inbound[1].id,),
        (snapshot.inbound[2].id,),
    ]
    result = acting.run(snapshot=given.out)
    assert result.verdict.outcome == "pass", result.verdict.reasons


def test_a_key_is_redacted_where_it_was_shown_before_it_was_used(
    acting: Any, options: Make
) -> None:
    """Nothing tells that a word of a page is a key, until a client sends it in a header: the snapshot
    holds it nowhere, and what the page showed is what was sent."""
    key = "b7e1512f0a2c4d9e8f3a6c5d7e8f9a0b"
    asked = f'Request(base + "/json", headers={{"X-Api-Key": "{key}"}})'
    drive = DRIVE.replace('base + "/json"', 'base + "/page"').replace(
        'base + "/hello"', f"urllib.request.{asked}"
    )
    given = options(drive=drive)
    recorded(acting, given)
    files = [path.read_bytes() for path in Path(given.out).rglob("*") if path.is_file()]
    assert not any(key.encode() in data for data in files)
    page, used = read_snapshot(given.out).inbound[:2]
    assert isinstance(used.request, HttpRequest)
    sent = dict(used.request.headers)[b"X-Api-Key"]
    assert page.response is not None
    assert page.response.body == b"<p>Your key: <code>" + sent + b"</code></p>"
    assert page.redacted == ("response.body",)


def test_a_stored_hash_still_fits_its_password(acting: Any, options: Make) -> None:
    """The hash is heard before its password; what is kept of both belongs together."""
    row = b"$2b$04$abcdefghijklmnopqrstuOqaQRjxLpnrJKClaXrot8lofOMVsvNwW"
    drive = DRIVE
    for path, field in (("json", {"X-Row": row.decode()}), ("hello", {"X-Password": "hunter22"})):
        asked = f'urllib.request.Request(base + "/{path}", headers={field})'
        drive = drive.replace(f'base + "/{path}"', asked)
    recorded(acting, given := options(drive=drive))
    requests = [one.request for one in read_snapshot(given.out).inbound[:2]]
    kept = {k: v for one in requests if isinstance(one, HttpRequest) for k, v in one.headers}
    assert bcrypt.checkpw(kept[b"X-Password"], kept[b"X-Row"])


def test_a_token_in_a_path_is_in_no_file(acting: Any, options: Make) -> None:
    """Neither the route nor a file's name tells a token that stands in a path; it is a variable of
    the route."""
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.dGhpcy1pcy1ub3QtcmVhbGx5LXNpZ25lZC1hdC1hbGw"
    drive = DRIVE.replace(
        'ask(base + "/json").read()',
        f"""
try:
    ask(base + "/tokens/{token}").read()
except OSError:
    pass
""",
    )
    given = options(drive=drive)
    recorded(acting, given)
    files = {str(path): path.read_bytes() for path in Path(given.out).rglob("*") if path.is_file()}
    signature = token.rpartition(".")[2]
    assert not [name for name, data in files.items() if signature.encode() in data]
    assert not [name for name in files if signature[:20].lower() in name]
    assert read_snapshot(given.out).inbound[0].route == "GET /tokens/{id}"


def test_what_is_named_after_the_host_keeps_its_name(acting: Any, options: Make) -> None:
    """Some services name cookies and realms after host and port: replayed requests say those that
    clients called when it was recorded, whatever the service's port is now."""
    given = options(drive=DRIVE.replace("/json", "/realm"))
    recorded(acting, given)
    origin = read_snapshot(given.out).origin
    assert origin.host.startswith("127.0.0.1:")
    assert not origin.host.endswith(f":{origin.service_port}")
    assert acting.run(snapshot=given.out).verdict.outcome == "pass"


def test_the_drivers_failure_is_passed_on_and_the_recording_kept(
    acting: Any, options: Make
) -> None:
    """The driver's exit code is ours; what it had recorded by then is folded."""
    summary = recorded(acting, options(drive=f"{DRIVE}\nraise SystemExit(9)"))
    assert summary.exit_code == 9
    assert summary.inbound == 3
    assert summary.warnings == ("the driver ended with exit code 9 while it was recorded",)


def test_a_driver_ended_by_a_signal_has_the_shells_code(acting: Any, options: Make) -> None:
    """128 and the signal's number, as a shell would say."""
    summary = recorded(acting, options(drive="import os; os.kill(os.getpid(), 15)"))
    assert summary.exit_code == 143


def test_a_service_that_dies_while_recording_is_said(acting: Any, options: Make) -> None:
    """Its end before the driver's is a warning and its code ours; the rest is folded."""
    drive = DRIVE.replace('"/json"', '"/text"').replace(
        'ask(base + "/hello").read()', 'ask(base + "/hello").read(); ask(base + "/json").read()'
    )
    summary = recorded(acting, options("dies", drive=drive + "\nimport time; time.sleep(60)"))
    assert summary.exit_code in (1, 7)  # the driver's, if it ended of it
    assert summary.inbound == 2
    assert "the service ended with exit code 7 while it was recorded" in summary.warnings


@pytest.mark.parametrize(("how", "code"), [("ends-well", 1), ("ends-badly", 1), ("mute", 1)])
def test_a_service_that_never_gets_ready_leaves_no_snapshot(
    acting: Any, options: Make, how: str, code: int
) -> None:
    """The reason is a warning, the exit code is not 0, and the next recording is not refused."""
    ready = Ready(how="path", what="/healthz", timeout=5.0 if how != "mute" else 0.3)
    given = options(how, service={"ready": ready})
    summary = recorded(acting, given)
    assert summary.exit_code == code
    assert any("the service" in text for text in summary.warnings)
    assert not exists(given.out)
    assert recorded(acting, options()).inbound == 3


def test_a_snapshot_that_is_there_is_refused_before_anything_starts(
    acting: Any, options: Make
) -> None:
    """Without --add or --replace: UsageError with both named, nothing started, nothing changed."""
    before = read_snapshot(acting.snapshot)
    with pytest.raises(UsageError, match=r"--add .* --replace"):
        loop_run(record(options("ends-badly", out=acting.snapshot), acting.events.append))
    assert acting.events == []
    assert read_snapshot(acting.snapshot) == before


def test_a_recording_of_nothing_is_an_empty_snapshot_and_a_warning(
    acting: Any, options: Make
) -> None:
    """No request: a snapshot that says so, which `run` calls inconclusive."""
    given = options(drive="pass")
    summary = recorded(acting, given)
    assert (summary.inbound, summary.outbound, summary.exit_code) == (0, 0, 0)
    assert "nothing was recorded" in summary.warnings[0]
    assert exists(given.out)
    assert acting.run(snapshot=given.out).verdict.outcome == "inconclusive"


def test_a_recording_of_nothing_replaces_nothing(acting: Any, options: Make) -> None:
    """--replace with a driver that did nothing keeps the snapshot, and says so."""
    before = read_snapshot(acting.snapshot)
    summary = recorded(acting, options(drive="pass", out=acting.snapshot, existing="replace"))
    assert "kept as it was" in summary.warnings[-1]
    assert read_snapshot(acting.snapshot) == before


def test_adding_keeps_what_is_there(acting: Any, options: Make) -> None:
    """--add: the same requests are not duplicated, new ones are added."""
    recorded(acting, options())
    drive = DRIVE + '\nask(base + "/text").read()\n'
    summary = recorded(acting, options(drive=drive, existing="add"))
    assert (summary.inbound, summary.outbound) == (4, 2)


def test_a_full_disk_ends_the_recording_and_loses_nothing(
    acting: Any, options: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CannotRun; what was written is kept and folded by the next `record`."""
    flush = Journal.flush
    written = []

    def full(self: Journal) -> None:
        if len(written) >= 2:
            raise CannotRun("cannot write: No space left on device")
        written.append(self.size)
        flush(self)

    monkeypatch.setattr(Journal, "flush", full)
    given = options(drive=DRIVE + "\nimport time; time.sleep(60)")
    with pytest.raises(CannotRun, match="No space left"):
        loop_run(record(given, acting.events.append))
    acting.check_nothing_left()
    left = leftover(given.out)
    assert left is not None
    assert len(left.exchanges) == 2
    monkeypatch.setattr(Journal, "flush", flush)
    summary = recorded(acting, options(existing="add"))
    assert "cut off; keeping its 2 exchanges" in acting.noted()
    assert summary.inbound == 3


def test_a_recording_has_a_size_limit(acting: Any, options: Make) -> None:
    """More than the limit on disk is refused, and what there is stays."""
    given = options(drive=DRIVE + "\nimport time; time.sleep(60)", recorder={"disk_limit": 1000})
    with pytest.raises(CannotRun, match="run record again to fold it"):
        loop_run(record(given, acting.events.append))
    assert leftover(given.out) is not None


def test_a_port_in_use_leaves_nothing_behind(acting: Any, options: Make) -> None:
    """CannotRun names the port and who holds it; no folder, no journal is left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = options(recorder={"in_port": taken.getsockname()[1]})
        with pytest.raises(CannotRun, match=r"the inbound proxy .* in use by python"):
            loop_run(record(given, acting.events.append))
    acting.check_nothing_left()
    assert not os.path.exists(given.out)


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_is_a_normal_end(acting: Any, options: Make, times: int) -> None:
    """Cancelled, also twice and with a service that will not stop: the snapshot is written."""
    driven = acting.folder / "driven"
    drive = DRIVE + f"\nopen({str(driven)!r}, 'w').close()\nimport time; time.sleep(600)"
    how, timeout = ("stubborn", 30.0) if times == 2 else ("", 3.0)
    given = options(how, drive=drive, service={"stop_timeout": timeout})

    async def interrupted() -> RecordSummary:
        task = asyncio.ensure_future(record(given, acting.events.append))
        while not driven.exists() and not task.done():
            await asyncio.sleep(0.01)
        task.cancel()
        if times == 2:
            await asyncio.sleep(0.2)
            task.cancel()
        return await task

    begun = time.monotonic()
    summary = asyncio.run(interrupted())
    assert time.monotonic() - begun < 20
    assert (summary.inbound, summary.outbound, summary.exit_code) == (3, 2, 0)
    acting.check_nothing_left()
    assert leftover(given.out) is None


def test_an_interrupt_before_anything_is_up_leaves_nothing(acting: Any, options: Make) -> None:
    """Cancelled after n turns of the loop: a summary or a cancellation, and never a leftover."""

    async def interrupted(turns: int) -> None:
        given = options(out=str(acting.folder / f"early-{turns}"))
        task = asyncio.ensure_future(record(given, acting.events.append))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert leftover(given.out) is None

    for turns in (0, 1, 2, 3, 5, 8, 13, 21, 34):
        asyncio.run(interrupted(turns))
        acting.check_nothing_left()


def test_beside_a_service_that_runs(acting: Any, options: Make, greetings: Upstream) -> None:
    """Without a command: the proxies stand before a running service, the driver ends it."""
    port, listen = free_port(), free_port()
    env = {**os.environ, "PORT": str(port), "GREETINGS_URL": f"http://127.0.0.1:{listen}"}
    service = subprocess.Popen([sys.executable, "-S", acting.service().command[-1]], env=env)
    try:
        wait_for(port)
        beside = Upstream(name="greetings", address=greetings.address, listen=listen)
        given = msgspec.structs.replace(
            options(dependencies=(beside,), recorder={"app_port": port}),
            service=ServiceOptions(name="acting", folder=str(acting.folder)),
        )
        summary = loop_run(record(given, acting.events.append))
        assert (summary.inbound, summary.outbound) == (3, 2)
    finally:
        service.kill()
        service.wait()


def wait_for(port: int) -> None:
    """Until somebody listens."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("nobody listens")


def test_what_was_not_captured_is_listed_with_its_fix(acting: Any, options: Make) -> None:
    """A connection past the proxies is in the summary, by address."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        port = elsewhere.getsockname()[1]
        service = {"env": {"ELSEWHERE": str(port)}}
        summary = recorded(acting, options("escape", service=service))
    assert [(one.address, one.count) for one in summary.uncaptured] == [(f"127.0.0.1:{port}", 1)]
    assert "--map" in summary.uncaptured[0].fix


def test_a_recording_that_was_killed_before_it_began_is_no_recording(
    acting: Any, options: Make
) -> None:
    """An empty leftover journal makes no snapshot, and does not refuse the next recording."""
    given = options()
    Path(given.out).mkdir()
    Journal.create(str(Path(given.out, ".journal", "recording.jsonl"))).close()
    assert recorded(acting, given).inbound == 3


def test_a_key_is_made_once_and_said(acting: Any, options: Make) -> None:
    """The first recording makes a redaction key and notes it; a given key is taken."""
    recorded(acting, options(drive="pass"))
    assert "made a redaction key" in acting.noted()
    acting.events.clear()
    recorded(acting, options(drive="pass", existing="add"))
    assert acting.noted() == ""


def test_nothing_inbound_without_a_port_is_said(acting: Any, options: Make) -> None:
    """Calls alone make a snapshot that `run` cannot use: a warning says why."""
    port = free_port()
    drive = f"""
import urllib.request
ask = urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open
for _ in range(500):
    try:
        ask("http://127.0.0.1:{port}/hello").read()
        break
    except OSError:
        import time; time.sleep(0.02)
"""
    service = {"port": 0, "auto_port": False, "env": {"PORT": str(port)}}
    summary = recorded(acting, options(drive=drive, service=service))
    assert (summary.inbound, summary.outbound) == (0, 1)
    assert "--app-port" in summary.warnings[0]
