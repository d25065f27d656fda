"""The gate as a job: what each platform is told, and that the verdict is the gate's alone."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ci_gate.config.file import load
from ci_gate.config.flags import Surroundings
from ci_gate.config.options import RunOptions
from ci_gate.errors import UsageError
from ci_gate.forge.markers import read
from ci_gate.gate.ci import Acted, action
from ci_gate.gate.events import Event, Note, Sink, Stage
from ci_gate.gate.pipeline.artifact import read_result
from ci_gate.gate.pipeline.inputs import Inputs
from ci_gate.model.difference import Cause, Difference
from ci_gate.model.result import (
    Counts,
    Environment,
    ExchangeResult,
    Outcome,
    Result,
    Run,
    Verdict,
)
from ci_gate.model.snapshot import Origin, Snapshot
from ci_gate.report import comment, junit
from ci_gate.report.annotations import CHECK_ANNOTATIONS
from ci_gate.report.document import LIMIT, encode
from ci_gate.store.runs import RunDirectory
from ci_gate.store.snapshot import write_snapshot
from tests.forge.fake_github import HEAD, TOKEN, FakeGitHub
from tests.gate.clone import Clone
from tests.gate.pipeline.test_jobfiles import parsed

CONFIG = "version: 1\nservice: {name: orders, command: [run]}\n"
HOSTILE = "x\n::error::pwned\n::set-output name=verdict::pass @octocat <img src=x> \x1b[31m /merge"


def result(outcome: Outcome) -> Result:
    """A result with one hostile cause when it is red."""
    one = Difference(
        change="value", exchange="aaaa-1", place="response.body", expected=HOSTILE, actual=HOSTILE
    )
    cause = Cause(
        id="C1", title=HOSTILE, change="value", routes=("GET /x",), exchanges=("aaaa-1",),
        examples=(one,),
    )  # fmt: skip
    return Result(
        service="orders",
        verdict=Verdict(outcome=outcome),
        runs=(Run(counts=Counts(total=3, answered=3, failed=1, succeeded=2)),),
        causes=(cause,) if outcome == "fail" else (),
        environment=Environment(version="1", config="ci-gate.yml"),
    )


def flood(causes: int) -> tuple[Cause, ...]:
    """That many causes, each with 40 kB of differences and hostile texts."""
    return tuple(
        Cause(
            id=f"C{number}", title=f"{number}", change="body", routes=(f"GET /{number}",),
            exchanges=(f"{number:04}-1",),
            examples=tuple(
                Difference(
                    change="body", exchange=f"{number:04}-1", place=f"response.body {number}",
                    expected=f"{HOSTILE}\n" * 120, actual=f"```\n{HOSTILE}\n" * 120,
                )
                for _ in range(2)
            ),
        )
        for number in range(causes)
    )  # fmt: skip


class Job:
    """A job of some platform in a clone, with a gate that is not run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[Event] = []
        self.options: RunOptions | None = None
        self.outcome: Outcome = "fail"
        self.causes: tuple[Cause, ...] = ()
        """Instead of the one."""

    async def gate(self, options: RunOptions, sink: Sink) -> Result:
        """Write a run directory as the real one does."""
        self.options = options
        made = replace(result(self.outcome), report_only=options.report_only, edits=options.edits)
        made = replace(made, causes=self.causes or made.causes, shard=options.shard)
        path = self.folder / (options.out or ".ci-gate/runs/1")
        path.mkdir(parents=True, exist_ok=True)
        folder = RunDirectory(str(path.relative_to(Path.cwd())))
        row = ExchangeResult(
            id="aaaa-1",
            route="GET /x",
            label="GET /x",
            state="failed",
            file="snapshots/o/get-x.json",
        )
        with folder:
            folder.write_result(made)
            folder.append_exchange(row)
            folder.write_text(folder.junit, junit.render("orders", [row]))
            folder.write_text(folder.summary, comment.page(made, comment.Made()))
        sink(Stage("report", folder.path))
        return made

    def act(self, env: dict[str, str], config: str = CONFIG, **inputs: Any) -> Acted:
        """Run `action`."""
        around = Surroundings(
            config=load(config), folder=".", folder_name="orders", env=env, state_folder="state"
        )
        return asyncio.run(
            action(
                Inputs(**inputs), around, self.events.append, gate=self.gate,
                pause=lambda _: None, backoff=0.0,
            )
        )  # fmt: skip


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """In a clone with one commit."""
    clone = Clone(tmp_path / "clone")
    clone.write("ci-gate.yml", CONFIG)
    clone.commit()
    monkeypatch.chdir(clone.folder)
    return Job(clone.folder)


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub."""
    fake = FakeGitHub()
    with fake.serving():
        yield fake
    assert fake.complaints == []


Env = Callable[..., dict[str, str]]


@pytest.fixture
def env(tmp_path: Path, github: FakeGitHub, job: Job) -> Env:
    """`env("pull_request")`: what GitHub sets."""

    def make(event: str = "pull_request") -> dict[str, str]:
        path = tmp_path / "event.json"
        head = {"sha": HEAD, "repo": {"id": 42}}
        pull = {"number": 7, "head": head, "base": {"sha": "b" * 40, "ref": "main"}}
        group = {"head_sha": HEAD, "base_sha": "b" * 40, "base_ref": "refs/heads/main"}
        path.write_text(json.dumps({"pull_request": pull, "merge_group": group}))
        return {
            "GITHUB_ACTIONS": "true", "GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "acme/orders",
            "GITHUB_RUN_ID": "77", "GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(path),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "GITHUB_WORKSPACE": str(job.folder),
            "GITHUB_OUTPUT": str(tmp_path / "outputs"),
        }  # fmt: skip

    return make


def outputs(env: dict[str, str]) -> dict[str, str]:
    """The outputs as the runner reads them."""
    return parsed(Path(env["GITHUB_OUTPUT"]).read_text())


def test_a_red_pull_request(job: Job, env: Env, github: FakeGitHub) -> None:
    """Page, outputs, annotations and comment, all of the same result."""
    around = env()
    acted = job.act(around, token=TOKEN, key="eu")
    assert acted.result.verdict.outcome == "fail"
    assert outputs(around) == {
        "verdict": "fail", "regressions": "1", "replayed": "3",
        "result": ".ci-gate/runs/1/result.json", "junit": ".ci-gate/runs/1/junit.xml",
        "summary": ".ci-gate/runs/1/summary.md", "comment-url": acted.published.url,  # type: ignore[union-attr]  # there is one
    }  # fmt: skip
    assert "### ❌ orders: FAIL" in Path(around["GITHUB_STEP_SUMMARY"]).read_text()
    assert [line.split(" ")[0] for line in acted.lines] == ["::error"]
    said = read(github.bodies()[0])
    assert said is not None
    assert said.key == "orders/eu"
    assert github.statuses == []
    assert github.checks == {}


def test_a_shard_tells_nobody(job: Job, env: Env, github: FakeGitHub) -> None:
    """Neither comment, page nor annotations: outputs only, and a run directory of its own."""
    around = env()
    acted = job.act(around, token=TOKEN, shard="2/3", check_run=True)
    assert job.options is not None
    assert (str(job.options.shard), job.options.out) == ("2/3", ".ci-gate/runs/shards/shard-2")
    assert (acted.published, acted.lines) == (None, ())
    assert not Path(around["GITHUB_STEP_SUMMARY"]).exists()
    assert (github.bodies(), github.checks) == ([], {})
    assert outputs(around)["result"] == ".ci-gate/runs/shards/shard-2/result.json"
    parallel = {**around, "CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "2"}
    job.act(parallel, shard="auto", out="kept", baseline="old")
    assert (job.options.out, job.options.baseline) == ("kept/shard-1", "old")


def test_shards_that_are_not_there_are_not_merged(job: Job, env: Env, github: FakeGitHub) -> None:
    """The job after them fails with what to do, and nothing is told."""
    (job.folder / "shards").mkdir()
    write_snapshot(str(job.folder / "snapshots" / "orders"), Snapshot(origin=Origin(service="o")))
    with pytest.raises(UsageError, match="shards: holds no shard; give run directories"):
        job.act(env(), token=TOKEN, merge="shards", snapshot="snapshots/orders")
    assert github.bodies() == []


def test_ten_megabytes_of_differences(job: Job, env: Env, github: FakeGitHub) -> None:
    """Comment, page, check run, annotations and files stay within what GitHub takes of each."""
    job.causes = flood(300)
    assert len(encode(result("fail"))) < 5_000 < 10_000_000 < len(str(job.causes))
    around = env()
    acted = job.act(around, token=TOKEN, check_run=True)
    assert acted.published is not None
    assert (acted.published.action, acted.published.notice) == ("created", "")
    (body,) = github.bodies()
    assert len(body) < 65_536
    assert "300 causes" in body
    assert "shortened" in body
    assert len(Path(around["GITHUB_STEP_SUMMARY"]).read_bytes()) < 1_000_000
    assert len(acted.lines) == 10
    assert sum(len(one["annotations"]) for one in github.checks.values()) == CHECK_ANNOTATIONS
    assert outputs(around)["regressions"] == "300"
    written = job.folder / ".ci-gate" / "runs" / "1"
    assert (written / "result.json").stat().st_size <= LIMIT
    assert read_result(str(written)).causes


def test_check_run(job: Job, env: Env, github: FakeGitHub) -> None:
    """Only when it is asked for."""
    job.act(env(), token=TOKEN, check_run=True)
    assert len(github.checks) == 1


def test_merge_queue(job: Job, env: Env, github: FakeGitHub) -> None:
    """The same verdict, page and outputs; no comment, since there is no pull request."""
    around = env("merge_group")
    acted = job.act(around, token=TOKEN)
    assert acted.published is None
    assert github.asked == []
    assert outputs(around)["verdict"] == "fail"


def test_pull_request_target_is_refused(job: Job, env: Env) -> None:
    """Before anything is run."""
    with pytest.raises(UsageError, match="pull_request_target"):
        job.act(env("pull_request_target"), token=TOKEN)
    assert job.options is None


def test_a_token_that_may_not_write(job: Job, env: Env, github: FakeGitHub) -> None:
    """A fork: one notice, the same verdict, page and annotations."""
    github.fail("POST", ".*/comments", 403, "Resource not accessible by integration")
    around = env()
    acted = job.act(around, token=TOKEN)
    assert acted.result.verdict.outcome == "fail"
    notices = [line for line in acted.lines if line.startswith("::notice")]
    assert len(notices) == 1
    assert "pull-requests: write" in notices[0]
    assert outputs(around)["comment-url"] == ""


def test_report_mode(job: Job, env: Env, github: FakeGitHub) -> None:
    """The gate is told, and the comment says what would have been."""
    acted = job.act(env(), token=TOKEN, mode="report")
    assert acted.result.report_only
    assert "would have been blocked" in github.bodies()[0]
    assert [line.split(" ")[0] for line in acted.lines] == ["::warning"]


def edit_config(job: Job) -> str:
    """Commit a rule; the base is what was before."""
    clone = Clone.__new__(Clone)
    clone.folder = job.folder
    rule = 'rules:\n  - {at: "response.body.$.x", allow: any, reason: r}\n'
    clone.write("ci-gate.yml", CONFIG + rule)
    clone.commit()
    return CONFIG + rule + "report: {comment: never}\n"


def test_edits_are_shown_whatever_the_configuration_says(
    job: Job, env: Env, github: FakeGitHub
) -> None:
    """A green run whose change adds a rule gets a comment, also where it says `comment: never`."""
    job.outcome = "pass"
    text = edit_config(job)
    job.act(env(), text, token=TOKEN, base="HEAD~1")
    assert "edits what it is judged by" in github.bodies()[0]
    assert job.options is not None
    assert job.options.edits is not None


def test_comment_modes(job: Job, env: Env, github: FakeGitHub) -> None:
    """The input wins over the configuration; `never` by input is obeyed."""
    job.outcome = "pass"
    assert job.act(env(), token=TOKEN).published.action == "skipped"  # type: ignore[union-attr]  # there is one
    job.act(env(), CONFIG + "report: {comment: always}\n", token=TOKEN)
    assert len(github.rows) == 1
    job.outcome = "fail"
    job.act(env(), token=TOKEN, comment="never", key="x")
    assert len(github.rows) == 1


def test_a_base_that_is_missing_is_a_note(job: Job, env: Env) -> None:
    """The gate runs; what could not be told is said."""
    subprocess.run(["git", "branch", "-m", "topic"], cwd=job.folder, check=True)
    job.act(env(), token=TOKEN)
    assert any(isinstance(one, Note) and "fetch-depth" in one.text for one in job.events)


def test_gitlab(job: Job) -> None:
    """Code quality and links beside the result; without a token nothing else."""
    around = {
        "GITLAB_CI": "true", "CI_PROJECT_DIR": str(job.folder), "CI_MERGE_REQUEST_IID": "7",
        "CI_PROJECT_ID": "5", "CI_COMMIT_SHA": HEAD, "CI_JOB_URL": "https://git.example/j/1",
    }  # fmt: skip
    acted = job.act(around, out="report")
    issues = json.loads((job.folder / "report" / "gl-code-quality.json").read_text())
    assert [one["location"]["path"] for one in issues] == ["snapshots/o/get-x.json"]
    links = json.loads((job.folder / "report" / "gl-annotations.json").read_text())
    url = links["ci-gate"][0]["external_link"]["url"]
    assert url == "https://git.example/j/1/artifacts/browse/report"
    assert acted.published is not None
    assert "no token" in acted.published.notice
    assert (job.folder / "report" / "junit.xml").is_file()


def test_below_the_top(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder of a monorepo, places are still from the repository's top."""
    (job.folder / "svc").mkdir()
    monkeypatch.chdir(job.folder / "svc")
    job.folder = job.folder / "svc"
    around = {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(job.folder.parent)}
    job.act(around, out="report")
    issues = json.loads((job.folder / "report" / "gl-code-quality.json").read_text())
    assert [one["location"]["path"] for one in issues] == ["svc/snapshots/o/get-x.json"]


def test_bitbucket(job: Job) -> None:
    """JUnit where Pipelines finds it, a file for each key, and none twice."""
    around = {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_CLONE_DIR": str(job.folder)}
    job.act(around, key="eu/1")
    assert (job.folder / "test-results" / "ci-gate-eu-1.xml").read_text().startswith("<?xml")
    job.act(around, out="test-results/mine")
    found = {path.name for path in (job.folder / "test-results").rglob("*.xml")}
    assert found == {"ci-gate-eu-1.xml", "junit.xml"}


@pytest.mark.parametrize("around", [{"JENKINS_URL": "https://ci.example", "CHANGE_ID": "7"}, {}])
def test_anything_else(job: Job, around: dict[str, str]) -> None:
    """The run directory and the verdict; nothing to publish to."""
    acted = job.act(around)
    assert (acted.published, acted.lines) == (None, ())
    assert acted.folder == ".ci-gate/runs/1"


def test_the_token_is_nowhere(job: Job, env: Env, github: FakeGitHub, tmp_path: Path) -> None:
    """Everything written, said and sent is searched for it, also when the forge repeats it."""
    github.fail("POST", ".*/comments", 403, f"bad token {TOKEN}")
    acted = job.act(env(), token=TOKEN, check_run=True)
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 5
    assert not any(TOKEN.encode() in data for data in written)
    assert TOKEN not in str(acted)
    assert TOKEN not in str(job.events)
    assert TOKEN not in str(job.options)
    for asked in github.asked:
        assert TOKEN not in json.dumps([asked.path, asked.query, asked.body])


def test_hostile_traffic_gives_no_command(job: Job, env: Env, github: FakeGitHub) -> None:
    """A service's answer reaches log, page and comment as text."""
    around = env()
    acted = job.act(around, token=TOKEN)
    for line in acted.lines:
        assert "\n" not in line
        assert line.startswith("::error file=ci-gate.yml,title=")
    page = Path(around["GITHUB_STEP_SUMMARY"]).read_text()
    for text in (page, github.bodies()[0]):
        assert "\x1b" not in text
        assert "\n/merge" not in text
    assert outputs(around)["verdict"] == "fail"
