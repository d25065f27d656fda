"""Every forge through the same scenarios, real client libraries against stateful fakes over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from ci_gate.forge.base import Forge, ForgeError
from ci_gate.forge.bitbucket import Bitbucket
from ci_gate.forge.detect import ChangeRequest
from ci_gate.forge.github import GitHub
from ci_gate.forge.gitlab import GitLab
from ci_gate.forge.joblog import JobLog
from ci_gate.forge.markers import State, marked, read
from ci_gate.forge.publish import Draft, publish
from ci_gate.report.comment import BUDGETS, Made, comment
from tests.forge import fake_bitbucket, fake_github, fake_gitlab
from tests.forge.fake_server import Fake
from tests.report.conftest import hostile_result

HEAD = "a" * 40


TIMEOUT = 1
"""Seconds that clients wait for an answer here; only one test makes them."""


class Place:
    """A forge, what stands behind it, and how its parts are called there."""

    def __init__(self, fake: Any, forge: Callable[[], Forge], listing: str, one: str) -> None:
        self.fake = fake
        self._make = forge
        self._made: list[Forge] = []
        self.listing = listing
        self.one = one
        self.create = "POST"
        self.edit = "PATCH" if isinstance(fake, fake_github.FakeGitHub) else "PUT"

    def forge(self) -> Forge:
        """A client of its own, as another process would have."""
        self._made.append(self._make())
        return self._made[-1]

    def close(self) -> None:
        """Close all clients."""
        for one in self._made:
            one.close()

    def say(self, text: str, *, person: bool = False) -> None:
        """A comment of an earlier bot user of ours, or of a person."""
        fake = self.fake
        if isinstance(fake, fake_github.FakeGitHub):
            fake.say("someone" if person else "old[bot]", text, "User" if person else "Bot")
        elif isinstance(fake, fake_gitlab.FakeGitLab):
            fake.say(1 if person else 2, text)
        else:
            fake.say("{one}" if person else "{two}", text, "user" if person else "app_user")

    def ours(self) -> list[str]:
        """The comments of our own user that are there and marked."""
        return [one for one in self.fake.bodies(self.fake.viewer) if read(one)]


def _github() -> Place:
    fake = fake_github.FakeGitHub()

    def forge() -> Forge:
        change = _change("github", fake.url, "acme/orders")
        return GitHub(change, fake_github.TOKEN, backoff=0.0, timeout=TIMEOUT)

    here = "/repos/acme/orders/issues"
    return Place(fake, forge, f"{here}/7/comments", rf"{here}/comments/\d+")


def _gitlab() -> Place:
    fake = fake_gitlab.FakeGitLab()

    def forge() -> Forge:
        change = _change("gitlab", fake.url, "5")
        return GitLab(change, fake_gitlab.TOKEN, backoff=0.0, timeout=TIMEOUT)

    notes = "/projects/5/merge_requests/7/notes"
    return Place(fake, forge, notes, rf"{notes}/\d+")


def _bitbucket() -> Place:
    fake = fake_bitbucket.FakeBitbucket()

    def forge() -> Forge:
        change = _change("bitbucket", f"{fake.url}/2.0", "acme/orders")
        return Bitbucket(change, fake_bitbucket.TOKEN, lambda _: None, backoff=0.0, timeout=TIMEOUT)

    comments = "/repositories/acme/orders/pullrequests/7/comments"
    return Place(fake, forge, comments, rf"{comments}/\d+")


def _change(platform: str, api: str, repository: str) -> ChangeRequest:
    return ChangeRequest(
        platform=platform, api=api, repository=repository, number=7, head=HEAD,  # type: ignore[arg-type]  # it is one
        page="https://forge.example/7",
    )  # fmt: skip


PLACES = {"github": _github, "gitlab": _gitlab, "bitbucket": _bitbucket}


@contextmanager
def _open(name: str) -> Iterator[Place]:
    place = PLACES[name]()
    with place.fake.serving():
        yield place
        place.close()


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each forge in turn; GitHub's messages must fit its description."""
    with _open(request.param) as found:
        yield found
    assert found.fake.complaints == []


def draft(run: int = 10, text: str = "report", key: str = "orders", **given: Any) -> Draft:
    """What run `run` has to say."""
    state = State(run=str(run), attempt="1", sha=HEAD, at="2026-11-20T10:00:00Z")
    return Draft(key=key, state=state, text=text, **given)


def no_wait(seconds: float) -> None:
    """Waits are for real forges."""


def test_one_comment_is_kept_up_to_date(place: Place) -> None:
    """Created, edited in place by a later run, not sent again when it says the same."""
    forge = place.forge()
    assert publish(forge, draft(10, "one"), no_wait).action == "created"
    again = publish(forge, draft(11, "two"), no_wait)
    assert again.action == "updated"
    assert again.url.startswith("https://")
    writes = len([one for one in place.fake.asked if one.method != "GET"])
    assert publish(forge, draft(11, "two"), no_wait).action == "skipped"
    # A question in GraphQL is a POST, too.
    after = [one for one in place.fake.asked if one.method != "GET"][writes:]
    assert {one.path for one in after} <= {"/graphql"}
    assert [one.endswith("two") for one in place.ours()] == [True]


def test_an_older_run_changes_nothing(place: Place) -> None:
    """Whoever finishes last, the newest run's text stays."""
    forge = place.forge()
    publish(forge, draft(11, "new"), no_wait)
    assert "newer" in publish(forge, draft(10, "old"), no_wait).reason
    assert [one.endswith("new") for one in place.ours()] == [True]


def test_nothing_to_say_begins_nothing(place: Place) -> None:
    """A green run writes no comment, and brings a red one that is there up to date."""
    forge = place.forge()
    quiet = draft(12, "green", worth_saying=False)
    assert publish(forge, quiet, no_wait).action == "skipped"
    assert place.fake.rows == []
    publish(forge, draft(10, "red"), no_wait)
    assert publish(forge, quiet, no_wait).action == "updated"


def test_ours_is_found_behind_many(place: Place) -> None:
    """Among 250 comments over three pages ours is found and there is still one."""
    forge = place.forge()
    publish(forge, draft(10, "one"), no_wait)
    for number in range(250):
        place.say(f"comment {number}", person=True)
    assert publish(forge, draft(11, "two"), no_wait).action == "updated"
    assert len(place.ours()) == 1
    assert place.fake.count("GET", place.listing) >= 3


def test_a_person_who_quotes_the_marker_is_left_alone(place: Place) -> None:
    """So is a comment of a bot user we had before a token was rotated: a new one is begun."""
    forge = place.forge()
    written = marked("old", "orders", State(run="9", attempt="1"), forge.style)
    place.say(written, person=True)
    place.say(written)
    assert publish(forge, draft(10, "new"), no_wait).action == "created"
    assert place.fake.bodies().count(written) == 2
    assert len(place.ours()) == 1


def test_a_502_after_the_write_writes_once(place: Place) -> None:
    """The create happened and its answer was lost: it is found, not repeated."""
    forge = place.forge()
    place.fake.fail("POST", place.listing, 502, commit=True)
    assert publish(forge, draft(), no_wait).action == "created"
    assert len(place.ours()) == 1
    assert place.fake.count("POST", place.listing) == 1


def test_a_502_before_the_write_is_tried_again(place: Place) -> None:
    """The create did not happen: the second try writes it."""
    forge = place.forge()
    place.fake.fail("POST", place.listing, 502)
    assert publish(forge, draft(), no_wait).action == "created"
    assert len(place.ours()) == 1


def test_a_lost_answer_to_an_edit_is_harmless(place: Place) -> None:
    """Edits are repeated by the client."""
    forge = place.forge()
    publish(forge, draft(10, "one"), no_wait)
    place.fake.fail(place.edit, place.one, 503, commit=True, times=2)
    assert publish(forge, draft(11, "two"), no_wait).action == "updated"
    assert [one.endswith("two") for one in place.ours()] == [True]


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (401, {}, "permission"),
        (403, {}, "permission"),
        (429, {}, "busy"),
        (429, {"Retry-After": "3600"}, "busy"),
        (500, {}, "busy"),
        (422, {}, "refused"),
    ],
)
def test_refusals_end_soon_and_write_nothing(
    place: Place, status: int, headers: dict[str, str], kind: str
) -> None:
    """A fork's token, rate limits with and without a wait, a broken server: one error, no token
    in it, a bounded number of requests."""
    forge = place.forge()
    place.fake.fail(
        "POST", place.listing, status, "Resource not accessible", times=99, headers=headers
    )
    with pytest.raises(ForgeError) as caught:
        publish(forge, draft(), no_wait)
    assert caught.value.kind == kind
    assert "t0kenT0KEN" not in str(caught.value)
    assert place.ours() == []
    assert place.fake.count("POST", place.listing) <= 3


def test_a_token_that_may_not_even_read(place: Place) -> None:
    """Everything is refused: one error of the permission kind."""
    place.fake.fail(".*", ".*", 403, "no", times=99)
    place.fake.failures = [
        one._replace(method=verb) for verb in ("GET", "POST") for one in place.fake.failures
    ]
    with pytest.raises(ForgeError) as caught:
        publish(place.forge(), draft(), no_wait)
    assert caught.value.kind == "permission"


def test_an_answer_that_comes_too_late(place: Place) -> None:
    """The create hangs, and happens after we have given up: it is found, not repeated."""
    done = threading.Event()

    def hang(asked: Any) -> None:
        if asked.method == "POST" and asked.path.endswith(("comments", "notes")):
            place.fake.before = None
            done.wait(TIMEOUT * 10)

    def pause(seconds: float) -> None:
        done.set()
        for _ in range(1000):
            if place.ours():
                break
            threading.Event().wait(0.01)

    place.fake.before = hang
    assert publish(place.forge(), draft(), pause).action == "created"
    assert place.fake.count("POST", place.listing) == 1


def test_two_writers_end_with_one_comment(place: Place) -> None:
    """Another run of ours comments between our look and our write."""
    other = place.forge()

    def interfere(asked: Any) -> None:
        if asked.method == "POST" and asked.path.endswith(("comments", "notes")):
            place.fake.before = None
            publish(other, draft(11, "newer"), no_wait)

    place.fake.before = interfere
    publish(place.forge(), draft(10, "older"), no_wait)
    assert [one.endswith("newer") for one in place.ours()] == [True]


def test_keys_do_not_meet(place: Place) -> None:
    """The legs of a matrix have a comment each."""
    for key in ("orders/eu", "orders/us", "orders/eu"):
        publish(place.forge(), draft(10, f"text {key}", key), no_wait)
    assert len(place.ours()) == 2


@pytest.mark.parametrize("times", [1, 4000])
def test_the_worst_result_fits(place: Place, times: int) -> None:
    """A result full of hostile and long texts is taken by the forge, and holds one marker of ours."""
    texts = tuple(text.replace("\ud800", "") * times for text in hostile_result().notices)
    result = hostile_result(texts)
    name = next(name for name, make in PLACES.items() if type(make().fake) is type(place.fake))
    text = comment(result, name, Made(sha=HEAD, run="10", attempt="2", link="https://ci.example/1"))
    assert publish(place.forge(), draft(10, text), no_wait).action == "created"
    written = place.ours()[0]
    assert len(written) < BUDGETS[name]
    assert len(written.encode()) <= 200_000 or name == "gitlab"
    assert written.count("ci-gate:comment") == 1
    assert written.count("ci-gate:state") == 1
    said = read(written)
    assert said is not None
    assert said.key == "orders"


def test_what_is_too_long_is_refused_not_repeated(place: Place) -> None:
    """A body beyond the forge's limit is one refusal."""
    with pytest.raises(ForgeError) as caught:
        publish(place.forge(), draft(10, "x" * 1_100_000), no_wait)
    assert caught.value.kind == "refused"
    assert place.fake.count("POST", place.listing) == 1


def test_removing_what_is_gone_is_no_error(place: Place) -> None:
    """Two runs may fold the same duplicate."""
    forge = place.forge()
    made = forge.create("x")
    forge.remove(made.id)
    forge.remove(made.id)
    assert [one.body for one in forge.comments()] == []


def test_the_job_log_takes_it_too() -> None:
    """Where there is no forge, the comment's text is said once, and nothing in it is a command."""
    lines: list[str] = []
    log = JobLog(lines.append)
    text = "::error::pwned\n##[group]x\n\x1b[31mred\x1b[0m"
    assert publish(log, draft(10, text), no_wait).action == "created"
    assert publish(log, draft(10, text), no_wait).action == "skipped"
    assert len(lines) == 3
    assert not any(line.startswith("::") or "##[" in line or "\x1b" in line for line in lines)
    assert not any("ci-gate:" in line for line in lines)


def test_another_head_is_noticed(place: Place) -> None:
    """The change request must still be at the commit that ran."""
    forge = place.forge()
    assert forge.problem() == ""  # type: ignore[attr-defined]  # all three can prove
    change = replace(forge._change, head="d" * 40)  # type: ignore[attr-defined]  # the same with another head
    forge._change = change  # type: ignore[attr-defined]
    assert "this run was for dddddddddddd" in forge.problem()  # type: ignore[attr-defined]
    assert isinstance(place.fake, Fake)
