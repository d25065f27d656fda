"""The text of a proposed ci-gate.yml: every line of it can be read without the documentation."""

from __future__ import annotations

import re

from ci_gate.codecs.registry import PROTOCOLS
from ci_gate.gate.detect.findings import Command, Guess, Proposal

_PLAIN = re.compile(r"-{0,2}[A-Za-z/.][A-Za-z0-9_./@-]*\Z")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})


def render(proposal: Proposal) -> str:
    """The file's text; it passes `ci-gate check`."""
    blocks = [
        _head(proposal),
        _service(proposal),
        _dependencies(proposal.dependencies),
        _replay(),
        _gate(),
        _rules(),
    ]
    return "\n\n".join(blocks) + "\n"


def safe_name(folder_name: str) -> str:
    """A folder's name as a service's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder_name).strip("-._") or "service"


def scalar(text: str) -> str:
    """`text` as a YAML scalar, quoted when it could mean anything else."""
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return f"\\U{ord(character):08x}"


def _head(proposal: Proposal) -> str:
    return "\n".join(
        (
            "# What ci-gate runs and how it judges. Proposed by `ci-gate init`; it is yours now.",
            "# `ci-gate check` checks it, `ci-gate record` makes the snapshot, `ci-gate run` is the gate.",
            "version: 1",
            f"snapshot: {scalar(proposal.snapshot)}",
        )
    )


def _service(proposal: Proposal) -> str:
    lines = ["service:", f"  name: {scalar(proposal.name)}"]
    lines += _command(proposal.command)
    if proposal.port:
        lines.append(f"  port: {proposal.port.value}  # {_comment(proposal.port.source)}")
    else:
        lines.append("  # port: 8080  # where it listens; without it nothing inbound is recorded")
    lines += _env(proposal)
    if proposal.ready:
        lines.append(f"  ready: {{path: {scalar(proposal.ready)}, timeout: 30s}}")
    else:
        lines.append("  # It counts as up when its port accepts; better is a path or a log line:")
        lines.append("  # ready: {path: /healthz, timeout: 30s}")
    return "\n".join(lines)


def _command(command: Command | None) -> list[str]:
    if command is None:
        return ["  # command: [python, -m, orders]  # how it is started; or image:, or url:"]
    source = f"  # {_comment(command.source)}"
    if command.shell:
        return [f"  command: {scalar(command.words[0])}{source}"]
    return [f"  command: [{', '.join(map(scalar, command.words))}]{source}"]


def _env(proposal: Proposal) -> list[str]:
    pairs = [("PORT", "${service.port}")] if proposal.port_variable and proposal.port else []
    for guess in proposal.dependencies:
        if guess.protocol in PROTOCOLS and guess.upstream and not guess.telemetry:
            pairs += guess.env
    if not pairs:
        return ['  # env: {PAYMENTS_URL: "${payments.url}"}  # where a dependency is served from']
    head = "  env:  # ${NAME.url} is where a dependency is served while recording and in the gate"
    return [head, *(f"    {name}: {scalar(value)}" for name, value in pairs)]


def _dependencies(guesses: tuple[Guess, ...]) -> str:
    used: list[str] = []
    notes: list[str] = []
    for guess in guesses:
        source = f"  # {_comment(guess.source)}" if guess.source else ""
        if guess.telemetry:
            used.append(f"  {guess.name}: {{role: telemetry}}{source}")
        elif guess.protocol not in PROTOCOLS:
            notes.append(f"{guess.name}: {guess.protocol} is not supported yet{source}")
        elif guess.upstream:
            upstream = f"upstream: {scalar(guess.upstream)}"
            used.append(f"  {guess.name}: {{protocol: {guess.protocol}, {upstream}}}{source}")
        else:
            text = f'{guess.name}: {{protocol: {guess.protocol}, upstream: "https://…"}}{source}'
            notes.append(text)
    if used:
        return "\n".join(["dependencies:", *used, *(f"  # {note}" for note in notes)])
    notes.append('payments: {protocol: http, upstream: "https://api.payments.example"}')
    head = "# What the service calls through our proxy is recorded without being named here."
    return "\n".join([head, "# dependencies:", *(f"#   {note}" for note in notes)])


def _replay() -> str:
    return "\n".join(
        (
            "replay:",
            "  settle: 500ms  # how long a request's late calls are waited for",
            "  timeout: 10s",
            "  # Credentials for replayed requests; their values reach no output:",
            '  # set: {headers: {Authorization: "Bearer ${env.TEST_TOKEN:-test}"}}',
        )
    )


def _gate() -> str:
    return "\n".join(
        (
            "# A difference that no rule excuses fails the gate in any case.",
            "gate:",
            '  fail_if: ["requests.failed > 0"]',
            '  warn_if: ["latency.p95 > 200"]  # milliseconds; move it up once you know your numbers',
        )
    )


def _rules() -> str:
    return "\n".join(
        (
            "# What may differ, and why. A rule without a reason is an error.",
            "# rules:",
            '#   - where: {route: "GET /orders/{id}"}',
            '#     at: "response.body.$.updated_at"',
            "#     allow: timestamp",
            '#     reason: "server clock"',
            '#     owner: "@orders"',
        )
    )


def _comment(text: str) -> str:
    """Text for a comment: one line, no control characters."""
    return "".join(c if c.isprintable() else " " for c in text)[:120]
