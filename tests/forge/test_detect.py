"""Platform and change request, from environments as the platforms set them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ci_gate.forge.detect import ChangeRequest, detect

HEAD, BASE, MERGE = "a" * 40, "b" * 40, "c" * 40
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_API_URL": "https://ghe.example/api/v3",
    "GITHUB_SERVER_URL": "https://ghe.example",
    "GITHUB_REPOSITORY": "acme/orders",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SHA": MERGE,
}


def github(name: str, event: Any) -> ChangeRequest:
    """What a GitHub event is taken for."""
    return detect({**GITHUB, "GITHUB_EVENT_NAME": name}, json.dumps(event))


def pull(name: str = "pull_request") -> ChangeRequest:
    """A pull request from a fork."""
    head = {"sha": HEAD, "ref": "topic", "repo": {"id": 42}}
    base = {"sha": BASE, "ref": "main"}
    return github(name, {"pull_request": {"number": 7, "head": head, "base": base}})


def test_pull_request() -> None:
    """The head is the change's own commit, not the merge that was checked out."""
    found = pull()
    assert (found.platform, found.number, found.head, found.base) == ("github", 7, HEAD, BASE)
    assert (found.commit, found.head_repository, found.base_branch) == (MERGE, 42, "main")
    assert (found.run, found.attempt) == ("77", "2")
    assert found.api == "https://ghe.example/api/v3"
    assert found.link == "https://ghe.example/acme/orders/actions/runs/77"
    assert found.commentable


def test_pull_request_target_is_named() -> None:
    """Who runs code must be able to refuse it."""
    assert pull("pull_request_target").event == "pull_request_target"


def test_merge_group() -> None:
    """The merge queue has no pull request: the verdict stands alone, against the queue's base."""
    group = {"head_sha": HEAD, "base_sha": BASE, "base_ref": "refs/heads/main"}
    found = github("merge_group", {"merge_group": group})
    assert (found.head, found.base, found.base_branch) == (HEAD, BASE, "main")
    assert not found.commentable


def run_of(**more: Any) -> dict[str, Any]:
    """A run that tested a pull request of a fork."""
    source = {"id": 42, "full_name": "fork/orders"}
    run = {
        "id": 55, "run_attempt": 3, "event": "pull_request", "head_sha": HEAD,
        "head_branch": "topic", "head_repository": source, "pull_requests": [],
    }  # fmt: skip
    return {"workflow_run": {**run, **more}}


def test_workflow_run() -> None:
    """The run that is published is the one that tested, and its pull request is to be found."""
    found = github("workflow_run", run_of())
    assert (found.run, found.attempt, found.number) == ("55", "3", 0)
    assert (found.head, found.head_repository) == (HEAD, 42)
    assert (found.head_owner, found.head_branch) == ("fork", "topic")
    assert found.commit == ""
    assert found.commentable
    assert github("workflow_run", run_of(pull_requests=[{"number": 9}])).number == 9


def test_workflow_run_of_something_else() -> None:
    """A run that tested a push has no pull request."""
    assert not github("workflow_run", run_of(event="push")).commentable


def test_push() -> None:
    """A push has a commit before it; the first push of a branch has none."""
    assert github("push", {"before": BASE}).base == BASE
    assert github("push", {"before": "0" * 40}).base == ""


def test_gitlab() -> None:
    """A merge request pipeline, also one of merged results, on a server of one's own."""
    env = {
        "GITLAB_CI": "true", "CI_SERVER_URL": "https://git.example/", "CI_PROJECT_ID": "6",
        "CI_MERGE_REQUEST_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_SHA": MERGE,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD, "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
        "CI_MERGE_REQUEST_PROJECT_URL": "https://git.example/acme/orders",
        "CI_PIPELINE_ID": "77", "CI_JOB_ID": "78", "CI_JOB_URL": "https://git.example/j/78",
    }  # fmt: skip
    found = detect(env)
    assert (found.platform, found.api, found.repository) == ("gitlab", "https://git.example", "5")
    assert (found.number, found.head, found.commit, found.base) == (7, HEAD, MERGE, BASE)
    assert (found.run, found.attempt, found.pipeline) == ("77", "78", "77")
    assert found.page == "https://git.example/acme/orders/-/merge_requests/7"
    del env["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"]
    assert detect(env).head == MERGE


def test_bitbucket() -> None:
    """A pull request pipeline."""
    env = {
        "BITBUCKET_BUILD_NUMBER": "77", "BITBUCKET_WORKSPACE": "acme",
        "BITBUCKET_REPO_SLUG": "orders", "BITBUCKET_COMMIT": HEAD, "BITBUCKET_PR_ID": "7",
        "BITBUCKET_PR_DESTINATION_BRANCH": "main", "BITBUCKET_PR_DESTINATION_COMMIT": BASE[:12],
    }  # fmt: skip
    found = detect(env)
    assert (found.platform, found.repository, found.number) == ("bitbucket", "acme/orders", 7)
    assert found.api == "https://api.bitbucket.org/2.0"
    assert found.link == "https://bitbucket.org/acme/orders/pipelines/results/77"
    assert (found.head, found.base) == (HEAD, BASE[:12])


def test_jenkins_and_nothing() -> None:
    """Jenkins knows the change's number and nowhere to write; elsewhere nothing is known."""
    env = {"JENKINS_URL": "https://ci.example", "CHANGE_ID": "7", "CHANGE_TARGET": "main"}
    found = detect({**env, "BUILD_NUMBER": "3", "BUILD_URL": "https://ci.example/3/"})
    assert (found.platform, found.number, found.link) == ("jenkins", 7, "https://ci.example/3")
    assert detect({}) == ChangeRequest()


def test_values_of_another_form_are_left_out() -> None:
    """What is no hash, number, branch or address does not travel on."""
    bad = {
        "number": "7; rm", "head": {"sha": "main", "repo": {"id": -1}},
        "base": {"sha": "--help", "ref": "-x"},
    }  # fmt: skip
    found = github("pull_request", {"pull_request": bad})
    assert (found.number, found.head, found.head_repository) == (0, "", 0)
    assert (found.base, found.base_branch) == ("", "")
    hostile = {
        "GITLAB_CI": "true",
        "CI_JOB_URL": "javascript:alert(1)",
        "CI_SERVER_URL": "file:///x",
    }
    assert (detect(hostile).link, detect(hostile).api) == ("", "https://gitlab.com")


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_event_is_read(event: str) -> None:
    """No event file, however broken, stops a run."""
    for name in ("pull_request", "merge_group", "workflow_run", "push"):
        detect({**GITHUB, "GITHUB_EVENT_NAME": name}, event)


KEYS = st.sampled_from(
    "pull_request merge_group workflow_run head base sha repo number id event pull_requests "
    "head_repository head_branch full_name base_ref".split()
)
SCALARS = st.none() | st.booleans() | st.integers() | st.text()


@given(
    st.recursive(
        SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=30
    )
)
def test_any_shape_is_read(event: Any) -> None:
    """Known names with unknown contents stop nothing either."""
    for name in ("pull_request", "merge_group", "workflow_run"):
        assert github(name, event).number >= 0
