"""GitLab through the real python-gitlab: what the contract suite does not ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from ci_gate.forge.base import ForgeError, Report
from ci_gate.forge.detect import ChangeRequest
from ci_gate.forge.gitlab import GitLab
from tests.forge.fake_gitlab import HEAD, TOKEN, FakeGitLab

REPORT = Report(
    name="ci-gate/orders", outcome="inconclusive", title="t" * 300, summary="s", link="https://x/1"
)


@pytest.fixture
def fake() -> Iterator[FakeGitLab]:
    """A GitLab on loopback."""
    server = FakeGitLab()
    with server.serving():
        yield server


@pytest.fixture
def gitlab(fake: FakeGitLab) -> Iterator[GitLab]:
    """A client for its merge request."""
    made = GitLab(change(fake), TOKEN, backoff=0.0)
    yield made
    made.close()


def change(fake: FakeGitLab) -> ChangeRequest:
    """Merge request 7 of project 5."""
    return ChangeRequest(
        platform="gitlab", api=fake.url, repository="5", number=7, head=HEAD, pipeline="77",
        page="https://git.example/acme/orders/-/merge_requests/7",
    )  # fmt: skip


def test_system_notes_are_no_comments(fake: FakeGitLab, gitlab: GitLab) -> None:
    """What GitLab writes by itself is not looked at."""
    fake.say(1, "changed the title", system=True)
    number = fake.say(1, "hello")
    assert [one.id for one in gitlab.comments()] == [number]


def test_without_a_user_bots_are_machines(fake: FakeGitLab, gitlab: GitLab) -> None:
    """A token that may not ask who it is leaves telling by the bots' names."""
    fake.user_known = False
    assert gitlab.me() == ""
    fake.say(1, "hello")
    assert [one.machine for one in gitlab.comments()] == [True]


def test_a_status_is_part_of_the_pipeline(fake: FakeGitLab, gitlab: GitLab) -> None:
    """Inconclusive is failed, and the pipeline is named, so that no second one is begun."""
    assert gitlab.report(REPORT, ("status", "check")) == []
    status = fake.statuses[0]
    assert (status["state"], status["pipeline_id"], status["sha"]) == ("failed", 77, HEAD)
    assert len(status["description"]) == 140
    assert gitlab.report(REPORT, ("check",)) == []
    assert len(fake.statuses) == 1


def test_a_status_that_may_not_be_set_is_said(fake: FakeGitLab, gitlab: GitLab) -> None:
    """One line, no error."""
    fake.fail("POST", "/projects/5/statuses/.*", 403, f"no {TOKEN}")
    assert gitlab.report(REPORT, ("status",)) == [
        "commit status: setting the commit status: 403 no ***"
    ]


def test_parents(fake: FakeGitLab, gitlab: GitLab) -> None:
    """Of a commit that the project knows, and None for others."""
    fake.commits["e" * 40] = [HEAD]
    assert gitlab.parents("e" * 40) == [HEAD]
    assert gitlab.parents("f" * 40) is None


def test_nobody_there(fake: FakeGitLab) -> None:
    """No server at all is trouble of the busy kind."""
    closed = replace(change(fake), api="http://127.0.0.1:9")
    made = GitLab(closed, TOKEN, backoff=0.0, timeout=2)
    with pytest.raises(ForgeError) as caught:
        list(made.comments())
    assert caught.value.kind == "busy"
    made.close()


def test_answers_that_are_no_json(fake: FakeGitLab, gitlab: GitLab) -> None:
    """A page of some proxy in between is trouble, not a crash."""
    fake.fail("GET", "/projects/5/merge_requests/7/notes", 200)
    with pytest.raises(ForgeError):
        list(gitlab.comments())
