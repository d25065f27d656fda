"""What is not followed, and what to do about it."""

from __future__ import annotations

from ci_gate.codecs.postgres import handshake, remedies


def test_each_trouble_has_a_text_of_its_own() -> None:
    """On one line, and with a remedy after what is wrong."""
    fixed = [
        value
        for module in (remedies, handshake)
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str) and " " in value
    ]
    made = [
        remedies.unknown_message(b"y", "client"),
        remedies.unknown_message(b"y", "server"),
        remedies.unfit("a", "is int4"),
        remedies.unfit("", "has 2 columns"),
        handshake.unspoken(4 << 16),
    ]
    texts = [*fixed, *made]
    assert len(set(texts)) == len(texts) >= 14
    for one in texts:
        assert "\n" not in one
        assert ": " in one or ", so " in one or "take that out" in one, one
