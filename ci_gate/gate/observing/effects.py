"""What a call does, read or write: the codec's word, and the configuration's where it knows better.

HTTP tells by the method alone: a search that is POSTed reads, a GET that logs somebody out writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.snapshot import Snapshot
from ci_gate.recorder.options import Upstream


def with_effects(snapshot: Snapshot, upstreams: Sequence[Upstream]) -> Snapshot:
    """The snapshot with what the configuration says of its dependencies' calls."""
    known = {
        one.name: {**dict.fromkeys(one.reads, "read"), **dict.fromkeys(one.writes, "write")}
        for one in upstreams
    }
    modes = {one.name: one.mode for one in upstreams if one.mode}
    if not any(known.values()) and not modes:
        return snapshot
    dependencies = tuple(
        msgspec.structs.replace(one, effects=known.get(one.name, {}), mode=modes.get(one.name, ""))
        for one in snapshot.dependencies
    )
    return msgspec.structs.replace(snapshot, dependencies=dependencies)


def facts_of(protocol: Codec, exchange: Exchange, effects: Mapping[str, str]) -> Facts:
    """The facts of a call; `effects`: those of its dependency (`Dependency.effects`)."""
    facts = protocol.facts(exchange)
    effect = effects.get(exchange.route) if effects else None
    return facts if effect is None else msgspec.structs.replace(facts, effect=effect)
