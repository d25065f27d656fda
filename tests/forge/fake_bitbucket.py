"""Bitbucket Cloud as far as we use it: comments, build statuses, Code Insights."""

from __future__ import annotations

import re
from typing import Any

from tests.forge.fake_server import Answer, Asked, Fake

HEAD = "a" * 40
TOKEN = "ATCTT3x" + "t0kenT0KEN" * 3
MAX_BODY = 32_768
"""Not known of the real one; ours keeps well below."""


class FakeBitbucket(Fake):
    """Repository acme/orders with pull request 7."""

    prefix = "/2.0"

    def __init__(self, viewer: str = "{bot}") -> None:
        super().__init__()
        self.viewer = viewer
        self.rows: list[dict[str, Any]] = []
        self.head = HEAD[:12]
        self.commits: dict[str, list[str]] = {}
        self.statuses: list[dict[str, Any]] = []
        self.reports: dict[str, dict[str, Any]] = {}
        self.annotations: list[dict[str, Any]] = []
        self.user_known = True
        self.through_proxy = False
        """True: requests come through Pipelines' proxy, which adds the authorization."""
        self._next = 100
        here = "/repositories/acme/orders"
        comments = f"{here}/pullrequests/7/comments"
        self.route("GET", "/user", self._user)
        self.route("GET", comments, self._list)
        self.route("POST", comments, self._create)
        self.route("PUT", rf"{comments}/(\d+)", self._edit)
        self.route("DELETE", rf"{comments}/(\d+)", self._delete)
        self.route(
            "GET",
            f"{here}/pullrequests/7",
            lambda asked, found: Answer(200, {"id": 7, "source": {"commit": {"hash": self.head}}}),
        )
        self.route("GET", rf"{here}/commit/(\w+)", self._commit)
        self.route("POST", rf"{here}/commit/(\w+)/statuses/build", self._status)
        self.route("PUT", rf"{here}/commit/(\w+)/reports/([\w-]+)", self._report)
        self.route("POST", rf"{here}/commit/(\w+)/reports/([\w-]+)/annotations", self._annotate)

    def handled(self, asked: Asked) -> Answer:
        """Without the right header nothing is answered."""
        given = asked.headers.get("Authorization", "")
        if given != f"Bearer {TOKEN}" and not self.through_proxy:
            return _no(401, "Unauthorized")
        return super().handled(asked)

    def say(self, author: str, body: str, kind: str = "user", **more: Any) -> int:
        """A comment that is there already; returns its id."""
        self._next += 1
        self.rows.append(
            {
                "id": self._next,
                "content": {"raw": body, "markup": "markdown"},
                "user": {"uuid": author, "type": kind},
                "deleted": False,
                "links": {"html": {"href": f"https://bitbucket.example/7#comment-{self._next}"}},
                **more,
            }
        )
        return self._next

    def bodies(self, author: str = "") -> list[str]:
        """The text of all comments, or of one author's."""
        return [one["content"]["raw"] for one in self.rows if author in ("", one["user"]["uuid"])]

    def _user(self, asked: Asked, found: re.Match[str]) -> Answer:
        if not self.user_known:
            return _no(403, "This token has no account")
        return Answer(200, {"uuid": self.viewer, "type": "user"})

    def _list(self, asked: Asked, found: re.Match[str]) -> Answer:
        rows, number, more = self.page(self.rows, asked, 10)
        answer: dict[str, Any] = {"values": rows, "page": number, "pagelen": 100}
        if more:
            answer["next"] = f"https://elsewhere.example{asked.path}?page={number + 1}"
        return Answer(200, answer)

    def _create(self, asked: Asked, found: re.Match[str]) -> Answer:
        body = asked.body["content"]["raw"]
        if len(body) > MAX_BODY:
            return _no(400, "content: too long")
        self.say(self.viewer, body, "user" if self.user_known else "app_user")
        return Answer(201, self.rows[-1])

    def _edit(self, asked: Asked, found: re.Match[str]) -> Answer:
        row = self._row(found)
        if row is None:
            return _no(404, "Not found")
        if row["user"]["uuid"] != self.viewer:
            return _no(403, "Not yours")
        row["content"]["raw"] = asked.body["content"]["raw"]
        return Answer(200, row)

    def _delete(self, asked: Asked, found: re.Match[str]) -> Answer:
        row = self._row(found)
        if row is None:
            return _no(404, "Not found")
        # It stays in the list, marked.
        row["deleted"] = True
        row["content"]["raw"] = ""
        return Answer(204)

    def _row(self, found: re.Match[str]) -> dict[str, Any] | None:
        return next((one for one in self.rows if one["id"] == int(found[1])), None)

    def _commit(self, asked: Asked, found: re.Match[str]) -> Answer:
        parents = self.commits.get(found[1])
        if parents is None:
            return _no(404, "Commit not found")
        return Answer(200, {"hash": found[1], "parents": [{"hash": one} for one in parents]})

    def _status(self, asked: Asked, found: re.Match[str]) -> Answer:
        if len(asked.body["key"]) > 40 or not asked.body.get("url"):
            return _no(400, "key or url")
        self.statuses.append({"sha": found[1], **asked.body})
        return Answer(201, asked.body)

    def _report(self, asked: Asked, found: re.Match[str]) -> Answer:
        if len(asked.body["data"]) > 10 or len(asked.body["details"]) > 2000:
            return _no(400, "report")
        self.reports[found[2]] = {"sha": found[1], **asked.body}
        return Answer(200, asked.body)

    def _annotate(self, asked: Asked, found: re.Match[str]) -> Answer:
        if len(asked.body) > 100 or any(not 0 < len(one["summary"]) <= 450 for one in asked.body):
            return _no(400, "annotations")
        self.annotations += asked.body
        return Answer(200, asked.body)


def _no(status: int, text: str) -> Answer:
    return Answer(status, {"type": "error", "error": {"message": text}})
