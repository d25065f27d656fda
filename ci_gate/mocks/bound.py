"""Values that travel, as the mock of one dependency uses them: live calls in recorded terms, calls
that a fresh value makes another one, and answers that give live values back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence

import msgspec

from ci_gate.codecs.base import Codec
from ci_gate.correlation.bindings import texts_of
from ci_gate.correlation.substitution import Pair, Substitution, Texts
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import Message, Part


class Answer(msgspec.Struct, frozen=True):
    """A recorded answer, ready to be said."""

    message: Message | None
    """None: there was none, and `error` says how that came."""
    prepared: bytes | None
    took: float
    """Milliseconds it took when it was recorded."""
    error: str = ""
    """`model.exchange.CLOSED`: the connection is closed instead; GAVE_UP: nothing is said."""
    kept: Callable[[int], bool] | None = None
    """Asked with the time (monotonic nanoseconds) whether it may go out, see `mocks.holds`; None =
    at once."""
    wait: float = 0.0
    """Milliseconds until it is said, whatever the latency: a command that waits for something has
    its wait, shortened (see `codecs.waiting`)."""


def is_standing(groups: Sequence[str]) -> bool:
    """True for calls that are nobody's, and are not counted."""
    return STARTUP in groups or BACKGROUND in groups


class Bound:
    """`values` are those of the run, shared with the replayer and the other mocks."""

    def __init__(self, values: Substitution, codec: Codec) -> None:
        self._values = values
        self._codec = codec
        self._recorded: dict[str, Texts] = {}
        self._live: tuple[Message, tuple[Part, ...], Texts] | None = None
        """The request that is looked at: it is tried with several recorded calls."""
        self._equal: set[str] = set()
        """Recorded calls that were made again to the byte."""
        self._said: set[str] = set()
        """Recorded calls whose answers give nothing back and were said before."""

    def in_recorded_terms(self, request: Message) -> Message:
        """A live request with recorded values where live ones moved; itself where none did."""
        if not self._values.moved:
            return request
        changed = self._values.in_recorded_terms(self._codec.places(request))
        return self._codec.with_places(request, changed) if changed else request

    def made_up(self, exchange: Exchange) -> Collection[str]:
        """The places of a recorded call at which the service sends a value it has made up."""
        return self._values.made_up(exchange.id)

    def pairs(
        self,
        exchange: Exchange,
        request: Message,
        form: Callable[[Message], Hashable],
        *,
        again: bool,
    ) -> tuple[Pair, ...]:
        """The fresh values by which `request`, in recorded terms, is this recorded call; none when
        it is not. `form` puts a request into the recorded call's canonical form."""
        parts, texts = self._looked_at(request)
        pairs = self._values.pairs(exchange.id, self._texts(exchange), texts, again=again)
        if not pairs:
            return ()
        tried = self._codec.with_places(request, self._values.in_recorded_terms(parts, pairs))
        return pairs if form(tried) == form(exchange.request) else ()

    def accept(self, pairs: Sequence[Pair], *, again: bool) -> None:
        """Remember the pairs of the call that is answered now."""
        self._values.accept(pairs, again=again)

    def note(self, exchange: Exchange, request: Message) -> None:
        """`request`, in recorded terms, was answered by this recorded call without `pairs`."""
        if exchange.id in self._equal or not self._values.made_up(exchange.id):
            return
        if self._codec.full(request) == self._codec.full(exchange.request):
            self._equal.add(exchange.id)
            self._values.note_equal(exchange.id)
        else:
            again = is_standing(exchange.groups)
            texts = self._looked_at(request)[1]
            self._values.note(exchange.id, self._texts(exchange), texts, again=again)

    def answer(self, exchange: Exchange, answer: Answer) -> Answer:
        """A recorded answer as it is said now: with the live values that it gives back."""
        message = answer.message
        if message is None or exchange.id in self._said or not self._values.watches:
            return answer
        parts = self._codec.places(message)
        changed = self._values.answer(exchange.id, parts)
        if changed:
            message = self._codec.with_places(message, changed)
            parts = self._codec.places(message)
            prepared = self._codec.prepare(message) if isinstance(message.body, bytes) else None
            answer = msgspec.structs.replace(answer, message=message, prepared=prepared)
        elif not self._values.echoes(exchange.id):
            self._said.add(exchange.id)
        self._values.saw(parts)
        return answer

    def _texts(self, exchange: Exchange) -> Texts:
        known = self._recorded.get(exchange.id)
        if known is None:
            parts = self._codec.places(exchange.request)
            known = self._recorded[exchange.id] = texts_of("request", parts)
        return known

    def _looked_at(self, request: Message) -> tuple[tuple[Part, ...], Texts]:
        if self._live is None or self._live[0] is not request:
            parts = self._codec.places(request)
            self._live = request, parts, texts_of("request", parts)
        return self._live[1:]
