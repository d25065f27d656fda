"""Conditions of `fail_if` and `warn_if`: "metric op number", else JMESPath over the result document.

A condition says what is not wanted: when it holds, its evaluation fails. One that cannot be judged,
because a metric was not measured or has no samples, is inconclusive.
"""

from __future__ import annotations

import difflib
import functools
import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from ci_gate.errors import UsageError
from ci_gate.model.result import Evaluation, Outcome, Result, RouteFigures
from ci_gate.policy.document import builtins, schema
from ci_gate.policy.fields import NoAnswerError, ask, check_fields
from ci_gate.policy.metrics import NAMES, Metrics, metrics, nested

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_CONDITION = re.compile(
    rf"\s*([A-Za-z][\w.-]*)\s*(==|!=|<=|>=|<|>)\s*({_NUMBER})\s*(%?)\s*\Z", re.ASCII
)
_SHOWN = 80

Level = Literal["fail", "warn"]


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """One condition, parsed. Either `metric`, `op` and `number`, or `expression`."""

    text: str
    level: Level = "fail"
    route: str = ""
    """Route whose metrics are meant; "" = the whole run."""
    metric: str = ""
    op: str = ""
    number: float = 0.0
    expression: str = ""
    uses: tuple[str, ...] = ()
    """Metrics that an expression names."""


def parse(text: str, level: Level = "fail", route: str = "") -> Condition:
    """Parse one condition. UsageError, naming it, for an unknown metric or field (with the nearest
    spelling and what there is), and for what is neither form."""
    found = _CONDITION.match(text)
    if found is None:
        uses = _check_expression(text)
        return Condition(text=text, level=level, route=route, expression=text, uses=uses)
    metric, op, number, percent = found.groups()
    if metric not in NAMES:
        raise UsageError(f"condition {text!r}: there is no metric {metric}{_nearest(metric)}")
    if percent and not metric.endswith("-pct"):
        raise UsageError(f"condition {text!r}: {metric} is no percentage: leave the % out")
    return Condition(
        text=text.strip(), level=level, route=route, metric=metric, op=op, number=float(number)
    )


def parse_all(
    fail_if: Sequence[tuple[str, str]], warn_if: Sequence[tuple[str, str]] = ()
) -> tuple[Condition, ...]:
    """Parse the conditions of a policy, each (route or "", text)."""
    return (
        *(parse(text, "fail", route) for route, text in fail_if),
        *(parse(text, "warn", route) for route, text in warn_if),
    )


def _nearest(metric: str) -> str:
    close = difflib.get_close_matches(metric, NAMES, 1, 0.4)
    meant = f"; did you mean {close[0]}?" if close else "."
    return f"{meant} Metrics: {', '.join(NAMES)}"


def _check_expression(text: str) -> tuple[str, ...]:
    what = f"condition {text!r} is neither `metric op number` nor JMESPath over the result"
    hyphenated = next((name for name in NAMES if "-" in name and name in text), "")
    try:
        compiled = check_fields(text, _schema(), what)
    except UsageError as error:
        if not hyphenated:
            raise
        group, _, field = hyphenated.partition(".")
        quoted = f'{group}."{field}"'
        raise UsageError(f"{error}. In JMESPath write {hyphenated} as {quoted}") from error
    return tuple(dict.fromkeys(_named(compiled.parsed)))


@functools.cache
def _schema() -> dict[str, Any]:
    return schema()


def _named(node: dict[str, Any]) -> Iterator[str]:
    """Metrics that a syntax tree names."""
    children = [child for child in node.get("children", ()) if isinstance(child, dict)]
    if node["type"] == "subexpression" and all(child["type"] == "field" for child in children):
        name = ".".join(child["value"] for child in children)
        if name in NAMES:
            yield name
    for child in children:
        yield from _named(child)


def evaluate(conditions: Sequence[Condition], result: Result) -> tuple[Evaluation, ...]:
    """Judge conditions by the first run of a result; its verdict is not looked at."""
    run = result.runs[0] if result.runs else None
    figures: Mapping[str, RouteFigures] = {one.route: one for one in result.routes}
    fields = builtins(result) if any(one.expression for one in conditions) else {}
    known: dict[str, Metrics] = {}
    evaluations = []
    for condition in conditions:
        route = condition.route
        if route not in known:
            unknown: Metrics = dict.fromkeys(NAMES)
            known[route] = unknown if run is None else metrics(run, route, figures.get(route))
        outcome, observed = _judge(condition, known[route], fields)
        evaluations.append(
            Evaluation(
                condition=condition.text,
                outcome=outcome,
                observed=observed,
                level=condition.level,
                route=route,
            )
        )
    return tuple(evaluations)


def _judge(condition: Condition, measured: Metrics, fields: dict[str, Any]) -> tuple[Outcome, str]:
    if condition.expression:
        return _search(condition, measured, fields)
    value = measured[condition.metric]
    if value is None:
        return "inconclusive", _why_unknown(condition.metric)
    holds = OPERATORS[condition.op](value, condition.number)
    return "fail" if holds else "pass", shown(value)


def _why_unknown(metric: str) -> str:
    return "no samples" if metric.startswith("latency.") else "not measured"


def _search(condition: Condition, measured: Metrics, fields: dict[str, Any]) -> tuple[Outcome, str]:
    unknown = [name for name in condition.uses if measured[name] is None]
    if unknown:
        return "inconclusive", f"{unknown[0]}: {_why_unknown(unknown[0])}"
    compiled = check_fields(condition.expression, _schema(), f"condition {condition.text!r}")
    try:
        value = ask(compiled, {**nested(measured), **fields})
    except NoAnswerError as error:
        return "inconclusive", str(error)[:_SHOWN]
    if value is None and compiled.parsed["type"] == "comparator":
        return "inconclusive", "the two sides cannot be compared"
    text = json.dumps(value, ensure_ascii=False)
    # JMESPath calls these false, and nothing else: 0 is true.
    false = value is None or value is False or value in ("", [], {})
    return "pass" if false else "fail", text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def shown(value: float) -> str:
    """A metric's value for people: at most three decimals, "43.2", "300"."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1e15 else f"{value:g}"
