"""What a change is held against."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.forge.detect import ChangeRequest
from ci_gate.gate.changes.basis import (
    base_commit,
    edits_of,
    edits_of_head,
    is_change,
    relative,
    with_protected,
)
from ci_gate.gate.changes.revisions import Repository
from tests.gate.clone import Clone

PLAIN = "version: 1\nservice: {name: orders}\n"
RULES = PLAIN + 'rules:\n  - {at: "response.body.$.x", allow: any, reason: r}\n'
PROTECTED = PLAIN + "gate: {protect: [rules]}\n"


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """main with a configuration that protects its rules, and a topic branch that adds one."""
    made = Clone(tmp_path / "clone")
    monkeypatch.chdir(made.folder)
    made.write("ci-gate.yml", PROTECTED)
    made.commit()
    made.git("checkout", "-q", "-b", "topic")
    made.write("ci-gate.yml", RULES)
    made.commit()
    return made


def request(**given: object) -> ChangeRequest:
    """A pull request."""
    return ChangeRequest(platform="github", number=7, **given)  # type: ignore[arg-type]  # the test names the fields


def test_the_merge_of_a_platform(clone: Clone) -> None:
    """Its first parent is what the change is merged into."""
    head = clone.git("rev-parse", "HEAD")
    clone.git("checkout", "-q", "main")
    main = clone.commit("meanwhile")
    clone.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    assert base_commit(Repository(), request(head=head)) == main


def test_where_the_head_left_the_base(clone: Clone) -> None:
    """What the base has done since does not count, by commit or by branch."""
    left = clone.git("rev-parse", "main")
    clone.git("checkout", "-q", "main")
    main = clone.commit("meanwhile")
    clone.git("checkout", "-q", "topic")
    assert base_commit(Repository(), request(base=main)) == left
    assert base_commit(Repository(), request(base_branch="main")) == left
    assert base_commit(Repository(), request(base="f" * 40)) == ""
    assert base_commit(Repository(), ChangeRequest()) == ""


def test_a_base_that_is_given(clone: Clone) -> None:
    """It wins, and must be there."""
    assert base_commit(Repository(), request(), "main") == clone.git("rev-parse", "main")
    with pytest.raises(UsageError, match="not in this clone"):
        base_commit(Repository(), request(), "origin/main")


def test_what_is_a_change() -> None:
    """A pull request and the merge queue are; a push is not."""
    assert is_change(request())
    assert is_change(ChangeRequest(event="merge_group"))
    assert not is_change(ChangeRequest(event="push"))


def test_edits(clone: Clone) -> None:
    """Of a change, against its base; of a push, none."""
    edits, note = edits_of(request(base_branch="main"), "", "ci-gate.yml", "")
    assert edits is not None
    assert note == ""
    assert [(one.subject, one.change) for one in edits.items] == [
        ("rule", "added"),
        ("config", "removed"),
    ]
    assert edits_of(ChangeRequest(event="push"), "", "ci-gate.yml", "") == (None, "")


def test_a_base_that_is_not_in_the_clone(clone: Clone, tmp_path: Path) -> None:
    """Edits are then not shown, and it is said how to see them; a given base is an error."""
    edits, note = edits_of(request(base="f" * 40), "", "ci-gate.yml", "")
    assert edits is None
    assert "fetch-depth: 2" in note
    with pytest.raises(UsageError):
        edits_of(request(), "nope", "ci-gate.yml", "")
    outside = tmp_path / "outside"
    outside.mkdir()
    assert edits_of(request(), "", "ci-gate.yml", "", str(outside))[0] is None


def env(tmp_path: Path, base: str) -> dict[str, str]:
    """A pull request's environment."""
    event = tmp_path / "event.json"
    event.write_text(f'{{"pull_request": {{"number": 7, "base": {{"sha": "{base}"}}}}}}')
    return {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
    }  # fmt: skip


def test_protected_keys_are_the_bases(clone: Clone, tmp_path: Path) -> None:
    """Although the change took the key off the list."""
    around = env(tmp_path, clone.git("rev-parse", "main"))
    found = with_protected(RULES, "ci-gate.yml", around)
    assert found.settings.rules == ()
    assert found.settings.gate.protect == ()
    assert len(with_protected(RULES, "ci-gate.yml", {}).settings.rules) == 1
    assert with_protected(RULES, "ci-gate.yml", {}, "main").settings.rules == ()


def test_protection_without_a_base_is_refused(clone: Clone, tmp_path: Path) -> None:
    """Exit 2: a gate that cannot protect what it should must not pass."""
    text = RULES + "gate: {protect: [rules]}\n"
    with pytest.raises(UsageError, match=r"gate\.protect: these keys are taken from the base"):
        with_protected(text, "ci-gate.yml", env(tmp_path, "f" * 40))
    with pytest.raises(UsageError):
        with_protected(text, "ci-gate.yml", {})
    # Without a protected key nothing is missing.
    assert len(with_protected(RULES, "ci-gate.yml", env(tmp_path, "f" * 40)).settings.rules) == 1


def test_on_a_developers_machine(clone: Clone) -> None:
    """The remote's main branch is the base."""
    clone.git("update-ref", "refs/remotes/origin/main", "main")
    clone.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    text = RULES + "gate: {protect: [rules]}\n"
    assert with_protected(text, "ci-gate.yml", {}).settings.rules == ()


def test_a_new_configuration(clone: Clone, tmp_path: Path) -> None:
    """One that the base does not have has nothing to be held against."""
    text = RULES + "gate: {protect: [rules]}\n"
    found = with_protected(text, "svc/ci-gate.yml", env(tmp_path, clone.git("rev-parse", "main")))
    assert len(found.settings.rules) == 1
    assert found.settings.gate.protect == ()


def test_paths_from_the_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside the root they are relative, elsewhere as they were."""
    monkeypatch.chdir(tmp_path)
    assert relative("a/b", str(tmp_path)) == "a/b"
    assert relative("/elsewhere/x", str(tmp_path)) == "/elsewhere/x"
    assert relative("a", "") == "a"


def test_edits_of_commits_that_are_not_checked_out(clone: Clone) -> None:
    """A job that has the default branch checked out reads them from the objects it has fetched, and
    what that branch has done since does not count."""
    head = clone.git("rev-parse", "HEAD")
    clone.git("checkout", "-q", "main")
    clone.write("ci-gate.yml", PLAIN)
    clone.commit("meanwhile")
    for one in (request(head=head), request(head=head, base_branch="main")):
        edits = edits_of_head(one, "", "ci-gate.yml")
        assert edits is not None
        assert [(item.subject, item.change) for item in edits.items] == [
            ("rule", "added"),
            ("config", "removed"),
        ]
    assert Path("ci-gate.yml").read_text() == PLAIN


def test_edits_that_cannot_be_told(clone: Clone, tmp_path: Path) -> None:
    """Without the commits, the configuration, a common ancestor or a clone there are none; a base
    that is given has to be there."""
    head = clone.git("rev-parse", "HEAD")
    assert edits_of_head(request(), "", "ci-gate.yml") is None
    assert edits_of_head(request(head="f" * 40), "", "ci-gate.yml") is None
    assert edits_of_head(request(head=head), "", "services/ci-gate.yml") is None
    assert edits_of_head(request(head=head), "", "ci-gate.yml") is None  # it is what is checked out
    assert edits_of_head(request(head=head), "", "ci-gate.yml", str(tmp_path)) is None
    clone.git("checkout", "-q", "--orphan", "other")
    clone.commit()
    assert edits_of_head(request(head=head), "", "ci-gate.yml") is None
    with pytest.raises(UsageError, match="not in this clone"):
        edits_of_head(request(head=head), "v9", "ci-gate.yml")
    assert edits_of_head(request(head=head), "main", "ci-gate.yml") is not None
