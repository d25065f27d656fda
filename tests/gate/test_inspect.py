"""`inspect` as a function."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.inspect import InspectOptions, inspect


def test_a_list_in_recorded_order(snapshot_folder: str) -> None:
    """Each exchange with what a person looks for, and the file that holds it."""
    found = inspect(InspectOptions(snapshot=snapshot_folder))
    assert (found.inbound, found.outbound, found.origin.service) == (2, 3, "orders")
    lines = [(one.id, one.dependency, one.label, one.answer) for one in found.exchanges]
    assert lines == [
        ("dddd1111-1", "payments", "GET /health", "200"),
        ("aaaa1111-1", "", "POST /orders?x=1&x=2&y=", "201"),
        ("cccc1111-1", "payments", "POST /charges", "200"),
        ("eeee1111-1", "cache", "RAW", "connection closed"),
        ("bbbb1111-1", "", "GET /orders/7", "500"),
    ]
    assert all((Path(snapshot_folder) / one.file).is_file() for one in found.exchanges)


def test_a_selection_with_documents(snapshot_folder: str) -> None:
    """Only what is selected, whole when asked for."""
    options = InspectOptions(snapshot=snapshot_folder, expressions=("cccc",), documents=True)
    (line,) = inspect(options).exchanges
    assert line.document is not None
    assert line.document["request"]["body"] == {"amount": 3}


def test_no_snapshot(tmp_path: Path) -> None:
    """A folder without a snapshot is a usage error."""
    with pytest.raises(UsageError, match="no snapshot here"):
        inspect(InspectOptions(snapshot=str(tmp_path)))
