"""Calls heard again: what the mocks and the values that travel would have made of other calls.

Nothing is asked over a connection. Requests, answers and calls are gone through in the order of
their times with matchers that have seen nothing yet, just as they came.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from ci_gate.config.options import RunOptions
from ci_gate.correlation.correlation import Correlation
from ci_gate.gate.observing.learned import Learning
from ci_gate.gate.observing.observation import Observed
from ci_gate.gate.observing.replaying import Replay
from ci_gate.gate.serving.mocking import Mocks
from ci_gate.mocks.mock import LiveCall, Mock
from ci_gate.model.message import Message
from ci_gate.net.certificates import Authority
from ci_gate.replayer.samples import DIFFERENT, EQUAL


class Hearing:
    """Hears again what one run of `options` heard."""

    def __init__(self, options: RunOptions) -> None:
        self._options = options
        self._authority = Authority.open(options.state_folder)

    def again(self, seen: Observed, *, as_matched: bool = False) -> Observed:
        """`seen` with its calls matched anew, and nothing learned of its values but by them.

        `as_matched`: the calls are those of the run, so that they keep what answered them, unless
        values travel: what was answered changes which.
        """
        assert seen.replay is not None
        snapshot = seen.plan.snapshot
        learning = seen.learning.anew()
        if as_matched and not learning.substitution:
            replay = seen.replay.knowing(learning)
            return msgspec.structs.replace(seen, learning=learning, replay=replay)
        correlation = Correlation(0, by_time=False)
        values = learning.substitution
        values.saw_texts((*os.environ.values(), *self._options.service.env.values()))
        mocks = Mocks(
            snapshot,
            self._options.dependencies,
            seen.plan.rules,
            correlation,
            self._authority,
            alone=False,
            values=values,
        )
        mocks.know(seen.addresses)
        for name, mock in mocks.mocks.items():
            for entry, known in zip(
                mock.matcher.entries, seen.mocks[name].matcher.entries, strict=True
            ):
                entry.prepared = known.prepared
        calls = _heard(seen.calls, mocks.mocks, _moments(seen, seen.replay, learning, correlation))
        return msgspec.structs.replace(
            seen,
            learning=learning,
            replay=seen.replay.knowing(learning),
            mocks=mocks.mocks,
            calls=list(calls),
        )


_Moment = tuple[int, Callable[[], object]]
"""Monotonic nanoseconds, and what happened then."""


def _moments(
    seen: Observed, replay: Replay, learning: Learning, correlation: Correlation
) -> list[_Moment]:
    """The requests and answers of the replay, in the order of their times."""
    samples = seen.samples
    found: list[_Moment] = []
    for at, step in enumerate(replay.steps):
        started = samples.started[at]
        if not started:
            continue
        exchange = step.exchange
        fill, learn = learning.fill(exchange), learning.learn(exchange)
        answered = samples.states[at] in (EQUAL, DIFFERENT)
        answer = replay.live(at, samples) if answered else None
        begin = partial(_begin, correlation, exchange.id, fill, replay.prepared[at].message)
        end = partial(learn, answer) if learn is not None else _nothing
        found += [(started, begin), (started + samples.latencies[at], end)]
    return sorted(found, key=lambda one: one[0])


def _begin(
    correlation: Correlation,
    exchange: str,
    fill: Callable[[Message], Message] | None,
    message: Message,
) -> None:
    correlation.begin(exchange)
    if fill is not None:
        fill(message)


def _nothing() -> None:
    """No value travels from this answer."""


def _heard(
    calls: Sequence[LiveCall], mocks: Mapping[str, Mock], moments: Sequence[_Moment]
) -> Iterator[LiveCall]:
    """The calls in their order, each matched after what happened before it."""
    begun = 0
    for call in calls:
        while begun < len(moments) and moments[begun][0] <= call.at:
            moments[begun][1]()
            begun += 1
        mock = mocks.get(call.dependency)
        if mock is None or call.request is None:
            yield call
            continue
        bucket = mock.matcher.exact(mock.codec.full(call.request))
        match = mock.match(call.request, bucket, call.groups)
        if match.entry is not None:
            mock.answer(match.entry)
        yield msgspec.structs.replace(call, entry=match.entry, tier=match.tier, groups=match.groups)
