"""Mocks made of a snapshot, and what was asked of them afterwards."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ci_gate.correlation.correlation import Correlation
from ci_gate.diff.rules import Rules
from ci_gate.gate.observing.callrecords import live_calls
from ci_gate.gate.serving.listeners import Listeners, spellings
from ci_gate.gate.serving.mocking import Mocks
from ci_gate.model.exchange import CLOSED
from ci_gate.model.message import HttpRequest, HttpResponse, Opaque
from ci_gate.model.rule import Rule
from ci_gate.model.snapshot import Snapshot
from ci_gate.net.certificates import Authority
from ci_gate.recorder.options import Upstream
from ci_gate.values.addresses import Addresses

Make = Callable[..., Mocks]


@pytest.fixture
def make(recorded: Snapshot, tmp_path: Path) -> Make:
    """Makes mocks of the small snapshot, alone."""

    def mocks(
        snapshot: Snapshot = recorded, upstreams: tuple[Upstream, ...] = (), **more: Any
    ) -> Mocks:
        given: dict[str, Any] = {"alone": True, **more}
        return Mocks(
            snapshot,
            upstreams,
            given.pop("rules", Rules((), "2026-01-01")),
            Correlation(0, by_time=False),
            Authority.open(str(tmp_path / "state")),
            **given,
        )

    return mocks


def test_not_modified_is_no_answer_to_who_has_nothing(recorded: Snapshot, make: Make) -> None:
    """A recorded 304 is for its entity tag: without one the answer in full comes again, and with
    another one none."""
    first = next(one for one in recorded.outbound if one.route.startswith("GET "))
    assert isinstance(first.request, HttpRequest)
    asked = msgspec.structs.replace(
        first.request, headers=(*first.request.headers, (b"If-None-Match", b'"1"'))
    )
    later = msgspec.structs.replace(
        first, id="later", request=asked, response=HttpResponse(304, headers=((b"ETag", b'"1"'),))
    )
    mocks = make(msgspec.structs.replace(recorded, outbound=(first, later)))
    mock = mocks.mocks[first.dependency]

    def answering(request: HttpRequest) -> str | None:
        entry = mock.match(request, mock.matcher.exact(mock.codec.full(request)), ()).entry
        return entry.exchange.id if entry is not None else None

    other = (*first.request.headers, (b"If-None-Match", b'"2"'))
    assert [answering(first.request) for _ in range(2)] == [first.id, first.id]
    assert answering(msgspec.structs.replace(first.request, headers=other)) is None
    assert answering(asked) == "later"


def test_no_mock_is_where_a_dependency_really_is(make: Make, recorded: Snapshot) -> None:
    """Whoever calls the recorded address of one would come to another that is mocked there."""
    dependencies = tuple(
        msgspec.structs.replace(one, address="http://localhost:9")
        if one.name == "payments"
        else one
        for one in recorded.dependencies
    )
    mocks = make(msgspec.structs.replace(recorded, dependencies=dependencies))
    avoided: list[bool] = []

    class Watched(Listeners):
        async def open(self, *given: Any, **more: Any) -> int:
            avoided.append(9 in (more.get("avoid") or given[-1]))
            return await super().open(*given, **more)

    async def listen() -> None:
        listeners = Watched()
        await mocks.listen(listeners, 0, fixed=False)
        listeners.close()
        await mocks.stop()

    asyncio.run(listen())
    assert avoided == [True] * (1 + len(dependencies))


def served(mocks: Mocks, *asked: tuple[str, str, bytes | None]) -> list[tuple[int, bytes]]:
    """Status and body of each (dependency, path, body)."""

    def ask(url: str, body: bytes | None) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(url, body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError as error:
            return 0, str(error).encode()

    async def serve() -> list[tuple[int, bytes]]:
        listeners = Listeners()
        by_name = await mocks.listen(listeners, 0, fixed=False)
        mocks.prepare(Addresses(spellings(by_name)))
        try:
            return [
                await asyncio.to_thread(ask, by_name[name] + path, body)
                for name, path, body in asked
            ]
        finally:
            listeners.close()
            await mocks.stop()

    return asyncio.run(serve())


def changed(snapshot: Snapshot, number: int, **more: Any) -> Snapshot:
    """The snapshot with one outbound exchange changed."""
    outbound = list(snapshot.outbound)
    outbound[number] = msgspec.structs.replace(outbound[number], **more)
    return msgspec.structs.replace(snapshot, outbound=tuple(outbound))


def test_recorded_answers_and_misses(make: Make) -> None:
    """What was recorded is answered, the rest is refused in its own protocol and logged."""
    mocks = make()
    answers = served(
        mocks, ("payments", "/charges", b'{"amount":3}'), ("payments", "/charges", b"{}")
    )
    assert answers[0] == (200, b'{"currency":"eur"}')
    assert answers[1][0] == 501
    (call,) = live_calls(mocks.server.calls, mocks.mocks, Addresses({}), 0)
    assert (call.dependency, call.label, call.matched) == ("payments", "POST /charges", "")


def test_addresses_in_answers_are_live(make: Make, recorded: Snapshot) -> None:
    """A name in a recorded answer is where that dependency is served now."""
    answer = HttpResponse(200, body=b"go to http://{payments}/next")
    mocks = make(changed(recorded, 1, response=answer))
    ((_, body),) = served(mocks, ("payments", "/health", None))
    assert body.startswith(b"go to http://127.0.0.1:")
    assert body.endswith(b"/next")


def test_an_answer_that_could_not_be_kept_is_a_miss(make: Make, recorded: Snapshot) -> None:
    """Size and hash are no answer: the service is told so, rather than given something else."""
    answer = HttpResponse(200, body=Opaque(3, "ff"))
    mocks = make(changed(recorded, 1, response=answer))
    ((status, body),) = served(mocks, ("payments", "/health", None))
    assert status == 501
    assert b"could not be kept" in body


def test_a_call_that_was_never_answered_is_not_answered(make: Make, recorded: Snapshot) -> None:
    """Where the dependency had closed the connection, the mock does."""
    mocks = make(changed(recorded, 1, response=None, error=CLOSED))
    ((status, _),) = served(mocks, ("payments", "/health", None))
    assert status == 0


def test_telemetry_is_answered_and_left_out(make: Make) -> None:
    """Configured or well known: an empty success, nothing logged."""
    otel = Upstream(name="otel", address="http://collector.example:9", role="telemetry")
    mocks = make(upstreams=(otel,))
    assert served(mocks, ("otel", "/v1/traces", b"x")) == [(200, b"{}")]
    assert mocks.server.calls == []
    assert mocks.find("http", "collector.example", 9) is mocks.find("http", "169.254.169.254", 80)
    assert mocks.find("http", "collector.example", 10) is None


def test_a_dependency_that_was_never_called_is_served_and_refuses(make: Make) -> None:
    """Configured, not in the snapshot: it has an address, and every call to it is a miss."""
    mocks = make(upstreams=(Upstream(name="audit", address="http://audit.example"),))
    assert [status for status, _ in served(mocks, ("audit", "/x", None))] == [501]
    (call,) = live_calls(mocks.server.calls, mocks.mocks, Addresses({}), 0)
    assert (call.dependency, call.route, call.new_host) == ("audit", "GET /x", False)


def test_rules_open_places_of_calls(make: Make) -> None:
    """A place that a rule opens may be another one when it is asked for."""
    rule = Rule(index=1, at="request.body.$.amount", allow="integer", reason="varies")
    answers = served(
        make(rules=Rules((rule,), "2026-01-01")),
        ("payments", "/charges", b'{"amount":4}'),
        ("payments", "/charges", b'{"amount":"4"}'),
    )
    assert [status for status, _ in answers] == [200, 501]
