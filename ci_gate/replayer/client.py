"""The replay client: sends recorded requests and checks every answer.

No task, future or timer per request: a lane is one connection whose callbacks send the next
request; results go to flat arrays and are rendered after the clock has stopped.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence

import msgspec

from ci_gate.codecs.base import Action, Begun, Codec, Ended, More, Undecodable
from ci_gate.correlation.correlation import Correlation
from ci_gate.errors import CannotRun
from ci_gate.model.message import Message
from ci_gate.net.listen import connect
from ci_gate.replayer.samples import KEEP, Prepared, Samples, Streamed
from ci_gate.replayer.wire import Wire

CHECK_EVERY = 0.25
"""Seconds between looks at timeouts and progress."""
REST = 1.0
"""Seconds that the next request waits at most for the service to come to rest; half as long each
time it did not, until it does again."""
_REST_EVERY = 0.001
GIVE_UP_AFTER = 3
"""Requests in a row without any answer before the service is held to be gone."""


class Replayer:
    """Replays prepared requests against one target.

    With a `correlation` the next request waits until the calls recorded for the one before have
    been seen, or `settle` seconds; without one it is sent as soon as the answer is there. `moment`
    is told of each request's recorded time (`Prepared.at`) before it is sent. `resting`: is the
    service at rest? The next request, one lane alone, waits for that `REST` seconds at most.
    """

    def __init__(
        self,
        requests: Sequence[Prepared],
        codec: Codec,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        correlation: Correlation | None = None,
        concurrency: int = 1,
        settle: float = 0.5,
        timeout: float = 10.0,
        progress: Callable[[int, int], None] = lambda _done, _failed: None,
        moment: Callable[[float, float], None] | None = None,
        resting: Callable[[], bool] | None = None,
    ) -> None:
        self.requests = requests
        self.codec = codec
        self.host = host
        self.port = port
        self.tls = tls
        self.correlation = correlation
        self.settle = settle
        self.timeout = timeout
        self.samples = Samples(len(requests))
        self.moment = moment
        self._concurrency = max(1, min(concurrency, len(requests) or 1))
        self._resting = resting if concurrency == 1 else None
        self._patience = REST
        self._progress = progress
        self._next = 0
        self._lanes: list[_Lane] = []
        self._finished: asyncio.Future[None] | None = None
        self._silent = 0
        self.late = 0
        """Nanoseconds by which requests at their recorded distances go out later than planned:
        distances from late answers are kept, too."""
        self._heard_at = 0
        self._settling: dict[str, _Lane] = {}

    async def run(self) -> Samples:
        """Replay everything; every position of the samples is filled afterwards."""
        loop = asyncio.get_running_loop()
        samples = self.samples
        samples.begun_at = samples.ended_at = time.monotonic_ns()
        if not self.requests:
            return samples
        self._finished = loop.create_future()
        if self.correlation is not None:
            self.correlation.on_settled(self._on_settled)
        self._lanes = [_Lane(self) for _ in range(self._concurrency)]
        for lane in self._lanes:
            lane.go()
        try:
            while not self._finished.done():
                await asyncio.wait([self._finished], timeout=CHECK_EVERY)
                self._check(time.monotonic_ns())
            self._finished.result()
        finally:
            samples.ended_at = time.monotonic_ns()
            for lane in self._lanes:
                lane.stop()
        self._progress(samples.done, samples.failed)
        return samples

    def take(self) -> int:
        """The position of the next request, or -1 when all are taken."""
        at = self._next
        if at >= len(self.requests):
            if self.samples.done == len(self.requests):
                self._finish()
            return -1
        self._next = at + 1
        return at

    def heard(self, at: int) -> None:
        """The target answered something at `at`, monotonic nanoseconds."""
        self._silent = 0
        self._heard_at = at

    def short_of(self, pause: float) -> float:
        """What of a recorded pause (ms) has not passed since the last answer; 0 in parallel."""
        missing = pause - (time.monotonic_ns() - self._heard_at) / 1e6 if self.alone else 0.0
        return missing if pause and self._heard_at and missing > 0 else 0.0

    def silent(self, why: str) -> None:
        """A request got no answer; after a few in a row the rest is not tried any more."""
        self._silent += 1
        if self._silent < GIVE_UP_AFTER:
            return
        while (at := self.take()) >= 0:
            self.samples.fail(at, f"not replayed: the service no longer answers ({why})")
        if self.samples.done == len(self.requests):
            self._finish()

    @property
    def alone(self) -> bool:
        """True when one request follows the other."""
        return self._concurrency == 1

    @property
    def rests(self) -> bool:
        """True when it is to be asked whether the service is at rest."""
        return self._resting is not None

    def until_rest(self) -> float:
        """Monotonic seconds until which the next request waits for the service to be at rest."""
        return time.monotonic() + self._patience

    def at_rest(self, until: float) -> bool:
        """Whether the next request may be sent; `until`: monotonic seconds, when it may anyway."""
        if self._resting is None or self._resting():
            self._patience = REST
            return True
        if time.monotonic() < until:
            return False
        self._patience /= 2
        return True

    def settling(self, exchange: str, lane: _Lane) -> None:
        """A lane waits for the calls of this exchange."""
        self._settling[exchange] = lane

    def _on_settled(self, exchange: str) -> None:
        lane = self._settling.pop(exchange, None)
        if lane is not None:
            lane.settled()

    def forget(self, exchange: str) -> None:
        """A lane waited long enough."""
        self._settling.pop(exchange, None)

    def _finish(self) -> None:
        if self._finished is not None and not self._finished.done():
            self._finished.set_result(None)

    def _check(self, now: int) -> None:
        self._progress(self.samples.done, self.samples.failed)
        limit = int(self.timeout * 1e9)
        for lane in self._lanes:
            lane.check(now, limit)


class _Lane:
    """One request after the other."""

    def __init__(self, replayer: Replayer) -> None:
        self._replayer = replayer
        self._wire: Wire | None = None
        self._at = -1
        """Position of the request in flight; -1 = none."""
        self._due = 0
        self._sent = 0
        self._retried = False
        self._body: Streamed | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._connecting: asyncio.Task[None] | None = None

    def go(self) -> None:
        """Take the next request and send it when it is due."""
        replayer = self._replayer
        at = replayer.take()
        if at < 0:
            return
        self._at = at
        self._retried = False
        due = replayer.requests[at].due
        now = time.monotonic_ns()
        self._due = replayer.samples.begun_at + int(due * 1e6) + replayer.late if due else now
        if self._due > now:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later((self._due - now) / 1e9, self._send)
        else:
            self._send()

    def _send(self) -> None:
        self._timer = None
        wire = self._wire
        if wire is None or not wire.ready:
            self._connecting = asyncio.ensure_future(self._connect())
            return
        replayer = self._replayer
        request = replayer.requests[self._at]
        if replayer.moment is not None:
            replayer.moment(request.at, replayer.short_of(request.pause))
        self._sent = time.monotonic_ns()
        # A timer may fire a moment early; an answer never comes before it was asked for.
        self._due = min(self._due, self._sent)
        if replayer.alone and request.due and not self._retried:
            replayer.late += self._sent - self._due
        replayer.samples.started[self._at] = self._sent
        if replayer.correlation is not None and not self._retried:
            replayer.correlation.begin(request.id, request.traces)
        if request.fill is not None:
            message = request.fill(request.message)
            if message is not request.message:
                request = msgspec.structs.replace(request, message=message, serialised=None)
        wire.say(request)

    async def _connect(self) -> None:
        replayer = self._replayer
        wire = Wire(self, replayer.codec)
        try:
            await connect(wire, replayer.host, replayer.port, replayer.timeout)
            if replayer.tls is not None:
                wire.start_tls(replayer.tls, server_side=False, hostname=replayer.host)
        except (CannotRun, ValueError) as error:
            if self._at >= 0:
                self.failed(str(error))
            return
        if wire.left:
            return  # closed as soon as it was accepted, and told already
        self._wire = wire
        if self._at >= 0:
            self._send()

    def take(self, action: Action) -> None:
        """Something arrived that is not a whole message."""
        if isinstance(action, Begun):
            self._body = Streamed(action)
            self._cut_if_enough(action.started)
        elif isinstance(action, Undecodable) and not action.upgrade:
            self.failed(f"the service's answer is not HTTP: {action.reason}")
        elif self._body is not None and isinstance(action, More):
            self._body.add(action.data, action.at)
            self._cut_if_enough(action.at)
        elif self._body is not None and isinstance(action, Ended):
            body, self._body = self._body, None
            if action.complete:
                self.answered(body.whole(action.trailers, complete=True), action.at)
            else:
                self.failed("the service closed the connection in the middle of its answer")

    def _cut_if_enough(self, at: int) -> None:
        """A stream that gave as much as was recorded of it may never end."""
        body = self._body
        if body is None or not body.stream:
            return
        recorded = self._replayer.requests[self._at].stream_size
        if 0 <= recorded <= body.size:
            self._body = None
            self._drop()
            self.answered(body.whole((), complete=False), at)
        elif body.size > KEEP:
            self.failed(f"its answer is a stream of more than {KEEP >> 20} MB")

    def answered(self, response: Message, at: int) -> None:
        """The answer to the request in flight is complete."""
        position, self._at = self._at, -1
        if position < 0:
            return
        replayer = self._replayer
        request = replayer.requests[position]
        replayer.heard(at)
        if request.learn is not None:
            request.learn(response)
        replayer.samples.answer(position, response, request.expected, at - self._due)
        if self._wire is not None and not self._wire.reusable:
            self._drop()
        self._over(request.id, at)

    def failed(self, why: str) -> None:
        """There will be no answer to the request in flight."""
        position, self._at = self._at, -1
        self._body = None
        self._drop()
        if position < 0:
            return
        replayer = self._replayer
        replayer.samples.fail(position, why)
        replayer.silent(why)
        request = replayer.requests[position]
        if request.learn is not None:
            request.learn(None)
        self._over(request.id, time.monotonic_ns())

    def _over(self, exchange: str, at: int) -> None:
        replayer = self._replayer
        correlation = replayer.correlation
        if correlation is None:
            self.go()
            return
        correlation.end(exchange, at)
        if correlation.settled(exchange):
            self._rest(replayer.until_rest())
            return
        replayer.settling(exchange, self)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(replayer.settle, self._waited, exchange)

    def settled(self) -> None:
        """All calls of the last request have been seen."""
        if self._timer is not None:
            self._timer.cancel()
        self._rest_later(self._replayer.until_rest())

    def _waited(self, exchange: str) -> None:
        self._replayer.forget(exchange)
        self._rest(self._replayer.until_rest())

    def _rest(self, until: float) -> None:
        """Send the next request when the service is at rest."""
        self._timer = None
        if self._replayer.at_rest(until):
            self.go()
        else:
            self._rest_later(until)

    def _rest_later(self, until: float) -> None:
        """The same a moment later: what a call was answered has to reach the service."""
        self._timer = None
        if self._replayer.rests:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_REST_EVERY, self._rest, until)
        else:
            self.go()

    def closed_idle(self) -> None:
        """The service closed a connection that had served before, without a word."""
        self._wire = None
        if self._at < 0:
            return
        if self._retried or self._at_work():
            self.closed()
        else:
            self._retried = True
            self._send()

    def _at_work(self) -> bool:
        """The service has the request in flight: it was no idle connection that it closed."""
        correlation, asked = self._replayer.correlation, self._replayer.requests[self._at]
        return correlation is not None and correlation.at_work(asked.id)

    def closed(self) -> None:
        """The service closed the connection."""
        self._wire = None
        self.failed("the service closed the connection without a complete answer")

    def check(self, now: int, limit: int) -> None:
        """Give up on a request that has waited longer than `limit` nanoseconds."""
        if self._at >= 0 and self._sent and self._timer is None and self._wire is not None:
            started = self._replayer.samples.started[self._at]
            limit += int(self._replayer.requests[self._at].patience * 1e6)
            if started and now - started > limit:
                self.failed(f"no complete answer within {limit / 1e9:.3g} s")

    def _drop(self) -> None:
        if self._wire is not None:
            wire, self._wire = self._wire, None
            wire.leave()

    def stop(self) -> None:
        """Let go of everything."""
        if self._timer is not None:
            self._timer.cancel()
        if self._connecting is not None:
            self._connecting.cancel()
        self._drop()
