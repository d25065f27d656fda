"""A proof as tables: figures, kinds, and what hides what was missed."""

from __future__ import annotations

import json

import cmarkgfm
import msgspec

from ci_gate.model.proof import KindScore, Proof, Trial
from ci_gate.model.result import Verdict
from ci_gate.report.proof import MISSES, encode, headline, render, render_markdown
from tests.report.conftest import SECRETS, shows_secret

HIDDEN = ("learned: response.body.$.at is timestamp",)


def missed(number: int = 0, **more: object) -> Trial:
    """A regression that nothing saw."""
    given = {
        "kind": "value-changed", "route": f"GET /orders/{number}", "caught": False,
        "place": "response.body.$.at", "hidden": HIDDEN, **more,
    }  # fmt: skip
    return msgspec.convert(given, Trial)


def proof(**more: object) -> Proof:
    """98 of 100 caught."""
    given: dict[str, object] = {
        "service": "orders", "score": 0.98, "applied": 100, "caught": 98, "unchanged_runs": 5,
        "false_alarms": 0, "minimum": 0.95, "verdict": Verdict(outcome="pass"), "exchanges": 31,
        "kinds": (
            KindScore(kind="value-changed", applied=100, caught=98, by=("value", "body")),
            KindScore(kind="delayed", note="not judged: no latency condition"),
        ),
        "trials": (missed(1), missed(2)), "seconds": 8.9,
    }  # fmt: skip
    return Proof(**{**given, **more})  # type: ignore[arg-type]  # what the tests give is right


def test_the_figures_stand_in_one_line() -> None:
    """Runs, alarms, caught of applied, share and what was asked for."""
    assert headline(proof()) == (
        "5 unchanged runs of 31 requests, 0 false alarms; 98 of 100 seeded regressions caught "
        "(98.0%, 95.0% asked for), in 8.9 s"
    )
    assert "7 more places not tried" in headline(proof(left=7))


def test_what_is_missed_in_the_same_way_is_one_row() -> None:
    """Routes are listed, the reason is said once."""
    text = render(proof())
    row = next(line for line in text.splitlines() if line.startswith("value changed  GET"))
    assert "GET /orders/1, GET /orders/2" in row
    assert "2  learned: response.body.$.at is timestamp" in row


def test_kinds_that_were_not_tried_say_why() -> None:
    """A kind without a trial has no figures and a reason."""
    row = next(line for line in render(proof()).splitlines() if line.startswith("delayed"))
    assert row.split("  ")[-1].strip() == "not judged: no latency condition"


def test_a_long_table_is_cut() -> None:
    """The rest is counted; proof.json has it."""
    many = tuple(
        missed(at, place=f"response.body.$.f{chr(97 + at % 26)}{at // 26}") for at in range(60)
    )
    text = render(proof(trials=many))
    assert f"… and {60 - MISSES} more rows" in text


def test_alarms_and_reasons_come_first() -> None:
    """Who reads a failure reads why before any table."""
    failed = Verdict(outcome="fail", reasons=("2 of 5 runs did not pass",))
    text = render(proof(verdict=failed, alarms=("response.body.$.id: value",), false_alarms=2))
    assert text.startswith("FAIL  orders:")
    assert text.index("2 of 5 runs did not pass") < text.index("Red though nothing changed")
    assert text.index("response.body.$.id: value") < text.index("Seeded")


def test_the_page_is_markdown_that_does_nothing_else() -> None:
    """Names from traffic neither mention people nor break out of a table."""
    hostile = missed(place="response.body.$.@team | ![x](http://e.example/x) <img src=x>")
    page = render_markdown(proof(trials=(hostile,)))
    html = cmarkgfm.github_flavored_markdown_to_html(page)
    assert "<img" not in html
    assert html.count("<table>") == 2
    assert "<h2>PASS: what the gate catches of orders</h2>" in html
    assert "value changed" in html


def test_nothing_applied_shows_no_tables() -> None:
    """A service that does not pass unchanged has no figures to show."""
    failed = Verdict(outcome="fail", reasons=("1 of 1 runs of the unchanged service did not pass",))
    bare = proof(applied=0, caught=0, score=0.0, kinds=(), trials=(), verdict=failed)
    assert "Applied" not in render(bare)
    assert "caught" not in render(bare)
    assert "### Seeded" not in render_markdown(bare)


def test_json_has_the_score_at_the_top() -> None:
    """The figures that scripts read are top-level keys."""
    read = json.loads(encode(proof()))
    assert {key: read[key] for key in ("score", "applied", "caught")} == {
        "score": 0.98, "applied": 100, "caught": 98,
    }  # fmt: skip
    assert (read["unchanged_runs"], read["false_alarms"]) == (5, 0)
    assert msgspec.json.decode(encode(proof()), type=Proof) == proof()


def test_what_looks_secret_is_masked_once_more() -> None:
    """The page of a proof hides a secret that got into it."""
    verdict = Verdict(outcome="fail", reasons=SECRETS)
    text = render_markdown(proof(verdict=verdict, alarms=SECRETS))
    assert "‹" in text
    assert not shows_secret(text)
