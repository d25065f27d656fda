"""What a snapshot has learned, at work in one run: places that vary, and values that travel.

One object a run. Contexts hold the live values of a chain together: equal values stay equal,
counters run forward.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection

from ci_gate.codecs.base import Codec
from ci_gate.codecs.registry import codec
from ci_gate.correlation.bindings import chains
from ci_gate.correlation.bindings import refusals as binding_refusals
from ci_gate.correlation.identity import Identity
from ci_gate.correlation.substitution import Substitution
from ci_gate.diff.equality import Equality
from ci_gate.diff.masks import Masks
from ci_gate.diff.noise.calls import LearnedCalls
from ci_gate.diff.noise.held import Context, Varying
from ci_gate.diff.noise.refusals import refusals as noise_refusals
from ci_gate.errors import UsageError
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.snapshot import Snapshot

_SHOWN = 5


def mistakes(snapshot: Snapshot) -> list[str]:
    """What is wrong with the noise and bindings of a snapshot, with the command that mends it."""
    protocols = {one.name: codec(one.protocol) for one in snapshot.dependencies}

    def parts_of(exchange: Exchange, message: Message) -> tuple[Part, ...]:
        return protocols.get(exchange.dependency, codec("http")).places(message)

    return noise_refusals(snapshot, parts_of) + binding_refusals(snapshot, parts_of)


def refuse(snapshot: Snapshot) -> None:
    """Raise UsageError for noise and bindings that cannot be meant."""
    wrong = mistakes(snapshot)
    if wrong:
        more = f"\nand {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise UsageError("\n".join(wrong[:_SHOWN]) + more)


class Learning:
    """The noise and bindings of `snapshot`, and the `identity` of the run, by which its tokens are
    signed anew. Raises UsageError for noise that cannot be meant."""

    def __init__(self, snapshot: Snapshot, identity: Identity | None = None) -> None:
        self._codecs: dict[str, Codec] = {
            one.name: codec(one.protocol) for one in snapshot.dependencies
        }
        refuse(snapshot)
        self._chains = chains(snapshot)
        exchanges = (*snapshot.inbound, *snapshot.outbound)
        self._noise = {one.id: one.noise for one in exchanges if one.noise}
        self._bindings = snapshot.bindings
        self._routes = {one.id: one.route for one in snapshot.inbound}
        self.identity = identity
        self._begin()
        self._bound = {
            spot.exchange
            for binding in snapshot.bindings.inbound
            for spot in (binding.made, *binding.used)
        }

    def _begin(self) -> None:
        resign = self.identity.vary if self.identity is not None else None
        self.substitution = Substitution(self._bindings, self._routes, resign)
        self._run = Context(agrees=self.substitution.agrees)
        self._contexts: dict[str, Context] = {}

    def anew(self) -> Learning:
        """The same knowledge of the same run, of which nothing has been heard or compared yet."""
        other = copy.copy(self)
        other._begin()
        other.keep_clock(self._run.at_recorded_clock)
        return other

    def know_timed(self, timed: Collection[str]) -> None:
        """Say, before anything is compared, which stand-ins of live messages stand for tokens that
        carry the time."""
        self._run.timed = timed

    def keep_clock(self, at_recorded_clock: bool) -> None:
        """Say, before anything is compared, whether the service goes by the recording's clock:
        then what follows the clock alone must be equal."""
        self._run.at_recorded_clock = at_recorded_clock

    def parts_of(self, exchange: Exchange, message: Message) -> tuple[Part, ...]:
        """The parts of a message, by the codec of its exchange."""
        return self._codecs.get(exchange.dependency, codec("http")).places(message)

    def context(self, group: str) -> Context:
        """The context of an inbound exchange's chain, or of a group."""
        chain = self._chains.get(group, group)
        if chain not in self._contexts:
            standing = group in (STARTUP, BACKGROUND)
            self._contexts[chain] = Context(by_kind=True) if standing else self._run.chain()
        return self._contexts[chain]

    def masks(self, masks: Masks, exchange: Exchange) -> Masks:
        """The rules' masks for an inbound exchange's response, and what varies in it."""
        noise = self._noise.get(exchange.id)
        if not noise:
            return masks
        context = self.context(exchange.id)
        return masks.with_varying(Varying(noise, "response", context, exchange.id, exchange.route))

    def calls(self) -> LearnedCalls:
        """What varies in the recorded calls, for `compare_calls`."""
        values = self.substitution
        return LearnedCalls(self._noise, self.context, values.made_up, values.stands)

    def varied(self) -> int:
        """Places that varied as learned so far."""
        return sum(one.count for one in self._contexts.values())

    def fill(self, exchange: Exchange) -> Callable[[Message], Message] | None:
        """What puts live values and tokens into the exchange's request, and remembers what a client
        said; None when nobody asks for either."""
        values, identity = self.substitution, self.identity
        bound = exchange.id in self._bound
        late = identity is not None and not identity.steady and identity.carries(exchange.request)
        if not (bound or late or values.watches):
            return None

        def filled(message: Message) -> Message:
            parts = self.parts_of(exchange, message)
            found = values.fill(exchange.id, parts)
            if found.parts:
                message = codec("http").with_places(message, found.parts)
                parts = self.parts_of(exchange, message)
            if values.watches:
                values.saw(parts)
            if identity is None or not (bound or late):
                return message
            return identity.request(exchange, message)

        return filled

    def signed(self, exchange: Exchange, message: Message) -> Message:
        """The exchange's request with this run's tokens and signatures, where they are known before
        it is sent and nothing else is to be put into it; else as it is: `fill` does both."""
        identity = self.identity
        if identity is None or not identity.steady or exchange.id in self._bound:
            return message
        return identity.request(exchange, message)

    @property
    def travelling(self) -> frozenset[str]:
        """Recorded values for which others may stand in a run."""
        inbound, outbound = self._bindings.inbound, self._bindings.outbound
        return frozenset((*(one.value for one in inbound), *(one.value for one in outbound)))

    def equality(self) -> Equality:
        """What live values are equal to stand-ins: of this run's tokens it is known."""
        equality = Equality()
        equality.hold(self.identity.held if self.identity is not None else ())
        return equality

    def recorded(self, message: Message) -> Message:
        """A live message with the recorded tokens instead of this run's."""
        return self.identity.recorded(message) if self.identity is not None else message

    def in_recorded_terms(self, response: tuple[Part, ...]) -> tuple[Part, ...]:
        """The parts of a live response with recorded values for what the service makes up and
        sends to dependencies, too: that is fresh wherever it stands."""
        changed = self.substitution.made_up_in(response)
        return tuple(changed.get(part.place, part) for part in response)

    def learn(self, exchange: Exchange) -> Callable[[Message | None], None] | None:
        """What takes live values out of the exchange's answer; None when none travel from it."""
        if exchange.id not in self._bound:
            return None

        def heard(message: Message | None) -> None:
            parts = self.parts_of(exchange, message) if message is not None else ()
            self.substitution.heard(exchange.id, parts)

        return heard
