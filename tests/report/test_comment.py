"""The comment: verdict first, edits next, within every platform's limits, harmless whatever it quotes."""

from __future__ import annotations

import re

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as parser
from msgspec.structs import replace

from ci_gate.model.difference import Cause
from ci_gate.model.edit import Edit, Edits
from ci_gate.model.result import Evaluation, Result
from ci_gate.report.comment import (
    BUDGETS,
    SUMMARY_BUDGET,
    Made,
    comment,
    edited,
    page,
    worth_saying,
)
from ci_gate.report.markdown import size
from tests.report.conftest import HOSTILE, SECRETS, hostile_result, shows_secret

MADE = Made(sha="a" * 40, run="77", attempt="2", link="https://ci.example/77")
OURS = {
    *("h3", "h4", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"),
    *("pre", "code", "details", "summary", "sub", "em", "strong"),
}
PLATFORMS = ["github", "gitlab", "bitbucket"]


def hostile_edits(texts: tuple[str, ...] = HOSTILE) -> Edits:
    """Edits in which every text is one of `texts`."""

    def text(number: int) -> str:
        return texts[number % len(texts)]

    subjects = ("route", "value", "call", "rule", "condition", "config")
    items = tuple(
        Edit(
            subject=subjects[at % 6],
            change=("added", "removed", "changed")[at % 3],
            what=text(at), place=text(at + 1), dependency=text(at + 2), effect=text(at + 3),
            cause=text(at + 4), before=text(at + 5), after=text(at + 6), looser=at % 2 == 0,
        )
        for at in range(12)
    )  # fmt: skip
    return Edits(base=text(0), head=text(1), items=items, more=3, notes=texts)


def elements(markdown: str) -> parser.HtmlElement:
    """The comment as GitHub's parser renders it, raw HTML allowed, nothing filtered."""
    made = cmarkgfm.markdown_to_html_with_extensions(
        markdown,
        options=Options.CMARK_OPT_UNSAFE,
        extensions=["table", "autolink", "strikethrough", "tasklist"],
    )
    return parser.fragment_fromstring(made, create_parent="div")


def check_harmless(markdown: str) -> None:
    """Nothing but text, tables, fences, our own elements, and the one link to the run."""
    page = elements(markdown)
    found = {str(one.tag) for one in page.iterdescendants()}
    assert found <= OURS | {"a"}
    assert {one.get("href") for one in page.iter("a")} <= {MADE.link}
    for one in page.xpath(".//code"):
        one.text = ""
    assert not re.search(r"@\w|https?://|www\.\w", page.text_content())
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2060-\u206f\ufeff]", markdown)
    assert not re.search(r"(?m)^\s*/", markdown), "a line that GitLab would execute"
    assert "<!--" not in markdown
    assert "ci-gate:comment" not in markdown
    assert "ci-gate:state" not in markdown


@pytest.mark.parametrize("platform", PLATFORMS)
def test_hostile_traffic(platform: str) -> None:
    """Mentions, images, HTML, quick actions, markers, ANSI and bidi do nothing in any comment."""
    result = replace(hostile_result(), edits=hostile_edits(), report_only=True)
    text = comment(result, platform, MADE)
    check_harmless(text)
    if platform == "bitbucket":
        tags = {str(one.tag) for one in elements(text).iterdescendants()}
        assert tags.isdisjoint({"details", "summary", "sub"})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=120), min_size=1, max_size=4), st.sampled_from(PLATFORMS))
def test_any_text(texts: list[str], platform: str) -> None:
    """So does no other text."""
    made = replace(hostile_result(tuple(texts)), edits=hostile_edits(tuple(texts)))
    check_harmless(comment(made, platform, MADE))


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("text", ["x" * 5000, "😀" * 5000, "\u202e" * 3000, "`" * 4000])
def test_budgets(platform: str, text: str) -> None:
    """However long everything is, the comment keeps to the platform's size and stays whole."""
    result = replace(hostile_result((text,) * 40), edits=hostile_edits((text,) * 40))
    made = comment(result, platform, MADE)
    assert size(made) < BUDGETS[platform]
    if platform == "github":
        assert len(made.encode()) < 200_000
    check_harmless(made)


def test_pages_fit() -> None:
    """A job's page stays below the mebibyte beyond which GitHub shows nothing."""
    result = replace(hostile_result(("€" * 9000,) * 60), edits=hostile_edits(("€" * 9000,) * 60))
    assert len(page(result, MADE).encode()) < 1 << 20
    assert size(page(result, MADE)) <= SUMMARY_BUDGET


def test_the_order(results: dict[str, Result]) -> None:
    """Verdict, mode, edits, reasons, causes, run."""
    edits = Edits(
        base="abc1234", head="def5678",
        items=(Edit(subject="call", change="removed", what="POST /charges", effect="write"),),
    )  # fmt: skip
    text = comment(replace(results["fail"], edits=edits, report_only=True), "github", MADE)
    marks = [
        "### ❌ orders: FAIL", "would have been blocked", "edits what it is judged by",
        "74 of 128 requests unchanged", "| C1 |", "reproduce with `ci-gate run --only",
        "[Full report](<https://ci.example/77>)", "run 77, attempt 2",
    ]  # fmt: skip
    places = [text.find(mark) for mark in marks]
    assert places == sorted(places)
    assert places[0] == 0


def test_report_mode_without_a_regression(results: dict[str, Result]) -> None:
    """Report mode is said of a green run, too, and blocks nothing in either case."""
    green = comment(replace(results["pass"], report_only=True), "github", MADE)
    assert "would have passed" in green
    assert "Report mode" not in comment(results["pass"], "github", MADE)


def test_what_is_worth_saying(results: dict[str, Result]) -> None:
    """Red, a warning that was asked for, an edit of what it is judged by; plain green is not."""
    verdict = results["pass"].verdict
    quiet = replace(results["pass"], verdict=replace(verdict, warnings=("a rule never matched",)))
    assert not worth_saying(quiet)
    assert worth_saying(results["fail"])
    assert worth_saying(results["inconclusive"])
    slow = Evaluation(condition="latency.p95 > 50", outcome="fail", observed="61", level="warn")
    assert worth_saying(replace(quiet, verdict=replace(verdict, evaluations=(slow,))))
    shaky = Cause(id="C1", title="t", change="value", routes=(), standing="unstable")
    assert worth_saying(replace(quiet, causes=(shaky,)))
    assert not worth_saying(replace(quiet, causes=(replace(shaky, standing="known"),)))
    rule = Edit(subject="rule", change="added", what="x", looser=True)
    assert worth_saying(replace(quiet, edits=Edits(base="a", head="b", items=(rule,))))
    assert not edited(replace(quiet, edits=Edits(base="a", head="b", notes=("n",))))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_golden(platform: str, results: dict[str, Result], golden: object) -> None:
    """What a reviewer reads on each platform."""
    edits = Edits(
        base="abc1234", head="def5678",
        items=(
            Edit(
                subject="rule", change="added", what="response.body.$.total: any (GET /orders/{id})",
                after="any; temporary", looser=True,
            ),
            Edit(
                subject="value", change="changed", what="POST /charges", dependency="payments",
                effect="write", cause="POST /orders", place="request.body.$.amount", before="1970",
                after="2970", count=3,
            ),
            Edit(subject="route", change="added", what="GET /carts", after="2 requests (200 ×2)"),
        ),
    )  # fmt: skip
    text = comment(replace(results["fail"], edits=edits), platform, MADE)
    golden(f"report/comment-{platform}.md", text)  # type: ignore[operator]  # the fixture is a function


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_looks_secret_is_masked_once_more(platform: str) -> None:
    """A comment and a page hide a secret however it got into the result, within their budgets."""
    result = replace(hostile_result(SECRETS), edits=hostile_edits(SECRETS))
    for text in (comment(result, platform, MADE), page(result, MADE)):
        assert "‹" in text
        assert not shows_secret(text)
    assert size(comment(result, platform, MADE)) <= BUDGETS[platform]
