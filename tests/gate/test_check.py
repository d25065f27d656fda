"""`check`: what it finds, with file and line, and what it lets be."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ci_gate.config.file import load
from ci_gate.config.flags import Surroundings
from ci_gate.gate.check import CheckOptions, CheckReport, check
from ci_gate.model.binding import Binding, Bindings, Spot
from ci_gate.model.noise import Noise
from ci_gate.store.snapshot import read_snapshot, write_snapshot

HEAD = "version: 1\nservice: {command: [a], port: 1}\n"


def run(
    text: str, snapshot: str, env: dict[str, str] | None = None, *, given: bool = True
) -> CheckReport:
    """Check a configuration against a snapshot, on a day in 2026."""
    config = load(text) if text else None
    around = Surroundings(config=config, folder_name="orders", env=env or {}, folder=snapshot)
    options = CheckOptions(around=around, snapshot=snapshot if given else "", today="2026-09-01")
    return check(options)


def findings(text: str, snapshot: str, env: dict[str, str] | None = None) -> list[str]:
    """The findings as lines."""
    return [f"{one.level}: {one.text}" for one in run(text, snapshot, env).findings]


def test_nothing_to_say(snapshot_folder: str) -> None:
    """A configuration that fits its snapshot has no findings."""
    text = HEAD + (
        'dependencies: {payments: {upstream: "https://a.example", background: [GET /health]}}\n'
        "gate: {fail_if: [{route: POST /orders, if: latency.p95 > 1}]}\n"
        "rules:\n"
        "  - {where: {route: POST /orders}, at: response.body.$.id, allow: integer, reason: x}\n"
        '  - {at: "response.body.$.items", allow: any, reason: x}\n'
        '  - {where: {dependency: payments}, at: request.body.$.amount, allow: any, reason: x}\n'
        "  - {where: {call: POST /charges}, at: request.headers.*, allow: any, reason: x}\n"
        "  - {where: {group: startup}, calls: [missing], reason: x}\n"
    )  # fmt: skip
    report = run(text, snapshot_folder)
    assert report.findings == ()
    assert (report.inbound, report.outbound, report.failed) == (2, 3, False)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (
            "rules: [{at: response.body.$.id, allow: integer, reason: x}, "
            "{at: response.body.$.id, allow: uuid, reason: x}]",
            "error: rule 2 (line 3): allows uuid at response.body.$.id, where rule 1 allows integer "
            "for the same exchanges: remove one of them",
        ),
        (
            "rules: [{where: {route: POST /orders}, at: response.body, allow: any, reason: x}]",
            "error: rule 1 (line 3): `at: response.body` with `allow: any` would hide all of "
            "POST /orders: open the places that vary, or run `ci-gate learn`, which finds them",
        ),
        (
            'rules: [{where: {route: "GET /order/{id}"}, at: response.status, allow: any, reason: x}]',
            'error: ci-gate.yml:3: rules[1].where.route: the snapshot has no route "GET /order/{id}"'
            "; did you mean GET /orders/{id}?",
        ),
        (
            "rules: [{where: {dependency: shipping}, calls: [missing], reason: x}]",
            "error: ci-gate.yml:3: rules[1].where.dependency: the snapshot has no dependency "
            '"shipping"',
        ),
        (
            "rules: [{where: {call: GET /x}, calls: [missing], reason: x}]",
            'error: ci-gate.yml:3: rules[1].where.call: the snapshot has no call "GET /x"',
        ),
        (
            "rules: [{at: response.body.$.total, allow: any, reason: x}]",
            "warning: ci-gate.yml:3: rules[1].at: nothing recorded has the place "
            "response.body.$.total",
        ),
        (
            "rules: [{where: {call: POST /charges}, at: request.headers.x-none, allow: any, reason: x}]",
            "warning: ci-gate.yml:3: rules[1].at: nothing recorded has the place "
            "request.headers.x-none",
        ),
        (
            "rules: [{at: response.body.$.id, allow: any, reason: x, until: 2026-08-31}]",
            "warning: ci-gate.yml:3: rules[1].until: expired; it excuses nothing",
        ),
        (
            "gate: {warn_if: [{route: GET /x, if: latency.p95 > 1}]}",
            'error: ci-gate.yml:3: gate.warn_if[1].route: the snapshot has no route "GET /x"',
        ),
        (
            "dependencies: {shop: {upstream: 'https://a.example'}}",
            "warning: ci-gate.yml:3: dependencies.shop: the snapshot has no call to it",
        ),
        (
            "dependencies: {payments: {background: [GET /x]}}",
            "error: ci-gate.yml:3: dependencies.payments.background[1]: the snapshot has no call "
            '"GET /x"',
        ),
        (
            "dependencies: {payments: {dates: [response.body.$.until]}}",
            "warning: ci-gate.yml:3: dependencies.payments.dates[1]: nothing recorded has the place "
            "response.body.$.until",
        ),
        (
            "known: [{fingerprint: c1:1f0c2a34-9d31c07e, reason: r, owner: o, until: 2001-01-01}]",
            "warning: ci-gate.yml:3: known[1].until: expired; it excuses nothing",
        ),
        (
            "quarantine: [{exchange: ffff1111-1, differences: [d1:5be02f6a], reason: r, owner: o, "
            "until: 2999-01-01}]",
            "error: quarantine 1 (line 3): the snapshot has no exchange ffff1111-1; take the entry "
            "out",
        ),
        (
            'replay: {set: {headers: {A: "${env.NONE}"}}}',
            "error: ci-gate.yml:3: replay.set.headers.A: the variable NONE is not set; set NONE, or "
            "give a default: ${env.NONE:-default}",
        ),
    ],
)
def test_findings(text: str, finding: str, snapshot_folder: str) -> None:
    """Each thing that points nowhere is named with its line."""
    assert findings(HEAD + text, snapshot_folder) == [finding]


def test_configured_routes_count(snapshot_folder: str) -> None:
    """A rule may name a route as the configuration spells it."""
    text = HEAD + (
        'routes: ["GET /orders/{order}"]\n'
        'rules: [{where: {route: "GET /orders/{order}"}, at: response.status, allow: any, reason: x}]'
    )
    assert findings(text, snapshot_folder) == []


def test_a_bad_reference_is_told_once(snapshot_folder: str) -> None:
    """Several verbs would refuse it; it is one finding."""
    text = "version: 1\nservice: {command: [a], env: {A: '${nobody.url}'}}"
    (found,) = findings(text, snapshot_folder)
    assert found.startswith("error: ci-gate.yml:2: service.env.A: unknown reference ${nobody.url}")


def test_no_snapshot_yet(tmp_path: Path) -> None:
    """Before the first recording that is a warning; a snapshot that was asked for must be there."""
    report = run(HEAD, str(tmp_path), given=False)
    assert not report.failed
    assert "no snapshot yet; `ci-gate record` makes it" in report.findings[0].text
    report = run(HEAD, str(tmp_path / "x"))
    assert report.failed
    assert "no snapshot here" in report.findings[0].text


def test_a_broken_snapshot_is_an_error(snapshot_folder: str) -> None:
    """A hand edit that no longer parses is named with its file."""
    head = Path(snapshot_folder) / "snapshot.json"
    head.write_text(head.read_text().replace('"format": 1', '"format": 1,,'))
    (found,) = findings(HEAD, snapshot_folder)
    assert found.startswith("error: ")
    assert "snapshot.json" in found


def test_noise_and_bindings_that_cannot_be_meant(snapshot_folder: str) -> None:
    """Each is an error with exchange, place and the command that mends it."""
    snapshot = read_snapshot(snapshot_folder)
    first = msgspec.structs.replace(
        snapshot.inbound[0], noise=(Noise(at="response.body.$.gone", kind="uuid"),)
    )
    spots = [Spot(exchange=first.id, at=f"response.body.$.{name}") for name in ("gone", "lost")]
    bindings = Bindings(
        inbound=(Binding(name="B1", value="abc", made=spots[0], used=tuple(spots[1:])),)
    )
    wrong = msgspec.structs.replace(
        snapshot, inbound=(first, *snapshot.inbound[1:]), bindings=bindings
    )
    write_snapshot(snapshot_folder, wrong)
    found = findings(HEAD, snapshot_folder)
    assert len(found) == 3
    assert all(one.startswith(f"error: {snapshot_folder}: ") for one in found)
    assert "noise at response.body.$.gone: there is no such place in what was recorded" in found[0]
    assert "B1 is not at response.body.$.gone" in found[1]
    assert all("ci-gate learn" in one for one in found)


def test_without_configuration(snapshot_folder: str) -> None:
    """There is nothing to be wrong but the snapshot; that `run` needs a command is worth a line."""
    (found,) = findings("", snapshot_folder)
    assert found.startswith("warning: service says no command, image or url")


@pytest.mark.parametrize("at", ["request.headers.*", "request.headers.range", "request.query.*"])
def test_what_a_call_may_be_without(snapshot_folder: str, at: str) -> None:
    """Such a place was left out of what was recorded, and the rule says that it may come."""
    rule = f"rules: [{{where: {{call: POST /charges}}, at: {at!r}, allow: any, reason: x}}]"
    assert findings(HEAD + rule, snapshot_folder) == []
