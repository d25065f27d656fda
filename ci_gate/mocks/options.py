"""How mocks answer."""

from __future__ import annotations

import msgspec


class MockOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`latency`: "none" answers at once, "recorded" waits as long as the recorded answer took."""

    latency: str = "none"
