"""What `record`, `learn` and `mock` return: data for the summary tables."""

from __future__ import annotations

import msgspec


class Uncaptured(msgspec.Struct, frozen=True, kw_only=True):
    """Connections of the service's process tree that went past the proxies."""

    address: str
    """"203.0.113.9:443"."""
    count: int
    fix: str
    """What the user can do: "set payments' URL to ${payments.url}" …"""


class Varies(msgspec.Struct, frozen=True, kw_only=True):
    """What varies at one place of the exchanges of one route."""

    route: str
    """Of the inbound exchanges, or of the calls."""
    place: str
    """Indices as [*]."""
    kind: str
    """A kind of noise, or "time-derived"."""
    text: str
    """The kind as people read it: "timestamp YYYY-MM-DDThh:mm:ssZ"."""
    exchanges: int


class Rebase(msgspec.Struct, frozen=True, kw_only=True):
    """What the service says under its mocks where it said something else live: to be reviewed."""

    route: str
    exchange: str
    place: str
    recorded: str
    expected: str


class Unfaithful(msgspec.Struct, frozen=True, kw_only=True):
    """What nothing explains, of the exchanges of one route that have it in common."""

    route: str
    """"" when it is about the service as a whole."""
    why: str
    exchange: str = ""
    """The first of them."""
    exchanges: int = 1


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """A place that holds dates near the recording's, where the clock cannot be moved."""

    route: str
    place: str
    example: str
    exchanges: int


class LearnSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The end of `learn`."""

    snapshot: str
    replays: int
    noise: tuple[Varies, ...] = ()
    rebased: tuple[Rebase, ...] = ()
    bindings: int = 0
    pace: str = ""
    """Why the snapshot is replayed at the recorded pace from now on; "" = it need not be."""
    risks: tuple[Risk, ...] = ()
    unfaithful: tuple[Unfaithful, ...] = ()
    """Why nothing was written."""
    erratic: tuple[str, ...] = ()
    """The routes that nothing explains, when these are most of the routes: the service is not
    deterministic."""
    last_lines: tuple[str, ...] = ()
    filled: int = 0
    """Requests that have got their answer (`--fill`)."""
    left: tuple[str, ...] = ()
    """Requests that have none yet, and why; then nothing was learned."""
    note: str = ""
    """Why the service's clock could not be moved: what follows it may not have shown."""
    exit_code: int = 0


class RecordSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a recording."""

    out: str
    inbound: int
    outbound: int
    routes: tuple[tuple[str, int], ...] = ()
    """(route, exchanges kept)."""
    dependencies: tuple[tuple[str, str, int], ...] = ()
    """(name, address, exchanges kept)."""
    dropped: tuple[tuple[str, int], ...] = ()
    """(route, exchanges not kept because of --max)."""
    undecoded: tuple[str, ...] = ()
    uncaptured: tuple[Uncaptured, ...] = ()
    redacted: tuple[tuple[str, int], ...] = ()
    """(kind, values)."""
    warnings: tuple[str, ...] = ()
    exit_code: int = 0
    """That of CMD, passed on."""
    learned: LearnSummary | None = None
    """With `--learn`, when CMD ended well."""


class Fidelity(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an import could not keep as it was, how often, and where first."""

    what: str
    count: int
    first: str = ""


class ProposedRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What another tool lets differ, as a rule for ci-gate.yml."""

    route: str = ""
    dependency: str = ""
    call: str = ""
    at: str
    allow: str
    reason: str


class ImportSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The end of `import`: its fidelity report."""

    out: str
    path: str
    format: str
    title: str
    inbound: int
    """Exchanges that came over."""
    outbound: int
    skipped: int
    """Exchanges of the recording that did not."""
    unanswered: int = 0
    """Inbound exchanges without a recorded answer: `learn --fill` gives them one."""
    why_skipped: tuple[Fidelity, ...] = ()
    lost: tuple[Fidelity, ...] = ()
    """What came over otherwise than it was written."""
    rules: tuple[ProposedRule, ...] = ()
    rules_written: bool = False
    """They were added to ci-gate.yml."""
    routes: tuple[tuple[str, int], ...] = ()
    dependencies: tuple[tuple[str, str, int], ...] = ()
    """(name, address, calls)."""
    redacted: tuple[tuple[str, int], ...] = ()
    warnings: tuple[str, ...] = ()


class Miss(msgspec.Struct, frozen=True, kw_only=True):
    """A call that nothing was recorded for."""

    dependency: str
    label: str
    nearest: str = ""
    count: int = 1


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """What came of connections to a dependency without being a call, and the remedy."""

    dependency: str
    reason: str
    count: int = 1


class MockSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The end of `mock`."""

    matched: int
    unmatched: int
    unused: int
    misses: tuple[Miss, ...] = ()
    refused: tuple[Refused, ...] = ()
    new_hosts: tuple[str, ...] = ()
    exit_code: int = 0
