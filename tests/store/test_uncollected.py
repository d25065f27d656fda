"""Loading without collecting."""

from __future__ import annotations

import gc

import pytest

from ci_gate.store.uncollected import uncollected


def test_collecting_goes_on_afterwards() -> None:
    """Whatever happens inside; also around a function, and one inside of another."""

    @uncollected()
    def load() -> bool:
        return gc.isenabled()

    def fail() -> None:
        with uncollected():
            assert not gc.isenabled()
            assert not load()
            assert not gc.isenabled()
            raise ValueError("broken")

    assert gc.isenabled()
    with pytest.raises(ValueError, match="broken"):
        fail()
    assert gc.isenabled()
    assert not load()
    assert gc.isenabled()
