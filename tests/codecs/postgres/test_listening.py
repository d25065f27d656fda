"""Who hears what is notified, and when."""

from __future__ import annotations

import pytest

from ci_gate.codecs.base import Published
from ci_gate.codecs.postgres.listening import Listening, notified


def test_what_a_text_notifies() -> None:
    """NOTIFY with and without a payload, and the function, with literals and parameters."""
    assert notified("notify Jobs", ()) == [Published(b"jobs", b"")]
    assert notified("NOTIFY \"Jobs\", 'it''s 1'", ()) == [Published(b"Jobs", b"it's 1")]
    assert notified("select pg_notify($1, $2)", ("jobs", "7")) == [Published(b"jobs", b"7")]
    assert notified("select pg_notify('jobs', $1), 1", ("7",)) == [Published(b"jobs", b"7")]


@pytest.mark.parametrize(
    "text",
    ["select notify from t", "select pg_notify(a, b) from t", "select 'notify jobs'", "notify", ""],
)
def test_what_notifies_nobody(text: str) -> None:
    """A column of that name, a channel that only the server knows, a text."""
    assert notified(text, ()) == []


def test_it_is_heard_after_the_transaction_only() -> None:
    """A commit publishes once; a rollback and an error publish nothing."""
    one = Listening()
    one.ran("notify jobs, '1'", ())
    assert one.published() == []
    one.committed()
    assert one.published() == [Published(b"jobs", b"1")]
    assert one.published() == []
    one.ran("notify jobs", ())
    one.ran("rollback", ())
    one.ran("notify jobs", ())
    one.failed()
    one.committed()
    assert one.published() == []
    one.ran("notify jobs", ())
    one.ran("rollback to savepoint s", ())
    one.committed()
    assert len(one.published()) == 1


def test_several_statements_in_one_text() -> None:
    """Each of them counts."""
    one = Listening()
    one.ran("listen a; listen b; notify a, '1'", ())
    one.committed()
    assert one.published() == [Published(b"a", b"1")]
    assert one.heard(b"a", b"1")
    assert one.heard(b"b", b"1")
    one.ran("select 1; unlisten *; reset all;", ())
    assert not one.heard(b"a", b"1")


def test_listening_and_not_any_more() -> None:
    """By name as SQL folds it; UNLISTEN and DISCARD ALL end it."""
    one = Listening()
    assert one.heard(b"jobs", b"1") == b""
    one.ran("LISTEN Jobs", ())
    assert one.heard(b"jobs", b"1") == b"A\0\0\0\x0f\0\0\0\1jobs\x001\0"
    one.ran("unlisten jobs", ())
    assert one.heard(b"jobs", b"1") == b""
    for ending in ("unlisten *", "discard all"):
        one.ran('listen "Jobs"', ())
        assert one.heard(b"Jobs", b"")
        one.ran(ending, ())
        assert one.heard(b"Jobs", b"") == b""
