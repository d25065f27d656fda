"""What people are shown of texts that vary."""

from __future__ import annotations

from ci_gate.diff.noise.held import Context, Varying
from ci_gate.diff.noise.settled import settled
from ci_gate.model.noise import Noise

PAGE = '<p id="{}">{} items at <a href="/o/{}">{}</a></p>'
ID, OTHER = "1f0c2a34-0000-4000-8000-0123456789ab", "2f0c2a34-0000-4000-8000-0123456789ab"


def varying(*places: str) -> Varying:
    """UUIDs at these places."""
    noise = [Noise(at=f"response.body#{place}", kind="uuid") for place in places]
    return Varying(noise, "response", Context())


def test_learned_words_are_shown_as_recorded() -> None:
    """An id that varies is no difference to look at; a price is."""
    recorded, live = PAGE.format(ID, 5, 1, "x"), PAGE.format(OTHER, 6, 1, "x")
    assert settled(varying("2"), "response.body", recorded, live) == PAGE.format(ID, 6, 1, "x")


def test_words_within_words() -> None:
    """An id in a path."""
    recorded, live = PAGE.format(1, 5, ID, "x"), PAGE.format(1, 5, OTHER, "y")
    at = varying("8.1")
    assert settled(at, "response.body", recorded, live) == PAGE.format(1, 5, ID, "y")


def test_what_is_not_as_learned_is_shown_as_it_came() -> None:
    """A word of another kind, a text of another length, and a place nothing was learned of."""
    recorded = PAGE.format(ID, 5, 1, "x")
    for live in (PAGE.format("null", 5, 1, "x"), recorded + " and more"):
        assert settled(varying("2"), "response.body", recorded, live) == live
        assert settled(varying("2"), "response.text", recorded, live) == live
        assert settled(None, "response.body", recorded, live) == live
