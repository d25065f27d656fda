"""What judging takes besides the service: snapshot, pace, policy, rules, and the redaction key."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ci_gate.config.flags import JudgeFlags, Surroundings
from ci_gate.config.options import Policy
from ci_gate.config.references import expand
from ci_gate.config.rules import rule_of
from ci_gate.config.schema import ConditionSection, Configuration
from ci_gate.config.service import service_name
from ci_gate.config.units import duration
from ci_gate.errors import UsageError
from ci_gate.model.rule import Rule
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.store.statefolder import parse_key

REDACTION_KEY = "CI_GATE_REDACTION_KEY"
_ABSOLUTE = re.compile(r"/|\\|[A-Za-z]:[/\\]")


def snapshot_folder(given: str, around: Surroundings) -> str:
    """`--in` or `--out` as given, else the file's, else snapshots/<folder name> beside the file."""
    if given:
        return given
    relative = around.settings.snapshot or f"snapshots/{service_name(around)}"
    if around.folder in ("", ".") or _ABSOLUTE.match(relative):
        return relative
    return f"{around.folder.rstrip('/')}/{relative}"


def resolve_replayer(around: Surroundings) -> ReplayerOptions:
    """How requests are replayed; raises UsageError for a header whose variable is not set."""
    replay = around.settings.replay
    headers = tuple(
        (name, expand(value, {}, around.env, around.place("replay", "set", "headers", name)))
        for name, value in replay.set.headers.items()
    )
    for name, value in headers:
        if any(ord(character) < 32 and character != "\t" for character in value):
            place = around.place("replay", "set", "headers", name)
            raise UsageError(f"{place}: the variable's value is more than one line")
    return ReplayerOptions(
        pace=replay.pace,
        concurrency=replay.concurrency,
        workers=replay.workers,
        settle=duration(replay.settle),
        timeout=duration(replay.timeout),
        headers=headers,
    )


def resolve_policy(flags: JudgeFlags, settings: Configuration) -> Policy:
    """Conditions; a list given by flags replaces the file's."""
    gate = settings.gate
    return Policy(
        fail_if=tuple(("", text) for text in flags.fail_if) or _conditions(gate.fail_if),
        warn_if=tuple(("", text) for text in flags.warn_if) or _conditions(gate.warn_if),
    )


def resolve_rules(around: Surroundings) -> tuple[Rule, ...]:
    """The file's rules, numbered from 1."""
    rules = around.settings.rules
    return tuple(rule_of(i, one, around.line("rules", i)) for i, one in enumerate(rules))


def redaction_key(env: Mapping[str, str]) -> str:
    """CI_GATE_REDACTION_KEY in hex, or "" for the one in the state folder. Raises UsageError."""
    key = env.get(REDACTION_KEY, "")
    return parse_key(key, REDACTION_KEY).hex() if key.strip() else ""


def _conditions(written: tuple[str | ConditionSection, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        ("", one) if isinstance(one, str) else (one.route, one.condition) for one in written
    )
