"""`ci-gate publish`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_gate.model.result import Outcome, Result
from ci_gate.report.document import encode

Call = Callable[..., Any]


@pytest.fixture
def run(
    tmp_path: Path, result: Callable[[Outcome], Result], monkeypatch: pytest.MonkeyPatch
) -> str:
    """A run directory of a failed run; no CI around."""
    for name in (
        "GITHUB_ACTIONS",
        "GITLAB_CI",
        "BITBUCKET_BUILD_NUMBER",
        "JENKINS_URL",
        "JENKINS_HOME",
    ):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "result.json").write_bytes(encode(result("fail")))
    return str(folder)


def test_dry_run_prints_the_comment(call: Call, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Target and body on stdout, without token or network."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/orders")
    called = call("publish", run, "--dry-run", "--key", "eu")
    assert called.code == 0
    assert called.out.startswith(
        "to GitHub acme/orders:\n\n<!-- ci-gate:comment v1 key=shop/eu -->"
    )
    assert "### ❌ shop: FAIL" in called.out
    document = json.loads(call("publish", run, "--dry-run", "--json").out)
    assert document["action"] == "shown"


def test_elsewhere_the_log_has_it(call: Call, run: str) -> None:
    """Without a forge the text goes to the log, and the exit code is 0 although the run failed."""
    called = call("publish", run)
    assert called.code == 0
    assert "❌ shop: FAIL" in called.err
    assert called.out.startswith("created: the job log")


def test_without_a_token_it_is_still_0(
    call: Call, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be published is said."""
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("CI_COMMIT_SHA", "a" * 40)
    called = call("publish", run, "--quiet")
    assert called.code == 0
    assert "no token" in called.out


@pytest.mark.parametrize(
    "arguments",
    [(), ("nowhere",), ("RUN", "--key", "<b>"), ("RUN", "--comment", "on"), ("RUN", "--nope")],
)
def test_usage(call: Call, run: str, arguments: tuple[str, ...]) -> None:
    """What was typed wrong is exit 2."""
    called = call("publish", *(run if one == "RUN" else one for one in arguments))
    assert called.code == 2
    assert "Traceback" not in called.err
