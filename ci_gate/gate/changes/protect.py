"""`gate.protect`: keys that a change cannot edit for its own run. Pure.

Both configurations say which keys are protected, so that a change that takes a key off the list
gains nothing by it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from ci_gate.config.file import NAME, ConfigFile, load
from ci_gate.config.problems import hint
from ci_gate.config.schema import Configuration
from ci_gate.errors import UsageError


def protected(
    config_text: str, base_text: str, keys: Sequence[str] = (), name: str = NAME
) -> ConfigFile:
    """The configuration of a change with protected keys as the base has them.

    `keys` (dotted: "rules", "gate.fail_if") come on top of `gate.protect` of both texts. A key
    that the base does not have is taken out. Lines are those of the change's own text. Raises
    UsageError for a text that is no configuration and for a key that there cannot be.
    """
    head = load(config_text, name)
    base = load(base_text, f"{name} of the base")
    wanted = dict.fromkeys((*keys, *base.settings.gate.protect, *head.settings.gate.protect))
    if not wanted:
        return head
    data: Any = json.loads(json.dumps(head.document.data))
    for key in wanted:
        _take(data, base.document.data, _path(key, head))
    merged = load(json.dumps(data, ensure_ascii=False), name)
    settings = merged.settings
    # The list has done its work; what is left is a configuration like any other.
    gate = msgspec.structs.replace(settings.gate, protect=())
    return ConfigFile(name, msgspec.structs.replace(settings, gate=gate), head.document)


def _path(key: str, config: ConfigFile) -> list[str]:
    path = key.split(".")
    known = [field.encode_name for field in msgspec.structs.fields(Configuration)]
    if path[0] not in known or not all(path):
        raise UsageError(
            f"{config.place('gate', 'protect')}: there is no key {key}; "
            f"keys are {', '.join(known)} and what is below them{hint(path[0], known)}"
        )
    return path


def _take(data: Any, base: Any, path: list[str]) -> None:
    """Make `data` at `path` what `base` has there."""
    *above, last = path
    for step in above:
        base = base.get(step) if isinstance(base, dict) else None
        if not isinstance(data.get(step), dict):
            if not isinstance(base, dict):
                return
            data[step] = {}
        data = data[step]
    if isinstance(base, dict) and last in base:
        data[last] = base[last]
    else:
        data.pop(last, None)
