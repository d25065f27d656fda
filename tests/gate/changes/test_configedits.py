"""Two configurations, told apart by how they judge."""

from __future__ import annotations

import pytest

from ci_gate.config.file import ConfigFile, load
from ci_gate.gate.changes.configedits import config_edits
from ci_gate.model.edit import Edit

RULE = '- {at: "response.body.$.x", allow: %s, reason: "clock"%s}'


def config(body: str) -> ConfigFile:
    """A configuration of this text."""
    return load(f"version: 1\n{body}\n")


def edits(base: str, head: str) -> list[Edit]:
    """The edits between two texts."""
    return config_edits(config(base), config(head), "ci-gate.yml")


def rules(allow: str = "timestamp", more: str = "") -> str:
    """One rule."""
    return "rules:\n  " + RULE % (allow, more)


def test_order_says_nothing() -> None:
    """The same settings in another order are the same."""
    one = 'routes: ["GET /a", "GET /b"]\nmocks: {latency: none}'
    other = 'mocks: {latency: none}\nroutes: ["GET /b", "GET /a"]'
    assert edits(one, other) == []
    assert config_edits(None, None, "x") == []


def test_a_new_rule_loosens() -> None:
    """A rule more lets more pass; one less lets less."""
    added, removed = edits("", rules()), edits(rules(), "")
    assert [(one.subject, one.change, one.looser) for one in added] == [("rule", "added", True)]
    assert added[0].what == "response.body.$.x: timestamp"
    assert [(one.change, one.looser) for one in removed] == [("removed", False)]


@pytest.mark.parametrize(
    ("was", "now", "looser"),
    [
        (rules("timestamp"), rules("any"), True),
        (rules("any"), rules("timestamp"), False),
        (rules(more=", until: 2027-01-01"), rules(more=", until: 2028-01-01"), True),
        (rules(more=", until: 2028-01-01"), rules(more=", until: 2027-01-01"), False),
        (rules(more=", until: 2028-01-01"), rules(), True),
        (rules(), rules(more=", owner: me"), False),
    ],
)
def test_a_rule_that_goes_further(was: str, now: str, looser: bool) -> None:
    """Another kind, a later end or none let more pass; an owner or an earlier end do not."""
    found = edits(was, now)
    assert [(one.change, one.looser) for one in found] == [("changed", looser)]


def test_conditions() -> None:
    """A condition of fail_if that goes loosens; one that comes does not; warnings never do."""
    was = 'gate: {fail_if: ["requests.failed > 0"], warn_if: ["latency.p95 > 50"]}'
    found = edits(was, 'gate: {fail_if: [{route: "GET /a", if: "latency.p99 > 9"}]}')
    assert [(one.what, one.change, one.looser) for one in found] == [
        ("fail_if: requests.failed > 0", "removed", True),
        ("fail_if: latency.p99 > 9 in GET /a", "added", False),
        ("warn_if: latency.p95 > 50", "removed", False),
    ]


def test_other_settings() -> None:
    """Each setting by its key; what makes the gate see less is marked."""
    was = "service: {port: 8080}\ngate: {protect: [rules]}\ndependencies: {pay: {protocol: http}}"
    now = (
        "service: {port: 8081}\nreport: {comment: never}\n"
        "dependencies: {pay: {protocol: http, role: telemetry}}"
    )
    found = {one.what: (one.before, one.after, one.looser) for one in edits(was, now)}
    assert found == {
        "service.port": ("8080", "8081", False),
        "gate.protect.rules": ("rules", "", True),
        "report.comment": ("", "never", True),
        "dependencies.pay.role": ("", "telemetry", True),
    }


def test_a_file_that_comes_or_goes() -> None:
    """A new configuration is one edit and its rules; one that is gone judges nothing any more."""
    found = config_edits(None, config(rules()), "svc/ci-gate.yml")
    assert [(one.subject, one.what, one.looser) for one in found] == [
        ("config", "svc/ci-gate.yml", False),
        ("rule", "response.body.$.x: timestamp", True),
    ]
    gone = config_edits(config(rules()), None, "ci-gate.yml")
    assert [(one.change, one.looser) for one in gone] == [("removed", True), ("removed", False)]


def test_values_are_masked() -> None:
    """What looks secret in a setting is not shown."""
    found = edits("", "service: {env: {DATABASE_URL: 'postgresql://app:hunter2hunter2@db/app'}}")
    assert "hunter2" not in str(found)


KNOWN = "known: [{fingerprint: c1:1f0c2a34-9d31c07e, reason: r, owner: %s, until: %s}]"
QUARANTINE = (
    "quarantine: [{exchange: a-1, differences: [%s], reason: r, owner: o, until: 2027-06-30}]"
)


@pytest.mark.parametrize(
    ("was", "now", "change", "looser"),
    [
        ("", KNOWN % ("o", "2027-06-30"), "added", True),
        (KNOWN % ("o", "2027-06-30"), "", "removed", False),
        (KNOWN % ("o", "2027-06-30"), KNOWN % ("o", "2027-07-30"), "changed", True),
        (KNOWN % ("o", "2027-06-30"), KNOWN % ("p", "2027-05-30"), "changed", False),
        ("", QUARANTINE % "d1:00000000", "added", True),
        (QUARANTINE % "d1:00000000", "", "removed", False),
        (QUARANTINE % "d1:00000000", QUARANTINE % "d1:00000000, d1:11111111", "changed", True),
        (QUARANTINE % "d1:00000000, d1:11111111", QUARANTINE % "d1:00000000", "changed", False),
    ],
)
def test_what_passes_for_a_time(was: str, now: str, change: str, looser: bool) -> None:
    """Entries are edits of their own kind: more, longer or wider lets more pass."""
    (found,) = edits(was, now)
    assert (found.change, found.looser) == (change, looser)
    subject = "quarantine" if "quarantine" in was + now else "known"
    assert (found.subject, found.what) == (
        subject,
        "a-1" if subject == "quarantine" else "c1:1f0c2a34-9d31c07e",
    )
    assert ("until 2027" in found.after, "until 2027" in found.before) == (bool(now), bool(was))


def test_that_what_is_unstable_only_warns_loosens() -> None:
    """And back again does not."""
    (warn,), (fail,) = edits("", "gate: {unstable: warn}"), edits("gate: {unstable: warn}", "")
    assert (warn.what, warn.looser, fail.looser) == ("gate.unstable", True, False)
