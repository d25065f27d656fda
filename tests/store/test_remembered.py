"""What is worked out once."""

from __future__ import annotations

import pytest

from ci_gate.store.remembered import LARGEST, remembered


def test_small_arguments_are_worked_out_once() -> None:
    """The same object comes back; large ones and errors are not kept."""
    asked: list[bytes] = []

    def make(data: bytes) -> list[bytes]:
        asked.append(data)
        if not data:
            raise ValueError("nothing")
        return [data]

    get = remembered(make)
    assert get(b"a") is get(b"a")
    large = b"x" * (LARGEST + 1)
    assert get(large) is not get(large)
    for _ in range(2):
        with pytest.raises(ValueError, match="nothing"):
            get(b"")
    assert asked == [b"a", large, large, b"", b""]
