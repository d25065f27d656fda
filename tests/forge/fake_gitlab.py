"""GitLab as far as we use it: notes, merge requests, commits, statuses, who we are."""

from __future__ import annotations

import re
from typing import Any

from tests.forge.fake_server import Answer, Asked, Fake

HEAD = "a" * 40
TOKEN = "glpat-" + "t0kenT0KEN" * 3
MAX_BODY = 1_000_000


class FakeGitLab(Fake):
    """Project 5 with merge request 7."""

    prefix = "/api/v4"

    def __init__(self, viewer: int = 900) -> None:
        super().__init__()
        self.viewer = viewer
        self.rows: list[dict[str, Any]] = []
        self.sha = HEAD
        self.commits: dict[str, list[str]] = {}
        self.statuses: list[dict[str, Any]] = []
        self.user_known = True
        self._next = 100
        notes = "/projects/5/merge_requests/7/notes"
        self.route("GET", "/user", self._user)
        self.route("GET", notes, self._list)
        self.route("POST", notes, self._create)
        self.route("PUT", rf"{notes}/(\d+)", self._edit)
        self.route("DELETE", rf"{notes}/(\d+)", self._delete)
        self.route(
            "GET",
            "/projects/5/merge_requests/7",
            lambda asked, found: Answer(200, {"iid": 7, "id": 70, "sha": self.sha}),
        )
        self.route("GET", r"/projects/5/repository/commits/(\w+)", self._commit)
        self.route("POST", r"/projects/5/statuses/(\w+)", self._status)

    def handled(self, asked: Asked) -> Answer:
        """Without the right header nothing is answered."""
        if asked.headers.get("Private-Token") != TOKEN:
            return Answer(401, {"message": "401 Unauthorized"})
        return super().handled(asked)

    def say(self, author: int, body: str, *, system: bool = False) -> int:
        """A note that is there already; returns its id."""
        self._next += 1
        self.rows.append(
            {
                "id": self._next,
                "body": body,
                "system": system,
                "author": {"id": author, "username": f"project_5_bot_{author:x}"},
                "noteable_iid": 7,
            }
        )
        return self._next

    def bodies(self, author: int = 0) -> list[str]:
        """The text of all notes, or of one author's."""
        return [one["body"] for one in self.rows if author in (0, one["author"]["id"])]

    def _user(self, asked: Asked, found: re.Match[str]) -> Answer:
        if not self.user_known:
            return Answer(403, {"message": "403 Forbidden"})
        return Answer(200, {"id": self.viewer, "username": "bot"})

    def _list(self, asked: Asked, found: re.Match[str]) -> Answer:
        # GitLab lists the newest first.
        rows, number, more = self.page(sorted(self.rows, key=lambda one: -one["id"]), asked, 20)
        headers = {"X-Page": str(number), "X-Per-Page": "100"}
        if more:
            url = f"{self.url}{asked.path}?per_page=100&page={number + 1}"
            headers |= {"Link": f'<{url}>; rel="next"', "X-Next-Page": str(number + 1)}
        return Answer(200, rows, headers)

    def _create(self, asked: Asked, found: re.Match[str]) -> Answer:
        if len(asked.body["body"]) > MAX_BODY:
            return Answer(400, {"message": {"note": ["is too long"]}})
        self.say(self.viewer, asked.body["body"])
        return Answer(201, {**self.rows[-1], "commands_changes": {}})

    def _edit(self, asked: Asked, found: re.Match[str]) -> Answer:
        row = self._row(found)
        if row is None:
            return Answer(404, {"message": "404 Not found"})
        if row["author"]["id"] != self.viewer:
            return Answer(403, {"message": "403 Forbidden"})
        row["body"] = asked.body["body"]
        return Answer(200, row)

    def _delete(self, asked: Asked, found: re.Match[str]) -> Answer:
        row = self._row(found)
        if row is None:
            return Answer(404, {"message": "404 Not found"})
        self.rows.remove(row)
        return Answer(204)

    def _row(self, found: re.Match[str]) -> dict[str, Any] | None:
        return next((one for one in self.rows if one["id"] == int(found[1])), None)

    def _commit(self, asked: Asked, found: re.Match[str]) -> Answer:
        parents = self.commits.get(found[1])
        if parents is None:
            return Answer(404, {"message": "404 Commit Not Found"})
        return Answer(200, {"id": found[1], "parent_ids": parents})

    def _status(self, asked: Asked, found: re.Match[str]) -> Answer:
        self.statuses.append({"sha": found[1], **asked.body})
        return Answer(201, {"id": 1, "sha": found[1], **asked.body})
