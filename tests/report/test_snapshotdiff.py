"""What a change edits, for comments and terminals."""

from __future__ import annotations

from ci_gate.model.edit import Edit, Edits
from ci_gate.report.snapshotdiff import headline, markdown, terminal

EDITS = Edits(
    base="abc1234",
    head="def5678",
    items=(
        Edit(subject="rule", change="added", what="response.body.$.x: any", looser=True),
        Edit(subject="condition", change="removed", what="fail_if: requests.failed > 0", looser=True),
        Edit(subject="call", change="removed", what="POST /mails", dependency="mail", effect="write",
             cause="POST /orders", before="3 calls", count=3),
        Edit(subject="value", change="changed", what="GET /orders/{id}", place="response.body.$.total",
             before="4200", after='"4200"', count=41),
    ),
)  # fmt: skip


def test_headline() -> None:
    """Counted by kind, and how many loosen the gate."""
    assert headline(EDITS) == "1 rule, 1 condition, 1 write, 1 value; 2 of them loosen the gate"
    assert headline(Edits(base="a", head="b")) == "nothing"
    assert headline(Edits(base="a", head="b", items=EDITS.items[:1], more=7)).startswith(
        "1 rule, 7 more; 1 of them loosens"
    )


def test_markdown() -> None:
    """A table of behaviour: what, whose, from what to what, in how many exchanges."""
    text = markdown(EDITS)
    assert text.startswith("#### ✏️ This change edits what it is judged by")
    assert "| ⚠️ ➕" in text
    assert "`POST /mails` (mail) in `POST /orders`" in text
    assert "`3 calls` → *nothing*" in text
    assert '`4200` → `"4200"`' in text
    assert markdown(Edits(base="a", head="b")) == ""


def test_markdown_keeps_to_its_budget() -> None:
    """Rows go until it fits, and what went is counted."""
    many = Edits(base="a", head="b", items=EDITS.items * 40, more=5)
    text = markdown(many, 2000)
    assert len(text) <= 2000
    assert "more edits: `ci-gate diff` lists them" in text
    assert "| ⚠️" not in markdown(many, 100)


def test_terminal() -> None:
    """The same as plain lines, nothing of which is a command to a log's reader."""
    text = terminal(EDITS)
    assert text.startswith("abc1234..def5678: 1 rule")
    assert "mail POST /mails in POST /orders" in text
    hostile = Edits(
        base="a",
        head="b",
        items=(Edit(subject="value", change="added", what="::error::x", after="\x1b[31m"),),
        notes=("##[x]y",),
    )
    assert "\x1b" not in terminal(hostile)
    assert "##[" not in terminal(hostile)
    assert "::error" not in terminal(hostile).splitlines()
