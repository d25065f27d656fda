"""File, flags and environment become each verb's options; flags win, defaults are documented."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ci_gate.config.flags import MockFlags, RecordFlags, ReplayFlags, RunFlags, Surroundings
from ci_gate.config.resolve import mock_options, record_options, replay_options, run_options
from ci_gate.errors import UsageError

Around = Callable[..., Surroundings]
CMD = ("python", "-m", "orders")


def test_record_without_configuration(around: Around) -> None:
    """CMD and flags are enough; the defaults are the documented ones."""
    options = record_options(RecordFlags(command=CMD, app_port=8080), around())
    assert options.service.command == CMD
    assert (options.recorder.app_port, options.recorder.in_port, options.recorder.out_port) == (
        8080, 4143, 4140,
    )  # fmt: skip
    assert (options.out, options.existing, options.recorder.maximum) == ("snapshots/shop", "", 300)
    assert options.redaction_key == ""


def test_record_with_everything(around: Around) -> None:
    """Flags win over the file, and free ports may be asked for."""
    text = (
        "version: 1\nsnapshot: s\nservice: {command: [a], port: 1}\n"
        'routes: ["GET /x/{id}"]\nreplay: {settle: 2s}'
    )
    flags = RecordFlags(
        app_port=2, in_port=0, out_port=0, out="o", drive="sh x", add=True, maximum=7,
        maps=("p@9=http://p.example",),
    )  # fmt: skip
    env = {"CI_GATE_REDACTION_KEY": "00" * 32}
    options = record_options(flags, around(text, env=env, folder="sub"))
    assert (options.service.command, options.service.port, options.service.folder) == (
        ("a",),
        2,
        "sub",
    )
    recorder = options.recorder
    assert (recorder.app_port, recorder.in_port, recorder.out_port) == (2, 0, 0)
    assert (recorder.maximum, recorder.settle, recorder.routes) == (7, 2.0, ("GET /x/{id}",))
    assert (options.out, options.existing, options.drive) == ("o", "add", "sh x")
    assert options.redaction_key == "00" * 32
    assert options.dependencies[0].listen == 9


def test_record_beside_a_service_that_runs(around: Around) -> None:
    """service.url gives the port to stand in front of."""
    options = record_options(
        RecordFlags(), around('version: 1\nservice: {url: "http://localhost:81"}')
    )
    assert (options.service.url, options.recorder.app_port) == ("http://localhost:81", 81)


def test_record_with_an_automatic_port(around: Around) -> None:
    """auto is left for the gate to choose."""
    options = record_options(
        RecordFlags(), around("version: 1\nservice: {command: [a], port: auto}")
    )
    assert options.service.auto_port
    assert options.recorder.app_port == 0


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (RecordFlags(add=True, replace=True), "--add, --replace and --new-only exclude each other"),
        (RecordFlags(maximum=0), "--max 0: at least 1"),
        (RecordFlags(app_port=70000), "--app-port: 70000 is not a port"),
        (RecordFlags(in_port=-1), "--in-port: -1 is not a port"),
    ],
)
def test_record_refuses(around: Around, flags: RecordFlags, complaint: str) -> None:
    """Flags in conflict and impossible values are named."""
    with pytest.raises(UsageError, match=complaint):
        record_options(flags, around())


def test_mock(around: Around, everything: str) -> None:
    """The snapshot, the proxy's port, latency and rules arrive."""
    options = mock_options(MockFlags(command=("pytest",), out_port=5), around(everything))
    assert (options.snapshot, options.out_port, options.service.command) == (
        "snapshots/orders", 5, ("pytest",),
    )  # fmt: skip
    assert (options.mocks.latency, len(options.rules), len(options.dependencies)) == ("none", 2, 3)
    assert mock_options(MockFlags(), around()).out_port == 4140


@pytest.mark.parametrize(
    ("given", "text", "expected"),
    [
        ("", "", ""),
        ("http://localhost:1/", "", "http://localhost:1"),
        ("localhost:1", "version: 1\nservice: {port: 2}", "http://localhost:1"),
        ("", "version: 1\nservice: {port: 2}", "http://127.0.0.1:2"),
        ("", "version: 1\nservice: {port: auto}", ""),
        ("", 'version: 1\nservice: {url: "https://a.example"}', "https://a.example"),
    ],
)
def test_target(around: Around, given: str, text: str, expected: str) -> None:
    """The flag, the file's service, or "" for the recorded port."""
    assert replay_options(ReplayFlags(target=given), around(text)).target == expected


def test_replay_starts_cmd_only(around: Around) -> None:
    """The configured command needs mocks, which replay has not: it is not started."""
    text = "version: 1\nservice: {command: [a], port: 2}"
    assert replay_options(ReplayFlags(), around(text)).service.command == ()
    assert replay_options(ReplayFlags(command=CMD), around(text)).service.command == CMD


def test_replay_refuses_a_target_with_a_path(around: Around) -> None:
    """Recorded paths are absolute: a target is a server."""
    with pytest.raises(UsageError, match=r"--target: .* has a path"):
        replay_options(ReplayFlags(target="http://a/b"), around())


def test_run(around: Around, everything: str) -> None:
    """Everything the gate needs is there, and the file is named."""
    flags = RunFlags(only=("abc",), out="o", fail_if=("latency.p95 > 1",))
    options = run_options(flags, around(everything))
    assert options.service.command == CMD
    assert (options.only, options.out, options.config) == (("abc",), "o", "ci-gate.yml")
    assert options.policy.fail_if == (("", "latency.p95 > 1"),)
    assert options.replay.headers == (("Authorization", "Bearer test"),)


def test_run_without_a_service(around: Around) -> None:
    """The complaint says both ways to name one, and the file when there is one."""
    with pytest.raises(
        UsageError, match=r"^no service to run: set service.command, or .* after --"
    ):
        run_options(RunFlags(), around())
    with pytest.raises(UsageError, match=r"^ci-gate.yml: no service to run"):
        run_options(RunFlags(), around("version: 1"))
    assert run_options(RunFlags(command=CMD), around()).service.command == CMD
