"""What a change edits, from two revisions of a repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.change import ChangeOptions, change
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse
from ci_gate.model.snapshot import Origin, Snapshot
from ci_gate.store.snapshot import write_snapshot
from tests.gate.clone import Clone

CONFIG = "version: 1\nsnapshot: snapshots/orders\nservice: {name: orders}\n"


def put(clone: Clone, *bodies: bytes, config: str = CONFIG, large: bool = False) -> str:
    """Write configuration and snapshot, commit; the commit."""
    exchanges = tuple(
        Exchange(
            id=f"{at:08x}-1", route="GET /orders/{id}", at=float(at),
            request=HttpRequest("GET", b"/orders/%d" % at),
            response=HttpResponse(200, body=body + (b"x" * 2_000_000 if large else b"")),
        )
        for at, body in enumerate(bodies)
    )  # fmt: skip
    write_snapshot(
        str(clone.folder / "snapshots" / "orders"),
        Snapshot(origin=Origin(service="orders"), inbound=exchanges),
    )
    clone.write("ci-gate.yml", config)
    return clone.commit()


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A repository, as the working directory."""
    made = Clone(tmp_path / "clone")
    monkeypatch.chdir(made.folder)
    return made


def test_values_rules_and_routes(clone: Clone) -> None:
    """Everything that a change edits, what loosens first."""
    put(clone, b'{"a":1}', b'{"a":2}')
    rule = 'rules:\n  - {at: "response.body.$.x", allow: any, reason: r}\n'
    put(clone, b'{"a":9}', config=CONFIG + rule)
    edits = change(ChangeOptions(revisions="HEAD~1..HEAD"))
    assert [(one.subject, one.change, one.looser) for one in edits.items] == [
        ("rule", "added", True),
        ("route", "changed", True),
        ("value", "changed", False),
    ]
    assert edits.items[2].place == "response.body.$.a"
    assert edits.notes == ()


def test_nothing_is_checked_out(clone: Clone) -> None:
    """The working tree is neither read nor touched."""
    put(clone, b"1")
    clone.write("ci-gate.yml", "not a configuration: [")
    edits = change(ChangeOptions(revisions="HEAD"))
    assert edits.items == ()
    assert edits.base == edits.head
    assert (clone.folder / "ci-gate.yml").read_text() == "not a configuration: ["


def test_three_dots_compare_with_where_it_left(clone: Clone) -> None:
    """What the base has done since is not the change's."""
    put(clone, b"1")
    clone.git("checkout", "-q", "-b", "topic")
    put(clone, b"2")
    clone.git("checkout", "-q", "main")
    put(clone, b"1", b"3")
    assert len(change(ChangeOptions(revisions="main...topic")).items) == 1
    assert len(change(ChangeOptions(revisions="main..topic")).items) == 2


def test_a_first_snapshot(clone: Clone) -> None:
    """Before it there was nothing to compare with, and that is no error."""
    clone.write("README", "x")
    clone.commit()
    put(clone, b"1")
    edits = change(ChangeOptions(revisions="HEAD~1..HEAD"))
    assert {(one.subject, one.change) for one in edits.items} == {
        ("config", "added"),
        ("route", "added"),
    }


def test_large_bodies_are_compared_by_hash(clone: Clone) -> None:
    """A body in a file of its own is no reason to fail."""
    put(clone, b"1", large=True)
    put(clone, b"2", large=True)
    edits = change(ChangeOptions(revisions="HEAD~1..HEAD"))
    assert [one.subject for one in edits.items] == ["value"]
    assert edits.notes == ()


def test_what_cannot_be_read_is_a_note(clone: Clone) -> None:
    """A broken snapshot or configuration does not hide the rest, and no temporary path shows."""
    put(clone, b"1")
    clone.write("snapshots/orders/snapshot.json", "{")
    clone.write("ci-gate.yml", "version: 1\nsnapshot: snapshots/orders\nfoo: 1\n")
    clone.commit()
    edits = change(ChangeOptions(revisions="HEAD~1..HEAD", snapshot="snapshots/orders"))
    assert len(edits.notes) == 2
    assert "cannot be read" in edits.notes[0]
    assert "ci-gate-" not in "".join(edits.notes)


def test_a_revision_that_is_not_there(clone: Clone) -> None:
    """Said with the remedy."""
    put(clone, b"1")
    for revisions in ("nope..HEAD", "HEAD..nope", "", ".."):
        with pytest.raises(UsageError):
            change(ChangeOptions(revisions=revisions))


def test_many_edits_are_counted(clone: Clone) -> None:
    """At most two hundred are listed."""
    put(clone, b'{"a":1}')
    fields = b",".join(b'"f%d":1' % number for number in range(300))
    put(clone, b"{%s}" % fields)
    edits = change(ChangeOptions(revisions="HEAD~1..HEAD"))
    assert len(edits.items) <= 200
