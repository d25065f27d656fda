"""Inbound exchanges made ready to be replayed, and what the answers came to."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.codecs.registry import codec
from ci_gate.correlation.trace import trace_ids
from ci_gate.diff.embedded import with_stand_ins
from ci_gate.diff.equality import Equality, stand_ins_of, words_of
from ci_gate.diff.expectation import Expectation
from ci_gate.diff.messages import compare
from ci_gate.diff.noise.membernames import as_recorded
from ci_gate.diff.outcomes import charge
from ci_gate.diff.render import clean
from ci_gate.diff.rules import Rules
from ci_gate.gate import events
from ci_gate.gate.observing.learned import Learning
from ci_gate.gate.planning import Given
from ci_gate.model.difference import Difference
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Message, Pieces, Raw, Stored
from ci_gate.replayer.plan import Step
from ci_gate.replayer.request import live_request, with_values
from ci_gate.replayer.samples import DIFFERENT, EQUAL, FAILED, Prepared, Samples
from ci_gate.store.bodies import body_chunks
from ci_gate.values.addresses import Addresses
from ci_gate.values.named import with_live, with_names

PAUSE = 1000.0
"""Milliseconds of silence in the recording that a late service sees, too: maximum ages are told in
seconds."""

NOT_REPLAYED = "not replayed"
"""How the replayer's reason begins for a request that was never sent."""


class Replay:
    """The steps of one replay, prepared; and afterwards, compared."""

    def __init__(
        self,
        steps: Sequence[Step],
        addresses: Addresses,
        given: Given,
        folder: str,
        learning: Learning,
    ) -> None:
        self.unjudged = 0
        """Places that varied as learned in answers that are not judged."""
        self._learning = learning
        self._given = given
        self.steps = tuple(steps)
        self.codec: Codec = codec("http")
        self._addresses = addresses
        self._expectations = [self._expect(step.exchange) for step in steps]
        self.prepared = [
            self._prepare(step, expected, pause, folder)
            for step, expected, pause in zip(steps, self._expectations, _pauses(steps), strict=True)
        ]
        travel = learning.travelling
        self._sent = [
            self._as_recorded(step.exchange, one.message, travel)
            for step, one in zip(steps, self.prepared, strict=True)
        ]

    def _as_recorded(
        self, exchange: Exchange, message: Message, travel: Collection[str]
    ) -> tuple[str, ...]:
        """The stand-ins that are sent as they were recorded, but for values of the service's own
        making, which travel."""
        if not exchange.redacted:
            return ()
        recorded = stand_ins_of("request", self.codec.places(exchange.request), exchange.redacted)
        if not recorded:
            return ()
        sent = set(stand_ins_of("request", self.codec.places(message), exchange.redacted))
        found = words_of(text for place, text in recorded if (place, text) in sent)
        return tuple(text for text in found if text not in travel)

    def _expect(self, exchange: Exchange) -> Expectation:
        response = exchange.response
        assert isinstance(response, HttpResponse | Raw)
        stand_ins: tuple[tuple[str, str], ...] = ()
        if exchange.redacted:
            parts = self.codec.places(response)
            stand_ins = stand_ins_of("response", parts, exchange.redacted)
        return Expectation(with_live(response, self._addresses), stand_ins)

    def _prepare(self, step: Step, expected: Expectation, pause: float, folder: str) -> Prepared:
        message = live_request(step.exchange.request, self._addresses, self._given.headers)
        message = with_values(message, self.codec, self._given.values)
        message = self._learning.signed(step.exchange, message)
        body = message.body
        response = expected.response
        cut = isinstance(response.body, Pieces) and not response.body.complete
        return Prepared(
            id=step.exchange.id,
            message=message,
            serialised=self.codec.prepare(message) if isinstance(body, bytes) else None,
            expected=expected,
            due=step.due,
            at=step.exchange.at,
            pause=pause,
            stream_size=_size(response.body) if cut and isinstance(response.body, Pieces) else -1,
            patience=step.exchange.took if isinstance(response.body, Pieces) else 0.0,
            traces=trace_ids(message.headers) if isinstance(message, HttpRequest) else frozenset(),
            chunks=_chunks(message, folder),
            fill=self._learning.fill(step.exchange),
            learn=self._learning.learn(step.exchange),
        )

    def knowing(self, learning: Learning) -> Replay:
        """The same replay, to be compared by what another object has learned of it."""
        other = copy.copy(self)
        other._learning = learning
        return other

    def compare(self, samples: Samples, rules: Rules, equality: Equality) -> list[Compared]:
        """What each step came to, in the order of the steps. What is not judged counts nowhere."""
        uncounted = rules.apart()
        found = []
        for at, step in enumerate(self.steps):
            if step.judged:
                found.append(self._compare(at, step, samples, rules, equality))
                continue
            count, varied = equality.count, self._learning.varied()
            found.append(self._compare(at, step, samples, uncounted, equality))
            equality.count = count
            self.unjudged += self._learning.varied() - varied
        return found

    def _compare(
        self, at: int, step: Step, samples: Samples, rules: Rules, equality: Equality
    ) -> Compared:
        state = samples.states[at]
        if state == FAILED or not state:
            why = samples.failures.get(at, NOT_REPLAYED)
            if why.startswith(NOT_REPLAYED):
                return undone(step, "not-replayed", why.removeprefix(f"{NOT_REPLAYED}: "))
            return undone(step, "no-response", why)
        expected = self._expectations[at]
        latency = max(samples.latencies[at] - samples.held[at], 1)
        equality.sent(self._sent[at])
        if state == EQUAL and equality.verbatim(expected.stand_ins):
            return Compared(step, answered=True, latency=latency)
        response = with_names(self.recorded(at, samples), self._addresses)
        recorded = step.exchange.response
        assert recorded is not None
        masks = rules.masks_for(step.exchange.route, side="response")
        masks = self._learning.masks(masks, step.exchange)
        before = self.codec.places(recorded)
        redacted = step.exchange.redacted
        after = self._learning.in_recorded_terms(self.codec.places(response))
        if masks.varying is not None and masks.varying.named:
            after = as_recorded("response", before, after, masks.varying.allows)
        after = with_stand_ins("response", before, after, redacted, equality)
        found = compare(
            "response",
            before,
            after,
            masks,
            equality,
            expected.stand_ins,
        )
        blame = self._learning.substitution.blame(step.exchange.id) if found else ""
        if blame:
            found = tuple(msgspec.structs.replace(one, detail=clean(blame)) for one in found)
        differences = charge(found, step.exchange.id, step.exchange.route, rules)
        return Compared(
            step, answered=True, latency=latency, differences=differences, response=response
        )

    def live(self, at: int, samples: Samples) -> Message:
        """The live answer to an answered step, addresses as they were live."""
        expected = self._expectations[at].response
        different = samples.states[at] == DIFFERENT
        return samples.responses.get(at, expected) if different else expected

    def recorded(self, at: int, samples: Samples) -> Message:
        """The same with the recorded tokens instead of this run's."""
        return self._learning.recorded(self.live(at, samples))

    def progress(self, sink: events.Sink) -> Callable[[int, int], None]:
        """What a `Replayer` is to tell while it works."""
        return lambda done, failed: sink(events.Progress(done, len(self.steps), failed))


def undone(step: Step, change: str, why: str) -> Compared:
    """A step without a complete answer, `change` "not-replayed" or "no-response"."""
    response = step.exchange.response
    one = Difference(
        change=change,
        exchange=step.exchange.id,
        route=step.exchange.route,
        place="response",
        expected=f"status {response.status}" if isinstance(response, HttpResponse) else "an answer",
        detail=clean(why),
    )
    return Compared(step, answered=False, latency=0, differences=(one,))


class Compared(msgspec.Struct, frozen=True):
    """One step, replayed and compared."""

    step: Step
    answered: bool
    latency: int
    """Nanoseconds; 0 without a complete answer."""
    differences: tuple[Difference, ...] = ()
    response: Message | None = None
    """The live answer, names in it, where it was not quickly equal."""


def _pauses(steps: Sequence[Step]) -> list[float]:
    """For how long the recording was silent before each step, milliseconds; 0 where that is too
    short for anybody's cache."""
    pauses, over = [], 0.0
    for step in steps:
        pause = step.exchange.at - over
        pauses.append(pause if over and pause >= PAUSE else 0.0)
        over = max(over, step.exchange.ended)
    return pauses


def _size(body: Pieces) -> int:
    return sum(len(piece.data) for piece in body.items)


def _chunks(message: Message, folder: str) -> Callable[[], Iterator[bytes]] | None:
    body = message.body
    if isinstance(body, Stored):
        return lambda: body_chunks(folder, body)
    if isinstance(body, Pieces):
        return lambda: (piece.data for piece in body.items)
    return None
