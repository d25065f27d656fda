"""Defaults by which another gate stays green: one test for each, and each is red with us.

The verdict, the exit code and the JUnit report are looked at, because that is where it was hidden.
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_gate.config.options import RecordOptions
from ci_gate.gate.record import record
from ci_gate.model.result import Result
from ci_gate.net.certificates import Authority
from ci_gate.net.loop import run as loop_run
from ci_gate.policy.verdict import exit_code
from ci_gate.recorder.options import RecorderOptions, Upstream
from ci_gate.store.snapshot import read_snapshot

DRIVE = """
import os, urllib.error, urllib.request
ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
try:
    ask(os.environ["CI_GATE_TARGET"] + "/hello", timeout=10).read()
except (OSError, urllib.error.HTTPError):
    pass
"""


def red(acting: Any, how: str) -> Result:
    """Run the service as it is changed by `how`: it fails, with exit code 1, in every report."""
    result: Result = acting.run(how)
    assert result.verdict.outcome == "fail"
    assert exit_code(result.verdict) == 1
    report = acting.written()["junit.xml"]
    assert b"<failure" in report or b"<error" in report
    assert b"<skipped" not in report
    return result


def test_an_answer_that_differs_while_calls_differ_too_is_not_obsolete(acting: Any) -> None:
    """Both moved: that is two reasons to fail, and no reason to skip."""
    result = red(acting, "changed")
    assert result.causes[0].change == "changed"
    assert result.runs[0].counts.failed == 1


@pytest.mark.parametrize("how", ["dropped", "extra", "twice", "write-dropped", "write-changed"])
def test_calls_that_differ_behind_an_equal_answer_are_not_ignored(acting: Any, how: str) -> None:
    """No answer differs, so that nothing but the calls can be red."""
    result = red(acting, how)
    assert all(one.dependency for one in result.causes if not one.notice)


def test_an_added_field_alone_fails(acting: Any) -> None:
    """A field that nobody recorded is a contract that grew, or a leak."""
    (cause,) = red(acting, "added").causes
    assert (cause.change, cause.place) == ("added", "response.body.$.more")


@pytest.mark.parametrize("how", ["text", "binary"])
def test_bodies_that_are_not_json_are_compared(acting: Any, how: str) -> None:
    """Text and binary bodies count as much as JSON."""
    (cause,) = red(acting, how).causes
    assert cause.place == "response.body"


def test_the_order_of_an_array_counts(acting: Any) -> None:
    """Sorted otherwise is otherwise."""
    (cause,) = red(acting, "order").causes
    assert (cause.place, cause.transform) == ("response.body.$", "reversed")


def test_a_large_body_of_equal_length_is_compared_by_content(acting: Any) -> None:
    """One letter of 1.2 MB is enough."""
    (cause,) = red(acting, "large").causes
    assert cause.place == "response.body"


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[Upstream]:
    """A dependency over TLS whose certificate nobody has vouched for."""
    context = Authority.open(str(tmp_path / "other")).server_context("localhost")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as peer:
                    peer.recv(65536)
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned")
            except (ssl.SSLError, OSError):
                plain.close()

    thread = threading.Thread(target=serve)
    thread.start()
    port = listener.getsockname()[1]
    yield Upstream(name="greetings", address=f"https://localhost:{port}")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_an_upstream_that_cannot_be_verified_is_not_recorded(
    acting: Any, impostor: Upstream
) -> None:
    """Nothing of what it says gets into the snapshot, and the summary says why and what to do."""
    script = acting.folder / "drive.py"
    script.write_text(DRIVE, encoding="utf-8")
    out = str(acting.folder / "new")
    options = RecordOptions(
        service=acting.service(),
        dependencies=(impostor,),
        recorder=RecorderOptions(in_port=0, out_port=0, settle=0.05),
        out=out,
        drive=f"exec {sys.executable} -S {script}",
        state_folder=acting.state,
    )
    summary = loop_run(record(options, acting.events.append))
    acting.check_nothing_left()
    assert any("SSL_CERT_FILE" in one for one in (*summary.undecoded, *summary.warnings))
    files = [path.read_bytes() for path in Path(out).rglob("*") if path.is_file()]
    assert not any(b"poisoned" in data for data in files)
    assert all(getattr(one.response, "status", 502) == 502 for one in read_snapshot(out).outbound)
