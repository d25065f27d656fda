"""`check`: configuration and snapshot are read and held against each other; nothing is run."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from ci_gate.codecs.registry import codec_of
from ci_gate.config.file import check_honoured
from ci_gate.config.flags import RecordFlags, ReplayFlags, Surroundings
from ci_gate.config.options import ReplayVerbOptions
from ci_gate.config.problems import hint
from ci_gate.config.resolve import record_options, replay_options
from ci_gate.diff.rules import Rules
from ci_gate.errors import UsageError
from ci_gate.gate.events import Sink, ignore
from ci_gate.gate.judging.allowing import check_quarantine
from ci_gate.gate.observing.learned import mistakes
from ci_gate.gate.planning import rules_for
from ci_gate.gate.select import with_routes
from ci_gate.mocks.forms import absent_too
from ci_gate.model.exchange import BACKGROUND, STARTUP, Exchange
from ci_gate.model.rule import Where
from ci_gate.model.snapshot import Snapshot
from ci_gate.store.snapshot import exists, read_snapshot
from ci_gate.values.places import covers, fold, walk


class CheckOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to check; the surroundings hold the configuration."""

    around: Surroundings
    snapshot: str = ""
    """As given by flag; then a snapshot that is not there is an error."""
    today: str = ""
    """ISO date; "" = today's."""


class Finding(msgspec.Struct, frozen=True):
    """One thing to mend ("error": the verbs would refuse it) or to know ("warning")."""

    level: Literal["error", "warning"]
    text: str


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, errors first."""

    config: str
    snapshot: str
    inbound: int = 0
    outbound: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def failed(self) -> bool:
        """True when there is an error."""
        return any(finding.level == "error" for finding in self.findings)


def check(options: CheckOptions, sink: Sink = ignore) -> CheckReport:
    """Check everything that can be known without running. Raises nothing for what it finds."""
    del sink  # it is over before there is anything to say
    checker = _Checker(options)
    checker.check_config()
    snapshot = checker.read()
    if snapshot is not None:
        checker.check_learned(snapshot)
    if snapshot is not None and checker.resolved is not None:
        checker.check_against(with_routes(snapshot, checker.resolved.routes), checker.resolved)
    checker.findings.sort(key=lambda finding: finding.level != "error")
    return CheckReport(
        config=options.around.config_name,
        snapshot=checker.folder,
        inbound=len(snapshot.inbound) if snapshot else 0,
        outbound=len(snapshot.outbound) if snapshot else 0,
        findings=tuple(checker.findings),
    )


class _Checker:
    """Collects findings."""

    def __init__(self, options: CheckOptions) -> None:
        self.options = options
        self.around = options.around
        self.findings: list[Finding] = []
        self.resolved: ReplayVerbOptions | None = None
        self.folder = options.snapshot

    def error(self, text: str) -> None:
        self.findings.extend(Finding("error", line) for line in text.splitlines())

    def warn(self, text: str) -> None:
        self.findings.append(Finding("warning", text))

    def check_config(self) -> None:
        """Everything the configuration says by itself."""
        if self.around.config is not None:
            self.attempt(lambda: check_honoured(self.around.config))  # type: ignore[arg-type]  # just tested
        self.attempt(lambda: record_options(RecordFlags(), self.around))
        self.attempt(self.resolve)
        service = self.around.settings.service
        if not (service.command or service.image or service.url):
            self.warn(f"{self.where('service')} says no command, image or url: `run` needs one")
        today, settings = self.today(), self.around.settings
        if self.resolved is not None:
            rules = self.resolved.rules
            self.attempt(lambda: Rules(rules, today))
        for key in ("rules", "known", "quarantine"):
            for number, one in enumerate(getattr(settings, key)):
                if one.until and one.until < today:
                    self.warn(f"{self.where(key, number, 'until')}: expired; it excuses nothing")

    def today(self) -> str:
        """The day on which it is checked."""
        return self.options.today or datetime.datetime.now(datetime.UTC).date().isoformat()

    def attempt(self, step: Callable[[], object]) -> None:
        """Run a step; what it complains about is found once."""
        try:
            step()
        except UsageError as error:
            if not any(finding.text in str(error) for finding in self.findings):
                self.error(str(error))

    def resolve(self) -> None:
        flags = ReplayFlags(snapshot=self.options.snapshot)
        self.resolved = replay_options(flags, self.around)
        self.folder = self.resolved.snapshot

    def read(self) -> Snapshot | None:
        """The snapshot; one that was not recorded yet is no error unless it was asked for."""
        if self.resolved is None:
            return None
        if not self.options.snapshot and not exists(self.folder):
            self.warn(f"{self.folder}: no snapshot yet; `ci-gate record` makes it")
            return None
        try:
            return read_snapshot(self.folder)
        except UsageError as error:
            self.error(str(error))
            return None

    def check_learned(self, snapshot: Snapshot) -> None:
        """Noise and bindings that cannot be meant."""
        for text in mistakes(snapshot):
            self.error(f"{self.folder}: {text}")

    def check_against(self, snapshot: Snapshot, resolved: ReplayVerbOptions) -> None:
        """What the configuration says of things that the snapshot has, or not."""
        if not snapshot.inbound:
            self.warn(f"{self.folder}: nothing inbound: a gate without requests is inconclusive")
        self.attempt(lambda: check_quarantine(resolved.quarantine, snapshot))
        self.attempt(lambda: rules_for(resolved.rules, snapshot, self.today()))
        names = _Names(snapshot)
        for number, rule in enumerate(resolved.rules):
            if self.check_where(rule.where, number, names) and rule.at:
                self.check_place(
                    *(rule.where, rule.at, snapshot, names, ("rules", number, "at")),
                    absent=absent_too(rule.at, rule.allow),
                )
        for key in ("fail_if", "warn_if"):
            for number, (route, _) in enumerate(getattr(resolved.policy, key)):
                self.known(route, names.routes, "route", ("gate", key, number, "route"))
        for name, dependency in self.around.settings.dependencies.items():
            path = ("dependencies", name)
            if not dependency.role and name not in names.dependencies:
                self.warn(f"{self.where(*path)}: the snapshot has no call to it")
            for key in ("background", "reads", "writes"):
                for number, route in enumerate(getattr(dependency, key)):
                    self.known(route, names.calls, "call", (*path, key, number))
            for number, place in enumerate(dependency.dates):
                called = Where(dependency=name)
                self.check_place(called, place, snapshot, names, (*path, "dates", number))

    def check_where(self, where: Where, number: int, names: _Names) -> bool:
        """Whether everything that `where` names is in the snapshot."""
        path = ("rules", number, "where")
        found = (
            self.known(where.route, names.routes, "route", (*path, "route")),
            self.known(where.dependency, names.dependencies, "dependency", (*path, "dependency")),
            self.known(where.call, names.calls, "call", (*path, "call")),
        )
        return all(found)

    def known(
        self, word: str, words: frozenset[str], what: str, path: tuple[str | int, ...]
    ) -> bool:
        if not word or word in words:
            return True
        near = hint(word, words)
        self.error(f'{self.where(*path)}: the snapshot has no {what} "{word}"{near}')
        return False

    def check_place(
        self,
        where: Where,
        at: str,
        snapshot: Snapshot,
        names: _Names,
        path: tuple[str | int, ...],
        *,
        absent: bool = False,
    ) -> None:
        """A place that nothing recorded has may still be about to come; it is worth a line. Not so
        where a call may be without it (`absent`), and one is covered."""
        for exchange in (*snapshot.inbound, *snapshot.outbound):
            if names.covered(where, exchange) and (
                _has_place(exchange, at) or (absent and not exchange.inbound)
            ):
                return
        self.warn(f"{self.where(*path)}: nothing recorded has the place {at}")

    def where(self, *path: str | int) -> str:
        return self.around.place(*path)


class _Names:
    """The names that a snapshot knows, and which rule covers which exchange."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.routes = frozenset(exchange.route for exchange in snapshot.inbound)
        self.calls = frozenset(exchange.route for exchange in snapshot.outbound)
        called = {exchange.dependency for exchange in snapshot.outbound}
        self.dependencies = frozenset(called | {one.name for one in snapshot.dependencies})
        self.route_of = {exchange.id: exchange.route for exchange in snapshot.inbound}

    def covered(self, where: Where, exchange: Exchange) -> bool:
        """Whether a rule for `where` is about this exchange."""
        if exchange.inbound:
            call = group = ""
            routes = {exchange.route}
        else:
            call = exchange.route
            group = next((one for one in exchange.groups if one in (STARTUP, BACKGROUND)), "")
            routes = {self.route_of.get(one, "") for one in exchange.groups}
        return (
            (not where.route or where.route in routes)
            and where.dependency in ("", exchange.dependency)
            and where.call in ("", call)
            and where.group in ("", group)
        )


def _has_place(exchange: Exchange, pattern: str) -> bool:
    folded = fold(pattern)
    return any(
        covers(pattern, place) or fold(place).startswith((f"{folded}.", f"{folded}["))
        for place in _places(exchange, pattern.partition(".")[0])
    )


def _places(exchange: Exchange, side: str) -> Iterator[str]:
    """Every place of one side of an exchange."""
    message = exchange.request if side == "request" else exchange.response
    if message is None:
        return
    for part in codec_of(message).places(message):
        yield f"{side}.{part.place}"
        for place, _ in walk(part):
            yield f"{side}.{place}"
