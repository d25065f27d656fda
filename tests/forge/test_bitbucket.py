"""Bitbucket through the real httpx: what the contract suite does not ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from ci_gate.forge.base import Annotation, ForgeError, Report
from ci_gate.forge.bitbucket import Bitbucket
from ci_gate.forge.detect import ChangeRequest
from tests.forge.fake_bitbucket import HEAD, TOKEN, FakeBitbucket

COMMENTS = "/repositories/acme/orders/pullrequests/7/comments"


@pytest.fixture
def fake() -> Iterator[FakeBitbucket]:
    """A Bitbucket on loopback."""
    server = FakeBitbucket()
    with server.serving():
        yield server


@pytest.fixture
def waits() -> list[float]:
    """The waits that were asked for."""
    return []


@pytest.fixture
def bitbucket(fake: FakeBitbucket, waits: list[float]) -> Iterator[Bitbucket]:
    """A client for its pull request."""
    made = Bitbucket(change(fake), TOKEN, waits.append)
    yield made
    made.close()


def change(fake: FakeBitbucket) -> ChangeRequest:
    """Pull request 7 of acme/orders."""
    return ChangeRequest(
        platform="bitbucket", api=f"{fake.url}/2.0", repository="acme/orders", number=7, head=HEAD
    )


def report(annotations: int = 0, name: str = "ci-gate/orders") -> Report:
    """A verdict with many annotations."""
    made = tuple(
        Annotation(path="ci-gate.yml", line=1, level="failure", title="t" * 900, message="m" * 9000)
        for _ in range(annotations)
    )
    return Report(
        name=name, outcome="fail", title="T" * 3000, summary="s", annotations=made,
        figures=tuple((f"f{n}", n) for n in range(20)),
    )  # fmt: skip


def test_comments_about_lines_and_deleted_ones_are_not_looked_at(
    fake: FakeBitbucket, bitbucket: Bitbucket
) -> None:
    """Ours is neither."""
    fake.say("{x}", "inline", inline={"path": "a"})
    number = fake.say("{x}", "gone")
    bitbucket.remove(number)
    kept = fake.say("{x}", "kept")
    assert [one.id for one in bitbucket.comments()] == [kept]


def test_without_an_account_apps_are_machines(fake: FakeBitbucket, bitbucket: Bitbucket) -> None:
    """The token of a repository has no account; what it writes is an app's."""
    fake.user_known = False
    assert bitbucket.me() == ""
    assert bitbucket.create("x").machine
    fake.say("{x}", "person")
    assert [one.machine for one in bitbucket.comments()] == [True, False]


def test_reads_wait_as_asked_and_no_longer(
    fake: FakeBitbucket, bitbucket: Bitbucket, waits: list[float]
) -> None:
    """Retry-After is obeyed up to a minute; else waits grow."""
    fake.fail("GET", COMMENTS, 429, headers={"Retry-After": "7"})
    fake.fail("GET", COMMENTS, 502, times=2)
    assert list(bitbucket.comments()) == []
    assert waits == [7.0, 2.0, 4.0]
    fake.fail("GET", COMMENTS, 429, headers={"Retry-After": "3600"})
    with pytest.raises(ForgeError):
        list(bitbucket.comments())
    assert len(waits) == 3


def test_build_status_and_report(fake: FakeBitbucket, bitbucket: Bitbucket) -> None:
    """Within Bitbucket's limits: keys of 40, summaries of 450, a hundred annotations a request."""
    assert bitbucket.report(report(250), ("status", "check")) == []
    assert fake.statuses[0]["state"] == "FAILED"
    assert fake.statuses[0]["key"] == fake.statuses[0]["key"][:40]
    assert list(fake.reports) == ["ci-gate-orders"]
    assert fake.reports["ci-gate-orders"]["result"] == "FAILED"
    assert len(fake.annotations) == 250
    assert fake.count("POST", ".*/annotations") == 3


def test_long_names_stay_apart(fake: FakeBitbucket, bitbucket: Bitbucket) -> None:
    """Two long keys that begin alike are two reports."""
    for ending in ("eu", "us"):
        bitbucket.report(report(name=f"ci-gate/{'x' * 60}/{ending}"), ("check",))
    assert len(fake.reports) == 2
    assert all(len(key) <= 40 for key in fake.reports)


def test_what_was_not_possible_is_said(fake: FakeBitbucket, bitbucket: Bitbucket) -> None:
    """The build status was refused, the report was written."""
    fake.fail("POST", ".*/statuses/build", 403, f"no {TOKEN}")
    failed = bitbucket.report(report(), ("status", "check"))
    assert [one.split(":")[0] for one in failed] == ["build status"]
    assert TOKEN not in failed[0]
    assert fake.reports


def test_without_a_token_the_pipelines_proxy_is_asked(fake: FakeBitbucket) -> None:
    """It adds the authorization; the request goes to it as plain HTTP."""
    fake.through_proxy = True
    elsewhere = replace(change(fake), api="https://api.bitbucket.example/2.0")
    made = Bitbucket(elsewhere, "", lambda _: None, proxy=fake.url)
    assert made.report(report(), ("check",)) == []
    made.close()
    assert fake.asked[0].headers.get("Authorization") is None
    assert fake.asked[0].headers["Host"] == "api.bitbucket.example"


def test_user_and_password(fake: FakeBitbucket) -> None:
    """A token with a colon is a user and an app password."""
    made = Bitbucket(change(fake), "me:secret-word", lambda _: None)
    with pytest.raises(ForgeError) as caught:
        list(made.comments())
    made.close()
    assert fake.asked[0].headers["Authorization"].startswith("Basic ")
    assert "secret-word" not in str(caught.value)


def test_nobody_there(fake: FakeBitbucket, waits: list[float]) -> None:
    """No server is trouble of the busy kind after a few tries."""
    closed = replace(change(fake), api="http://127.0.0.1:9/2.0")
    made = Bitbucket(closed, TOKEN, waits.append)
    with pytest.raises(ForgeError) as caught:
        list(made.comments())
    made.close()
    assert caught.value.kind == "busy"
    assert waits == [1.0, 2.0, 4.0]


def test_comments_of_another_form(fake: FakeBitbucket, bitbucket: Bitbucket) -> None:
    """An answer that is not of the known form is trouble, not a crash."""
    fake.rows.append({"id": "x", "deleted": False})
    with pytest.raises(ForgeError) as caught:
        list(bitbucket.comments())
    assert caught.value.kind == "broken"
