"""Verdicts: what fails, what is inconclusive, what only warns, and the exit codes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ci_gate.model.difference import Cause
from ci_gate.model.result import Counts, Evaluation, KnownUse, Outcome, QuarantineUse, RuleUse
from ci_gate.policy.verdict import exit_code, judge

GOOD = Counts(total=2, succeeded=2, answered=2, matching=2)
CAUSE = Cause(id="C1", title="status 200 became 500", change="status", routes=("GET /a",))
SHAKY = msgspec.structs.replace(CAUSE, standing="unstable")


def _evaluation(outcome: Outcome, **fields: Any) -> Evaluation:
    return Evaluation(condition="latency.p95 > 50", outcome=outcome, observed="60", **fields)


@pytest.mark.parametrize(
    ("what", "options", "outcome", "code"),
    [
        ("all equal", {}, "pass", 0),
        ("a difference", {"causes": [CAUSE]}, "fail", 1),
        ("an unstable difference", {"causes": [SHAKY]}, "fail", 1),
        ("an unstable difference that may be", {"causes": [SHAKY], "unstable": "warn"}, "pass", 0),
        ("one that may be, and a red one", {"causes": [CAUSE, SHAKY], "unstable": "warn"},
         "fail", 1),
        ("all unstable, and that may be",
         {"causes": [SHAKY], "unstable": "warn", "counts": Counts(total=2, unstable=2, answered=2)},
         "pass", 0),
        ("a known difference", {"causes": [msgspec.structs.replace(CAUSE, standing="known")]},
         "pass", 0),
        ("a notice", {"causes": [Cause(id="C1", title="t", change="header", routes=(), notice=True)]},
         "pass", 0),
        ("a service that failed", {"service_failure": "exited with code 1"}, "fail", 1),
        ("a condition that holds", {"evaluations": [_evaluation("fail")]}, "fail", 1),
        ("a condition that does not", {"evaluations": [_evaluation("pass")]}, "pass", 0),
        ("a condition without samples", {"evaluations": [_evaluation("inconclusive")]},
         "inconclusive", 3),
        ("a warning", {"evaluations": [_evaluation("fail", level="warn")]}, "pass", 0),
        ("an unclear warning", {"evaluations": [_evaluation("inconclusive", level="warn")]},
         "pass", 0),
        ("nothing replayed", {"counts": Counts(), "replayed_any": False}, "inconclusive", 3),
        ("nothing replayed, service failed",
         {"counts": Counts(), "replayed_any": False, "service_failure": "not ready"}, "fail", 1),
        ("a difference and an unclear condition",
         {"causes": [CAUSE], "evaluations": [_evaluation("inconclusive")]}, "fail", 1),
        ("a silent target", {"counts": Counts(total=2, failed=2), "causes": [CAUSE],
         "own_service": False}, "inconclusive", 3),
        ("our own service silent", {"counts": Counts(total=2, failed=2), "causes": [CAUSE]},
         "fail", 1),
        ("a started service that failed in replay", {"counts": Counts(total=2, failed=2),
         "own_service": False, "service_failure": "exited"}, "fail", 1),
    ],
)  # fmt: skip
def test_table(what: str, options: dict[str, Any], outcome: Outcome, code: int) -> None:
    """Every way a run can end has its outcome, its exit code and, unless it passed, a reason."""
    known: dict[str, Any] = {
        "counts": GOOD, "causes": [], "evaluations": [], "service_failure": "", "replayed_any": True,
    }  # fmt: skip
    verdict = judge(**{**known, **options})
    assert (verdict.outcome, exit_code(verdict)) == (outcome, code), what
    assert bool(verdict.reasons) == (outcome != "pass")


def test_conditions_cannot_make_a_difference_pass() -> None:
    """Differences fail whatever the conditions say; the reasons name the cause first."""
    verdict = judge(GOOD, [CAUSE], [_evaluation("pass"), _evaluation("fail")], "", True)
    assert verdict.outcome == "fail"
    assert verdict.reasons == ("status 200 became 500 (GET /a)", "latency.p95 > 50 (observed 60)")
    assert len(verdict.evaluations) == 2


def test_many_causes_are_counted() -> None:
    """The reasons stay short, whatever broke."""
    verdict = judge(GOOD, [CAUSE] * 50, [], "", True)
    assert len(verdict.reasons) == 6
    assert verdict.reasons[-1] == "and 45 more causes"


def test_rules_and_warnings_are_told() -> None:
    """A rule that never matched or has expired, and a warning that holds, are in the warnings."""
    rules = [
        RuleUse(index=1, text="a", reason="r", used=1, state="used"),
        RuleUse(index=2, text="b", reason="r"),
        RuleUse(index=3, text="c", reason="r", until="2026-01-01", state="expired"),
    ]
    warn = _evaluation("fail", level="warn", route="GET /a")
    verdict = judge(GOOD, [], [warn], "", True, rules=rules, warnings=("w",))
    assert verdict.outcome == "pass"
    assert verdict.warnings == (
        "w",
        "GET /a: latency.p95 > 50 (observed 60)",
        "rule 2 never matched: b",
        "rule 3 expired on 2026-01-01 and excuses nothing: c",
    )


def test_what_is_unstable_is_a_reason_or_a_warning_of_its_own() -> None:
    """It is never told as if it were a cause that repeats, and never left out."""
    counts = Counts(total=9, succeeded=1, unstable=8, answered=9)
    many = [msgspec.structs.replace(SHAKY, id=f"C{n}") for n in range(8)]
    line = "unstable: status 200 became 500 (GET /a)"
    fails = judge(counts, many, [], "", True)
    assert fails.reasons == (*[line] * 5, "and 3 more unstable")
    warns = judge(counts, many, [], "", True, unstable="warn")
    assert (warns.reasons, warns.warnings) == ((), (*[line] * 5, "and 3 more unstable"))


def test_entries_that_need_a_hand_are_warnings() -> None:
    """Expired, no longer needed, going further; what is used or could not be seen is silent."""

    def known(index: int, state: str, title: str = "") -> KnownUse:
        return KnownUse(
            index=index,
            fingerprint=f"c1:{index}",
            reason="why",
            owner="@o",
            until="2027-06-30",
            state=state,  # type: ignore[arg-type]  # one of the four
            title=title,
        )

    entries = [
        known(1, "used"),
        known(2, "unseen"),
        known(3, "gone"),
        known(4, "gone", "total changed"),
        known(5, "expired"),
    ]
    quarantine = [
        QuarantineUse(
            index=n,
            exchange=f"e-{n}",
            route="GET /a",
            reason="races",
            owner="@o",
            until="2027-06-30",
            state=state,
        )
        for n, state in ((1, "used"), (2, "quiet"), (3, "expired"))
    ]
    verdict = judge(GOOD, [], [], "", True, known=entries, quarantine=quarantine)
    assert verdict.outcome == "pass"
    assert verdict.warnings == (
        "known 3 (c1:3) no longer occurs, take it out: why",
        "known 4 (c1:4) does not cover what there is now, which goes further: total changed",
        "known 5 (c1:5) expired on 2027-06-30 and lets nothing pass: why",
        "quarantine 3 (e-3) expired on 2027-06-30 and lets nothing pass: races",
    )
