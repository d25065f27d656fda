"""Where we run: the CI platform and the change request, from environment and event. Pure.

What the platform says of its own run is believed. What may come from the change itself (the
number of a pull request behind a `workflow_run`) is only a candidate: `GitHub.problem` proves it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Platform = Literal["github", "gitlab", "bitbucket", "jenkins", "other"]

PWN_REQUEST = "pull_request_target"
"""GitHub runs such a workflow with the rights of the base, whatever the change's code does."""

MAX_EVENT = 30_000_000
"""Bytes of an event file that are read."""

_SHA = re.compile(r"[0-9a-f]{7,64}")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+")
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]+")
_BRANCH = re.compile(r"[^\s~^:?*\[\\\x00-\x1f\x7f-][^\s~^:?*\[\\\x00-\x1f\x7f]*")


class ChangeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a CI platform, and the change request it is for. "" and 0: not known."""

    platform: Platform = "other"
    event: str = ""
    """GitHub's name of what started the run."""
    api: str = ""
    """Address of the API, without a slash at the end."""
    repository: str = ""
    """Where the change request lives: "acme/orders", GitLab's project id, "workspace/slug"."""
    number: int = 0
    """0: there is none to comment on."""
    head: str = ""
    """The change's own commit, not the merge that CI may have made of it."""
    commit: str = ""
    """What CI checked out: the head, or the merge of it that the platform made."""
    head_repository: int = 0
    """GitHub's id of the repository the head is from."""
    head_owner: str = ""
    head_branch: str = ""
    base: str = ""
    """Commit the change is to be merged into, or was cut from."""
    base_branch: str = ""
    run: str = ""
    attempt: str = ""
    link: str = ""
    """Address of the run, for people."""
    page: str = ""
    """Address of the change request, for people."""
    pipeline: str = ""
    """GitLab's pipeline, to which a commit status belongs."""

    @property
    def commentable(self) -> bool:
        """True when there is a change request, or one may be found."""
        return bool(self.number or (self.event == "workflow_run" and self.head_branch))


def detect(env: Mapping[str, str], event: str = "") -> ChangeRequest:
    """The platform and change request that an environment speaks of.

    `event` is the text of GitHub's event file; one that is no JSON object counts as empty. Values
    that are not of their form (a commit that is no hash) are left out rather than passed on.
    """
    if env.get("GITHUB_ACTIONS") == "true":
        return _github(env, _document(event))
    if env.get("GITLAB_CI") == "true":
        return _gitlab(env)
    if env.get("BITBUCKET_BUILD_NUMBER"):
        return _bitbucket(env)
    if env.get("JENKINS_URL") or env.get("JENKINS_HOME"):
        return _jenkins(env)
    return ChangeRequest()


def _github(env: Mapping[str, str], event: dict[str, Any]) -> ChangeRequest:
    server = env.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    repository = _matching(_REPOSITORY, env.get("GITHUB_REPOSITORY"))
    name = env.get("GITHUB_EVENT_NAME", "")
    run, attempt = env.get("GITHUB_RUN_ID", ""), env.get("GITHUB_RUN_ATTEMPT", "1")
    found: dict[str, Any] = {"head": _matching(_SHA, env.get("GITHUB_SHA"))}
    if name in ("pull_request", PWN_REQUEST):
        found = _pull(_inside(event, "pull_request"))
    elif name == "merge_group":
        group = _inside(event, "merge_group")
        found = {
            "head": _sha(group.get("head_sha")) or found["head"],
            "base": _sha(group.get("base_sha")),
            "base_branch": _branch(str(group.get("base_ref", "")).removeprefix("refs/heads/")),
        }
    elif name == "workflow_run":
        tested = _inside(event, "workflow_run")
        found = _tested(tested)
        run = str(_number(tested.get("id"))) if _number(tested.get("id")) else run
        attempt = str(_number(tested.get("run_attempt")) or attempt)
    elif name == "push":
        found["base"] = _sha(event.get("before"))
    link = f"{server}/{repository}/actions/runs/{run}" if repository and run else ""
    return ChangeRequest(
        platform="github",
        event=name,
        api=_address(env.get("GITHUB_API_URL")) or "https://api.github.com",
        repository=repository,
        run=run,
        attempt=attempt,
        link=_address(link),
        **{"commit": _sha(env.get("GITHUB_SHA")), **found},
    )


def _pull(pull: dict[str, Any]) -> dict[str, Any]:
    head, base = _inside(pull, "head"), _inside(pull, "base")
    return {
        "number": _number(pull.get("number")),
        "head": _sha(head.get("sha")),
        "head_repository": _number(_inside(head, "repo").get("id")),
        "base": _sha(base.get("sha")),
        "base_branch": _branch(base.get("ref")),
    }


def _tested(tested: dict[str, Any]) -> dict[str, Any]:
    """The run that was for a change; its `pull_requests` is empty where the head is a fork."""
    if tested.get("event") != "pull_request":
        return {"head": _sha(tested.get("head_sha")), "commit": ""}
    source = _inside(tested, "head_repository")
    pulls = tested.get("pull_requests")
    first = pulls[0] if isinstance(pulls, list) and len(pulls) == 1 else None
    return {
        "head": _sha(tested.get("head_sha")),
        "commit": "",  # GITHUB_SHA is that of the default branch here
        "head_branch": _branch(tested.get("head_branch")),
        "head_repository": _number(source.get("id")),
        "head_owner": _matching(_REPOSITORY, source.get("full_name")).partition("/")[0],
        "number": _number(first.get("number")) if isinstance(first, dict) else 0,
    }


def _gitlab(env: Mapping[str, str]) -> ChangeRequest:
    # In a pipeline of merged results CI_COMMIT_SHA is a commit that GitLab made.
    head = env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or env.get("CI_COMMIT_SHA")
    base = env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA") or env.get("CI_COMMIT_BEFORE_SHA", "")
    number = env.get("CI_MERGE_REQUEST_IID", "")
    project = env.get("CI_MERGE_REQUEST_PROJECT_URL") or env.get("CI_PROJECT_URL", "")
    return ChangeRequest(
        platform="gitlab",
        event=env.get("CI_PIPELINE_SOURCE", ""),
        api=_address(env.get("CI_SERVER_URL")) or "https://gitlab.com",
        repository=env.get("CI_MERGE_REQUEST_PROJECT_ID") or env.get("CI_PROJECT_ID", ""),
        number=_number(number),
        head=_sha(head),
        base=_sha(base),
        base_branch=_branch(env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")),
        run=env.get("CI_PIPELINE_ID", ""),
        attempt=env.get("CI_JOB_ID", ""),
        link=_address(env.get("CI_JOB_URL")),
        commit=_sha(env.get("CI_COMMIT_SHA")),
        page=_address(f"{project}/-/merge_requests/{number}") if project and number else "",
        pipeline=env.get("CI_PIPELINE_ID", ""),
    )


def _bitbucket(env: Mapping[str, str]) -> ChangeRequest:
    workspace, slug = env.get("BITBUCKET_WORKSPACE", ""), env.get("BITBUCKET_REPO_SLUG", "")
    repository = _matching(_REPOSITORY, f"{workspace}/{slug}")
    run = env.get("BITBUCKET_BUILD_NUMBER", "")
    origin = _address(env.get("BITBUCKET_GIT_HTTP_ORIGIN")) or f"https://bitbucket.org/{repository}"
    return ChangeRequest(
        platform="bitbucket",
        event="pull_request" if env.get("BITBUCKET_PR_ID") else "push",
        api=_address(env.get("CI_GATE_BITBUCKET_API_URL")) or "https://api.bitbucket.org/2.0",
        repository=repository,
        number=_number(env.get("BITBUCKET_PR_ID")),
        head=_sha(env.get("BITBUCKET_COMMIT")),
        base=_sha(env.get("BITBUCKET_PR_DESTINATION_COMMIT")),
        base_branch=_branch(env.get("BITBUCKET_PR_DESTINATION_BRANCH")),
        run=run,
        attempt=env.get("BITBUCKET_STEP_RUN_NUMBER", "1"),
        link=_address(f"{origin.replace('http://', 'https://')}/pipelines/results/{run}"),
    )


def _jenkins(env: Mapping[str, str]) -> ChangeRequest:
    return ChangeRequest(
        platform="jenkins",
        event="pull_request" if env.get("CHANGE_ID") else "push",
        number=_number(env.get("CHANGE_ID")),
        head=_sha(env.get("GIT_COMMIT")),
        base_branch=_branch(env.get("CHANGE_TARGET")),
        run=env.get("BUILD_NUMBER", ""),
        attempt="1",
        link=_address(env.get("BUILD_URL")),
    )


def _document(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text) if len(text) <= MAX_EVENT else None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _inside(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def _number(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _matching(form: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and form.fullmatch(value) else ""


def _sha(value: object) -> str:
    found = _matching(_SHA, value)
    return found if found.strip("0") else ""


def _branch(value: object) -> str:
    return _matching(_BRANCH, value)


def _address(value: object) -> str:
    return _matching(_URL, value).rstrip("/")
