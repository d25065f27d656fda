"""What servers told subscribers, and which of it the service had not published itself. Pure."""

from __future__ import annotations

from collections import Counter

from ci_gate.codecs.base import Published, Pushed

LARGEST = 10_000
"""Published messages that are told apart in one recording; beyond, nothing is said of any."""

Told = tuple[str, bytes, int]


class Pushes:
    """Of one recording: what came out of the dependencies by itself."""

    def __init__(self) -> None:
        self._published: set[Told] = set()
        self._pushed: Counter[Told] = Counter()

    def heard(self, dependency: str, action: Published | Pushed) -> None:
        """A client has published something, or was told of it; the one may come before the other."""
        told = (dependency, action.topic, hash(action.data))
        known = self._pushed if isinstance(action, Pushed) else self._published
        if told not in known and len(known) >= LARGEST:
            return
        if isinstance(action, Pushed):
            self._pushed[told] += 1
        else:
            self._published.add(told)

    def warnings(self) -> tuple[str, ...]:
        """What others have published, by dependency: nobody will under the mock."""
        if len(self._published) >= LARGEST:
            return ()
        foreign: Counter[str] = Counter()
        for told, count in self._pushed.items():
            if told not in self._published:
                foreign[told[0]] += count
        return tuple(
            f"{dependency}: {count} {'message' if count == 1 else 'messages'} that the service heard "
            "without publishing them will not come under the mock (another process, or a trigger of "
            "the database, has sent them): let the request that needs one make it, or leave what "
            "waits for it out of the recording"
            for dependency, count in foreign.items()
        )
