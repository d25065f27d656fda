"""GitLab's report files."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from ci_gate.model.result import ExchangeResult, Result
from ci_gate.report.codequality import files_of, links, quality, repository_path
from tests.report.conftest import SECRETS, hostile_result, shows_secret

REQUIRED = {"description", "check_name", "fingerprint", "severity", "location"}
SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def test_a_cause_is_an_issue(
    results: dict[str, Result], exchanges: tuple[ExchangeResult, ...]
) -> None:
    """Every required field is there, and a place in the repository."""
    files = files_of(exchanges, "services/orders")
    issues = json.loads(quality(results["fail"], files, "ci-gate.yml"))
    assert len(issues) == 6
    for issue in issues:
        assert issue.keys() == REQUIRED
        assert issue["severity"] == "critical"
        assert issue["location"]["lines"]["begin"] == 1
        assert issue["location"]["path"] in {*files.values(), "ci-gate.yml"}
    assert len({issue["fingerprint"] for issue in issues}) == 6


def test_fingerprints_do_not_depend_on_values(results: dict[str, Result]) -> None:
    """The same cause with other values is the same finding to GitLab."""
    fail = results["fail"]
    cause = fail.causes[0]
    other = replace(cause, examples=(replace(cause.examples[0], actual="other"),), count=1)
    made = [
        json.loads(quality(replace(fail, causes=(one,)), {}, "x"))[0]["fingerprint"]
        for one in (cause, other)
    ]
    assert made[0] == made[1]


def test_verdicts(results: dict[str, Result]) -> None:
    """Green is an empty list; inconclusive is one finding; report mode is minor."""
    assert json.loads(quality(results["pass"], {}, "x")) == []
    assert [one["severity"] for one in json.loads(quality(results["inconclusive"], {}, "x"))] == [
        "major"
    ]
    made = json.loads(quality(replace(results["fail"], report_only=True), {}, "x"))
    assert {one["severity"] for one in made} == {"minor"} <= SEVERITIES


def test_hostile_texts_are_only_texts() -> None:
    """The file is JSON whatever it quotes, without a byte-order mark."""
    text = quality(hostile_result(), {}, "x")
    assert json.loads(text)
    assert text.startswith("[")


@pytest.mark.parametrize(
    ("path", "folder", "found"),
    [
        ("a/b.json", "", "a/b.json"),
        ("a/b.json", "svc", "svc/a/b.json"),
        ("./a.json", "svc/.", "svc/a.json"),
        ("../a.json", "svc", ""),
        ("/etc/passwd", "", ""),
        ("a\\..\\b", "", ""),
        ("C:/x", "", ""),
        ("", "svc", ""),
    ],
)
def test_paths_stay_in_the_repository(path: str, folder: str, found: str) -> None:
    """A path that leads out of it is no place."""
    assert repository_path(path, folder) == found


def test_links() -> None:
    """The annotations report has links on the job's page."""
    assert json.loads(links([("report", "https://x/1")])) == {
        "ci-gate": [{"external_link": {"label": "report", "url": "https://x/1"}}]
    }


def test_what_looks_secret_is_masked_once_more() -> None:
    """A finding that GitLab shows hides a secret that got into the result."""
    text = quality(hostile_result(SECRETS), {}, "ci-gate.yml")
    assert "‹" in text
    assert not shows_secret(text)
