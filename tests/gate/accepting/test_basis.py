"""Which runs may be accepted here."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.accepting.basis import ACCEPTED, Basis, refuse_other_commit
from ci_gate.model.change import Change
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest
from ci_gate.model.result import Environment, Result, Verdict
from ci_gate.store.disk import digest_of
from tests.gate.clone import Clone


def result(commit: str) -> Result:
    """A run at a commit."""
    return Result(
        service="s",
        verdict=Verdict(outcome="fail"),
        environment=Environment(version="1", commit=commit),
    )


def exchange(at: float = 0.0) -> Exchange:
    """One exchange."""
    return Exchange(id="e-1", route="GET /", at=at, request=HttpRequest("GET", b"/"))


def test_commits(tmp_path: Path) -> None:
    """HEAD, and an ancestor from which only the snapshot changed; not one with other code, not one
    that is no ancestor, not one that is not here."""
    clone = Clone(tmp_path)
    clone.write("code.py", "1")
    first = clone.commit("code")
    clone.write("snapshots/a/snapshot.json", "{}")
    second = clone.commit("snapshot")
    for commit in (first, second, ""):
        refuse_other_commit(result(commit), "snapshots/a", str(tmp_path))
    with pytest.raises(UsageError, match="git fetch origin"):
        refuse_other_commit(result("0" * 40), "snapshots/a", str(tmp_path))
    clone.write("code.py", "2")
    third = clone.commit("other code")
    with pytest.raises(UsageError, match="more than the snapshot"):
        refuse_other_commit(result(second), "snapshots/a", str(tmp_path))
    clone.git("checkout", "-q", second)
    with pytest.raises(UsageError, match="more than the snapshot"):
        refuse_other_commit(result(third), "snapshots/a", str(tmp_path))


def test_the_merge_that_a_platform_made(tmp_path: Path) -> None:
    """A pull request's job runs at a merge of its head; who has the head may accept."""
    clone = Clone(tmp_path)
    clone.commit("base")
    clone.git("checkout", "-q", "-b", "change")
    clone.write("code.py", "1")
    head = clone.commit("head")
    clone.git("checkout", "-q", "main")
    clone.commit("meanwhile")
    clone.git("merge", "-q", "--no-ff", "-m", "merge", "change")
    merge = clone.git("rev-parse", "HEAD")
    clone.git("checkout", "-q", head)
    refuse_other_commit(result(merge), "snapshots/a", str(tmp_path))


def test_without_git(tmp_path: Path) -> None:
    """The stored forms alone tell."""
    refuse_other_commit(result("0" * 40), "snapshot", str(tmp_path))


def test_what_accepting_has_left_is_known(tmp_path: Path) -> None:
    """An exchange may be as the run read it, or as an earlier accepting of that run has left it."""
    read, made, edited = exchange(), exchange(1.0), exchange(2.0)
    change = Change(name="e-1", stored={"e-1": digest_of(read)})
    basis = Basis(str(tmp_path))
    basis.refuse_others(change, {"e-1": read}, {"e-1"})
    with pytest.raises(UsageError, match="it was edited since"):
        basis.refuse_others(change, {"e-1": made}, {"e-1"})
    assert basis.keep({"e-1": made})
    again = Basis(str(tmp_path))
    again.refuse_others(change, {"e-1": made}, {"e-1"})
    for known in ({"e-1": edited}, {}):
        with pytest.raises(UsageError, match="run the gate again"):
            again.refuse_others(change, known, {"e-1"})


def test_causes_that_were_accepted_are_known(tmp_path: Path) -> None:
    """One after the other; none of them where the snapshot is another again."""
    made = exchange(1.0)
    basis = Basis(str(tmp_path))
    assert basis.keep({"e-1": made, "e-2": None}, ["C1"])
    assert Basis(str(tmp_path)).keep({"e-1": made}, ["C2", "C1"])
    assert Basis(str(tmp_path)).accepted({"e-1": made}) == {"C1", "C2"}
    assert Basis(str(tmp_path)).accepted({"e-1": exchange()}) == frozenset()
    assert Basis(str(tmp_path)).accepted({"e-1": made, "e-2": made}) == frozenset()


def test_a_run_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """Accepting works, and it is said that it is not remembered."""
    assert not Basis(str(tmp_path / "absent")).keep({"e-1": None})


def test_a_broken_memory(tmp_path: Path) -> None:
    """Is refused with what to do."""
    (tmp_path / ACCEPTED).write_bytes(b"[]")
    with pytest.raises(UsageError, match="remove it"):
        Basis(str(tmp_path))
