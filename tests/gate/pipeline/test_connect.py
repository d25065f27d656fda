"""From a platform and a token to a forge."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.forge.detect import ChangeRequest
from ci_gate.gate.events import Event, Note
from ci_gate.gate.pipeline.connect import Link, connect, event_text, token_of


def link(env: dict[str, str], events: list[Event] | None = None) -> Link:
    """A link without waits."""
    seen = [] if events is None else events
    return Link(env=env, sink=seen.append, pause=lambda _: None)


@pytest.mark.parametrize(
    ("platform", "variable", "name"),
    [
        ("github", "GITHUB_TOKEN", "GitHub"),
        ("gitlab", "GITLAB_TOKEN", "GitLab"),
        ("bitbucket", "BITBUCKET_TOKEN", "Bitbucket"),
    ],
)
def test_forges(platform: str, variable: str, name: str) -> None:
    """Each platform with its token."""
    change = ChangeRequest(
        platform=platform, api="https://forge.example", repository="acme/orders", number=7  # type: ignore[arg-type]  # it is one
    )  # fmt: skip
    forge = connect(change, link({variable: "t0ken"}))
    assert not isinstance(forge, str)
    assert forge.name == name
    forge.close()


def test_without_a_token() -> None:
    """The reason says which right is needed, and that the verdict stands."""
    change = ChangeRequest(platform="github", repository="acme/orders", number=7)
    said = connect(change, link({}))
    assert isinstance(said, str)
    assert "pull-requests: write" in said
    assert "The verdict stands" in said


def test_no_change_request() -> None:
    """A run that is for nothing is said to be."""
    said = connect(ChangeRequest(platform="github", event="schedule"), link({"GITHUB_TOKEN": "x"}))
    assert said == "not published: this run is for no change request (schedule)"


@pytest.mark.parametrize("platform", ["jenkins", "other"])
def test_elsewhere_the_log_is_the_forge(platform: str) -> None:
    """What would be a comment becomes notes."""
    events: list[Event] = []
    forge = connect(ChangeRequest(platform=platform), link({}, events))  # type: ignore[arg-type]  # it is one
    assert not isinstance(forge, str)
    forge.create("<!-- 1 -->\n<!-- 2 -->\nhello")
    assert events == [Note("hello")]


def test_tokens() -> None:
    """Ours first; GitLab's job token never: it may only read."""
    assert token_of("github", {"GITHUB_TOKEN": "a", "CI_GATE_TOKEN": "b"}) == "b"
    assert token_of("gitlab", {"CI_JOB_TOKEN": "a"}) == ""
    assert token_of("jenkins", {"GITHUB_TOKEN": "a"}) == ""


def test_the_event_file(tmp_path: Path) -> None:
    """Read where there is one, whatever its bytes."""
    path = tmp_path / "event.json"
    path.write_bytes(b"{}\xff")
    assert event_text({"GITHUB_EVENT_PATH": str(path)}).startswith("{}")
    assert event_text({"GITHUB_EVENT_PATH": str(tmp_path / "none")}) == ""
    assert event_text({}) == ""
