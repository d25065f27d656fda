"""What detection passes on."""

from __future__ import annotations

import pytest

from ci_gate.gate.detect.findings import Command, Found, Guess, Proposal


def test_findings_are_values() -> None:
    """Equal by value, and nobody changes them on the way."""
    assert Guess(name="a", env=(("A", "b"),)) == Guess(name="a", env=(("A", "b"),))
    for one in (Found("1", "x"), Command(("a",), "x"), Proposal(name="a", snapshot="s")):
        with pytest.raises(AttributeError):
            one.source = "y"  # type: ignore[union-attr]
