"""Publishing a run directory: the right place or none, and the verdict stays."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ci_gate.errors import UsageError
from ci_gate.forge.markers import read
from ci_gate.gate.publish import Published, PublishOptions, publish
from ci_gate.model.edit import Edit, Edits
from ci_gate.model.result import Counts, Environment, Result, Run, ShardPart, Verdict
from ci_gate.report.document import encode
from tests.forge.fake_bitbucket import TOKEN as BITBUCKET_TOKEN
from tests.forge.fake_bitbucket import FakeBitbucket
from tests.forge.fake_github import HEAD, TOKEN, FakeGitHub
from tests.forge.fake_gitlab import TOKEN as GITLAB_TOKEN
from tests.forge.fake_gitlab import FakeGitLab
from tests.gate.clone import Clone

MERGE = "c" * 40
COMMENTS = "/repos/acme/orders/issues/7/comments"


def result(outcome: Any = "fail", **given: Any) -> Result:
    """A result of some kind."""
    base = Result(
        service="orders",
        verdict=Verdict(outcome=outcome, reasons=() if outcome == "pass" else ("because",)),
        runs=(Run(counts=Counts(total=2, succeeded=2, answered=2, matching=2)),),
        environment=Environment(version="1", commit=MERGE),
    )
    return replace(base, **given)


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A GitHub; what does not fit its description fails the test."""
    fake = FakeGitHub()
    with fake.serving():
        yield fake
    assert fake.complaints == []


Do = Callable[..., Published]


@pytest.fixture
def run(tmp_path: Path, github: FakeGitHub) -> Do:
    """`run(result, event="pull_request", env={}, **options)` publishes it to the fake; `head` is
    the commit that the event is for."""

    def do(
        one: Result | bytes,
        event: str = "pull_request",
        env: Any = None,
        head: str = HEAD,
        **given: Any,
    ) -> Published:
        folder = tmp_path / "run"
        folder.mkdir(exist_ok=True)
        (folder / "result.json").write_bytes(one if isinstance(one, bytes) else encode(one))
        path = tmp_path / "event.json"
        path.write_text(json.dumps(_event(event)).replace(HEAD, head))
        around = {
            "GITHUB_ACTIONS": "true", "GITHUB_API_URL": github.url, "GITHUB_SHA": MERGE,
            "GITHUB_REPOSITORY": "acme/orders", "GITHUB_RUN_ID": "77", "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(path), "GITHUB_TOKEN": TOKEN,
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), **(env or {}),
        }  # fmt: skip
        options = PublishOptions(run=str(folder), env=around, backoff=0.0, **given)
        return publish(options, pause=lambda _: None)

    return do


def _event(name: str) -> dict[str, Any]:
    if name == "workflow_run":
        source = {"id": 42, "full_name": "fork/orders"}
        run = {
            "id": 55, "run_attempt": 1, "event": "pull_request", "head_sha": HEAD,
            "head_branch": "topic", "head_repository": source, "pull_requests": [],
        }  # fmt: skip
        return {"workflow_run": run}
    head = {"sha": HEAD, "repo": {"id": 42}}
    return {"pull_request": {"number": 7, "head": head, "base": {"sha": "b" * 40, "ref": "main"}}}


def test_comment_and_status(run: Do, github: FakeGitHub) -> None:
    """A red run becomes a comment and a status of the head commit."""
    published = run(result())
    assert (published.action, published.notice) == ("created", "")
    assert published.target == "GitHub acme/orders #7"
    assert published.url.startswith("https://github.example/")
    said = read(github.bodies()[0])
    assert said is not None
    assert (said.key, said.state.run, said.state.sha) == ("orders", "77", HEAD)
    assert [(one["sha"], one["state"]) for one in github.statuses] == [(HEAD, "failure")]
    assert run(result()).action == "skipped"


def test_a_shard_is_not_published(run: Do, github: FakeGitHub) -> None:
    """Not even as a dry run: what it says is not of the change, but of a part of it."""
    one = replace(result(), shard=ShardPart(index=2, count=3))
    for dry_run in (False, True):
        with pytest.raises(
            UsageError, match=r"is shard 2/3 of a run.*publish what `ci-gate merge`"
        ):
            run(one, dry_run=dry_run)
    assert github.bodies() == []


def test_dry_run(run: Do, github: FakeGitHub) -> None:
    """Shows the whole comment; asks nobody, not even for a token."""
    published = run(result(), dry_run=True, env={"GITHUB_TOKEN": ""})
    assert published.action == "shown"
    assert "### ❌ orders: FAIL" in published.body
    assert github.asked == []


def test_a_green_run_says_nothing(run: Do, github: FakeGitHub) -> None:
    """Unless it is asked to, or the change edits what it is judged by."""
    green = result("pass")
    assert run(green).action == "skipped"
    rule = Edit(subject="rule", change="added", what="x", looser=True)
    edits = Edits(base="a", head="b", items=(rule,))
    assert run(replace(green, edits=edits)).action == "created"
    assert "edits what it is judged by" in github.bodies()[0]


def test_modes(run: Do, github: FakeGitHub) -> None:
    """`always` comments on green, `never` on nothing."""
    assert run(result("pass"), comment="always", key="a").action == "created"
    assert run(result(), comment="never", key="b").action == "skipped"
    assert [said.key for one in github.bodies() if (said := read(one))] == ["orders/a"]


def test_report_mode_is_green_beside_the_commit(run: Do, github: FakeGitHub) -> None:
    """A status of a run that blocks nothing is a success that says what it would have been."""
    run(result(report_only=True))
    assert github.statuses[0]["state"] == "success"
    assert github.statuses[0]["description"].startswith("would be FAIL")
    assert "would have been blocked" in github.bodies()[0]


def test_a_run_that_tested_a_fork(run: Do, github: FakeGitHub) -> None:
    """The pull request is found by the branch, proven by head and repository, and commented on in
    the name of the run that tested."""
    github.commits[MERGE] = ["b" * 40, HEAD]
    published = run(result(), "workflow_run", env={"GITHUB_SHA": "d" * 40})
    assert (published.action, published.target) == ("created", "GitHub acme/orders #7")
    said = read(github.bodies()[0])
    assert said is not None
    assert said.state.run == "55"


@pytest.mark.parametrize(
    ("field", "value"), [("head", "d" * 40), ("head_repo", 43), ("base_repo", "evil/orders")]
)
@pytest.mark.parametrize("event", ["workflow_run", "pull_request"])
def test_what_is_not_proven_gets_nothing(
    run: Do, github: FakeGitHub, field: str, value: Any, event: str
) -> None:
    """Another head, another repository: nothing at all is posted, and nothing fails."""
    github.pull[field] = value
    published = run(result(), event)
    assert published.action == "skipped"
    assert published.notice
    assert github.rows == []
    assert github.statuses == []


def test_a_result_of_another_commit_is_refused(run: Do, github: FakeGitHub) -> None:
    """An artifact of another run is a mistake that somebody must mend."""
    other = replace(result(), environment=Environment(version="1", commit="9" * 40))
    github.commits["9" * 40] = ["8" * 40]
    with pytest.raises(UsageError, match="the result is of commit 999999999999"):
        run(other)
    assert github.rows == []
    # A commit that nobody knows cannot be held against it.
    del github.commits["9" * 40]
    assert run(other).action == "created"


@pytest.mark.parametrize(
    ("status", "headers"),
    [(403, {}), (401, {}), (429, {}), (429, {"Retry-After": "3600"}), (502, {}), (422, {})],
)
def test_whatever_the_forge_does_is_one_notice(
    run: Do, github: FakeGitHub, tmp_path: Path, status: int, headers: dict[str, str]
) -> None:
    """The page says what the comment would have, and the token is nowhere."""
    github.fail(
        "POST", COMMENTS, status, f"Resource not accessible {TOKEN}", times=9, headers=headers
    )
    published = run(result())
    assert published.action == "failed"
    assert published.notice.count("The verdict stands") == 1
    assert ("pull-requests: write" in published.notice) == (status in (401, 403))
    assert "### ❌ orders: FAIL" in (tmp_path / "summary.md").read_text()
    everything = str(published) + "".join(
        path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()
    )
    assert TOKEN not in everything


def test_no_status_right_is_said_beside_the_comment(run: Do, github: FakeGitHub) -> None:
    """The comment is written all the same."""
    github.fail("POST", "/repos/acme/orders/statuses/.*", 403, "Resource not accessible")
    published = run(result())
    assert published.action == "created"
    assert published.notice.startswith("GitHub: commit status: setting the commit status: 403")
    assert run(replace(result(), service="b"), status=False).notice == ""


def test_a_bug_is_a_notice(run: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even what nobody thought of fails no build."""

    def broken(*_: object) -> None:
        raise RuntimeError(f"with {TOKEN}")

    monkeypatch.setattr("ci_gate.gate.publish.upsert", broken)
    published = run(result())
    assert (published.action, published.notice) == (
        "failed",
        "not published: RuntimeError (the verdict stands)",
    )


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", b"\xff", b'{"format":2}', b"[" * 100_000, b'{"a":' * 100_000,
        b" " * 5_000_001, b'{"format":1,"service":1}',
    ],
)  # fmt: skip
def test_hostile_documents_are_refused(run: Do, github: FakeGitHub, data: bytes) -> None:
    """Too large, too deep, of another form: exit 2, and nobody is asked anything."""
    with pytest.raises(UsageError):
        run(data)
    assert github.asked == []


def test_hostile_names_reach_nothing(run: Do, github: FakeGitHub) -> None:
    """A service's name out of a result is text in every place it goes to."""
    published = run(replace(result(), service="x -->\n@octocat ```<img>\x1b[31m" + "y" * 500))
    assert published.action == "created"
    said = read(github.bodies()[0])
    assert said is not None
    assert "\n" not in said.key
    assert len(github.statuses[0]["context"]) < 200


def test_keys_are_checked(run: Do) -> None:
    """A key is a name, not markup."""
    with pytest.raises(UsageError, match="letters, digits"):
        run(result(), key="<b>")


def test_gitlab_and_bitbucket(tmp_path: Path) -> None:
    """The same run on the other two."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "result.json").write_bytes(encode(result()))
    gitlab = FakeGitLab()
    with gitlab.serving():
        env = {
            "GITLAB_CI": "true", "CI_SERVER_URL": gitlab.url, "CI_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_SHA": HEAD, "CI_PIPELINE_ID": "77",
            "CI_JOB_ID": "78", "GITLAB_TOKEN": GITLAB_TOKEN,
        }  # fmt: skip
        options = PublishOptions(run=str(folder), env=env, backoff=0.0)
        assert publish(options, pause=lambda _: None).action == "created"
        assert gitlab.statuses[0]["state"] == "failed"
        forbidden = replace(options, env={**env, "GITLAB_TOKEN": ""})
        assert "no token" in publish(forbidden, pause=lambda _: None).notice
    bitbucket = FakeBitbucket()
    with bitbucket.serving():
        env = {
            "BITBUCKET_BUILD_NUMBER": "77", "BITBUCKET_WORKSPACE": "acme",
            "BITBUCKET_REPO_SLUG": "orders", "BITBUCKET_COMMIT": HEAD, "BITBUCKET_PR_ID": "7",
            "CI_GATE_BITBUCKET_API_URL": f"{bitbucket.url}/2.0", "CI_GATE_TOKEN": BITBUCKET_TOKEN,
        }  # fmt: skip
        options = PublishOptions(run=str(folder), env=env, backoff=0.0)
        assert publish(options, pause=lambda _: None).action == "created"
        assert bitbucket.statuses[0]["state"] == "FAILED"
        assert bitbucket.reports
        assert "<details" not in bitbucket.bodies()[0]


def test_bitbucket_without_a_token_still_reports(tmp_path: Path) -> None:
    """Pipelines' proxy takes the report; the comment is said to be missing."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "result.json").write_bytes(encode(result()))
    fake = FakeBitbucket()
    fake.through_proxy = True
    with fake.serving():
        env = {
            "BITBUCKET_BUILD_NUMBER": "77", "BITBUCKET_WORKSPACE": "acme",
            "BITBUCKET_REPO_SLUG": "orders", "BITBUCKET_COMMIT": HEAD, "BITBUCKET_PR_ID": "7",
            "CI_GATE_BITBUCKET_API_URL": "https://api.bitbucket.example/2.0",
            "CI_GATE_BITBUCKET_PROXY": fake.url,
        }  # fmt: skip
        options = PublishOptions(run=str(folder), env=env, backoff=0.0)
        published = publish(options, pause=lambda _: None)
    assert published.action == "skipped"
    assert "no comment: no token" in published.notice
    assert fake.reports
    assert fake.rows == []


def test_a_comment_says_whose_word_it_is(run: Do, github: FakeGitHub) -> None:
    """A result is the word of the job that ran the change; nobody has looked at its edits again."""
    run(result())
    assert "as reported by the job that ran the change" in github.bodies()[0]
    assert "edits read from the repository" not in github.bodies()[0]


def test_edits_are_read_from_the_clone(
    run: Do, github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A green result that hides what the change edits, or tells of other edits, is not believed
    where the clone has the change's commits: the comment is written, and shows what is there."""
    clone = Clone(tmp_path / "clone")
    clone.write("ci-gate.yml", "version: 1\n")
    clone.commit()
    clone.git("checkout", "-q", "-b", "topic")
    rule = 'rules: [{at: "response.body.$.total", allow: any, reason: "it is slow"}]\n'
    clone.write("ci-gate.yml", "version: 1\n" + rule)
    head = clone.commit()
    clone.git("checkout", "-q", "main")
    monkeypatch.chdir(clone.folder)
    github.pull["head"] = head
    told = Edits(base="a", head="b", items=(Edit(subject="rule", change="removed", what="LIES"),))
    for number, edits in enumerate((None, Edits(base="a", head="b"), told)):
        claimed = result("pass", edits=edits, environment=Environment(version="1"))
        run(claimed, "workflow_run", head=head, key=str(number))
        body = github.bodies()[number]
        assert "edits what it is judged by" in body
        assert "response.body.$.total" in body
        assert "LIES" not in body
        assert "edits read from the repository" in body


def test_numbers_that_cannot_be(run: Do) -> None:
    """Figures that nobody counts are refused before anything is rendered from them."""
    for number in (b"9" * 30, b"1e308", b"1E+999", b"9" * 5000):
        data = encode(result()).replace(b'"total":2', b'"total":' + number)
        assert number in data
        with pytest.raises(UsageError, match=r"result\.json"):
            run(data)
    exact = encode(result()).replace(b'"seconds":0.0', b'"seconds":0.12345678901234567e-10')
    assert run(exact).action == "created"


def test_archives_that_leave_their_folder(run: Do, tmp_path: Path, github: FakeGitHub) -> None:
    """An artifact of that kind is refused, and nobody is asked anything."""
    path = tmp_path / "artifact.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("result.json", encode(result()))
        made.writestr("../.bashrc", b"x")
    with pytest.raises(UsageError, match=r"'\.\./\.bashrc' leaves"):
        publish(PublishOptions(run=str(path), env={"GITHUB_ACTIONS": "true"}))
    assert github.asked == []


@pytest.mark.parametrize("env", [{}, {"JENKINS_URL": "https://ci.example"}, {"CI": "true"}])
def test_where_there_is_no_forge(tmp_path: Path, env: dict[str, str]) -> None:
    """The text goes to the log, without HTML, and it is said that nothing was sent."""
    (tmp_path / "result.json").write_bytes(encode(result()))
    said: list[Any] = []
    published = publish(PublishOptions(run=str(tmp_path), env=env), said.append)
    assert "in this log" in published.notice
    text = "\n".join(one.text for one in said)
    assert "orders: FAIL" in text
    assert "<" not in text
