"""The keys and secrets of one run, made anew for it, and the time by which its tokens go."""

from __future__ import annotations

import math
import os
import secrets
import time

from ci_gate.codecs.registry import codec
from ci_gate.correlation.identity import (
    Identity,
    RunKey,
    RunSecret,
    Times,
    needed_keys,
    recorded_tokens,
    started_at,
)
from ci_gate.gate.serving.clocking import Timing
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.snapshot import Snapshot
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.service.options import ServiceOptions
from ci_gate.values.signing import key_like
from ci_gate.values.webhooks import new_secret

_NOTHING_SET = ReplayerOptions()
_SECRET_BYTES = 64


def new_identity(
    snapshot: Snapshot, service: ServiceOptions, replay: ReplayerOptions = _NOTHING_SET
) -> Identity:
    """Keys for the tokens of `snapshot` and secrets for the service, made now and written nowhere.
    Headers that `replay` sets are not signed."""
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}

    def parts_of(exchange: Exchange, message: Message) -> tuple[Part, ...]:
        return protocols.get(exchange.dependency, codec("http")).places(message)

    wanted = needed_keys(snapshot, recorded_tokens(snapshot).values())
    made = [(jwk, key_like(jwk)) for jwk in wanted]
    keys = [RunKey(jwk, key) for jwk, key in made if key is not None]
    kept = {name.lower().encode() for name, _ in replay.headers}
    return Identity(snapshot, parts_of, keys, new_secrets(service), kept)


def new_secrets(service: ServiceOptions) -> list[RunSecret]:
    """One for each `${secret.NAME}` of service.env."""
    return [
        RunSecret(one, new_secret(one.form, secrets.token_bytes(_SECRET_BYTES)))
        for one in service.signing
    ]


def own_secrets(service: ServiceOptions) -> list[RunSecret]:
    """The same for a service that is not replayed to: a variable that is nothing but a secret keeps
    the value that it has in our environment."""
    own = {f"${{secret.{one.secret}}}": one.secret for one in service.signing}
    told = {
        own[value]: os.environ[name]
        for name, value in service.env.items()
        if value in own and os.environ.get(name)
    }
    return [
        RunSecret(one.signing, told.get(one.signing.secret, one.text))
        for one in new_secrets(service)
    ]


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
