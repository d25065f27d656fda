"""What a reader of another tool's recording gives: exchanges as found, and what did not come over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from ci_gate.model.message import Message
from ci_gate.store.formats.source import Source


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange as another tool wrote it: not redacted, not numbered, its cause not known."""

    where: str
    """File and line, for people."""
    inbound: bool
    request: Message
    response: Message | None
    """None: the tool has kept none."""
    scheme: str = "http"
    """Or "postgres", "redis": how `host` is spoken to."""
    host: str = ""
    """Who was called, in lower case without brackets; "" = the tool does not say."""
    port: int = 0
    """0 = the scheme's own."""
    at: float | None = None
    """First byte of the request, seconds since 1970; None: only the order is known."""
    took: float = 0.0
    """Milliseconds."""
    session: str = ""
    """What names the connection it came over; "" = not told."""
    name: str = ""
    """The tool's own name of it, by which calls name their cause."""
    causes: tuple[str, ...] | None = None
    """`name`s of the inbound exchanges that caused it, as the tool says; () = none of them, at the
    start; None = the tool does not say, so time does. Of our own exports also the standing groups."""
    redacted: tuple[str, ...] = ()
    """`Exchange.redacted` of our own exports; of values that are stand-ins nothing else tells that
    they stand for others."""
    notes: tuple[str, ...] = ()


class Skipped(msgspec.Struct, frozen=True):
    """An exchange of the recording that cannot be kept, and the reason its format or ours gives."""

    where: str
    why: str


class Lost(msgspec.Struct, frozen=True):
    """Something about an exchange that came over otherwise than it was written, or not at all."""

    where: str
    what: str


class Fault(msgspec.Struct, frozen=True):
    """A piece that breaks its format's rules: refused, or skipped on request."""

    where: str
    why: str


class Handshake(msgspec.Struct, frozen=True):
    """What a connection's handshake has told of a database."""

    scheme: str
    host: str
    port: int
    facts: dict[str, str]


class Relaxed(msgspec.Struct, frozen=True, kw_only=True):
    """What the tool lets differ, as a rule of ours."""

    name: str = ""
    """Of the inbound exchange whose route it covers; "" = the call below."""
    everywhere: bool = False
    """Every route."""
    host: str = ""
    """Of the call; "" = not told."""
    scheme: str = "http"
    port: int = 0
    method: str = ""
    target: bytes = b""
    at: str
    """Place: "response.body.$.ts"."""
    allow: str = "any"
    reason: str


Item = Found | Skipped | Lost | Fault | Relaxed | Handshake


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a recording is read."""

    inbound: bool | None = None
    """Direction of exchanges whose format does not say it; None = nobody has said it."""
    dependency: str = ""
    """Who answers calls whose format names no host, by name."""
    environment: Source | None = None
    """Values of {{names}} (Postman)."""


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    """As `--format` takes it."""
    title: str
    recognises: Callable[[Source], bool]
    """True for a file or folder of this format; raises nothing."""
    read: Callable[[Source, ReadOptions], Iterator[Item]]
    """In the order of the recording. Raises UsageError for what cannot be read at all."""
    directed: bool = False
    """The format says which direction each exchange has."""
