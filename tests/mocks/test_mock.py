"""A dependency, played."""

from __future__ import annotations

from ci_gate.codecs.registry import codec
from ci_gate.mocks.matcher import Matcher
from ci_gate.mocks.mock import Answer, Mock


def test_a_mock_begins_with_nothing_asked() -> None:
    """Its counts are its own, and so is what its codec shares among connections."""
    one, other = (
        Mock(name, codec("http"), Matcher((), lambda opened: hash, set(), alone=True))
        for name in ("payments", "shipping")
    )
    one.answered += 1
    one.shared["x"] = 1
    assert (other.answered, other.missed, other.shared, other.telemetry) == (0, 0, {}, False)


def test_an_answer_that_was_recorded_has_no_error() -> None:
    """Only calls without an answer say how that came."""
    assert Answer(None, None, 0.0).error == ""
