"""The gate on a real service: what passes, and everything that must be red."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.config.options import Policy
from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate.events import Progress, Stage
from ci_gate.gate.run import run
from ci_gate.model.result import Result
from ci_gate.model.rule import Rule, Where
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.options import Upstream
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.service.inside import Inside
from ci_gate.service.options import Ready, ServiceOptions
from ci_gate.service.ports import free_port
from ci_gate.store.snapshot import read_snapshot

SILENT_GREEN = {
    # answers
    "status": ("status", "response.status", "GET /json"),
    "type": ("type", "response.body.$.id", "GET /json"),
    "value": ("value", "response.body.$.id", "GET /json"),
    "added": ("added", "response.body.$.more", "GET /json"),
    "removed": ("removed", "response.body.$.name", "GET /json"),
    "text": ("", "response.body", "GET /text"),
    "order": ("", "response.body", "GET /list"),
    "binary": ("", "response.body", "GET /blob"),
    "large": ("", "response.body", "GET /large"),
    "header": ("header", "response.headers.cache-control", ""),
    # calls behind an unchanged answer
    "dropped": ("missing", "", "GET /hello"),
    "extra": ("unexpected", "", "GET /hello"),
    "twice": ("repeated", "", "GET /hello"),
    "write-dropped": ("missing", "", "POST /things"),
    "write-changed": ("changed", "request.body.$.thing", "POST /things"),
    "write-twice": ("repeated", "", "POST /things"),
    "new-host": ("new-host", "", "GET /hello"),
    # a call that changed, and the answer with it
    "changed": ("changed", "request.query.for", "GET /hello"),
    "garbage-out": ("unexpected", "", ""),
}
"""How the service changes -> change, place and route of the first cause ("" = any)."""


def test_a_service_that_behaves_passes(acting: Any) -> None:
    """Unchanged: every request and call is as recorded, and the verdict says so."""
    result = acting.run()
    assert result.verdict.outcome == "pass", result.verdict.reasons
    counts = result.runs[0].counts
    assert (counts.total, counts.succeeded, counts.matched) == (7, 7, 2)
    assert result.causes == ()


@pytest.mark.parametrize("how", SILENT_GREEN)
def test_what_other_gates_let_pass_is_red(acting: Any, how: str) -> None:
    """Each change fails the run, and the first cause names it."""
    result = acting.run(how)
    assert result.verdict.outcome == "fail", how
    change, place, route = SILENT_GREEN[how]
    cause = result.causes[0]
    assert change in ("", cause.change), cause
    assert cause.place.startswith(place), cause
    assert not route or route in cause.routes, cause
    report = acting.written()["junit.xml"]
    assert b"<failure" in report or b"<error" in report


def reasons(result: Result) -> str:
    """All reasons and notices."""
    return "\n".join((*result.verdict.reasons, *result.notices))


BROKEN = {
    "ends-well": "ended with exit code 0",
    "ends-badly": "ended with exit code 1",
    "mute": "was not ready after 0.5 s",
    "never-healthy": "GET /healthz was answered 503",
    "garbage": "was not answered in HTTP",
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_service_that_does_not_come_up_fails(acting: Any, how: str) -> None:
    """Not ready is a failed gate with the reason, and every request is reported as not replayed."""
    timeout = 10.0 if how.startswith("ends") else 0.5
    ready = Ready(how="path", what="/healthz", timeout=timeout)
    result = acting.run(service=acting.service(how, ready=ready))
    assert result.verdict.outcome == "fail"
    assert BROKEN[how] in result.verdict.reasons[0], result.verdict.reasons
    assert [cause.change for cause in result.causes] == ["not-replayed"]
    counts = result.runs[0].counts
    assert (counts.total, counts.failed, counts.answered) == (7, 7, 0)
    assert acting.written()["junit.xml"].count(b"<error") == 7


def test_the_last_words_of_a_service_are_shown_without_secrets(acting: Any) -> None:
    """What a service printed before it ended is in the notices, redacted."""
    result = acting.run("ends-badly")
    assert "cannot work like this" in reasons(result)
    assert "ada@corp.example" not in reasons(result)


def test_a_service_that_dies_of_an_unknown_call_names_the_call(acting: Any) -> None:
    """The call at start-up that nobody recorded is a cause beside the death."""
    result = acting.run("asks-and-ends")
    assert "exit code 4" in result.verdict.reasons[0]
    assert "GET /settings (greetings) newly called at startup" in [c.title for c in result.causes]
    assert not any(cause.change == "missing" for cause in result.causes)


def test_a_service_that_dies_in_the_middle_fails(acting: Any) -> None:
    """The reason is its end; what could not be replayed any more follows from what it died of."""
    result = acting.run("dies")
    assert result.verdict.outcome == "fail"
    assert "exit code 7" in result.verdict.reasons[0]
    assert "acting: dies now" in reasons(result)
    (cause,) = result.causes
    assert (cause.change, len(cause.exchanges)) == ("no-response", 7)
    assert any(one.startswith("not replayed") for one in cause.following)
    assert b"ada@corp.example" not in b"".join(acting.written().values())


def test_a_request_that_gets_no_answer_fails_alone(acting: Any) -> None:
    """A request that hangs is red after its timeout, the others go on."""
    replay = ReplayerOptions(settle=0.1, timeout=1.5)
    result = acting.run("hangs", replay=replay)
    assert [cause.change for cause in result.causes] == ["no-response"]
    assert result.runs[0].counts.answered == 6


def test_garbage_for_an_answer_fails(acting: Any) -> None:
    """A service that accepts and answers noise is ready by its port, and red."""
    service = acting.service("garbage", ready=Ready(how="port", timeout=5.0))
    result = acting.run(service=service)
    assert result.verdict.outcome == "fail"
    assert "not HTTP" in result.causes[0].title + result.causes[0].examples[0].detail


@pytest.mark.parametrize("how", ["forks", "stubborn"])
def test_nothing_outlives_a_run(acting: Any, how: str) -> None:
    """Children in sessions of their own and services that ignore SIGTERM end with the run."""
    result = acting.run(service=acting.service(how, stop_timeout=0.3))
    assert result.verdict.outcome == "pass", result.verdict.reasons


def test_a_snapshot_with_nothing_inbound_starts_nothing(acting: Any) -> None:
    """Inconclusive at once: no mock, no service, and the reason says how to record requests."""
    acting.write(Snapshot(origin=read_snapshot(acting.snapshot).origin))
    result = acting.run("ends-badly")
    assert result.verdict.outcome == "inconclusive"
    assert "record" in reasons(result)
    stages = {one.name for one in acting.events if isinstance(one, Stage)}
    assert not stages & {"mocks", "service", "replay"}
    assert "junit.xml" in acting.written()


def test_only_an_outbound_call_selects_what_caused_it(acting: Any) -> None:
    """--only with the id of a call judges the request that makes it, after the earlier writes."""
    result = acting.run(only=("cc020000-1",))
    assert result.verdict.outcome == "pass"
    assert [route.route for route in result.routes] == ["POST /things"]


@pytest.mark.parametrize("only", ["aa01", "request.path == '/json'", "response.status == `200`"])
def test_only_takes_ids_prefixes_and_expressions(acting: Any, only: str) -> None:
    """A chosen exchange alone shows its change; the others are not judged."""
    result = acting.run("status", only=(only,))
    assert result.verdict.outcome == "fail"
    assert result.causes[0].routes == ("GET /json",)


def test_only_an_unknown_id_names_near_ones(acting: Any) -> None:
    """An id that is not there is refused, with those that are near."""
    with pytest.raises(UsageError, match="did you mean aa010000-1"):
        acting.run(only=("aa010001-1",))
    assert not acting.out.exists()


def test_only_that_selects_nothing_is_inconclusive(acting: Any) -> None:
    """An expression that holds nowhere replays nothing, and says so."""
    result = acting.run(only=("response.status == `418`",))
    assert result.verdict.outcome == "inconclusive"
    assert "--only selects no inbound exchange" in reasons(result)


def test_a_taken_port_is_named_with_its_holder(acting: Any) -> None:
    """The port of the service in use: CannotRun, naming who; no run directory stays."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotRun, match=rf"port {port} .* in use by python.*pid"):
            acting.run(service=acting.service(port=port))
    assert not acting.out.exists()


def test_a_command_that_is_not_there_is_refused(acting: Any) -> None:
    """An unknown program is the configuration's fault, and nothing is left."""
    with pytest.raises(UsageError, match="no-such-program"):
        acting.run(service=acting.service(command=("no-such-program",)))
    acting.check_nothing_left()


def test_progress_does_not_count_what_rules_may_allow(acting: Any) -> None:
    """A difference that a rule excuses is never shown as a failure while the replay runs."""
    rule = Rule(
        index=1, where=Where(), at="response.body.$.id", allow="any", reason="changes at will"
    )
    result = acting.run("value", rules=(rule,))
    assert result.verdict.outcome == "pass", result.verdict.reasons
    seen = [one for one in acting.events if isinstance(one, Progress)]
    assert seen[-1].done == 7
    assert all(one.failed == 0 for one in seen)


def test_an_escaped_connection_is_red_with_its_address_and_fix(acting: Any) -> None:
    """A connection past the mocks fails the run, in every report, and says what mends it."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        port = elsewhere.getsockname()[1]
        service = acting.service("escape", env={"ELSEWHERE": str(port)})
        result = acting.run(service=service)
    assert result.verdict.outcome == "fail"
    cause = next(cause for cause in result.causes if cause.change == "escape")
    assert f"127.0.0.1:{port}" in cause.title
    assert "give it the proxy" in cause.examples[0].detail
    assert f"127.0.0.1:{port}".encode() in acting.written()["junit.xml"]


def test_an_escape_to_a_known_dependency_names_it(acting: Any) -> None:
    """A dependency that is called past the mocks is named with its variable."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        port = elsewhere.getsockname()[1]
        service = acting.service("escape", env={"ELSEWHERE": str(port)})
        upstream = Upstream(name="cache", address=f"http://localhost:{port}")
        result = acting.run(service=service, dependencies=(upstream,))
    cause = next(cause for cause in result.causes if cause.change == "escape")
    assert "${cache.url}" in cause.examples[0].detail


def test_an_escape_to_telemetry_is_a_notice(acting: Any) -> None:
    """Telemetry is nobody's regression, however it is reached."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        port = elsewhere.getsockname()[1]
        service = acting.service("escape", env={"ELSEWHERE": str(port)})
        upstream = Upstream(name="otel", address=f"http://127.0.0.1:{port}", role="telemetry")
        result = acting.run(service=service, dependencies=(upstream,))
    assert result.verdict.outcome == "pass", result.verdict.reasons
    assert [(one.change, one.notice) for one in result.causes] == [("escape", True)]


def test_no_secret_reaches_any_file(acting: Any) -> None:
    """Output, changed answers and outbound calls with secrets in them: no file holds one."""
    secret = "sk_live_" + "a8Hd0Kq2Zw9Lx3Vb7Nm1Tc5R"
    token = "tok-5512-value-of-replay-set"
    service = acting.service("leaks", env={"SECRET": secret})
    headers = (("X-Test", f"Bearer {token}"),)
    replay = ReplayerOptions(settle=0.1, timeout=3.0, headers=headers, secrets=(token,))
    result = acting.run(service=service, replay=replay)
    assert result.verdict.outcome == "fail"
    written = acting.written()
    assert {"service.log", "result.json", "junit.xml", "summary.md"} <= set(written)
    assert any(name.startswith("changes/") for name in written)
    assert b"acting: token" in written["service.log"]
    for name, data in written.items():
        for needle in (secret, "ada@corp.example", token, token[:12], token[-12:]):
            assert needle.encode() not in data, (name, needle)


def test_a_condition_fails_a_run_by_itself(acting: Any) -> None:
    """`fail_if` adds reasons to fail, and is told with the value it saw."""
    policy = Policy(fail_if=(("", "requests.total > 3"),))
    result = acting.run(policy=policy)
    assert result.verdict.outcome == "fail"
    assert "requests.total > 3 (observed 7)" in result.verdict.reasons


@pytest.fixture
def standing(acting: Any) -> Iterator[tuple[str, int]]:
    """The service, started by somebody else with the dependency on a fixed port: URL and port."""
    port, listen = free_port(), free_port()
    env = {"PORT": str(port), "GREETINGS_URL": f"http://127.0.0.1:{listen}", "HOW": ""}
    path = acting.service().command[-1]
    process = subprocess.Popen([sys.executable, "-S", path], env=env)
    try:
        yield f"http://localhost:{port}", listen
    finally:
        process.kill()
        process.wait()


def test_a_service_by_url_finds_its_dependencies_on_fixed_ports(
    acting: Any, standing: tuple[str, int]
) -> None:
    """`service.url`: mocks take the ports of `listen:`, and a note says what must point where."""
    url, listen = standing
    service = ServiceOptions(
        name="acting", url=url, ready=Ready(how="path", what="/healthz", timeout=10.0)
    )
    greetings = Upstream(name="greetings", address="http://greetings.example", listen=listen)
    result = acting.run(service=service, dependencies=(greetings,))
    assert result.verdict.outcome == "pass", reasons(result)
    assert f"greetings at http://127.0.0.1:{listen}" in acting.noted()
    assert "not watched" in reasons(result)


def test_a_service_on_localhost_cannot_be_in_our_own_container(
    acting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container with nothing in it but us, `service.url` at localhost is refused with the ways
    out, before anything is waited for."""
    monkeypatch.setattr("ci_gate.gate.serving.service.inside", lambda: Inside(engine=True))
    monkeypatch.setattr("ci_gate.service.inside._alone", lambda: True)
    url = f"http://localhost:{free_port()}"
    service = ServiceOptions(
        name="acting", url=url, ready=Ready(how="path", what="/", timeout=60.0)
    )
    with pytest.raises(UsageError, match=f"(?s){url}.*service.image.*/host@"):
        acting.run(service=service)


def test_runs_can_be_repeated_into_the_same_folder(acting: Any) -> None:
    """--out names a folder: what an earlier run left in it does not mix with the new one."""
    acting.run("status")
    first = acting.written()
    assert acting.run().verdict.outcome == "pass"
    assert set(acting.written()) == {name for name in first if not name.startswith("changes/")}


@pytest.mark.parametrize("moment", ["mocks", "service", "replay"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_cancelled_run_stops_everything(acting: Any, moment: str, times: int) -> None:
    """Cancelled at any stage, also twice, also with a service that ignores SIGTERM: nothing is left."""
    service = acting.service(
        "stubborn" if times == 2 else "", stop_timeout=30.0 if times == 2 else 2
    )

    async def interrupted() -> None:
        reached = asyncio.Event()

        def sink(event: object) -> None:
            if isinstance(event, Stage) and event.name == moment:
                reached.set()

        task = asyncio.ensure_future(run(acting.options(service=service), sink))
        waiting = asyncio.ensure_future(reached.wait())
        # A run that ends before that stage is a failure of this test, and no wait without end.
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        if times == 2:
            await asyncio.sleep(0.2)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    begun = time.monotonic()
    asyncio.run(interrupted())
    assert time.monotonic() - begun < 15
    acting.check_nothing_left()
    assert not acting.out.exists()


def test_a_run_cancelled_at_any_step_leaves_nothing(acting: Any) -> None:
    """Cancelled after n turns of the loop, for many n: no process, no folder, no record is left."""

    async def interrupted(turns: int) -> bool:
        task = asyncio.ensure_future(run(acting.options(), acting.events.append))
        for _ in range(turns):
            await asyncio.sleep(0)
        over = task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return over

    for turns in (0, 1, 2, 3, 5, 8, 13, 21, 34, 55):
        asyncio.run(interrupted(turns))
        acting.check_nothing_left()


def test_a_default_run_directory_of_a_cancelled_run_is_taken_away(acting: Any) -> None:
    """No `latest` points at a run without a result."""

    async def interrupted() -> None:
        task = asyncio.ensure_future(run(acting.options("mute", out=""), acting.events.append))
        while not any(isinstance(one, Stage) and one.name == "service" for one in acting.events):
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(interrupted())
    runs = Path(acting.folder, ".ci-gate", "runs")
    assert list(runs.iterdir()) == []


def test_what_a_killed_gate_left_is_cleared_and_said(acting: Any) -> None:
    """The next start names what it ended."""
    code = """
import os, subprocess, sys
from ci_gate.service.leftovers import Leftovers
left = Leftovers(sys.argv[1])
os.environ["CI_GATE_RUN"] = left.marker()
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], **quiet)
print(child.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, acting.state], capture_output=True, text=True, check=False
    )
    result = acting.run()
    assert result.verdict.outcome == "pass"
    assert f"pid {done.stdout.strip()}" in acting.noted()


def test_results_are_deterministic(acting: Any) -> None:
    """Two runs of the same change report the same causes."""
    first, second = (acting.run("write-changed").causes for _ in range(2))
    assert msgspec.json.encode(first) == msgspec.json.encode(second)
    assert re.match(r"POST /audit", first[0].title)
