"""GitHub as far as we use it: comments, pull requests, statuses, check runs, who we are."""

from __future__ import annotations

import re
from typing import Any

from tests.forge.fake_server import Answer, Asked, Fake
from tests.forge.github_shapes import WHEN, end, person, pull, repository
from tests.forge.openapi import description

BOT = "github-actions[bot]"
HEAD = "a" * 40
TOKEN = "ghs_" + "t0kenT0KEN" * 4
MAX_BODY = 65_536


class FakeGitHub(Fake):
    """One repository, acme/orders, with pull request 7; every message is validated."""

    repository = "acme/orders"

    def __init__(self, viewer: str = BOT, *, validate: bool = True) -> None:
        super().__init__()
        self.viewer = viewer
        self.api = description() if validate else None
        self.rows: list[dict[str, Any]] = []
        self.pull: dict[str, Any] = {
            "number": 7, "head": HEAD, "head_repo": 42, "base": "b" * 40,
            "base_repo": self.repository,
        }  # fmt: skip
        self.commits: dict[str, list[str]] = {}
        self.statuses: list[dict[str, Any]] = []
        self.checks: dict[int, dict[str, Any]] = {}
        self.graphql = True
        self._next = 100
        repo = "/repos/acme/orders"
        self.route("POST", "/graphql", self._graphql)
        self.route("GET", "/user", self._user)
        self.route("GET", f"{repo}/issues/7/comments", self._list)
        self.route("POST", f"{repo}/issues/7/comments", self._create)
        self.route("PATCH", rf"{repo}/issues/comments/(\d+)", self._edit)
        self.route("DELETE", rf"{repo}/issues/comments/(\d+)", self._delete)
        self.route("GET", f"{repo}/pulls", self._pulls)
        self.route("GET", f"{repo}/pulls/7", lambda asked, found: Answer(200, self._pull()))
        self.route("GET", rf"{repo}/git/commits/(\w+)", self._commit)
        self.route("POST", rf"{repo}/statuses/(\w+)", self._status)
        self.route("POST", f"{repo}/check-runs", self._check)
        self.route("PATCH", rf"{repo}/check-runs/(\d+)", self._check_edit)

    def answer(self, asked: Asked) -> Answer:
        """Validate what was asked and what is answered."""
        answer = super().answer(asked)
        if self.api is not None and asked.path != "/graphql":
            body = asked.body
            self.complaints += self.api.request(asked.method, asked.path, body)
            self.complaints += self.api.response(
                asked.method, asked.path, answer.status, answer.body
            )
        return answer

    def refusal(self, message: str) -> dict[str, Any]:
        """GitHub says with each error where to read about it."""
        return {"message": message, "documentation_url": "https://docs.github.example/rest"}

    def say(self, author: str, body: str, kind: str = "Bot") -> int:
        """A comment that is there already; returns its id."""
        self._next += 1
        here = f"{self.url}/repos/acme/orders"
        self.rows.append(
            {
                "id": self._next,
                "node_id": f"IC_{self._next}",
                "url": f"{here}/issues/comments/{self._next}",
                "html_url": f"https://github.example/acme/orders/pull/7#issuecomment-{self._next}",
                "issue_url": f"{here}/issues/7",
                "body": body,
                "user": self.person(author, kind),
                "created_at": WHEN,
                "updated_at": WHEN,
                "author_association": "NONE",
            }
        )
        return self._next

    def bodies(self, author: str = "") -> list[str]:
        """The text of all comments, or of one author's."""
        return [one["body"] for one in self.rows if author in ("", one["user"]["login"])]

    def person(self, login: str, kind: str = "User") -> dict[str, Any]:
        """A user as the API shows one."""
        return person(self.url, login, kind)

    def _graphql(self, asked: Asked, found: re.Match[str]) -> Answer:
        if not self.graphql:
            return Answer(404, self.refusal("Not Found"))
        return Answer(200, {"data": {"viewer": {"login": self.viewer}}})

    def _user(self, asked: Asked, found: re.Match[str]) -> Answer:
        if self.viewer.endswith("[bot]"):
            return Answer(403, self.refusal("Resource not accessible by integration"))
        return Answer(200, _public(self.person(self.viewer)))

    def _list(self, asked: Asked, found: re.Match[str]) -> Answer:
        rows, number, more = self.page(sorted(self.rows, key=lambda one: one["id"]), asked, 30)
        headers = {}
        if more:
            url = f"{self.url}{asked.path}?per_page={asked.query['per_page']}&page={number + 1}"
            headers["Link"] = f'<{url}>; rel="next"'
        return Answer(200, rows, headers)

    def _create(self, asked: Asked, found: re.Match[str]) -> Answer:
        if too_long := self._too_long(asked):
            return too_long
        self.say(self.viewer, asked.body["body"], "Bot" if "[bot]" in self.viewer else "User")
        return Answer(201, self.rows[-1])

    def _edit(self, asked: Asked, found: re.Match[str]) -> Answer:
        row = self._row(found)
        if row is None:
            return Answer(404, self.refusal("Not Found"))
        if row["user"]["login"] != self.viewer:
            return Answer(403, self.refusal("Resource not accessible by integration"))
        if too_long := self._too_long(asked):
            return too_long
        row["body"] = asked.body["body"]
        return Answer(200, row)

    def _delete(self, asked: Asked, found: re.Match[str]) -> Answer:
        row = self._row(found)
        if row is None:
            return Answer(404, self.refusal("Not Found"))
        self.rows.remove(row)
        return Answer(204)

    def _row(self, found: re.Match[str]) -> dict[str, Any] | None:
        return next((one for one in self.rows if one["id"] == int(found[1])), None)

    def _too_long(self, asked: Asked) -> Answer | None:
        # Not in the description: GitHub counts characters.
        if len(asked.body["body"]) > MAX_BODY:
            return Answer(422, self.refusal("Validation Failed: Body is too long"))
        return None

    def _pulls(self, asked: Asked, found: re.Match[str]) -> Answer:
        return Answer(200, [self._pull(listed=True)] if asked.query.get("head") else [])

    def _pull(self, *, listed: bool = False) -> dict[str, Any]:
        said = self.pull
        head = repository(self.url, said["head_repo"], "fork/orders")
        base = repository(self.url, 1, said["base_repo"])
        ends = end(head, "topic", said["head"]), end(base, "main", said["base"])
        return pull(self.url, said["number"], *ends, listed=listed)

    def _commit(self, asked: Asked, found: re.Match[str]) -> Answer:
        parents = self.commits.get(found[1])
        if parents is None:
            return Answer(404, self.refusal("Not Found"))
        here = f"{self.url}/repos/acme/orders/git/commits"
        person = {"name": "A", "email": "a@example.com", "date": WHEN}
        links = {"url": f"{here}/{found[1]}", "html_url": f"{here}/{found[1]}"}
        return Answer(
            200,
            {
                "sha": found[1], "node_id": "C", **links, "author": person, "committer": person,
                "message": "m", "tree": {"sha": "c" * 40, "url": here},
                "parents": [{"sha": one, "url": f"{here}/{one}", "html_url": here} for one in parents],
                "verification": {
                    "verified": False, "reason": "unsigned", "signature": None, "payload": None,
                    "verified_at": None,
                },
            },
        )  # fmt: skip

    def _status(self, asked: Asked, found: re.Match[str]) -> Answer:
        self.statuses.append({"sha": found[1], **asked.body})
        here = f"{self.url}/repos/acme/orders/statuses/{found[1]}"
        return Answer(
            201,
            {
                "url": here, "avatar_url": None, "id": 1, "node_id": "S", "state": asked.body["state"],
                "description": asked.body.get("description"), "context": asked.body["context"],
                "target_url": asked.body.get("target_url"), "created_at": WHEN, "updated_at": WHEN,
                "creator": self.person(self.viewer),
            },
        )  # fmt: skip

    def _check(self, asked: Asked, found: re.Match[str]) -> Answer:
        self._next += 1
        self.checks[self._next] = {**asked.body, "annotations": []}
        return self._checked(self._next, asked, 201)

    def _check_edit(self, asked: Asked, found: re.Match[str]) -> Answer:
        return self._checked(int(found[1]), asked, 200)

    def _checked(self, number: int, asked: Asked, status: int) -> Answer:
        added = asked.body.get("output", {}).get("annotations", [])
        if len(added) > 50:
            return Answer(422, self.refusal("Validation Failed: more than 50 annotations"))
        run = self.checks[number]
        run["annotations"] += added
        here = f"{self.url}/repos/acme/orders/check-runs/{number}"
        output = run["output"]
        return Answer(
            status,
            {
                "id": number, "node_id": "R", "url": here, "html_url": here, "details_url": None,
                "external_id": "", "head_sha": run["head_sha"], "name": run["name"],
                "status": "completed", "conclusion": run["conclusion"], "started_at": WHEN,
                "completed_at": WHEN, "app": None, "pull_requests": [], "check_suite": {"id": 5},
                "output": {
                    "title": output["title"], "summary": output["summary"], "text": None,
                    "annotations_count": len(run["annotations"]), "annotations_url": here,
                },
            },
        )  # fmt: skip


def _public(person: dict[str, Any]) -> dict[str, Any]:
    """The answer of GET /user."""
    empty = dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio"), None)
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    return {**person, **empty, **counts, "created_at": WHEN, "updated_at": WHEN}
