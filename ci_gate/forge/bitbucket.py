"""Bitbucket Cloud through httpx: comments, build statuses, Code Insights.

A step of Pipelines reaches the API without a token through a local proxy that adds the header;
it is enough for Code Insights and not for comments. Comments take no HTML.
https://developer.atlassian.com/cloud/bitbucket/rest
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from ci_gate.forge.base import (
    LONGEST_WAIT,
    Annotation,
    Comment,
    ForgeError,
    Kind,
    Pause,
    Report,
    hide,
    of_status,
)
from ci_gate.forge.detect import ChangeRequest
from ci_gate.forge.retries import BUSY, REPEATABLE, TIMES

PROXY = "http://localhost:29418"
"""Adds the step's own authorization; plain HTTP, because it could not see into TLS."""

MOST_PAGES = 200
PER_REQUEST = 100
MOST_ANNOTATIONS = 1_000
_SUMMARY = 450
_DETAILS = 2_000
_KEY = 40
_FIGURES = 10

_STATES = {"pass": "SUCCESSFUL", "fail": "FAILED", "inconclusive": "FAILED"}
_RESULTS = {"pass": "PASSED", "fail": "FAILED", "inconclusive": "FAILED"}
_SEVERITIES = {"failure": "HIGH", "warning": "MEDIUM", "notice": "LOW"}


class Bitbucket:
    """A pull request on Bitbucket Cloud. Every method raises ForgeError and nothing else."""

    name = "Bitbucket"
    style: Literal["links"] = "links"

    def __init__(
        self,
        change: ChangeRequest,
        token: str,
        pause: Pause,
        *,
        backoff: float = 1.0,
        timeout: float = 15.0,
        proxy: str = PROXY,
    ) -> None:
        self._change = change
        self._token = token
        self._pause = pause
        self._backoff = backoff
        headers = {"User-Agent": "ci-gate", "Accept": "application/json"}
        given: dict[str, Any] = {}
        api = change.api
        if token:
            user, colon, password = token.partition(":")
            if colon:
                given["auth"] = httpx.BasicAuth(user, password)
            else:
                headers["Authorization"] = f"Bearer {token}"
        else:
            api = api.replace("https://", "http://", 1)
            given["proxy"] = proxy
        self._base = f"{api}/repositories/{change.repository}"
        self._api = api
        self._client = httpx.Client(headers=headers, timeout=timeout, **given)

    def me(self) -> str:
        """The id of our account; "" for the access tokens of a repository, which have none."""
        try:
            user = self._ask("GET", f"{self._api}/user", "asking who we are")
        except ForgeError as error:
            if error.kind == "busy":
                raise
            return ""
        return str(user.get("uuid") or "") if isinstance(user, dict) else ""

    def comments(self) -> Iterable[Comment]:
        """All comments that are not deleted and not about a line, page after page."""
        found: list[Comment] = []
        for page in range(1, MOST_PAGES + 1):
            params = {"pagelen": "100", "page": str(page)}
            listed = self._ask("GET", self._comments(), "listing comments", params=params)
            rows = listed.get("values", [])
            found += [
                _comment(one) for one in rows if not one.get("deleted") and "inline" not in one
            ]
            if not listed.get("next"):
                break
        return found

    def create(self, body: str) -> Comment:
        """Write a comment."""
        data = {"content": {"raw": body}}
        return _comment(self._ask("POST", self._comments(), "writing a comment", data))

    def update(self, comment: int, body: str) -> Comment:
        """Replace a comment's text."""
        data = {"content": {"raw": body}}
        url = f"{self._comments()}/{comment}"
        return _comment(self._ask("PUT", url, "editing a comment", data))

    def remove(self, comment: int) -> None:
        """Delete a comment."""
        try:
            self._ask("DELETE", f"{self._comments()}/{comment}", "removing a comment")
        except ForgeError as error:
            if " 404" not in str(error):
                raise

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def problem(self) -> str:
        """Why the pull request is not the one this run was for; "" when it is."""
        number, head = self._change.number, self._change.head
        url = f"{self._base}/pullrequests/{number}"
        found = self._ask("GET", url, "reading the pull request")
        commit = (found.get("source") or {}).get("commit") or {}
        sha = str(commit.get("hash") or "")
        # Bitbucket shortens hashes here.
        if head and sha and not head.startswith(sha):
            return (
                f"the head of pull request {number} is {sha[:12]}, and this run was for {head[:12]}"
            )
        return ""

    def parents(self, commit: str) -> list[str] | None:
        """The parents of a commit, or None when the repository does not know it."""
        try:
            found = self._ask("GET", f"{self._base}/commit/{commit}", "reading a commit")
        except ForgeError as error:
            if error.kind in ("permission", "refused"):
                return None
            raise
        return [str(one.get("hash", "")) for one in found.get("parents", [])]

    def report(self, report: Report, kinds: Sequence[Kind]) -> list[str]:
        """A build status ("status"), a Code Insights report with annotations ("check")."""
        failed = []
        for kind, name, show in (
            ("status", "build status", self._status),
            ("check", "Code Insights report", self._insights),
        ):
            if kind not in kinds:
                continue
            try:
                show(report)
            except ForgeError as error:
                failed.append(f"{name}: {error}")
        return failed

    def _status(self, report: Report) -> None:
        data = {
            "key": _key(report.name),
            "name": report.name[:255],
            "state": _STATES[report.outcome],
            "description": report.title[:255],
            # Not optional there.
            "url": report.link or f"https://bitbucket.org/{self._change.repository}",
        }
        url = f"{self._base}/commit/{self._change.head}/statuses/build"
        self._ask("POST", url, "setting the build status", data)

    def _insights(self, report: Report) -> None:
        url = f"{self._base}/commit/{self._change.head}/reports/{_key(report.name)}"
        data: dict[str, Any] = {
            "title": report.name[:_SUMMARY],
            "details": report.title[:_DETAILS],
            "reporter": "ci-gate",
            "report_type": "TEST",
            "result": _RESULTS[report.outcome],
            "data": [
                {"title": title, "type": "NUMBER", "value": number}
                for title, number in report.figures[:_FIGURES]
            ],
        }
        if report.link:
            data["link"] = report.link
        self._ask("PUT", url, "writing the report", data)
        made = [_annotation(n, one) for n, one in enumerate(report.annotations[:MOST_ANNOTATIONS])]
        for at in range(0, len(made), PER_REQUEST):
            # Annotations have ids of ours, so that sending them twice adds nothing.
            batch = made[at : at + PER_REQUEST]
            self._ask("POST", f"{url}/annotations", "adding annotations", batch)

    def _comments(self) -> str:
        return f"{self._base}/pullrequests/{self._change.number}/comments"

    def _ask(
        self,
        method: str,
        url: str,
        what: str,
        data: object = None,
        params: dict[str, str] | None = None,
    ) -> Any:
        """The JSON of an answer; reads and replacements are repeated, with bounded waits."""
        tries = TIMES + 1 if method in REPEATABLE else 1
        while True:
            tries -= 1
            wait = self._backoff * 2 ** (TIMES - tries)
            try:
                answer = self._client.request(method, url, json=data, params=params)
                if answer.status_code < 300:
                    return answer.json() if answer.content else {}
                error = self._refused(answer, what)
                asked = _seconds(answer.headers.get("Retry-After", ""))
                if answer.status_code not in BUSY or asked > LONGEST_WAIT:
                    raise error
                wait = asked or wait
            except httpx.TransportError as failure:
                text = f"{what}: {type(failure).__name__}, after all retries"
                error = ForgeError("busy", text, unsure=True)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as failure:
                text = hide(f"{what}: {type(failure).__name__}: {failure}", self._token)
                raise ForgeError("broken", text) from None
            if tries <= 0:
                raise error from None
            self._pause(wait)

    def _refused(self, answer: httpx.Response, what: str) -> ForgeError:
        try:
            said = answer.json()["error"]["message"]
        except (ValueError, KeyError, TypeError):
            said = ""
        return of_status(answer.status_code, what, hide(str(said), self._token))


def _comment(one: Any) -> Comment:
    try:
        user = one.get("user") or {}
        return Comment(
            id=int(one["id"]),
            author=str(user.get("uuid") or ""),
            body=str((one.get("content") or {}).get("raw") or ""),
            # An access token writes as an "app_user".
            machine=user.get("type") not in (None, "user"),
            url=_web(((one.get("links") or {}).get("html") or {}).get("href")),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        text = f"a comment is not of the known form: {type(error).__name__}"
        raise ForgeError("broken", text) from None


def _annotation(number: int, one: Annotation) -> dict[str, Any]:
    return {
        "external_id": f"ci-gate-{number + 1}",
        "annotation_type": "BUG",
        "summary": (one.title or "ci-gate")[:_SUMMARY],
        "details": one.message[:_DETAILS],
        "severity": _SEVERITIES[one.level],
        "result": "FAILED" if one.level == "failure" else "IGNORED",
        "path": one.path,
        "line": one.line,
    }


def _key(name: str) -> str:
    """A name as a key of at most 40 characters; a long one keeps its end apart by a hash."""
    plain = "".join(char if char.isalnum() and char.isascii() else "-" for char in name)
    if plain == name.replace("/", "-") and len(plain) <= _KEY:
        return plain
    return f"{plain[:31]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() and len(text) < 9 else 0.0


def _web(value: object) -> str:
    return value if isinstance(value, str) and urlsplit(value).scheme in ("http", "https") else ""
