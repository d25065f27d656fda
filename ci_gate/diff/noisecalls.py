"""What was learned of calls: their places, their order, and those that are not always made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ci_gate.diff.masks import Masks
from ci_gate.diff.noise import Context, Varying
from ci_gate.model.call import CallRecord
from ci_gate.model.noise import Noise

CALLS = "calls."
CALL = "call"


class LearnedCalls:
    """The noise of a snapshot as `compare_calls` asks for it.

    `noise`: by exchange id, inbound ones and calls. `context(group)` gives the chain's context
    for the inbound exchange (or group) to which a call is charged.
    """

    def __init__(
        self, noise: Mapping[str, Sequence[Noise]], context: Callable[[str], Context]
    ) -> None:
        self._noise = noise
        self._context = context

    def masks(self, masks: Masks, record: CallRecord, group: str) -> Masks:
        """The rules' masks, and what varies in this recorded call."""
        noise = self._noise.get(record.id)
        if not noise:
            return masks
        series = f"{record.dependency} {record.route}"
        return masks.with_varying(
            Varying(noise, "request", self._context(group), record.id, series)
        )

    def unordered(self, group: str, dependency: str) -> bool:
        """True when the calls of that inbound exchange to that dependency have no fixed order."""
        return any(
            one.kind == "unordered" and one.at == CALLS + dependency
            for one in self._noise.get(group, ())
        )

    def optional(self, record: CallRecord) -> bool:
        """True when a recorded call is a read that learning saw come and go."""
        return record.facts.effect == "read" and any(
            one.kind == "optional" for one in self._noise.get(record.id, ())
        )


NOTHING_LEARNED = LearnedCalls({}, lambda _group: Context())


def learn_calls(
    recorded: Sequence[CallRecord], replays: Sequence[Sequence[str]]
) -> tuple[tuple[Noise, ...], dict[str, Noise]]:
    """What replays say about the calls of one inbound exchange, or of the start.

    `recorded` are its recorded calls in their order; each of `replays` the ids of the recorded
    calls that were made, in the order of that replay. Returns the noise of the inbound exchange
    (dependencies whose calls have no fixed order), and that of calls by id: reads that come and
    go. Writes that do are never noise.
    """
    order: list[Noise] = []
    by_id: dict[str, Noise] = {}
    count = len(replays)
    made = [set(one) for one in replays]
    for call in recorded:
        times = sum(call.id in one for one in made)
        if 0 < times < count and call.facts.effect == "read":
            seen = (f"made in {times} of {count} replays",)
            by_id[call.id] = Noise(at=CALL, kind="optional", replays=count, seen=seen)
    for dependency in dict.fromkeys(call.dependency for call in recorded):
        ids = [call.id for call in recorded if call.dependency == dependency]
        always = [one for one in ids if all(one in there for there in made)]
        orders = {tuple(one for one in replay if one in always) for replay in replays}
        if len(orders) > 1:
            order.append(Noise(at=CALLS + dependency, kind="unordered", replays=count))
    return tuple(order), by_id
