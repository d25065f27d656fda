"""Which writes separate two calls."""

from __future__ import annotations

from ci_gate.mocks.epochs import Epochs


def test_only_writes_to_the_same_target_separate() -> None:
    """A write to one table says nothing of another; of several targets each counts."""
    epochs = Epochs()
    before = epochs.of(("users",))
    epochs.wrote(("orders", "lines"), 3)
    assert epochs.of(("users",)) == before
    assert epochs.of(("lines",)) == epochs.of(("users", "orders")) == 3


def test_what_is_about_everything_meets_every_write() -> None:
    """A call whose targets nobody knows is separated by any write, and separates any call."""
    epochs = Epochs()
    epochs.wrote(("orders",), 1)
    assert epochs.of(()) == 1
    epochs.wrote((), 4)
    assert epochs.of(("users",)) == epochs.of(()) == 4


def test_writes_made_in_another_order() -> None:
    """Concurrent writes: the later recorded one has been made, whichever came first."""
    epochs = Epochs()
    epochs.wrote(("orders",), 5)
    epochs.wrote(("orders",), 2)
    assert epochs.of(("orders",)) == 5
