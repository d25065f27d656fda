"""What is not red is told, and where; and how much lets something pass at all."""

from __future__ import annotations

import msgspec

from ci_gate.model.difference import Cause, Difference, Standing
from ci_gate.model.edit import Edit, Edits
from ci_gate.model.result import (
    Allowances,
    Counts,
    Environment,
    KnownUse,
    Result,
    Run,
    Unstable,
    Verdict,
)
from ci_gate.report.apart import (
    allowances,
    collateral,
    quarantine_entry,
    terms,
    told_apart,
    values,
)
from ci_gate.report.markdown import render as markdown
from ci_gate.report.terminal import render as terminal

FINGERPRINT = "c1:1f0c2a34-9d31c07e"


def cause(name: str, standing: Standing) -> Cause:
    """A cause that stands so."""
    return Cause(
        id=name,
        title=f"{standing or 'red'} thing",
        change="value",
        routes=("GET /a",),
        exchanges=("e-1",),
        standing=standing,
        fingerprint=FINGERPRINT,
    )


RESULT = Result(
    service="s",
    verdict=Verdict(outcome="fail", reasons=("red thing (GET /a)", "unstable: unstable thing")),
    runs=(Run(counts=Counts(total=9, succeeded=7, failed=1, unstable=1, matching=7, answered=9)),),
    causes=(
        msgspec.structs.replace(cause("C1", ""), collateral=("e-5", "e-6", "e-7", "e-8")),
        msgspec.structs.replace(
            cause("C2", "unstable"),
            examples=(Difference(change="value", expected="19.7", actual='"19.70"'),),
        ),
        cause("C3", "known"),
        cause("C4", "before"),
        cause("C5", "quarantined"),
    ),
    known=(
        KnownUse(
            index=1,
            fingerprint=FINGERPRINT,
            reason="rounds now",
            owner="@o",
            until="2027-06-30",
            state="used",
        ),
    ),
    unstable=(Unstable(exchange="e-1", route="GET /a", differences=("d1:5be02f6a",)),),
    allowances=Allowances(rules=2, noise=31, known=1, quarantined=1),
    environment=Environment(version="1"),
)
ENTRY = "- {exchange: e-1, differences: [d1:5be02f6a], reason: …, owner: …, until: …}"
COLLATERAL = "4 later requests differ only after this: e-5, e-6, e-7, …"


def test_each_standing_has_its_heading() -> None:
    """In the order of reports; red causes are not among them."""
    assert [(which, [one.id for one in found]) for which, found in told_apart(RESULT)] == [
        ("unstable", ["C2"]),
        ("known", ["C3"]),
        ("before", ["C4"]),
        ("quarantined", ["C5"]),
    ]


def test_terms() -> None:
    """A known cause says until when, by whom and why."""
    assert terms(RESULT, RESULT.causes[2]) == "1 request; until 2027-06-30, @o: rounds now"
    assert terms(RESULT, RESULT.causes[1]) == "1 request"


def test_entry_and_collateral() -> None:
    """Both bounded."""
    assert quarantine_entry(RESULT.unstable[0]) == ENTRY
    many = msgspec.structs.replace(
        RESULT.unstable[0], differences=tuple(f"d1:{n:08}" for n in range(20))
    )
    assert quarantine_entry(many).count("d1:") == 8
    assert collateral(RESULT.causes[0]) == COLLATERAL
    assert collateral(RESULT.causes[1]) == ""


def test_only_what_is_unstable_has_an_example() -> None:
    """What is agreed to pass is told by its terms; nothing expected is told as such."""
    assert values(RESULT.causes[1]) == ("19.7", '"19.70"')
    assert values(msgspec.structs.replace(RESULT.causes[1], standing="known")) is None
    assert values(cause("C9", "unstable")) is None
    added = (Difference(change="added", actual="1"),)
    assert values(msgspec.structs.replace(RESULT.causes[1], examples=added)) == ("nothing", "1")


def test_allowances_and_what_is_edited_of_them() -> None:
    """Every count, and beside it how many of these the change edits."""
    assert allowances(RESULT) == ("rules 2, noise 31, rebased 0, known 1, quarantined 1, assumed 0")
    edits = Edits(
        base="a",
        head="b",
        items=(
            Edit(subject="noise", change="added", what="GET /a"),
            Edit(subject="known", change="removed", what=FINGERPRINT),
            Edit(subject="rule", change="added", what="r"),
            Edit(subject="config", change="added", what="c"),
        ),
    )
    assert allowances(msgspec.structs.replace(RESULT, edits=edits)) == (
        "rules 2 (1 edited by this change), noise 31 (1 edited by this change), rebased 0, "
        "known 1 (1 edited by this change), quarantined 1, assumed 0"
    )
    bare = msgspec.structs.replace(RESULT, allowances=Allowances())
    assert allowances(bare) == ""


def test_every_report_has_them() -> None:
    """Terminal and Markdown say the same; an unstable line is said once."""
    for text in (terminal(RESULT, 200), markdown(RESULT)):
        assert "1 cause, 1 of 9 requests changed, 1 unstable, 1 cause known, 1 not new" in text
        for line in ("unstable thing", "known thing", "before thing", "quarantined thing"):
            assert text.count(line) == 1, line
        for said in (ENTRY, FINGERPRINT, "Let pass: rules 2, noise 31"):
            assert said in text, said
        assert COLLATERAL in text.replace("`", "")
        assert '19.7 → "19.70"' in text.replace("`", "")
