"""Exchanges: one request message, what answered it, and who caused it."""

from __future__ import annotations

import msgspec

from ci_gate.model.message import Message
from ci_gate.model.noise import Accepted, Noise, Rebased

STARTUP = "startup"
BACKGROUND = "background"
INSIDE = "inside"
"""`Facts.transaction` where it is not known which one."""
UNFINISHED = "unfinished"
"""Group of calls whose inbound exchange was cut off by a killed recorder: kept, in no window."""

CLOSED = "the connection was closed without a whole answer"
GAVE_UP = "the client gave up waiting for the answer"
"""Values of `Exchange.error`, by which a mock knows what to do instead of answering."""


class Push(msgspec.Struct, frozen=True):
    """What a dependency told the service by itself, because others had published it: it is told
    again when the exchange that it followed happens again."""

    dependency: str
    after: float
    """Milliseconds since that call was answered, or that inbound request began."""
    message: Message
    """What would publish it: PUBLISH, pg_notify."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request message and its response. Times are milliseconds since the recording started."""

    id: str
    """Given once when folded into a snapshot, e.g. "3f2a9c1b7e-1"; in a journal "i17" or "o4"."""
    dependency: str = ""
    """Name of the dependency that was called; "" = inbound."""
    route: str
    """Method and path with variable segments folded: "GET /orders/{id}"."""
    groups: tuple[str, ...] = ()
    """Outbound only: ids of the inbound exchanges that may have caused it (more than one =
    ambiguous), or ("startup",), ("background",) or ("unfinished",)."""
    at: float = 0.0
    """First byte of the request."""
    took: float = 0.0
    """From `at` to the last byte of the response, milliseconds."""
    connection: int = 0
    request: Message
    response: Message | None = None
    """None: never answered; `error` says why."""
    error: str = ""
    redacted: tuple[str, ...] = ()
    """Places that hold stand-ins: "request.headers.authorization", "response.body.$.email"."""
    signed: dict[str, bool] = {}
    """Places of tokens and signatures that were verified when it was recorded -> whether they were
    good: those that were not, and good ones that were refused all the same."""
    notes: tuple[str, ...] = ()
    noise: tuple[Noise, ...] = ()
    """What was learned to vary in it, see `diff.noise.learn`."""
    rebased: tuple[Rebased, ...] = ()
    """Where the service under its mocks answers otherwise than it did live."""
    accepted: tuple[Accepted, ...] = ()
    """What was accepted to be otherwise than it was recorded."""
    assumed: bool = False
    """Outbound only: nobody has recorded this answer; `accept` has made it up."""
    pushed: tuple[Push, ...] = ()
    """What others published next, while nothing else was going on."""
    blocking: bool = False
    """Outbound only: learning kept its answer back, and in no replay did its request go on without
    it."""

    @property
    def ended(self) -> float:
        """When the last byte of the response was there, to the microsecond, as times are written:
        what began at that moment did not begin before it."""
        return round(self.at + self.took, 3)

    @property
    def belongs(self) -> str:
        """The inbound exchange that it is, or is known to belong to; "" = none."""
        if self.inbound:
            return self.id
        known = len(self.groups) == 1 and self.groups[0] not in (STARTUP, BACKGROUND, UNFINISHED)
        return self.groups[0] if known else ""

    @property
    def inbound(self) -> bool:
        """True when something triggered the service, False when the service called out."""
        return not self.dependency


class Facts(msgspec.Struct, frozen=True):
    """What policy and comparing must know of a call without knowing its protocol."""

    effect: str
    """"read", "write" or "session"."""
    targets: tuple[str, ...] = ()
    """What it reads or writes: HTTP the dependency, SQL tables, Redis keys."""
    transaction: str = ""
    """Equal for calls of one window and one transaction; "inside" = which one is not known, "" = of
    none."""
    order: str = ""
    """Calls of one order scope keep their order; "" = no order."""
