"""Which wall clock the service of one boot goes by, and how far the mocks' dates move with it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable

import msgspec

from ci_gate.errors import CannotRun
from ci_gate.service.clock import Clock, open_clock
from ci_gate.service.clock_probe import Program
from ci_gate.service.sockets import listening

_NO_TIME = "the snapshot does not say when it was recorded"
_FIRST, _LAST = 2001, 2099
"""Years that a recording can be from: our certificate authority is valid around them."""
_MICROSECOND = datetime.timedelta(microseconds=1)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Timing(msgspec.Struct, frozen=True):
    """The time of one boot. Without a clock the service goes by the machine's."""

    clock: Clock | None = None
    begins: int = 0
    """What the clock showed first, nanoseconds since 1970: the recording's start, shifted."""
    by: datetime.timedelta = datetime.timedelta()
    """How much later the service's time is than the recording's; the dates of mocks move by it."""
    sees: tuple[datetime.datetime, ...] = ()
    """Every time that a process of the service may see at its start: certificates hold for all."""
    note: str = ""
    """Why there is no effect, or may be none; "" when there is, or none was wanted."""

    @property
    def advance(self) -> Callable[[float, float], None] | None:
        """Sets the clock forward to a recorded moment, in milliseconds after the recording's start,
        unless it is later already, and in any case by so many milliseconds: a service that is late
        still sees the pauses of the recording. None: there is nothing to set."""
        clock, begins = self.clock, self.begins
        if clock is None:
            return None

        def advance(at: float, by: float) -> None:
            to = begins + int(at * 1e6)
            clock.advance(max(to, clock.now() + int(by * 1e6)) if by else to)

        return advance

    def passed_by(self, pids: Iterable[int]) -> bool:
        """True when all of these processes that listen go by the machine's clock, though another
        was shown to them: a Go program behind a shell, or in an image."""
        if self.clock is None:
            return False
        asked = listening(pids)
        return bool(asked) and not self.clock.any_moved(asked)

    def seen_by(self, pids: Iterable[int]) -> str:
        """One line naming what of the service goes by the machine's clock though it should not;
        "" where nothing does, or where `note` has said so."""
        return self.clock.note(pids) if self.clock is not None and not self.note else ""


def timing(
    wanted: str,
    starts: Program,
    recorded_at: str,
    shift: datetime.timedelta,
    state_folder: str,
    folder: Callable[[], str],
) -> Timing:
    """The time of a boot for `service.clock: wanted` and a command that the probe has looked at.

    `recorded_at` is the snapshot's; a moved clock begins `shift` after it. `folder` makes a
    temporary one, and is called only when a clock is tried. Raises CannotRun where "recorded" is
    wanted and cannot be had.
    """
    now = datetime.datetime.now(datetime.UTC)
    recorded = _read(recorded_at)
    if recorded is None:
        if wanted == "recorded":
            raise CannotRun(f"service.clock: {_NO_TIME}; write clock: real, or record it again")
        note = f"the clock is the machine's: {_NO_TIME}" if wanted == "auto" else ""
        return Timing(sees=(now,), note=note)
    if wanted == "real":
        return by_machine(recorded_at)
    opened = open_clock(wanted, starts, state_folder, folder())
    if opened.clock is None:
        return Timing(by=now - recorded, sees=(now,), note=opened.note)
    first = recorded + shift
    begins = (first - _EPOCH) // _MICROSECOND * 1000
    opened.clock.set(begins)
    # What a shell, a wrapper or an image starts may turn out to go by the machine's clock.
    return Timing(opened.clock, begins, shift, (first, now), opened.note)


def by_machine(recorded_at: str) -> Timing:
    """The time of a service that turns out to go by the machine's clock."""
    now = datetime.datetime.now(datetime.UTC)
    recorded = _read(recorded_at)
    return Timing(by=now - recorded if recorded is not None else datetime.timedelta(), sees=(now,))


def _read(text: str) -> datetime.datetime | None:
    """The recording's start; None when the snapshot has none, or none that can be."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment if _FIRST <= moment.year <= _LAST else None
