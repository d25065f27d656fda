"""junit.xml, read by other people's parsers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import junitparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ci_gate.model.difference import Difference
from ci_gate.model.result import ExchangeResult
from ci_gate.report import junit
from tests.ci.tools import program
from tests.report.conftest import HOSTILE, SECRETS, shows_secret

XSD = Path(__file__).parent.parent / "junit.xsd"
SCHEMA = etree.XMLSchema(etree.parse(XSD))

anything = st.text(st.characters(), max_size=40)
differences = st.builds(
    Difference,
    change=anything,
    place=anything,
    expected=anything,
    actual=anything,
    detail=anything,
    dependency=anything,
    call=anything,
    excused=st.integers(0, 1),
    notice=st.booleans(),
)
exchange_results = st.builds(
    ExchangeResult,
    id=anything,
    route=anything,
    label=anything,
    group=st.sampled_from(["", "startup", "background"]),
    state=st.sampled_from(["passed", "failed", "error", "skipped"]),
    milliseconds=st.floats(0, 1e7),
    differences=st.lists(differences, max_size=3).map(tuple),
    more=st.integers(0, 9),
    file=anything,
)


def read(text: str) -> etree._Element:
    """The report as lxml reads it, valid by our schema."""
    root = etree.fromstring(text.encode())
    SCHEMA.assertValid(root)
    return root


def failed(**fields: str) -> ExchangeResult:
    """A failed exchange with one difference of `fields`."""
    return ExchangeResult(
        id="e-1",
        route="GET /",
        label="GET /",
        state="failed",
        differences=(Difference(change="value", **fields),),
    )


def test_report_of_a_failing_run(
    exchanges: tuple[ExchangeResult, ...], golden: Callable[[str, str], None]
) -> None:
    """A failing run as people and CI systems read it."""
    text = junit.render("orders", exchanges, started_at="2026-11-05T09:14:03Z")
    read(text)
    golden("report/fail.xml", text)


def test_xmllint_takes_it(exchanges: tuple[ExchangeResult, ...], tmp_path: Path) -> None:
    """A program that many pipelines check such files with finds them valid by our schema, full of
    hostile texts too; and a file that is not valid it refuses."""
    hostile = [failed(place=one, expected=one, actual=one, detail=one) for one in HOSTILE]
    reports = {
        "fail": junit.render("orders", exchanges, started_at="2026-11-05T09:14:03Z"),
        "hostile": junit.render(HOSTILE[0], hostile),
        "empty": junit.render("orders", []),
    }
    command = [program("xmllint"), "--nonet", "--noout", "--schema", str(XSD)]
    for name, text in reports.items():
        path = tmp_path / f"{name}.xml"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run([*command, path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    path.write_text(reports["fail"].replace("<testcase ", "<testcase colour='red' ", 1))
    assert subprocess.run([*command, path], capture_output=True, check=False).returncode != 0


def test_junitparser_finds_every_case_with_its_state(exchanges: tuple[ExchangeResult, ...]) -> None:
    """Another parser counts the same cases, failures, errors and skips."""
    found = junitparser.JUnitXml.fromstring(junit.render("orders", exchanges).encode())
    cases = {case.name: case for suite in found for case in suite}
    assert len(cases) == len(exchanges)
    assert (found.tests, found.failures, found.errors) == (7, 3, 1)
    assert cases["GET /orders/18 [3f2a9c1b7e-2]"].is_passed
    assert cases["POST /orders [a81c44d02f-3]"].is_skipped
    assert [type(one) for one in cases["POST /orders [a81c44d02f-2]"].result] == [junitparser.Error]
    failure = cases["GET /orders/17 [3f2a9c1b7e-1]"].result[0]
    assert failure.type == "type"
    assert failure.message == 'response.body.$.total: expected 4200, actual "4200.00"'
    assert "expected: 4200" in failure.text
    assert 'actual:   "4200.00"' in failure.text


def test_suites_are_routes_and_groups(exchanges: tuple[ExchangeResult, ...]) -> None:
    """A suite for every route, then startup and background with a case for every dependency."""
    root = read(junit.render("orders", exchanges))
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["GET /orders/{id}", "POST /orders", "startup", "background"]
    assert [case.get("name") for case in suites["startup"]] == ["payments"]
    assert suites["POST /orders"][0].get("classname") == "orders.POST /orders"


def test_same_exchange_twice_has_two_names() -> None:
    """Readers drop a case whose class name and name came before, so the second is numbered."""
    root = read(junit.render("s", [failed(), failed(), failed()]))
    names = [case.get("name") for case in root.iter("testcase")]
    assert names == ["GET / [e-1]", "GET / [e-1] #2", "GET / [e-1] #3"]


def test_failure_without_differences_stays_a_failure() -> None:
    """junit-xml drops a failure without a message; ours always has one."""
    empty = ExchangeResult(id="e-1", route="GET /", label="GET /", state="failed")
    root = read(junit.render("s", [empty]))
    assert root.find("testsuite/testcase/failure").get("message") == "failed"


def test_no_time_is_left_out_or_exponential() -> None:
    """A time of zero is written as a microsecond, and times are plain decimals."""
    text = junit.render("s", [failed()])
    assert 'time="0.000001"' in text
    assert not re.search(r'time="[^"]*e', text)


@pytest.mark.parametrize(
    ("byte", "shown"),
    [
        ("\x00", "\\x00"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\ufffe", "\\ufffe"),
        ("\ud800", "\\ud800"),
        ("\x85", "\\x85"),
        ("\u202e", "\\u202e"),
        ("a\r\nb", "a\\r\n"),
        ("<&]]>\"'", "<&]]>\"'"),
        ("naïve 日本 🎉", "naïve 日本 🎉"),
    ],
)
def test_any_byte_is_visible(byte: str, shown: str) -> None:
    """What XML cannot hold or a person cannot see is written as an escape, the rest as it is."""
    root = read(junit.render("s", [failed(expected=byte)]))
    assert shown in root.find("testsuite/testcase/failure").text


def test_failure_text_is_short() -> None:
    """A failure has at most 10,000 bytes however much differed, and counts what it left out."""
    many = ExchangeResult(
        id="e",
        route="GET /",
        label="GET /",
        state="failed",
        differences=tuple(
            Difference(change="body", expected="é" * 5000, actual="\x01" * 5000, detail="x" * 9999)
            for _ in range(20)
        ),
        more=7,
    )
    text = read(junit.render("s", [many])).find("testsuite/testcase/failure").text
    assert len(text.encode()) <= junit.FAILURE_BYTES
    assert re.search(r"… and \d+ more differences", text)


def test_many_failures_stay_below_what_gitlab_reads() -> None:
    """However many exchanges failed, the file stays below 30 MB and every failure says something."""
    body = Difference(change="body", place="response.body", expected="x" * 5000, actual="y" * 5000)
    one = ExchangeResult(
        id="e", route="GET /", label="GET /", state="failed", differences=(body,) * 3
    )
    text = junit.render("s", [one] * 4000)
    assert len(text.encode()) < 30_000_000
    assert text.count("response.body (body)") >= 4000


def test_report_of_nothing_is_valid() -> None:
    """No exchanges make an empty report, not an invalid one."""
    root = read(junit.render("s", []))
    assert root.get("tests") == "0"


def test_what_cannot_be_written_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the written file cannot be read back, a valid one with an error takes its place."""
    monkeypatch.setattr(junit, "to_xml_report_string", lambda *_, **__: "<testsuites>\x00")
    root = read(junit.render("s", [failed()]))
    assert (root.get("errors"), root.get("tests")) == ("1", "1")
    assert "could not be written" in root.find("testsuite/testcase/error").get("message")


def test_lost_failure_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that reads back with fewer failures than there were is not given to anybody."""
    monkeypatch.setattr(
        junit,
        "to_xml_report_string",
        lambda *_, **__: "<testsuites><testsuite><testcase/></testsuite></testsuites>",
    )
    assert read(junit.render("s", [failed()])).get("errors") == "1"


def test_strange_start_time_is_left_out() -> None:
    """A start that is not ISO 8601 does not become an attribute that readers reject."""
    assert "timestamp" not in junit.render("s", [failed()], started_at="yesterday")


@settings(max_examples=150, deadline=None)
@given(service=anything, found=st.lists(exchange_results, max_size=4), start=anything)
def test_arbitrary_text_gives_a_valid_report(
    service: str, found: list[ExchangeResult], start: str
) -> None:
    """Whatever the texts hold, the report is valid, complete and read alike by three parsers."""
    text = junit.render(service, found, started_at=start)
    root = read(text)
    bad = sum(one.state in ("failed", "error") for one in found)
    assert len(root.findall("testsuite/testcase")) == len(found)
    assert len(root.findall(".//failure")) + len(root.findall(".//error")) == bad
    assert sum(1 for _ in ElementTree.fromstring(text).iter("testcase")) == len(found)
    parsed = junitparser.JUnitXml.fromstring(text.encode())
    assert sum(len(list(suite)) for suite in parsed) == len(found)


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_secret_is_masked_once_more(secret: str) -> None:
    """The report hides a secret that got into a difference, and is still valid."""
    text = junit.render("shop", [failed(place=secret, detail=secret, actual=secret)])
    read(text)
    assert not shows_secret(text)
