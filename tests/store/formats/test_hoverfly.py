"""Hoverfly's simulations are recognised and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_gate.errors import UsageError
from tests.store.formats.samples import read, recognisers, sample


@pytest.mark.parametrize(
    "name",
    [
        "all-matchers-simulation.json",
        "basic-delay-simulation.json",
        "basic-encoded-simulation.json",
        "basic-simulation.json",
        "log-normal-delay-simulation.json",
    ],
)
def test_every_sample(name: str) -> None:
    """Named for what it is, and that it is not supported yet."""
    path = sample(f"hoverfly/{name}")
    assert recognisers(path) == ["hoverfly"]
    with pytest.raises(
        UsageError, match=r"recognised as a Hoverfly simulation v5.*not yet supported"
    ):
        read(path)


def test_made_up(tmp_path: Path) -> None:
    """Whatever the order of its keys."""
    path = tmp_path / "x.json"
    path.write_text('{"meta": {"schemaVersion": "v5.3"}, "data": {"pairs": []}}')
    assert recognisers(path) == ["hoverfly"]
