"""Keys made for a run, and the time by which its tokens go."""

from __future__ import annotations

import datetime
import time
from pathlib import Path

import msgspec
import pytest

from ci_gate.codecs.redis.resp import command, dump
from ci_gate.codecs.registry import codec
from ci_gate.correlation.correlation import Correlation
from ci_gate.diff.rules import Rules
from ci_gate.gate.serving.clocking import Timing
from ci_gate.gate.serving.identity import new_identity, new_secrets, own_secrets, times_of
from ci_gate.gate.serving.mocking import Mocks
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import RedisCommand, RedisReply
from ci_gate.model.snapshot import Dependency, Origin, Snapshot
from ci_gate.net.certificates import Authority
from ci_gate.service.options import ServiceOptions
from ci_gate.values.addresses import Addresses
from ci_gate.values.webhooks import Signing
from tests.correlation.tokens import START, asked, bearer, recording, token, verified

EXCHANGE = asked("i1", token())
SERVICE = ServiceOptions(
    name="shop",
    env={"JWT": "${secret.jwt}", "HOOK": "${secret.github}", "DSN": "x-${secret.stripe}"},
    signing=tuple(Signing(secret=name, form=name) for name in ("jwt", "github", "stripe")),
)


def test_keys_are_made_for_the_tokens_of_a_snapshot() -> None:
    """A recorded token verifies by the key set that the mock tells."""
    run = new_identity(recording(EXCHANGE), SERVICE)
    assert verified(run, bearer(run.live(EXCHANGE.request, 0.0)))["sub"] == "ada"


def test_without_tokens_no_key_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most services have none, and should not pay for any."""
    monkeypatch.setattr(
        "ci_gate.gate.serving.identity.key_like", lambda _: pytest.fail("made a key")
    )
    new_identity(recording(), SERVICE)


def test_a_moved_clock_moves_all_alike() -> None:
    """By whole seconds, whenever it was recorded."""
    timing = msgspec.structs.replace(Timing(), by=datetime.timedelta(days=31), clock=object())
    times = times_of(recording(), timing)
    assert times.steady
    assert times.by(0.0) == times.by(99_000.0) == 31 * 86_400


def test_by_the_machines_clock_tokens_go_by_the_moment() -> None:
    """A later request of the recording moves less: a replay does not take as long."""
    times = times_of(recording(), Timing())
    assert not times.steady
    expected = time.time() - START
    assert times.by(0.0) == pytest.approx(expected, abs=5)
    assert times.by(0.0) - times.by(60_000.0) == pytest.approx(60, abs=2)


def test_without_a_time_nothing_moves() -> None:
    """A snapshot that does not say when it was recorded."""
    times = times_of(Snapshot(origin=Origin(service="x")), Timing())
    assert times.steady
    assert times.by(5.0) == 0


def test_every_run_has_secrets_of_its_own() -> None:
    """One for each name, never the same again."""
    one, other = (
        {secret.signing.secret: secret.text for secret in new_secrets(SERVICE)} for _ in range(2)
    )
    assert set(one) == {"jwt", "github", "stripe"}
    assert len({*one.values(), *other.values()}) == 6
    run = new_identity(recording(), SERVICE)
    assert set(run.secrets) == set(one)


def test_a_recording_has_the_secrets_of_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a variable is nothing but a secret and is set; elsewhere one is made."""
    monkeypatch.setenv("JWT", "the real one")
    monkeypatch.setenv("DSN", "the real one")
    monkeypatch.delenv("HOOK", raising=False)
    own = {one.signing.secret: one.text for one in own_secrets(SERVICE)}
    assert own["jwt"] == "the real one"
    assert "real" not in own["github"] + own["stripe"]


def test_a_session_store_knows_the_tokens_of_the_run(tmp_path: Path) -> None:
    """A service that looks a client's token up in Redis finds it: asked by the live one, by the
    recorded key; answered with the live one."""
    text = token()
    redis = codec("redis")
    asked_for = RedisCommand(command((b"GET", b"session:" + text.encode())))
    kept = Exchange(
        id="o9",
        dependency="cache",
        route="GET session:{id}",
        groups=("i1",),
        request=asked_for,
        response=RedisReply(dump([text.encode()])),
    )
    snapshot = recording(asked("i1", text), kept)
    cache = Dependency(name="cache", protocol="redis")
    snapshot = msgspec.structs.replace(snapshot, dependencies=(*snapshot.dependencies, cache))
    run = new_identity(snapshot, SERVICE)
    mocks = Mocks(
        snapshot,
        (),
        Rules((), "2026-01-01"),
        Correlation(0, by_time=False),
        Authority.open(str(tmp_path)),
        alone=False,
    )
    mocks.prepare(Addresses({}), identity=run)
    live = bearer(run.live(snapshot.inbound[0].request, 0.0))
    asked_live = RedisCommand(command((b"GET", b"session:" + live.encode())))
    assert mocks.server.recorded(redis, asked_live) == asked_for
    (entry,) = mocks.mocks["cache"].matcher.entries
    assert entry.prepared.message == RedisReply(dump([live.encode()]))  # type: ignore[attr-defined]  # the server's own
