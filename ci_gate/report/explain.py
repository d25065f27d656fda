"""One cause explained: all that a person or a coding agent needs to fix it, in under 2,000 tokens.

Expected and actual, calls recorded and made, log lines, files, commands. Text and JSON say the
same. What is too much is shortened by a ladder, step by step, and it is said that more is there.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ci_gate.model.difference import Cause, Difference
from ci_gate.model.result import CallLine, ExchangeResult, Result
from ci_gate.report.text import cut, guard, one_line, visible
from ci_gate.report.words import extent, follows, plural, reproduce, side, sides
from ci_gate.values.redaction.masks import masked

TOKENS = 2000
LETTERS = 4
"""Characters a token, on average; of other scripts fewer, so bytes count."""
BYTES = TOKENS * LETTERS

_SIGNS = {
    "": " ",
    "missing": "-",
    "unexpected": "+",
    "new-host": "+",
    "repeated": "+",
    "migration": "+",
}


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One difference of the example."""

    what: str
    """Kind of change: "type", "missing"; see `model.difference`."""
    where: str
    """Place, or the call and its place."""
    expected: str | None = None
    """None: there was nothing."""
    actual: str | None = None
    detail: str = ""
    follows: bool = False
    """It is a consequence of the others."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What `explain --json` prints. All texts are of one line, masked and bounded."""

    cause: str
    title: str
    service: str
    side: str
    """"response", "call to payments"…"""
    extent: str
    """"41 requests"."""
    routes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    transform: str = ""
    standing: str = ""
    """Why it does not count: "known", "unstable"…; "" = it is red."""
    exchange: str = ""
    """The smallest example: id of an inbound exchange, "" = it was in no request."""
    request: str = ""
    """"GET /orders/17"."""
    recorded_in: str = ""
    """The file of the snapshot that holds what was expected."""
    differences: tuple[Shown, ...] = ()
    calls: tuple[CallLine, ...] = ()
    """Of the example, in the order in which they were made."""
    error: str = ""
    files: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    following: tuple[str, ...] = ()
    commands: dict[str, str] = {}
    """What it is for -> a shell command."""
    notes: tuple[str, ...] = ()
    """What is not shown, and why."""


class _Level(msgspec.Struct, frozen=True):
    """How much of everything: numbers of items and characters."""

    differences: int
    calls: int
    log: int
    names: int
    text: int


_LADDER = (
    _Level(12, 40, 12, 8, 300),
    _Level(8, 24, 10, 6, 200),
    _Level(6, 16, 8, 4, 160),
    _Level(4, 10, 5, 3, 120),
    _Level(2, 6, 3, 2, 80),
    _Level(1, 3, 1, 1, 30),
)


def explain(
    result: Result,
    cause: Cause,
    row: ExchangeResult | None,
    verbs: dict[str, str],
    notes: tuple[str, ...] = (),
) -> Explanation:
    """A cause of a result, as much of it as fits.

    `row`: the line of its example in exchanges.jsonl, None when that is not at hand. `verbs`: more
    commands, what each is for -> the command. Everything may come from an untrusted run.
    """
    made = Explanation(cause="", title="", service="", side="", extent="")
    for level in _LADDER:
        made = _at(level, result, cause, row, verbs, notes)
        if max(len(text(made).encode()), len(encode(made))) <= BYTES:
            break
    return made


def example_of(cause: Cause) -> str:
    """The exchange of the smallest example, "" = none."""
    return next((one.exchange for one in cause.examples if one.exchange), "")


def _at(
    level: _Level,
    result: Result,
    cause: Cause,
    row: ExchangeResult | None,
    verbs: dict[str, str],
    notes: tuple[str, ...],
) -> Explanation:
    differences = _differences(cause, row)
    calls = row.calls if row is not None else ()
    log = cause.moment.lines or (row.log if row is not None else ())
    cutting = (
        ("difference", differences, level.differences),
        ("call", calls, level.calls),
        ("log line", log, level.log),
        ("route", cause.routes, level.names),
        ("place", cause.places, level.names),
    )
    dropped = [
        plural(len(items) - limit, "more " + noun)
        for noun, items, limit in cutting
        if len(items) > limit
    ]
    said = [*notes, *([f"not shown: {', '.join(dropped)}"] if dropped else [])]
    places = cause.places or ((cause.place,) if cause.place else ())

    def short(value: str, most: int = level.text) -> str:
        return one_line(masked(value[: 4 * most]), most)

    def names(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(short(one) for one in values[: level.names])

    return Explanation(
        cause=short(cause.id, 20),
        title=short(cause.title, min(200, 4 * level.text)),
        service=short(result.service, 60),
        side=short(side(cause), 80),
        extent=short(extent(cause), 80),
        routes=names(cause.routes),
        places=names(places),
        transform=short(cause.transform),
        standing=cause.standing,
        exchange=short(example_of(cause), 80),
        request=short(row.label) if row is not None else "",
        recorded_in=short(_file(result, row)),
        differences=tuple(
            _shown(one, cause, level.text) for one in differences[: level.differences]
        ),
        calls=tuple(
            msgspec.structs.replace(
                one,
                dependency=short(one.dependency, 60),
                recorded=short(one.recorded),
                made=short(one.made),
                change=short(one.change, 20),
                effect=short(one.effect, 20),
            )
            for one in _around(calls, level.calls)
        ),
        error=short(cause.moment.error),
        files=names(cause.moment.files),
        log=tuple(short(one) for one in log[len(log) - min(level.log, len(log)) :]),
        following=names(cause.following),
        commands={
            use: short(command, min(300, 6 * level.text))
            for use, command in (("reproduce", reproduce(result, cause)), *verbs.items())
        },
        notes=tuple(short(one, 200) for one in said[:4]),
    )


def _file(result: Result, row: ExchangeResult | None) -> str:
    if row is None or not row.file:
        return ""
    return f"{result.environment.snapshot}/{row.file}".lstrip("/")


def _differences(cause: Cause, row: ExchangeResult | None) -> tuple[Difference, ...]:
    """Those of the example that belong to the cause, what follows from it last."""
    known = row.differences if row is not None else ()
    found = tuple(one for one in known if one.cause == cause.id) or cause.examples
    return tuple(sorted(found, key=lambda one: follows(cause, one)))


def _shown(one: Difference, cause: Cause, most: int) -> Shown:
    expected, actual = sides(one)
    words = " ".join(part for part in (one.dependency, one.call, one.place) if part)

    def short(value: str | None) -> str | None:
        return None if value is None else one_line(masked(value[: 4 * most]), most)

    return Shown(
        what=one_line(one.change, 20),
        where=one_line(masked(words[: 4 * most]), most),
        expected=short(expected),
        actual=short(actual),
        detail=cut(visible(masked(one.detail[: 4 * most])), most).replace("\n", " · "),
        follows=follows(cause, one),
    )


def _around(calls: tuple[CallLine, ...], most: int) -> tuple[CallLine, ...]:
    """The first calls; where the first change comes later, those around it."""
    changed = next((at for at, one in enumerate(calls) if one.change), 0)
    start = max(0, min(changed - most // 2, len(calls) - most))
    return calls[start : start + most]


def encode(explanation: Explanation) -> bytes:
    """As JSON in one line, without what is empty."""
    return msgspec.json.encode(_said(msgspec.to_builtins(explanation)))


def _said(value: Any) -> Any:
    """Without what is empty, and what goes without saying."""
    if isinstance(value, dict):
        return {
            name: _said(one)
            for name, one in value.items()
            if one not in ("", False, [], {}) and (name, one) != ("times", 1)
        }
    return [_said(one) for one in value] if isinstance(value, list | tuple) else value


def text(explanation: Explanation) -> str:
    """For people and for agents: plain lines, no colours, nothing a job log would execute."""
    one = explanation
    lines = [f"{one.cause}  {one.title}", f"    {_where(one)}"]
    if one.standing:
        lines.append(f"    does not count: {one.standing}")
    if len(one.places) > 1:
        lines.append(f"    at {', '.join(one.places)}")
    if one.transform and one.transform not in one.title:
        lines.append(f"    {one.transform}")
    about = f"{one.exchange} {one.request}".strip()
    lines += _section(f"What differs in {about}" if about else "What differs", _changes(one))
    lines += _section("Its calls", [_call(line) for line in one.calls])
    lines += _section("What follows from it", list(one.following))
    lines += _section(f"Raised meanwhile: {one.error}" if one.error else "", list(one.files))
    lines += _section("What the service printed meanwhile", list(one.log))
    kept = [f"what is expected: {one.recorded_in}"] if one.recorded_in else []
    lines += _section(
        "Commands", [*(f"{use}: {what}" for use, what in one.commands.items()), *kept]
    )
    lines += [f"({note})" for note in one.notes]
    return guard("\n".join(lines)) + "\n"


def _where(one: Explanation) -> str:
    routes = ", ".join(one.routes)
    where = f" in {routes}" if routes else ""
    return f"{one.side}, {one.extent}{where}, service {one.service}"


def _section(title: str, lines: list[str]) -> list[str]:
    if not title or (not lines and not title.startswith("Raised")):
        return []
    return ["", title, *(f"    {line}" for line in lines)]


def _changes(one: Explanation) -> list[str]:
    lines = []
    for shown in one.differences:
        lines.append(
            ("and so " if shown.follows else "") + f"{shown.what}: {shown.where}".rstrip(": ")
        )
        lines += [f"  - {_value(shown.expected)}", f"  + {_value(shown.actual)}"]
        lines += [f"  {shown.detail}"] if shown.detail else []
    return lines


def _value(value: str | None) -> str:
    return "(nothing)" if value is None else value or "(empty)"


def _call(line: CallLine) -> str:
    """`- shipping POST /shipments (missing)`: `-` recorded and not made, `+` made and not
    recorded, `~` made in another form or at another moment."""
    sign = _SIGNS.get(line.change, "~")
    same = line.recorded == line.made or not line.made or not line.recorded
    what = line.made or line.recorded if same else f"{line.recorded} → {line.made}"
    change = f" ({line.change})" if line.change else ""
    times = f" × {line.times}" if line.times > 1 else ""
    return f"{sign} {line.dependency} {what}{change}{times}"
