"""`ci-gate action`, with a gate that is not run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ci_gate.model.result import Outcome, Result

Call = Callable[..., Any]
CONFIG = "version: 1\nservice: {name: shop, command: [run]}\n"
PLATFORMS = ("GITHUB_ACTIONS", "GITLAB_CI", "BITBUCKET_BUILD_NUMBER", "JENKINS_URL", "JENKINS_HOME")


@pytest.fixture
def job(
    call: Call, monkeypatch: pytest.MonkeyPatch, result: Callable[[Outcome], Result]
) -> list[Any]:
    """A folder with a configuration; the gate's options are appended to the list, and its verdict
    is the outcome in `OUTCOME`."""
    for name in (*PLATFORMS, "GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in list(os.environ):
        if name.startswith(("INPUT_", "CI_GATE_INPUT_")):
            monkeypatch.delenv(name)
    Path("ci-gate.yml").write_text(CONFIG)
    Path("svc").mkdir()
    Path("svc/ci-gate.yml").write_text(CONFIG.replace("shop", "svc"))
    seen: list[Any] = []

    async def pretend(options: Any, sink: Any) -> Result:
        seen.append((options, dict(os.environ)))
        made = result(os.environ.get("OUTCOME", "pass"))  # type: ignore[arg-type]  # one of the three
        return replace(made, report_only=options.report_only)

    monkeypatch.setattr("ci_gate.gate.ci.run", pretend)
    return seen


@pytest.mark.parametrize(("outcome", "code"), [("pass", 0), ("fail", 1), ("inconclusive", 3)])
def test_the_exit_code_is_the_verdicts(
    call: Call, job: list[Any], monkeypatch: pytest.MonkeyPatch, outcome: str, code: int
) -> None:
    """That is what blocks the merge; in report mode nothing does."""
    monkeypatch.setenv("OUTCOME", outcome)
    called = call("action")
    assert called.code == code
    assert outcome.upper() in called.out
    monkeypatch.setenv("CI_GATE_INPUT_MODE", "report")
    reported = call("action")
    assert reported.code == 0
    assert ("would have been blocked" in reported.err) == (code != 0)


def test_inputs_reach_the_gate(call: Call, job: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Folder, snapshot and run directory; paths are relative to the working directory."""
    monkeypatch.setenv("INPUT_WORKING_DIRECTORY", "svc")
    monkeypatch.setenv("INPUT_SNAPSHOT", "snap")
    monkeypatch.setenv("INPUT_OUT", "out")
    assert call("action").code == 0
    options, _ = job[0]
    assert (options.service.name, options.snapshot, options.out) == ("svc", "snap", "out")


def test_the_token_does_not_reach_the_service(
    call: Call, job: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every variable that holds it is gone before anything is started."""
    token = "ghs_" + "secret" * 5
    for name in ("INPUT_TOKEN", "GITHUB_TOKEN", "MY_BOT", "BASIC_AUTH"):
        monkeypatch.setenv(name, f"x-access-token:{token}" if name == "BASIC_AUTH" else token)
    called = call("action")
    assert called.code == 0
    _, environment = job[0]
    assert token not in str(environment)
    assert token not in called.out + called.err


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("INPUT_MODE", "gates", "input mode: 'gates' is not one of gate, report"),
        ("CI_GATE_INPUT_SNAPSHT", "x", "input snapsht: there is no such input"),
        ("INPUT_WORKING_DIRECTORY", "nowhere", "input working_directory: nowhere"),
        ("INPUT_CONFIG", "nowhere.yml", "nowhere.yml: there is no such configuration"),
        ("INPUT_BASE", "nowhere", "in no git repository"),
    ],
)
def test_bad_inputs(
    call: Call, job: list[Any], monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """Exit 2, the input named, nothing run."""
    monkeypatch.setenv(name, value)
    called = call("action")
    assert called.code == 2
    assert said in called.err
    assert job == []
