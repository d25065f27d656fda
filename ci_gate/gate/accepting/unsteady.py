"""Values that the next run would not say again: nobody can accept them as they are.

Told by what a value is: an identifier that is drawn (a UUID, a ULID), a point in time near the run
or near the recording, a long random text. What stands elsewhere in the snapshot has an origin and
is no such value; neither is a digest in the place of a digest.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from ci_gate.codecs.registry import codec_of
from ci_gate.correlation.atoms import alike, means_something
from ci_gate.diff.masks import Masks
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Part
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.dates import instants
from ci_gate.values.kinds import kind_of
from ci_gate.values.places import walk
from ci_gate.values.redaction.standins import is_stand_in

NEAR = datetime.timedelta(days=2)
_DRAWN = frozenset({"uuid", "ulid", "objectid", "jwt"})


class Unsteady:
    """Knows what the snapshot's messages say, and when the run was."""

    def __init__(self, snapshot: Snapshot, started_at: str) -> None:
        self._snapshot = snapshot
        self._known: set[str] | None = None
        self._moments = tuple(_moments((started_at, snapshot.origin.recorded_at)))

    def places(
        self, side: str, before: Sequence[Part], after: Sequence[Part], masks: Masks
    ) -> Iterator[tuple[str, str]]:
        """(place, kind) of what came into a message and would be another next time; not where a
        rule or something learned says how the place varies."""
        old = {f"{side}.{at}": value for part in before for at, value in walk(part)}
        for part in after:
            for at, value in walk(part):
                place = f"{side}.{at}"
                if place in old and old[place] == value:
                    continue
                kind = self._kind(value, old.get(place))
                if kind and not masks.names(place):
                    yield place, kind

    def _kind(self, value: object, before: object) -> str:
        """What a value is that is not steady, "" for one that is."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return ""
        text = str(value)
        if is_stand_in(text):
            return ""
        if isinstance(value, str) and kind_of(value) in _DRAWN:
            kind = kind_of(value)
        elif self._is_now(text):
            kind = "timestamp"
        elif isinstance(value, str) and means_something(text):
            kind = "token"
        else:
            return ""
        if kind == "token" and isinstance(before, str) and alike(before, text):
            return ""
        return "" if text in self._said() else kind

    def _is_now(self, text: str) -> bool:
        return any(abs(one - now) < NEAR for one in instants(text) for now in self._moments)

    def _said(self) -> set[str]:
        """Every text of the snapshot's messages."""
        if self._known is None:
            self._known = set()
            for exchange in (*self._snapshot.inbound, *self._snapshot.outbound):
                for message in _messages(exchange):
                    for part in codec_of(message).places(message):
                        self._known.update(str(value) for _, value in walk(part))
        return self._known


def _messages(exchange: Exchange) -> tuple[Message, ...]:
    return (
        (exchange.request,) if exchange.response is None else (exchange.request, exchange.response)
    )


def _moments(texts: Iterable[str]) -> Iterator[datetime.datetime]:
    for text in texts:
        try:
            found = datetime.datetime.fromisoformat(text)
        except ValueError:
            continue
        yield found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
