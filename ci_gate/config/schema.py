"""What ci-gate.yml may say. One struct a section; the field's text says what it means.

Everything optional has the default that is used. Values that need more than a type (durations,
ports, addresses, rules) are checked in `ci_gate.config.file`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ci_gate.config.redaction import RedactionSection


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping of the file; unknown keys are errors."""


class ReadySection(_Section, frozen=True, kw_only=True):
    """At most one of `path`, `port`, `log`; none means: the service's port accepts."""

    path: str = ""
    port: int = 0
    log: str = ""
    timeout: str = "30s"


class ServiceSection(_Section, frozen=True, kw_only=True):
    """The service under test: `command`, `image` or `url`."""

    name: str = ""
    command: str | tuple[str, ...] = ()
    """A list is run as it is; text is run by a shell."""
    image: str = ""
    url: str = ""
    port: int | Literal["auto"] = 0
    env: dict[str, str] = {}
    keep_env: tuple[str, ...] = ()
    """CI token variables that the service may keep."""
    ready: ReadySection = ReadySection()
    clock: Literal["auto", "recorded", "real"] = "auto"
    isolate: Any = None
    stop_timeout: str = "10s"


class TlsSection(_Section, frozen=True, kw_only=True):
    """Who speaks TLS: `client` the service to us, `server` we to the dependency."""

    client: bool | None = None
    """Absent: as recorded; while recording, no."""
    server: bool | None = None
    ca: str = ""
    """File of the certificates that the server is trusted by; "" = the system's."""


class DependencySection(_Section, frozen=True, kw_only=True):
    """Something the service calls."""

    protocol: str = "http"
    upstream: str = ""
    listen: int | str = 0
    """A port, or HOST:PORT."""
    role: Literal["", "telemetry"] = ""
    raw: Literal["", "keep"] = ""
    tls: TlsSection = TlsSection()
    mode: Literal["", "stateful"] = ""
    """"stateful": Redis with state of its own, for services that count and lock."""
    background: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    """Calls that only read, whatever their method: "POST /search"."""
    writes: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    """Places of its answers whose dates move with the service's clock: "response.body.$.until"."""
    latency: Literal["", "none", "recorded"] = ""


class MocksSection(_Section, frozen=True, kw_only=True):
    """How mocks answer."""

    latency: Literal["none", "recorded"] = "none"


class SetSection(_Section, frozen=True, kw_only=True):
    """What is put into replayed requests: headers into every one, values where they were recorded."""

    headers: dict[str, str] = {}
    values: dict[str, str] = {}


class SignSection(_Section, frozen=True, kw_only=True):
    """What a secret of service.env signs."""

    secret: str
    form: str = ""
    """"" = the one it is named after."""
    header: str = ""
    """For forms without one of their own."""


class ReplaySection(_Section, frozen=True, kw_only=True):
    """How recorded requests are replayed."""

    pace: Literal["auto", "fast", "recorded"] = "auto"
    concurrency: int = 1
    workers: int = 1
    settle: str = "500ms"
    timeout: str = "10s"
    set: SetSection = SetSection()
    sign: tuple[SignSection, ...] = ()


class ConditionSection(_Section, frozen=True, kw_only=True):
    """A condition for one route."""

    route: str
    condition: str = msgspec.field(name="if")


class GateSection(_Section, frozen=True, kw_only=True):
    """When the gate fails, besides differences, and when it only warns."""

    fail_if: tuple[str | ConditionSection, ...] = ()
    warn_if: tuple[str | ConditionSection, ...] = ()
    protect: tuple[str, ...] = ()
    unstable: Literal["fail", "warn"] = "fail"


class WhereSection(_Section, frozen=True, kw_only=True):
    """Which exchanges a rule covers."""

    route: str = ""
    dependency: str = ""
    call: str = ""
    group: Literal["", "startup", "background"] = ""


class RuleSection(_Section, frozen=True, kw_only=True):
    """A committed relaxation."""

    where: WhereSection = WhereSection()
    at: str = ""
    allow: str = ""
    calls: tuple[str, ...] = ()
    effect: Literal["", "read", "write"] = ""
    reason: str = ""
    owner: str = ""
    until: str = ""


class KnownSection(_Section, frozen=True, kw_only=True):
    """A cause that passes until its date."""

    fingerprint: str = ""
    reason: str = ""
    owner: str = ""
    until: str = ""


class QuarantineSection(_Section, frozen=True, kw_only=True):
    """An exchange that proved unstable, and the kinds of difference that it may show."""

    exchange: str = ""
    differences: tuple[str, ...] = ()
    reason: str = ""
    owner: str = ""
    until: str = ""


class ReportSection(_Section, frozen=True, kw_only=True):
    """When a pull request gets a comment."""

    comment: Literal["changes", "always", "never"] = "changes"


class Configuration(_Section, frozen=True, kw_only=True):
    """The whole file."""

    version: int
    snapshot: str = ""
    service: ServiceSection = ServiceSection()
    dependencies: dict[str, DependencySection] = {}
    mocks: MocksSection = MocksSection()
    replay: ReplaySection = ReplaySection()
    gate: GateSection = GateSection()
    rules: tuple[RuleSection, ...] = ()
    report: ReportSection = ReportSection()
    routes: tuple[str, ...] = ()
    """Route patterns that win over folding by text."""
    known: tuple[KnownSection, ...] = ()
    quarantine: tuple[QuarantineSection, ...] = ()
    redaction: RedactionSection | None = None
