"""What the meaning of bytes rests on."""

from __future__ import annotations

import pytest

from ci_gate.codecs.postgres.frames import frame, frames
from ci_gate.codecs.postgres.premises import Premise, premise_of
from ci_gate.codecs.postgres.said import OPEN, Op, Said
from tests.codecs.postgres.said_as_bytes import (
    DESCRIBE,
    SYNC,
    bind,
    execute,
    prepare,
    query,
)

OWN = prepare(b"select $1") + bind(b"7") + DESCRIBE + execute() + SYNC
NAMED = bind(b"7", name=b"s") + execute() + SYNC


def said(*pieces: bytes) -> tuple[Said, Op]:
    """A connection on which this was said, and what asked last."""
    one, last = Said(), Op(b"S")
    for kind, payload in frames(b"".join(pieces)):
        op = one.hear(kind, payload)
        if op.statement is not None:
            last = op
    return one, last


def premise(*pieces: bytes) -> Premise | None:
    """Of the last piece."""
    one, last = said(*pieces)
    return premise_of(pieces[-1], last, one)


def test_the_status_and_the_statement_count() -> None:
    """A batch of a named statement means the same while the name stands for the same text."""
    found = premise(prepare(b"select $1", b"s"), NAMED)
    assert found is not None
    one, _ = said(prepare(b"select $1", b"s"))
    assert found.holds(one)
    one.status = OPEN
    assert not found.holds(one)
    assert not found.holds(said(prepare(b"select $1 + 1", b"s"))[0])
    assert not found.holds(said()[0])


def test_a_batch_that_prepares_its_own_statement_leaves_it() -> None:
    """It needs nothing of the connection; afterwards the unnamed statement is its own, and inside
    of a transaction the unnamed portal, too."""
    found = premise(OWN)
    assert found is not None
    one, _ = said()
    assert found.holds(one)
    found.heard(one, 3)
    assert one.prepared(b"") is not None
    found.status = one.status = OPEN
    found.heard(one, 4)
    assert one.hear(b"E", b"\0\0\0\0\0").portal.asked == 4  # type: ignore[union-attr]  # it is bound


@pytest.mark.parametrize(
    "data",
    [
        query(b"begin"),
        query(b"listen x"),
        query(b"select pg_notify('x', 'y')"),
        query(b"fetch 1 from c"),
        query(b"copy t to stdout"),
        prepare(b"select 1", b"n") + bind(name=b"n") + execute() + SYNC,
        prepare(b"select 1") + bind(portal=b"p") + execute(portal=b"p") + SYNC,
        prepare(b"select 1") + bind() + execute(5) + SYNC,
        prepare(b"select 1") + bind() + execute() + execute() + SYNC,
        prepare(b"select 1") + bind() + frame(b"D", b"S\0") + execute() + SYNC,
        OWN + OWN,
    ],
)
def test_what_leaves_more_behind_has_none(data: bytes) -> None:
    """Names that stay, portions of rows, settings, cursors and channels are read each time."""
    assert premise(data) is None
