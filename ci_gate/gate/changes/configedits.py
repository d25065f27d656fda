"""Two configurations -> what became different about how the gate judges. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from ci_gate.config.file import ConfigFile
from ci_gate.config.rules import rule_of
from ci_gate.config.schema import ConditionSection, KnownSection, QuarantineSection
from ci_gate.diff.rulecheck import one_line as rule_line
from ci_gate.model.edit import Edit
from ci_gate.model.rule import Rule
from ci_gate.report.text import cut
from ci_gate.values.redaction.masks import masked

_TEXT = 300
_APART = (("rules",), ("known",), ("quarantine",), ("gate", "fail_if"), ("gate", "warn_if"))
"""Keys that have edits of their own kind."""

Path = tuple[str | int, ...]


def config_edits(base: ConfigFile | None, head: ConfigFile | None, name: str) -> list[Edit]:
    """Edits in the order rules, known, quarantine, conditions, other settings; `name` is what the
    file is called."""
    if base is None or head is None:
        whole = []
        if base is not head:
            change = "added" if base is None else "removed"
            whole.append(Edit(subject="config", change=change, what=name, looser=head is None))  # type: ignore[arg-type]  # one of the three
        base = base or _nothing(head)
        head = head or _nothing(base)
        if base is None or head is None:
            return whole
        return whole + _judging(base, head)
    return _judging(base, head) + _settings(base, head)


def _judging(base: ConfigFile, head: ConfigFile) -> list[Edit]:
    return (
        _rules(base, head) + _known(base, head) + _quarantine(base, head) + _conditions(base, head)
    )


def _nothing(other: ConfigFile | None) -> ConfigFile | None:
    """A configuration that says nothing, beside one that does."""
    if other is None:
        return None
    from ci_gate.config.file import load

    return load("version: 1\n", other.name)


def _rules(base: ConfigFile, head: ConfigFile) -> list[Edit]:
    old = {_identity(one): one for one in _rules_of(base)}
    new = {_identity(one): one for one in _rules_of(head)}
    edits = []
    for key in old | new:
        was, now = old.get(key), new.get(key)
        if was is None and now is not None:
            edits.append(_rule(now, "added", "", _terms(now), looser=True))
        elif now is None and was is not None:
            edits.append(_rule(was, "removed", _terms(was), "", looser=False))
        elif was is not None and now is not None and _terms(was) != _terms(now):
            edits.append(_rule(now, "changed", _terms(was), _terms(now), looser=_looser(was, now)))
    return edits


def _rules_of(config: ConfigFile) -> list[Rule]:
    rules = config.settings.rules
    return [rule_of(i, one, config.line("rules", i)) for i, one in enumerate(rules)]


def _identity(rule: Rule) -> tuple[object, ...]:
    """What a rule is about; how far it goes is its terms."""
    return (rule.where, rule.at, rule.calls, rule.effect)


def _terms(rule: Rule) -> str:
    said = [rule.allow, f"until {rule.until}" if rule.until else "", rule.owner, rule.reason]
    return "; ".join(one for one in said if one)


def _looser(was: Rule, now: Rule) -> bool:
    """True unless the rule only became narrower: another reason or owner, an earlier end."""
    longer = bool(was.until) and (not now.until or now.until > was.until)
    return longer or (was.allow != now.allow and was.allow != "any")


def _rule(rule: Rule, change: str, before: str, after: str, *, looser: bool) -> Edit:
    return Edit(
        subject="rule",
        change=change,  # type: ignore[arg-type]  # one of the three
        what=_text(rule_line(rule)),
        before=_text(before),
        after=_text(after),
        looser=looser,
    )


class _Entry(msgspec.Struct, frozen=True):
    """An entry of `known` or `quarantine`: what it says, and how far it goes."""

    said: str
    until: str
    reach: frozenset[str] = frozenset()


def _known(base: ConfigFile, head: ConfigFile) -> list[Edit]:
    old, new = (
        {one.fingerprint: _entry(one) for one in config.settings.known} for config in (base, head)
    )
    return _entries("known", old, new)


def _quarantine(base: ConfigFile, head: ConfigFile) -> list[Edit]:
    old, new = (
        {one.exchange: _entry(one, one.differences) for one in config.settings.quarantine}
        for config in (base, head)
    )
    return _entries("quarantine", old, new)


def _entry(one: KnownSection | QuarantineSection, reach: Iterable[str] = ()) -> _Entry:
    listed = " ".join(reach)
    said = [f"until {one.until}", one.owner, one.reason, listed]
    return _Entry("; ".join(text for text in said if text), one.until, frozenset(reach))


def _entries(
    subject: Literal["known", "quarantine"], old: dict[str, _Entry], new: dict[str, _Entry]
) -> list[Edit]:
    edits = []
    for key in old | new:
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        further = was is None or (
            now is not None and (now.until > was.until or not now.reach <= was.reach)
        )
        edits.append(
            Edit(
                subject=subject,
                change="removed" if now is None else "added" if was is None else "changed",
                what=_text(key),
                before=_text(was.said) if was is not None else "",
                after=_text(now.said) if now is not None else "",
                looser=now is not None and further,
            )
        )
    return edits


def _conditions(base: ConfigFile, head: ConfigFile) -> list[Edit]:
    edits = []
    for key in ("fail_if", "warn_if"):
        old, new = (_spelled(getattr(one.settings.gate, key)) for one in (base, head))
        for text in [*old, *(one for one in new if one not in old)]:
            if (text in old) != (text in new):
                gone = text in old
                edits.append(
                    Edit(
                        subject="condition",
                        change="removed" if gone else "added",
                        what=_text(f"{key}: {text}"),
                        looser=gone and key == "fail_if",
                    )
                )
    return edits


def _spelled(conditions: tuple[str | ConditionSection, ...]) -> list[str]:
    return [
        one if isinstance(one, str) else f"{one.condition} in {one.route}" for one in conditions
    ]


def _settings(base: ConfigFile, head: ConfigFile) -> list[Edit]:
    old, new = (dict(_leaves(one.document.data)) for one in (base, head))
    edits = []
    for path in old | new:
        if old.get(path, _MISSING) == new.get(path, _MISSING):
            continue
        was, now = path in old, path in new
        edits.append(
            Edit(
                subject="config",
                change="changed" if was and now else "added" if now else "removed",
                what=_text(_dotted(path)),
                before=_text(_shown(old[path])) if was else "",
                after=_text(_shown(new[path])) if now else "",
                looser=_loosens(path, was, new.get(path)),
            )
        )
    return edits


_MISSING = object()


def _loosens(path: Path, was: bool, now: Any) -> bool:
    """Settings by which the gate sees or says less."""
    if path[:2] == ("gate", "protect"):
        return was and now is None
    if path == ("gate", "unstable"):
        return bool(now == "warn")
    if path == ("report", "comment"):
        return bool(now == "never")
    if len(path) >= 3 and path[0] == "dependencies":
        return (path[2] == "role" and now == "telemetry") or (
            path[2] in ("background", "reads") and now is not None
        )
    return False


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Scalars by path. Lists of scalars are keyed by their values, since order says nothing."""
    if path in _APART:
        return
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list) and path[:1] != ("service",) and all(_scalar(v) for v in value):
        for item in value:
            yield (*path, str(item)), item
    elif path:
        yield path, value


def _scalar(value: Any) -> bool:
    return not isinstance(value, (list, Mapping))


def _dotted(path: Path) -> str:
    return ".".join(str(step) for step in path)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _text(text: str) -> str:
    return cut(masked(text), _TEXT)
