"""What detection finds: values with where they were found, so that the file can say so."""

from __future__ import annotations

import msgspec


class Found(msgspec.Struct, frozen=True):
    """One value and its source: ("npm start", "package.json")."""

    value: str
    source: str


class Command(msgspec.Struct, frozen=True):
    """A start command: a list, or one shell line."""

    words: tuple[str, ...]
    source: str
    shell: bool = False


class Guess(msgspec.Struct, frozen=True, kw_only=True):
    """One dependency that the service seems to have."""

    name: str
    protocol: str = "http"
    upstream: str = ""
    """Server of an http URL, or HOST:PORT; "" = not known."""
    telemetry: bool = False
    env: tuple[tuple[str, str], ...] = ()
    """Variables to set for the service, with references in."""
    source: str = ""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the file will say."""

    name: str
    snapshot: str
    command: Command | None = None
    port: Found | None = None
    port_variable: bool = False
    """True: the service takes its port from the variable PORT."""
    ready: str = ""
    dependencies: tuple[Guess, ...] = ()
