"""GitHub, github.com or a server of one's own, through PyGithub.

https://docs.github.com/en/rest/issues/comments · /commits/statuses · /checks/runs · /pulls
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeVar

import requests
from github import Auth, Github, GithubException
from github.GithubException import RateLimitExceededException
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest
from github.Repository import Repository

from ci_gate.forge.base import Annotation, Comment, ForgeError, Kind, Report, hide, of_status
from ci_gate.forge.detect import ChangeRequest
from ci_gate.forge.retries import for_github

T = TypeVar("T")

DEFAULT_BOT = "github-actions[bot]"
"""Who GITHUB_TOKEN writes as, where the server does not say."""

PER_REQUEST = 50
"""Annotations of a check run that one request may carry."""
_SUMMARY = 65_000
_DESCRIPTION = 140
_MESSAGE = 16_000
_TITLE = 255

_VIEWER = "query { viewer { login } }"
_STATES = {"pass": "success", "fail": "failure", "inconclusive": "error"}
_CONCLUSIONS = {"pass": "success", "fail": "failure", "inconclusive": "failure"}
"""Never neutral: a required check is satisfied by it."""


class GitHub:
    """A pull request on GitHub. Every method raises ForgeError and nothing else."""

    name = "GitHub"
    style: Literal["html"] = "html"

    def __init__(
        self, change: ChangeRequest, token: str, *, backoff: float = 1.0, timeout: int = 15
    ) -> None:
        self._change = change
        self._token = token
        self._github = Github(
            auth=Auth.Token(token),
            base_url=change.api,
            timeout=timeout,
            per_page=100,
            retry=for_github(backoff),
            seconds_between_requests=0.25 * backoff,
            seconds_between_writes=backoff,
            lazy=True,
            user_agent="ci-gate",
        )

    def me(self) -> str:
        """The login we write under: a user's, or an app's with `[bot]` behind it."""
        try:
            _, data = self._github.requester.graphql_query(_VIEWER, {})
            login = data["data"]["viewer"]["login"]
            if isinstance(login, str) and login:
                return login
        except (GithubException, requests.RequestException, KeyError, TypeError, AssertionError):
            pass
        # Servers without GraphQL for this token; an installation token may not ask for its user.
        try:
            return self._github.get_user().login or DEFAULT_BOT
        except (GithubException, requests.RequestException, AssertionError):
            return DEFAULT_BOT

    def comments(self) -> Iterable[Comment]:
        """All comments, page after page."""
        issue = self._repository().get_issue(self._change.number)
        return self._call(
            "listing comments", lambda: [_comment(one) for one in issue.get_comments()]
        )

    def create(self, body: str) -> Comment:
        """Write a comment on the pull request."""
        issue = self._repository().get_issue(self._change.number)
        return self._call("writing a comment", lambda: _comment(issue.create_comment(body)))

    def update(self, comment: int, body: str) -> Comment:
        """Edit a comment; nobody is notified."""
        issue = self._repository().get_issue(self._change.number)

        def edit() -> Comment:
            there = issue.get_comment(comment)
            there.edit(body)
            return _comment(there)

        return self._call("editing a comment", edit)

    def remove(self, comment: int) -> None:
        """Delete a comment."""
        issue = self._repository().get_issue(self._change.number)
        try:
            self._call("removing a comment", issue.get_comment(comment).delete)
        except ForgeError as error:
            if " 404" not in str(error):
                raise

    def close(self) -> None:
        """Close the connections."""
        self._github.close()

    def problem(self) -> str:
        """Why the pull request is not the one this run was for; "" when it is.

        Its number counts only when its head is the commit that ran, in the repository it came
        from (https://docs.github.com/en/webhooks: `workflow_run`).
        """
        change = self._change
        pull = self._call("reading the pull request", lambda: self._completed(change.number))
        if pull.base.repo is None or pull.base.repo.full_name.lower() != change.repository.lower():
            return f"pull request {change.number} is not one of {change.repository}"
        if change.head and pull.head.sha != change.head:
            return (
                f"the head of pull request {change.number} is {pull.head.sha[:12]}, "
                f"and this run was for {change.head[:12]}"
            )
        head_repository = pull.head.repo.id if pull.head.repo is not None else 0
        if change.head_repository and head_repository != change.head_repository:
            return f"pull request {change.number} comes from another repository than this run"
        return ""

    def candidates(self) -> list[int]:
        """Numbers of open pull requests whose head the run may have been for, to be proven."""
        change = self._change
        if not (change.head_owner and change.head_branch):
            return []
        head = f"{change.head_owner}:{change.head_branch}"
        pulls = self._repository().get_pulls(state="open", head=head)
        return self._call(
            "looking for the pull request",
            lambda: [one.number for one in pulls.get_page(0) if one.head.sha == change.head],
        )

    def parents(self, commit: str) -> list[str] | None:
        """The parents of a commit, or None when the server does not know it."""
        try:
            found = self._call(
                "reading a commit", lambda: self._repository().get_git_commit(commit).parents
            )
            return [one.sha for one in found]
        except ForgeError as error:
            if error.kind in ("permission", "refused"):
                return None
            raise

    def report(self, report: Report, kinds: Sequence[Kind]) -> list[str]:
        """A commit status ("status"), a check run ("check"); what was not possible."""
        failed = []
        for kind in kinds:
            try:
                if kind == "status":
                    self._status(report)
                elif kind == "check":
                    self._check_run(report)
            except ForgeError as error:
                failed.append(f"{'commit status' if kind == 'status' else 'check run'}: {error}")
        return failed

    def _status(self, report: Report) -> None:
        commit = self._repository().get_commit(self._change.head)
        given: dict[str, Any] = {"target_url": report.link} if report.link else {}
        self._call(
            "setting the commit status",
            lambda: commit.create_status(
                _STATES[report.outcome],
                description=report.title[:_DESCRIPTION],
                context=report.name,
                **given,
            ),
        )

    def _check_run(self, report: Report) -> None:
        """Annotations beyond the first fifty are added by further requests."""
        repository, head = self._repository(), self._change.head
        batches = _batches(report.annotations)
        output = _output(report)
        given: dict[str, Any] = {"details_url": report.link} if report.link else {}
        run = self._call(
            "creating a check run",
            lambda: repository.create_check_run(
                report.name,
                head,
                status="completed",
                conclusion=_CONCLUSIONS[report.outcome],
                output={**output, "annotations": batches[0]},
                **given,
            ),
        )
        for batch in batches[1:]:
            more = {**output, "annotations": batch}
            self._call("adding annotations", lambda more=more: run.edit(output=more))  # type: ignore[misc]  # mypy cannot infer a lambda with a default

    def _completed(self, number: int) -> PullRequest:
        pull = self._repository().get_pull(number)
        pull.complete()
        return pull

    def _repository(self) -> Repository:
        return self._github.get_repo(self._change.repository)

    def _call(self, what: str, call: Callable[[], T]) -> T:
        """`call`, with every error of library and network as ForgeError."""
        try:
            return call()
        except GithubException as error:
            raise self._failed(what, error) from None
        except (
            requests.exceptions.RetryError,
            requests.ConnectionError,
            requests.Timeout,
        ) as error:
            text = f"{what}: {type(error).__name__}, after all retries"
            raise ForgeError("busy", text, unsure=True) from None
        except (
            requests.RequestException,
            AssertionError,
            ValueError,
            TypeError,
            KeyError,
        ) as error:
            text = hide(f"{what}: {type(error).__name__}: {error}", self._token)
            raise ForgeError("broken", text) from None

    def _failed(self, what: str, error: GithubException) -> ForgeError:
        data = error.data if isinstance(error.data, dict) else {}
        said = hide(str(data.get("message", "")), self._token)
        headers = error.headers or {}
        limited = isinstance(error, RateLimitExceededException) or (
            error.status == 403
            and ("retry-after" in headers or headers.get("x-ratelimit-remaining") == "0")
        )
        return of_status(error.status, what, said, limited=limited)


def _comment(one: IssueComment) -> Comment:
    user = one.user
    return Comment(
        id=one.id,
        author=(user.login or "") if user is not None else "",
        body=one.body or "",
        machine=user is not None and user.type == "Bot",
        url=one.html_url or "",
    )


def _output(report: Report) -> dict[str, Any]:
    return {"title": report.title[:_TITLE], "summary": report.summary[:_SUMMARY]}


def _batches(annotations: Sequence[Annotation]) -> list[list[dict[str, str | int]]]:
    made: list[dict[str, str | int]] = [
        {
            "path": one.path,
            "start_line": one.line,
            "end_line": one.line,
            "annotation_level": one.level,
            "message": one.message[:_MESSAGE],
            "title": one.title[:_TITLE],
        }
        for one in annotations
    ]
    return [made[at : at + PER_REQUEST] for at in range(0, len(made), PER_REQUEST)] or [[]]
