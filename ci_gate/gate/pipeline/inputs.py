"""Inputs of `ci-gate action`: what a workflow, component or pipe gives, by environment alone.

GitHub sets INPUT_<NAME> for its actions; everything else sets CI_GATE_INPUT_<NAME>. Nothing goes
through arguments, because the runner quotes them badly. GitHub does not enforce what an action
declares, so every value is checked here. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ci_gate.config.problems import hint
from ci_gate.errors import UsageError
from ci_gate.forge.publish import MODES, Mode
from ci_gate.gate.publish import KEY
from ci_gate.report.text import one_line

OURS = "CI_GATE_INPUT_"
GITHUBS = "INPUT_"
_ALWAYS = frozenset({"args", "entrypoint"})
"""Set by the runner itself for actions in a container."""
_LONGEST = 4_000


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """The inputs, checked; "" = not given."""

    config: str = ""
    snapshot: str = ""
    mode: Literal["gate", "report"] = "gate"
    key: str = ""
    comment: Mode | Literal[""] = ""
    """"" = what the configuration says."""
    token: str = ""
    check_run: bool = False
    working_directory: str = ""
    out: str = ""
    base: str = ""
    baseline: str = ""
    """A run directory: what differs there, too, is not new."""
    shard: str = ""
    """"2/3", or "auto"."""
    merge: str = ""
    """Nothing is run: the shards in this folder are judged together."""


NAMES = tuple(field.name for field in msgspec.structs.fields(Inputs))
_CHOICES = {"mode": ("gate", "report"), "comment": MODES, "check_run": ("true", "false")}


def read_inputs(env: Mapping[str, str]) -> Inputs:
    """The inputs of an environment. CI_GATE_INPUT_* win; with any of them, INPUT_* are not ours.

    Raises UsageError with a line for each that is misspelt or has a value it cannot have.
    """
    prefix = OURS if any(name.upper().startswith(OURS) for name in env) else GITHUBS
    faults: list[str] = []
    given: dict[str, Any] = {}
    for variable in sorted(env):
        if not variable.upper().startswith(prefix):
            continue
        # Hyphens survive in INPUT_*, and an empty value is one that was not given.
        name = variable[len(prefix) :].lower().replace("-", "_")
        value = env[variable].strip()
        if name not in NAMES:
            if name not in _ALWAYS:
                faults.append(
                    f"input {one_line(name, 60)}: there is no such input; there are "
                    f"{', '.join(NAMES)}{hint(name, NAMES)}"
                )
        elif value:
            faults += _faults(name, value)
            given[name] = value == "true" if name == "check_run" else value
    if faults:
        raise UsageError("\n".join(faults))
    inputs = Inputs(**given)
    if inputs.shard and inputs.merge:
        raise UsageError(
            "inputs shard and merge exclude each other: one job runs a shard, the one after all of "
            "them merges"
        )
    return inputs


def _faults(name: str, value: str) -> list[str]:
    """What is wrong with a value; a token is never quoted."""
    allowed = _CHOICES.get(name, ())
    if allowed and value not in allowed:
        said = one_line(value, 60)
        return [f"input {name}: {said!r} is not one of {', '.join(allowed)}{hint(value, allowed)}"]
    if len(value) > _LONGEST or any(ord(char) < 32 or ord(char) == 127 for char in value):
        return [f"input {name}: one line of at most {_LONGEST} characters"]
    if name == "key" and not KEY.fullmatch(value):
        return [f"input key: letters, digits, blanks and . _ / - only, not {one_line(value, 60)!r}"]
    if name != "token" and value.startswith("-"):
        return [f"input {name}: {one_line(value, 60)!r} begins with -, which no value of it does"]
    return []
