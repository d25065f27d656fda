"""What judging takes besides the service: snapshot, pace, policy, rules, and the redaction key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from ci_gate.config.flags import JudgeFlags, Surroundings
from ci_gate.config.known import known_of, quarantined_of
from ci_gate.config.options import Policy
from ci_gate.config.references import expand, variable_values
from ci_gate.config.rules import rule_of
from ci_gate.config.schema import ConditionSection
from ci_gate.config.service import service_name
from ci_gate.config.units import duration
from ci_gate.errors import UsageError
from ci_gate.model.known import Known, Quarantined
from ci_gate.model.rule import Rule
from ci_gate.policy.conditions import parse
from ci_gate.replayer.options import ReplayerOptions
from ci_gate.store.statefolder import parse_key
from ci_gate.values.redaction.names import is_secret_header

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
        values=set_values(around),
        secrets=_secrets(
            (*replay.set.headers.values(), *replay.set.values.values()), headers, around.env
        ),
    )


def set_values(around: Surroundings) -> tuple[tuple[str, str], ...]:
    """The names and values of `replay.set.values`; raises UsageError for a variable that is not
    set."""
    return tuple(
        (name, expand(value, {}, around.env, around.place("replay", "set", "values", name)))
        for name, value in around.settings.replay.set.values.items()
    )


def _secrets(
    written: Iterable[str], headers: tuple[tuple[str, str], ...], env: Mapping[str, str]
) -> tuple[str, ...]:
    """What must reach no output: values of variables, and credentials written into the file, but
    not a default such as `test`, which is a word of every report."""
    values = [value for text in written for value in variable_values(text, env)]
    literal = [value for name, value in headers if is_secret_header(name.encode())]
    return (*values, *(one for one in literal if len(one.rpartition(" ")[2]) >= 8))


def resolve_policy(flags: JudgeFlags, around: Surroundings) -> Policy:
    """Conditions; a list given by flags replaces the file's.

    Raises UsageError, naming flag or line, for what is no condition: nothing is run for it.
    """
    return Policy(
        fail_if=_conditions("fail_if", flags.fail_if, around.settings.gate.fail_if, around),
        warn_if=_conditions("warn_if", flags.warn_if, around.settings.gate.warn_if, around),
        unstable=around.settings.gate.unstable,
    )


def resolve_rules(around: Surroundings) -> tuple[Rule, ...]:
    """The file's rules, numbered from 1."""
    rules = around.settings.rules
    return tuple(rule_of(i, one, around.line("rules", i)) for i, one in enumerate(rules))


def resolve_known(around: Surroundings) -> tuple[Known, ...]:
    """The file's known causes, numbered from 1."""
    known = around.settings.known
    return tuple(known_of(i, one, around.line("known", i)) for i, one in enumerate(known))


def resolve_quarantine(around: Surroundings) -> tuple[Quarantined, ...]:
    """The file's quarantined exchanges, numbered from 1."""
    found = around.settings.quarantine
    return tuple(
        quarantined_of(i, one, around.line("quarantine", i)) for i, one in enumerate(found)
    )


def redaction_key(env: Mapping[str, str]) -> str:
    """CI_GATE_REDACTION_KEY in hex, or "" for the one in the state folder. Raises UsageError."""
    key = env.get(REDACTION_KEY, "")
    return parse_key(key, REDACTION_KEY).hex() if key.strip() else ""


def _conditions(
    key: Literal["fail_if", "warn_if"],
    given: tuple[str, ...],
    written: tuple[str | ConditionSection, ...],
    around: Surroundings,
) -> tuple[tuple[str, str], ...]:
    """(route, text) of each condition, after parsing it to see that it is one."""
    places = [f"--{key.replace('_', '-')}"] * len(given)
    found = [("", text) for text in given]
    if not given:
        places = [around.place("gate", key, number) for number in range(len(written))]
        found = [
            ("", one) if isinstance(one, str) else (one.route, one.condition) for one in written
        ]
    for place, (route, text) in zip(places, found, strict=True):
        try:
            parse(text, route=route)
        except UsageError as error:
            raise UsageError(f"{place}: {error}") from error
    return tuple(found)
