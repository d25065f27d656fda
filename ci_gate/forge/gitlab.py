"""GitLab, gitlab.com or self-managed, through python-gitlab: notes and commit statuses.

A plain note, not a discussion: a thread would have to be resolved before merging.
https://docs.gitlab.com/api/notes · https://docs.gitlab.com/api/commits (statuses)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeVar

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError
from requests.adapters import HTTPAdapter

from ci_gate.forge.base import Comment, ForgeError, Kind, Report, hide, of_status
from ci_gate.forge.detect import ChangeRequest
from ci_gate.forge.retries import for_requests

T = TypeVar("T")

_STATES = {"pass": "success", "fail": "failed", "inconclusive": "failed"}
_BOT = re.compile(r"(?:project|group)_\d+_bot(?:_[0-9a-f]+)?")
_DESCRIPTION = 140


class GitLab:
    """A merge request on GitLab. Every method raises ForgeError and nothing else."""

    name = "GitLab"
    style: Literal["html"] = "html"

    def __init__(
        self, change: ChangeRequest, token: str, *, backoff: float = 1.0, timeout: int = 15
    ) -> None:
        self._change = change
        self._token = token
        session = self._session = requests.Session()
        # The library's own retries wait as long as the server asks for; these are bounded.
        adapter = HTTPAdapter(max_retries=for_requests(backoff))
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        self._gitlab = Gitlab(
            change.api,
            private_token=token,
            timeout=timeout,
            per_page=100,
            session=session,
            keep_base_url=True,
            user_agent="ci-gate",
        )

    def me(self) -> str:
        """The id of our user; a project access token has a bot user of its own."""
        try:
            user = self._call("asking who we are", lambda: self._http("get", "/user"))
        except ForgeError as error:
            if error.kind == "busy":
                raise
            return ""
        return str(user.get("id", "")) if isinstance(user, dict) else ""

    def comments(self) -> Iterable[Comment]:
        """All notes that people and bots wrote, page after page."""

        def listed() -> list[Comment]:
            notes = self._notes().list(iterator=True, obey_rate_limit=False)
            return [self._comment(one.attributes) for one in notes if not one.system]

        return self._call("listing notes", listed)

    def create(self, body: str) -> Comment:
        """Write a note."""
        made = self._call(
            "writing a note", lambda: self._notes().create({"body": body}, obey_rate_limit=False)
        )
        return self._comment(made.attributes)

    def update(self, comment: int, body: str) -> Comment:
        """Replace a note's text; nobody is notified."""

        def save() -> Comment:
            note = self._notes().get(comment, lazy=True)
            note.body = body
            note.save(obey_rate_limit=False)
            return self._comment({**note.attributes, "id": comment, "body": body})

        return self._call("editing a note", save)

    def remove(self, comment: int) -> None:
        """Delete a note."""
        try:
            self._call(
                "removing a note", lambda: self._notes().delete(comment, obey_rate_limit=False)
            )
        except ForgeError as error:
            if " 404" not in str(error):
                raise

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def problem(self) -> str:
        """Why the merge request is not the one this run was for; "" when it is."""
        number, head = self._change.number, self._change.head
        found = self._call(
            "reading the merge request",
            lambda: self._project().mergerequests.get(number, obey_rate_limit=False).attributes,
        )
        sha = str(found.get("sha") or "")
        if head and sha and sha != head:
            return (
                f"the head of merge request {number} is {sha[:12]}, "
                f"and this run was for {head[:12]}"
            )
        return ""

    def parents(self, commit: str) -> list[str] | None:
        """The parents of a commit, or None when the project does not know it."""
        try:
            found = self._call(
                "reading a commit",
                lambda: self._project().commits.get(commit, obey_rate_limit=False).attributes,
            )
        except ForgeError as error:
            if error.kind in ("permission", "refused"):
                return None
            raise
        return [str(one) for one in found.get("parent_ids", [])]

    def report(self, report: Report, kinds: Sequence[Kind]) -> list[str]:
        """A commit status, which is an external job of the pipeline; there is nothing else."""
        if "status" not in kinds:
            return []
        given: dict[str, Any] = {
            "state": _STATES[report.outcome],
            "name": report.name,
            "description": report.title[:_DESCRIPTION],
        }
        if report.link:
            given["target_url"] = report.link
        if self._change.pipeline.isdecimal():
            given["pipeline_id"] = int(self._change.pipeline)

        def set_status() -> None:
            commit = self._project().commits.get(self._change.head, lazy=True)
            commit.statuses.create(given, obey_rate_limit=False)

        try:
            self._call("setting the commit status", set_status)
        except ForgeError as error:
            return [f"commit status: {error}"]
        return []

    def _project(self) -> Any:
        # The library's managers are typed loosely; what we read of them is checked.
        return self._gitlab.projects.get(self._change.repository, lazy=True)

    def _notes(self) -> Any:
        return self._project().mergerequests.get(self._change.number, lazy=True).notes

    def _http(self, verb: str, path: str) -> Any:
        return self._gitlab.http_request(verb, path, obey_rate_limit=False).json()

    def _comment(self, note: dict[str, Any]) -> Comment:
        author = note.get("author") or {}
        number = int(note["id"])
        return Comment(
            id=number,
            author=str(author.get("id", "")),
            body=str(note.get("body") or ""),
            machine=bool(_BOT.fullmatch(str(author.get("username", "")))),
            url=f"{self._change.page}#note_{number}" if self._change.page else "",
        )

    def _call(self, what: str, call: Callable[[], T]) -> T:
        """`call`, with every error of library and network as ForgeError."""
        try:
            return call()
        except GitlabError as error:
            said = hide(str(error.error_message), self._token)
            if error.response_code:
                raise of_status(error.response_code, what, said) from None
            raise ForgeError("broken", f"{what}: {said}") from None
        except (
            requests.exceptions.RetryError,
            requests.ConnectionError,
            requests.Timeout,
        ) as error:
            text = f"{what}: {type(error).__name__}, after all retries"
            raise ForgeError("busy", text, unsure=True) from None
        except (requests.RequestException, ValueError, TypeError, KeyError) as error:
            text = hide(f"{what}: {type(error).__name__}: {error}", self._token)
            raise ForgeError("broken", text) from None
