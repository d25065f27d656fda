"""The keys and secrets of one run, made anew for it, and the time by which its tokens go."""

from __future__ import annotations

import math
import time

from ci_gate.codecs.registry import codec
from ci_gate.correlation.identity import (
    Identity,
    RunKey,
    Times,
    needed_keys,
    recorded_tokens,
    started_at,
)
from ci_gate.gate.clocking import Timing
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.signing import key_like


def new_identity(snapshot: Snapshot) -> Identity:
    """Keys for the tokens of `snapshot`, made now and written nowhere."""
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}

    def parts_of(exchange: Exchange, message: Message) -> tuple[Part, ...]:
        return protocols.get(exchange.dependency, codec("http")).places(message)

    wanted = needed_keys(snapshot, recorded_tokens(snapshot).values())
    made = [(jwk, key_like(jwk)) for jwk in wanted]
    keys = [RunKey(jwk, key) for jwk, key in made if key is not None]
    return Identity(snapshot, parts_of, keys)


def times_of(snapshot: Snapshot, timing: Timing) -> Times:
    """The time of a boot, as tokens have to move.

    By a moved clock all of a recording moves alike. By the machine's clock every token is as old
    when it is sent as it was when it was recorded, however fast the replay is.
    """
    start = started_at(snapshot)
    if timing.clock is not None or not start:
        seconds = round(timing.by.total_seconds())
        return Times(lambda _: seconds)
    return Times(lambda at: math.floor(time.time() - start - at / 1000), steady=False)
