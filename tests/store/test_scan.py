"""A journal glanced at, and read where it is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.model.message import HttpRequest, HttpResponse, Stored
from ci_gate.model.snapshot import Dependency, Origin
from ci_gate.store.journal import Journal
from ci_gate.store.scan import Scan, glance_of
from tests.store.formats.exchanges import exchange, unholdable


def test_a_journal(tmp_path: Path) -> None:
    """Every exchange is glanced at as it is when it is at hand; those wanted are whole."""
    path = str(tmp_path / "j.jsonl")
    whole = unholdable()
    everything = (*whole.inbound, *whole.outbound)
    with Journal.create(path, Origin(service="s")) as journal:
        for one in everything:
            journal.append(one)
        journal.append_dependency(Dependency(name="pay"))
    with open(path, "ab") as file:
        file.write(b'{"exchange": {"id": "torn')
    scan = Scan(path)
    glances = list(scan.glances())
    for glance, one in zip(glances, everything, strict=True):
        expected = glance_of(one)
        assert (glance.id, glance.route, glance.groups) == (one.id, one.route, one.groups)
        if one.inbound and not isinstance(one.response.body, Stored):  # type: ignore[union-attr]  # HTTP
            assert (glance.target, glance.status) == (expected.target, expected.status)
    first = glance_of(everything[0])
    assert glances[0] == first
    assert scan.origin == Origin(service="s")
    assert list(scan.dependencies) == ["pay"]
    assert [one for _, one in scan.load([3, 0])] == [everything[0], everything[3]]


def test_broken(tmp_path: Path) -> None:
    """With file and line."""
    path = tmp_path / "j.jsonl"
    path.write_text('{"exchange": 1}\n')
    with pytest.raises(UsageError, match=r"j\.jsonl:1"):
        list(Scan(str(path)).glances())
    with pytest.raises(UsageError, match="No such file"):
        list(Scan(str(tmp_path / "none")).glances())


def test_a_glance_at_what_is_at_hand() -> None:
    """Bodies in files are elsewhere."""
    one = exchange("aa01-1", b"/x?y", answer=Stored("ab" * 32, 9))
    glance = glance_of(one)
    assert isinstance(one.request, HttpRequest)
    assert isinstance(one.response, HttpResponse)
    assert (glance.target, glance.answered, glance.status) == (b"/x?y", None, 200)
