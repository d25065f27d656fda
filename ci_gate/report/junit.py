"""junit.xml: one testcase for every inbound exchange, for every CI system that reads JUnit.

There is no one schema, so only the elements that all common readers share are written. The
junit-xml package does the writing; its sharp edges decide what happens around it: it crashes on
characters XML cannot hold, leaves out a time of zero, and drops a failure without a message, which
would turn a failed test into a passed one. Hence everything is made visible first, and the file is
read back before anybody sees it.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Literal

import msgspec
from junit_xml import TestCase, TestSuite, to_xml_report_string

from ci_gate.model.difference import Difference, Standing
from ci_gate.model.result import ExchangeResult, State
from ci_gate.report.text import cut, one_line, visible
from ci_gate.report.words import sides
from ci_gate.values.redaction.masks import masked_again, masked_data

FAILURE_BYTES = 10_000
"""A failure's text at most; readers keep all of it in memory, and people stop reading earlier."""

_ALL_FAILURES = 15_000_000
"""Bytes of all failures' texts together: GitLab reads no file of 30 MB."""

_VALUE = 2_000
_NAME = 200
_LEAST = 1e-6
"""Seconds: junit-xml leaves out a time of zero, and some readers then fail."""
_STANDINGS: dict[Standing, str] = {
    "unstable": "unstable: did not differ again when replayed alone",
    "collateral": "collateral: does not differ without an earlier request that missed a call",
    "known": "its cause is known",
    "before": "not new: in the baseline, too",
    "quarantined": "the exchange is in quarantine for this kind of difference",
}
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def render(
    service: str,
    results: Iterable[ExchangeResult],
    *,
    started_at: str = "",
    unstable: Literal["fail", "warn"] = "fail",
) -> str:
    """The JUnit report of `results`: a suite per route, and the suites `startup` and `background`.

    What is unstable is a failure of that type, or with "warn" a passed testcase that says so.

    `started_at` is ISO 8601 and becomes each suite's timestamp; anything else is left out. Order
    is that of `results`; suites come in the order of their first testcase. Never raises on what
    traffic held: if the file cannot be read back, a minimal one with an error in it is returned.
    """
    kept = [_as_judged(masked_data(one), unstable) for one in results]
    try:
        return _checked(_written(masked_again(service), kept, started_at), kept)
    except (ValueError, ET.ParseError) as error:
        return _minimal(masked_again(service), len(kept), masked_again(str(error)))


def _as_judged(result: ExchangeResult, unstable: str) -> ExchangeResult:
    """The row with a state that JUnit has."""
    if result.state != "unstable":
        return result
    state: State = "failed" if unstable == "fail" else "passed"
    return msgspec.structs.replace(result, state=state)


def _written(service: str, results: list[ExchangeResult], started_at: str) -> str:
    """The report as junit-xml writes it."""
    bad = sum(one.state in ("failed", "error") for one in results)
    room = min(FAILURE_BYTES, max(_ALL_FAILURES // max(bad, 1), 300))
    suites: dict[str, list[TestCase]] = {}
    used: dict[tuple[str, str], int] = {}
    for result in results:
        suite = one_line(result.group or result.route or "unnamed", _NAME)
        suites.setdefault(suite, []).append(_case(service, suite, result, used, room))
    found = _TIMESTAMP.match(started_at)
    timestamp = found.group() if found else None
    made = [TestSuite(name, cases, timestamp=timestamp) for name, cases in suites.items()]
    text: str = to_xml_report_string(made, prettyprint=False, encoding="utf-8")
    return text


def _case(
    service: str, suite: str, result: ExchangeResult, used: dict[tuple[str, str], int], room: int
) -> TestCase:
    """One exchange. `used` counts names, because readers drop a repeated class name and name;
    `room` is the most bytes of its failure's text."""
    classname = one_line(f"{service}.{suite}", _NAME)
    plain = one_line(result.label or result.route, _NAME) or "unnamed"
    name = f"{plain} [{one_line(result.id, 80)}]" if result.id and not result.group else plain
    unique = name
    while (classname, unique) in used:
        used[classname, name] += 1
        unique = f"{name} #{used[classname, name]}"
    used[classname, unique] = 1
    case = TestCase(
        unique,
        classname=classname,
        elapsed_sec=max(result.milliseconds / 1000, _LEAST),
        file=one_line(result.file, 400) or None,
    )
    _judge(case, result, room)
    return case


def _judge(case: TestCase, result: ExchangeResult, room: int) -> None:
    """Put the state of `result` into its testcase. Every message is non-empty."""
    counted = result.state in ("failed", "error")
    red = [one for one in result.differences if counted and _counts(one)]
    calm = [one for one in result.differences if one not in red]
    if result.state in ("failed", "error"):
        add = case.add_failure_info if result.state == "failed" else case.add_error_info
        kind = (red[0].standing or red[0].change) if red else result.state
        add(
            _message(result, red), _text(red, result.more, room), one_line(kind, 40) or result.state
        )
    elif result.state == "skipped":
        case.add_skipped_info(_message(result, red))
    if calm:
        case.stdout = _text(calm, 0, room)


def _message(result: ExchangeResult, differences: list[Difference]) -> str:
    """One line: the first difference and how many more there are."""
    if not differences:
        said = {"failed": "failed", "error": "no complete response", "skipped": "not judged"}
        return said.get(result.state, result.state)
    first = differences[0]
    expected, actual = (_quoted(one) for one in sides(first))
    more = len(differences) - 1 + result.more
    ending = f" (and {more} more)" if more else ""
    return cut(f"{_place(first)}: expected {expected}, actual {actual}", 400) + ending


def _text(differences: list[Difference], more: int, room: int) -> str:
    """Place, expected, actual and detail of each difference, in at most `room` bytes."""
    parts: list[str] = []
    room -= 100
    for number, one in enumerate(differences):
        part = _one(one)
        if not parts:
            part = part.encode()[: room - 2].decode(errors="ignore")
        room -= len(part.encode()) + 2
        if room < 0:
            more += len(differences) - number
            break
        parts.append(part)
    if more:
        parts.append(f"… and {more} more differences: see exchanges.jsonl of the run directory")
    return "\n\n".join(parts) or "no difference was recorded"


def _one(difference: Difference) -> str:
    """One difference in a few lines."""
    expected, actual = sides(difference)
    lines = [
        f"{_place(difference)} ({one_line(difference.change, 40)})",
        f"  expected: {_value(expected)}",
        f"  actual:   {_value(actual)}",
    ]
    if difference.excused:
        lines.append(f"  excused by rule {difference.excused}")
    if difference.standing:
        lines.append(f"  {_STANDINGS[difference.standing]}")
    if difference.detail:
        detail = visible(cut(difference.detail, _VALUE))
        lines += [f"  {line}" for line in cut(detail, _VALUE).split("\n")]
    return "\n".join(lines)


def _counts(one: Difference) -> bool:
    calm = one.excused or one.notice
    return not calm and one.standing in ("", "unstable", "collateral")


def _place(difference: Difference) -> str:
    """`response.body.$.total`, or `payments POST /charges request.body.$.amount`."""
    said = (difference.dependency, difference.call, difference.place)
    return one_line(" ".join(one for one in said if one) or difference.change, 300)


def _value(text: str | None) -> str:
    """A value below its label: more lines are moved to the right of it."""
    if text is None:
        return "(nothing)"
    if not text:
        return "(empty)"
    return cut(visible(cut(text, _VALUE)), _VALUE).replace("\n", "\n            ")


def _quoted(text: str | None) -> str:
    return "nothing" if text is None else one_line(text, 120) or "(empty)"


def _checked(text: str, results: list[ExchangeResult]) -> str:
    """The report read back, counted and indented.

    Raises ET.ParseError when it is not XML, ValueError when a testcase or a failure is missing.
    """
    root = ET.fromstring(text)  # noqa: S314 - written by us a moment ago, without a DTD
    bad = sum(one.state in ("failed", "error") for one in results)
    found = sum(1 for tag in ("failure", "error") for _ in root.iter(tag))
    cases = sum(1 for _ in root.iter("testcase"))
    if (cases, found) != (len(results), bad):
        raise ValueError(f"{cases} testcases with {found} failures for {len(results)} with {bad}")
    root.set("name", "ci-gate")
    for element in (root, *root):
        # None of the public schemas knows the attribute.
        element.attrib.pop("disabled", None)
        for counted in ("tests", "failures", "errors"):
            element.attrib.setdefault(counted, "0")
        # Plain decimals: not every reader takes 1e-06 for a number.
        element.set("time", f"{max(float(element.get('time', 0)), _LEAST):.6f}")
    ET.indent(root)
    return _DECLARATION + ET.tostring(root, encoding="unicode") + "\n"


def _minimal(service: str, total: int, reason: str) -> str:
    """A valid file that fails loudly in place of one that could not be written."""
    counts = {"tests": "1", "failures": "0", "errors": "1", "time": "0.000001"}
    root = ET.Element("testsuites", {"name": "ci-gate", **counts})
    suite = ET.SubElement(root, "testsuite", {"name": "report", "skipped": "0", **counts})
    case = ET.SubElement(
        suite,
        "testcase",
        classname=one_line(service, _NAME) or "ci-gate",
        name="junit.xml",
        time="0.000001",
    )
    message = f"the report of {total} exchanges could not be written: {one_line(reason, 400)}"
    ET.SubElement(case, "error", type="report", message=message).text = message
    ET.indent(root)
    return _DECLARATION + ET.tostring(root, encoding="unicode") + "\n"
