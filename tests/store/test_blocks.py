"""Transactions of a recording, numbered in each window."""

from __future__ import annotations

from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, PgStatement, Raw
from ci_gate.store.blocks import numbered


def call(group: str, connection: int, block: int, dependency: str = "db") -> Exchange:
    """A statement of a transaction of that connection."""
    request: Message = PgStatement("select 1", transaction=True, block=block)
    return Exchange(
        id="o", dependency=dependency, route="", groups=(group,), connection=connection,
        request=request,
    )  # fmt: skip


def blocks(*calls: Exchange) -> list[int]:
    """Their numbers afterwards."""
    found = [one.request for one in numbered(calls)]
    return [one.block for one in found if isinstance(one, PgStatement)]


def test_each_window_counts_its_own() -> None:
    """From one, in order of time, whatever connection a pool has chosen."""
    calls = [call("r1", 4, 7), call("r1", 2, 7), call("r1", 4, 7), call("r1", 4, 9)]
    assert blocks(*calls, call("r2", 4, 11)) == [1, 2, 1, 3, 1]
    assert blocks(call("r1", 4, 7), call("r1", 4, 7, "other"), call("r1", 4, 8)) == [1, 1, 2]


def test_what_is_of_no_known_transaction_stays() -> None:
    """Statements without a number, and calls of other protocols."""
    calls = [call("r1", 1, 0), Exchange(id="o2", dependency="x", route="", request=Raw(b"a"))]
    assert numbered(calls) == calls
