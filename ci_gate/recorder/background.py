"""Calls that no request caused: what was seen while nothing was in flight is nobody's, always.

A poll or a token refresh also happens while requests are in flight. A key that was seen in the
background once therefore counts as background wherever it was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable

import msgspec

from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange


def ticking(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """The dependencies that are called in the background."""
    return frozenset(one.dependency for one in exchanges if one.groups == (BACKGROUND,))


def with_background(
    exchanges: Iterable[Exchange],
    key: Callable[[Exchange], Hashable],
    named: Collection[tuple[str, str]] = (),
) -> list[Exchange]:
    """`exchanges` with every call of a background key in the group `background`.

    `key` is the full key of an outbound exchange; `named` are (dependency, route) pairs that the
    configuration declares. Calls of the startup group stay there.
    """
    everything = list(exchanges)
    seen = {(one.dependency, key(one)) for one in everything if one.groups == (BACKGROUND,)}
    return [
        msgspec.structs.replace(one, groups=(BACKGROUND,))
        if not one.inbound
        and one.groups not in ((BACKGROUND,), (STARTUP,))
        and ((one.dependency, one.route) in named or (one.dependency, key(one)) in seen)
        else one
        for one in everything
    ]
