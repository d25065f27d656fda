"""GitHub through the real PyGithub, every message held against GitHub's own description."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ci_gate.forge.base import Annotation, ForgeError, Report
from ci_gate.forge.detect import ChangeRequest
from ci_gate.forge.github import DEFAULT_BOT, GitHub
from tests.forge.fake_github import BOT, HEAD, TOKEN, FakeGitHub
from tests.forge.fake_server import Answer, Asked
from tests.forge.openapi import description

COMMENTS = "/repos/acme/orders/issues/7/comments"
CLIENTS: list[GitHub] = []
ONE = r"/repos/acme/orders/issues/comments/\d+"


@pytest.fixture
def fake() -> Iterator[FakeGitHub]:
    """A GitHub on loopback; what does not fit its description fails the test."""
    server = FakeGitHub()
    with server.serving():
        yield server
        close_all()
    assert server.complaints == []


def close_all() -> None:
    """Give back the connections of every client made."""
    while CLIENTS:
        CLIENTS.pop().close()


def client(fake: FakeGitHub, **given: object) -> GitHub:
    """The client, without its waits."""
    change = ChangeRequest(
        platform="github", api=fake.url, repository="acme/orders", number=7, head=HEAD
    )
    for name, value in given.items():
        change = _with(change, name, value)
    made = GitHub(change, TOKEN, backoff=0.0)
    CLIENTS.append(made)
    return made


def _with(change: ChangeRequest, name: str, value: object) -> ChangeRequest:
    from msgspec.structs import replace

    return replace(change, **{name: value})


def test_the_description_is_there() -> None:
    """Requests and responses are validated, unless npm is not to be had: then this says so."""
    if description() is None:
        pytest.skip("npm could not fetch @octokit/openapi: GitHub's messages are not validated")


def test_answers_of_pull_requests_and_refusals_are_held_to_the_description() -> None:
    """Whole, listed and refused: each is right as the fake tells it, and wrong with a part gone."""
    api = description()
    if api is None:
        pytest.skip("npm could not fetch @octokit/openapi")
    fake, here = FakeGitHub(), "/repos/acme/orders"
    asked = {
        ("GET", f"{here}/pulls/7", ""): "mergeable_state",
        ("GET", f"{here}/pulls", "fork:topic"): "node_id",
        ("PATCH", f"{here}/issues/comments/101", ""): "documentation_url",
    }
    fake.url = "http://127.0.0.1:1"
    fake.say(BOT, "one")
    for (method, path, head), part in asked.items():
        answer = fake.answer(Asked(method, path, {"head": head}, {"body": "x" * 65_537}, {}))
        shown = answer.body[0] if isinstance(answer.body, list) else answer.body
        assert api.response(method, path, answer.status, answer.body) == []
        del shown[part]
        [problem] = api.response(method, path, answer.status, answer.body)
        assert f"'{part}' is a required property" in problem


def test_a_comment_is_written_listed_edited_and_removed(fake: FakeGitHub) -> None:
    """The four calls of the publishing rule."""
    github = client(fake)
    written = github.create("one")
    assert (written.author, written.body, written.machine) == (BOT, "one", True)
    assert written.url.endswith(f"#issuecomment-{written.id}")
    assert [one.body for one in github.comments()] == ["one"]
    assert github.update(written.id, "two").body == "two"
    github.remove(written.id)
    github.remove(written.id)
    assert list(github.comments()) == []


class Enterprise(FakeGitHub):
    """A server of one's own: its API lies below /api/v3, GraphQL beside it, and nothing elsewhere."""

    def answer(self, asked: Asked) -> Answer:
        """Only what is asked for below /api is answered."""
        if asked.path == "/api/graphql":
            return super().answer(asked._replace(path="/graphql"))
        if not asked.path.startswith("/api/v3/"):
            self.complaints.append(f"asked for {asked.path}")
        return super().answer(asked._replace(path=asked.path.removeprefix("/api/v3")))


def test_a_server_of_ones_own() -> None:
    """All that is asked goes below the address in GITHUB_API_URL, over all pages."""
    server = Enterprise()
    with server.serving():
        server.url += "/api/v3"
        here = client(server)
        assert here.me() == BOT
        made = here.create("text")
        assert here.update(made.id, "other").body == "other"
        for number in range(120):
            server.say("someone", f"{number}")
        assert len(list(here.comments())) == 121
        assert here.problem() == ""
        report = Report(name="ci-gate/orders", outcome="pass", title="PASS", summary="")
        assert here.report(report, ["status", "check"]) == []
        close_all()
    assert server.complaints == []


def test_all_pages_are_listed(fake: FakeGitHub) -> None:
    """250 comments lie on three pages."""
    for number in range(250):
        fake.say("somebody", f"{number}", "User")
    assert len(list(client(fake).comments())) == 250
    assert fake.count("GET", COMMENTS) == 3


def test_who_we_are(fake: FakeGitHub) -> None:
    """The login of an installation token comes from GraphQL, a user's from either, else the default."""
    assert client(fake).me() == BOT
    fake.graphql, fake.viewer = False, "robot"
    assert client(fake).me() == "robot"
    fake.viewer = "other[bot]"
    assert client(fake).me() == DEFAULT_BOT


@pytest.mark.parametrize(
    ("status", "message", "headers", "kind"),
    [
        (403, "Resource not accessible by integration", {}, "permission"),
        (401, "Bad credentials", {}, "permission"),
        (404, "Not Found", {}, "permission"),
        (403, "You have exceeded a secondary rate limit", {}, "busy"),
        (403, "API rate limit exceeded for installation", {"x-ratelimit-reset": "9999999999"}, "busy"),
        (403, "slow down", {"Retry-After": "3600"}, "busy"),
        (429, "slow down", {}, "busy"),
        (429, "slow down", {"Retry-After": "3600"}, "busy"),
        (422, "Validation Failed", {}, "refused"),
        (500, "oops", {}, "busy"),
        (503, "oops", {}, "busy"),
        (418, "teapot", {}, "broken"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "GET", "PATCH"])
def test_errors_are_told_apart(
    fake: FakeGitHub, method: str, status: int, message: str, headers: dict[str, str], kind: str
) -> None:
    """Whatever goes wrong is one of four kinds of trouble, soon, and never with the token in it."""
    number = fake.say(BOT, "x")
    fake.fail(
        method,
        ".*",
        status,
        f"{message} {TOKEN}" if status != 403 else message,
        times=99,
        headers=headers,
    )
    github = client(fake)
    calls = {
        "POST": lambda: github.create("x"),
        "GET": lambda: github.comments(),
        "PATCH": lambda: github.update(number, "y"),
    }
    with pytest.raises(ForgeError) as caught:
        calls[method]()
    assert caught.value.kind == kind
    assert TOKEN not in str(caught.value)
    assert fake.count(method) == 1 if method == "POST" else fake.count(method) <= 4


def test_edits_are_repeated_and_creates_are_not(fake: FakeGitHub) -> None:
    """A 502 is overcome for what can be done twice; a create is left to who can look first."""
    number = fake.say(BOT, "x")
    fake.fail("PATCH", ONE, 502, times=2)
    fake.fail("GET", COMMENTS, 502)
    fake.fail("POST", COMMENTS, 502, commit=True)
    github = client(fake)
    assert github.update(number, "y").body == "y"
    assert len(list(github.comments())) == 1
    with pytest.raises(ForgeError) as caught:
        github.create("z")
    assert caught.value.unsure
    assert fake.count("POST", COMMENTS) == 1


def test_a_pull_request_is_proven(fake: FakeGitHub) -> None:
    """Head commit, head repository and base repository must all be those of the run."""
    assert client(fake, head_repository=42).problem() == ""
    assert "another repository" in client(fake, head_repository=43).problem()
    assert "the head of pull request 7 is" in client(fake, head="d" * 40).problem()
    fake.pull["base_repo"] = "evil/orders"
    assert "not one of acme/orders" in client(fake).problem()


def test_a_pull_request_is_found_by_its_branch(fake: FakeGitHub) -> None:
    """A run's event may not name the pull request; the branch leads to it, the commit confirms it."""
    github = client(fake, head_owner="fork", head_branch="topic")
    assert github.candidates() == [7]
    assert fake.asked[-1].query["head"] == "fork:topic"
    assert client(fake, head_owner="fork", head_branch="topic", head="d" * 40).candidates() == []
    assert client(fake).candidates() == []


def test_the_parents_of_a_commit(fake: FakeGitHub) -> None:
    """A merge that CI made is known by its parents; an unknown commit has none."""
    fake.commits["e" * 40] = ["b" * 40, HEAD]
    assert client(fake).parents("e" * 40) == ["b" * 40, HEAD]
    assert client(fake).parents("f" * 40) is None


def report(annotations: int = 0) -> Report:
    """A verdict with many annotations."""
    made = tuple(
        Annotation(path="ci-gate.yml", line=1, level="failure", title="t" * 300, message="m")
        for _ in range(annotations)
    )
    return Report(
        name="ci-gate/orders", outcome="fail", title="FAIL " * 60, summary="s" * 90_000,
        link="https://ci.example/1", annotations=made,
    )  # fmt: skip


def test_status_and_check_run(fake: FakeGitHub) -> None:
    """Both are written for the head commit, within their limits, annotations fifty at a time."""
    assert client(fake).report(report(120), ("status", "check")) == []
    status = fake.statuses[0]
    assert (status["sha"], status["state"], status["context"]) == (
        HEAD,
        "failure",
        "ci-gate/orders",
    )
    run = next(iter(fake.checks.values()))
    assert (run["conclusion"], len(run["annotations"])) == ("failure", 120)
    assert fake.count("PATCH", r"/repos/acme/orders/check-runs/\d+") == 2


def test_what_may_not_be_written_is_said(fake: FakeGitHub) -> None:
    """A token without the right to statuses still writes the check run."""
    fake.fail(
        "POST", "/repos/acme/orders/statuses/.*", 403, "Resource not accessible by integration"
    )
    failed = client(fake).report(report(), ("status", "check"))
    assert len(failed) == 1
    assert failed[0].startswith("commit status: setting the commit status: 403")
    assert len(fake.checks) == 1


def test_nobody_there() -> None:
    """No server at all is trouble of the busy kind, and it does not take long to say so."""
    fake = FakeGitHub(validate=False)
    with fake.serving():
        url = fake.url
    fake.url = url
    with pytest.raises(ForgeError) as caught:
        client(fake).create("x")
    assert caught.value.kind == "busy"
    close_all()
