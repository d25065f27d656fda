"""Rules of another tool in ci-gate.yml."""

from __future__ import annotations

from pathlib import Path

from ci_gate.config.file import load
from ci_gate.gate.importedrules import Relaxations, rule_line, write_rules
from ci_gate.gate.summary import ProposedRule
from ci_gate.store.formats.found import Relaxed
from tests.gate.test_importing import brought
from tests.store.formats.test_keploy import MOCK, recorded

RULE = ProposedRule(route="GET /a", at="response.body.$.ts", allow="any", reason='it "moves": {a}')


def test_a_line(tmp_path: Path) -> None:
    """One that YAML reads as it was meant."""
    path = tmp_path / "ci-gate.yml"
    path.write_text("version: 1\n")
    assert write_rules([RULE], str(path))
    (rule,) = load(path.read_text()).settings.rules
    assert (rule.where.route, rule.at, rule.reason) == (RULE.route, RULE.at, RULE.reason)
    assert rule_line(RULE) in path.read_text()


def test_nowhere(tmp_path: Path) -> None:
    """Without a configuration, or rules."""
    assert not write_rules([RULE], "")
    assert not write_rules([RULE], str(tmp_path / "none.yml"))
    assert not write_rules([], str(tmp_path / "none.yml"))


def test_noise_of_keploy(tmp_path: Path) -> None:
    """An import brings its noise along."""
    config = tmp_path / "ci-gate.yml"
    config.write_text("version: 1\n")
    mock = MOCK.format(kind="Http", name="mock-0", type="HTTP_CLIENT")
    summary, _ = brought(
        recorded(tmp_path / "in", mock), tmp_path, config=str(config), dependency="up"
    )
    assert summary.rules_written
    rules = load(config.read_text()).settings.rules
    assert [(one.where.route, one.where.call, one.at) for one in rules] == [
        ("GET /a", "", "response.body.$.items[*].id"),
        ("GET /a", "", "response.body.$.ts"),
        ("GET /a", "", "response.headers.x-id"),
        ("", "GET /up", "request.headers.x-trace"),
    ]


def test_one_rule_a_route() -> None:
    """Many stubs of one route give one; of exchanges that did not come over there is none."""
    relaxed = Relaxations()
    for number in range(3):
        about = Relaxed(at="request.body", method="GET", target=b"/p/%d" % number, reason="r")
        relaxed.take(about, lambda: "shop")
    for name in ("test-1", "test-2"):
        relaxed.take(Relaxed(at="response.body.$.ts", name=name, reason="r"), lambda: "")
    for place in ("request.headers.*", "request.headers.accept"):
        about = Relaxed(at=place, method="GET", target=b"/q", reason="r")
        relaxed.take(about, lambda: "shop")
    relaxed.take(Relaxed(at="response.headers.x", everywhere=True, reason="r"), lambda: "")
    assert relaxed.names == {"test-1", "test-2"}
    rules = relaxed.rules({"test-1": "GET /a"})
    assert [(one.route, one.dependency, one.call, one.at) for one in rules] == [
        ("GET /a", "", "", "response.body.$.ts"),
        ("", "shop", "GET /p/{id}", "request.body"),
        ("", "shop", "GET /q", "request.headers.*"),
        ("", "", "", "response.headers.x"),
    ]
