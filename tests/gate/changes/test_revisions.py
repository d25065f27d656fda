"""Reading revisions out of git without checking anything out."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ci_gate.errors import CannotRun, UsageError
from ci_gate.gate.changes.revisions import Repository
from tests.gate.clone import Clone


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """Two commits: a file with one line, then with another."""
    made = Clone(tmp_path / "clone")
    made.write("svc/ci-gate.yml", "one\n")
    made.write("svc/snap/a.json", "{}")
    made.commit()
    made.write("svc/ci-gate.yml", "two\n")
    made.commit()
    return made


def test_texts_at_revisions(clone: Clone) -> None:
    """A file is what it was, whatever lies in the working tree now."""
    clone.write("svc/ci-gate.yml", "three\n")
    repository = Repository(str(clone.folder))
    texts = [
        repository.text(repository.commit(one), "svc/ci-gate.yml") for one in ("HEAD~1", "HEAD")
    ]
    assert texts == ["one\n", "two\n"]
    assert repository.text(repository.commit("HEAD"), "svc/none.yml") is None
    assert repository.text(repository.commit("HEAD"), "svc") is None


def test_files_of_a_folder(clone: Clone) -> None:
    """Regular files only: a link in a snapshot leads nowhere."""
    os.symlink("/etc/passwd", clone.folder / "svc" / "snap" / "link.json")
    clone.commit()
    repository = Repository(str(clone.folder))
    found = repository.files(repository.commit("HEAD"), "svc/snap")
    assert [(one.path, one.size) for one in found] == [("svc/snap/a.json", 2)]
    assert repository.read(found) == [b"{}"]
    assert repository.read([]) == []


def test_paths_as_the_user_names_them(clone: Clone) -> None:
    """From a folder inside the clone, and absolute; not out of it."""
    inside = Repository(str(clone.folder / "svc"))
    assert inside.path("ci-gate.yml") == "svc/ci-gate.yml"
    assert inside.path("../README.md") == "README.md"
    assert inside.path(str(clone.folder / "svc" / "x")) == "svc/x"
    with pytest.raises(UsageError, match="outside of the repository"):
        inside.path("../../x")


def test_what_is_not_in_the_clone(clone: Clone, tmp_path: Path) -> None:
    """A revision that was not fetched says how to fetch it; options are no revisions."""
    repository = Repository(str(clone.folder))
    with pytest.raises(UsageError, match="not in this clone; fetch it"):
        repository.commit("origin/main")
    for text in ("--all", "-n", "", "a b", "HEAD:x"):
        with pytest.raises(UsageError):
            repository.commit(text)
    assert repository.knows("HEAD")
    assert not repository.knows("f" * 40)
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(UsageError, match="not inside a clone"):
        Repository(str(outside)).path("x")
    with pytest.raises(UsageError, match="is in no git repository; run this in a clone"):
        Repository(str(outside)).commit("HEAD")


def test_where_two_lines_part(clone: Clone) -> None:
    """The merge base, and the parents of a merge."""
    base = clone.git("rev-parse", "HEAD")
    clone.git("checkout", "-q", "-b", "topic")
    topic = clone.commit("topic")
    clone.git("checkout", "-q", "main")
    main = clone.commit("main")
    clone.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    repository = Repository(str(clone.folder))
    assert repository.merge_base(main, topic) == base
    assert repository.parents(repository.commit("HEAD")) == [main, topic]
    assert repository.short(base) == base[: len(repository.short(base))]


def test_nothing_of_the_repository_runs(clone: Clone) -> None:
    """Hooks, filters, pagers and textconv that a repository configures are not called."""
    witness = clone.folder / "ran"
    for key in ("core.pager", "core.fsmonitor", "diff.x.textconv", "filter.x.smudge"):
        clone.git("config", key, f"touch {witness}")
    clone.write(".gitattributes", "* diff=x filter=x\n")
    commit = Repository(str(clone.folder)).commit("HEAD")
    assert Repository(str(clone.folder)).text(commit, "svc/ci-gate.yml") == "two\n"
    assert not witness.exists()


def test_no_git(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git it is the environment's problem, and named."""

    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", missing)
    with pytest.raises(CannotRun, match="git is not installed"):
        Repository(str(clone.folder)).commit("HEAD")


def test_text_that_is_not_utf8(clone: Clone) -> None:
    """Named with its place."""
    (clone.folder / "bad").write_bytes(b"a\xff")
    clone.commit()
    repository = Repository(str(clone.folder))
    with pytest.raises(UsageError, match="not UTF-8 at byte 1"):
        repository.text(repository.commit("HEAD"), "bad")
