"""Learned kinds as people read them."""

from __future__ import annotations

from typing import get_args

import pytest

from ci_gate.model.noise import Noise, NoiseKind
from ci_gate.values.noisetext import in_words


@pytest.mark.parametrize(
    ("noise", "text"),
    [
        (Noise(at="", kind="timestamp", format="YYYY-MM-DD"), "timestamp YYYY-MM-DD"),
        (
            Noise(at="", kind="timestamp", format="YYYY-MM-DD", clock=True),
            "time-derived timestamp YYYY-MM-DD",
        ),
        (Noise(at="", kind="uuid", format="4"), "uuid, version 4"),
        (Noise(at="", kind="uuid"), "uuid"),
        (Noise(at="", kind="ulid"), "ulid"),
        (Noise(at="", kind="objectid"), "objectid"),
        (Noise(at="", kind="jwt"), "jwt"),
        (Noise(at="", kind="hex", length=(32, 32)), "hex of 32 characters"),
        (
            Noise(at="", kind="token", length=(8, 12), format="req_"),
            "token of 8 to 12 characters, begins with req_",
        ),
        (Noise(at="", kind="base64", length=(24, 24)), "base64 of 24 characters"),
        (Noise(at="", kind="counter"), "counter"),
        (Noise(at="", kind="integer", low=0, high=300), "integer from 0 to 300"),
        (Noise(at="", kind="number", low=0.0, high=1.5e9), "number from 0 to 1.5e+09"),
        (Noise(at="", kind="number", low=0), "number from 0 to anything"),
        (Noise(at="", kind="one-of", members=('"a"', '"b"')), 'one of "a", "b"'),
        (Noise(at="", kind="one-of", members=('"' + "a" * 99 + '"', "1")), "one of 2 values seen"),
        (Noise(at="", kind="bytes", length=(16, 16)), "16 random bytes"),
        (Noise(at="", kind="bytes", length=(16, 64)), "16 to 64 random bytes"),
        (Noise(at="", kind="unordered"), "in any order"),
        (Noise(at="", kind="loose"), "now at once, now one after the other"),
        (Noise(at="", kind="unordered", key="id"), "in any order (told apart by 'id')"),
        (Noise(at="", kind="derived", format="string", clock=True), "time-derived string"),
        (
            Noise(at="call", kind="optional", seen=("made in 1 of 3 replays",)),
            "not always called (made in 1 of 3 replays)",
        ),
    ],
)
def test_in_words(noise: Noise, text: str) -> None:
    """All that the noise says, on one line."""
    assert in_words(noise) == text


@pytest.mark.parametrize("kind", get_args(NoiseKind))
def test_every_kind_has_words(kind: NoiseKind) -> None:
    """No kind is left without a text."""
    assert in_words(Noise(at="", kind=kind))
