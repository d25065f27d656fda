"""Which requests migrate something."""

from __future__ import annotations

from ci_gate.codecs.migrations import migrated
from ci_gate.model.message import HttpRequest, PgResult, PgStatement


def test_statements_do() -> None:
    """A database's structure; a request of any other protocol changes none."""
    assert isinstance(migrated(PgStatement("create table t (a int)")), PgResult)
    assert migrated(HttpRequest("POST", b"/migrate")) is None
