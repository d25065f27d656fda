"""summary.md as a whole: golden files, the size ladder, hostile text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as parser
from msgspec.structs import replace

from ci_gate.model.difference import Cause, Difference
from ci_gate.model.result import Result
from ci_gate.report.markdown import BUDGET, LADDER, render, size

OURS = {
    *("h3", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"),
    *("pre", "code", "details", "summary", "sub", "em"),
}
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2060-\u206f\ufeff]")


def page(markdown: str) -> parser.HtmlElement:
    """The summary as GitHub's parser renders it, raw HTML allowed, nothing filtered."""
    made = cmarkgfm.markdown_to_html_with_extensions(
        markdown,
        options=Options.CMARK_OPT_UNSAFE,
        extensions=["table", "autolink", "strikethrough", "tasklist"],
    )
    return parser.fragment_fromstring(made, create_parent="div")


def prose(element: parser.HtmlElement) -> str:
    """The text outside code, where forges act on it."""
    for one in element.xpath(".//code"):
        one.text = ""
    return element.text_content()


def check_harmless(markdown: str) -> None:
    """Nothing in the summary is more than text, a table, a fence or one of our own elements."""
    element = page(markdown)
    assert {str(one.tag) for one in element.iterdescendants()} <= OURS
    allowed = {"class", "align", "open"}
    assert {name for one in element.iterdescendants() for name in one.attrib} <= allowed
    assert not re.search(r"@\w|https?://|www\.\w", prose(element))
    assert not INVISIBLE.search(markdown)
    assert not re.search(r"(?m)^\s*/", markdown)
    assert "<!--" not in markdown
    # An element left open would swallow what comes after it.
    assert all(one.getparent() is element for one in element.iter("details", "h3"))


@pytest.mark.parametrize("name", ["pass", "fail", "inconclusive", "hostile"])
def test_summary(name: str, results: dict[str, Result], golden: Callable[[str, str], None]) -> None:
    """What a reviewer reads."""
    golden(f"report/{name}.md", render(results[name]))


def test_verdict_comes_first(results: dict[str, Result]) -> None:
    """The first line has the verdict as a sign, as a word and in numbers."""
    first = render(results["fail"]).split("\n")[0]
    assert first == (
        "### ❌ orders: FAIL — 6 causes, 54 of 128 requests changed, 1 of 2 conditions failed"
    )
    assert render(results["pass"]).startswith(
        "### ✅ orders: PASS — 128 of 128 requests unchanged, 214 calls matched\n"
    )
    assert render(results["inconclusive"]).startswith("### ⚠️ orders: INCONCLUSIVE — nothing")


def test_each_cause_has_its_command(results: dict[str, Result]) -> None:
    """Every cause names the command that shows it again."""
    text = render(results["fail"])
    assert text.count("reproduce with `ci-gate run --only ") == 6


@pytest.mark.parametrize("budget", [60_000, 20_000, 8_000, 4_000, 2_000, 1_000, 400, 120, 30])
@pytest.mark.parametrize("name", ["pass", "fail", "hostile"])
def test_budget_is_kept_and_nothing_is_left_open(
    budget: int, name: str, results: dict[str, Result]
) -> None:
    """At any budget the summary fits, begins with the verdict and is well formed."""
    text = render(large(results[name]), budget)
    assert size(text) <= budget
    assert text.startswith("### ")
    if budget >= 400:
        check_harmless(text)


def test_says_what_was_left_out(results: dict[str, Result]) -> None:
    """A shortened summary names the sections that are shorter or gone."""
    text = render(results["fail"], 4000)
    assert "Kept to 4,000 characters" in text
    assert "left out: " in text
    assert "Kept to" not in render(results["fail"])


def test_more_causes_than_rows_are_counted(results: dict[str, Result]) -> None:
    """Twenty causes are shown, the rest is a number."""
    text = render(large(results["fail"]))
    assert len(re.findall(r"(?m)^\| C\d+ ", text)) == 20
    assert "… and 280 more causes in result.json" in text


def test_ladder_only_goes_down(results: dict[str, Result]) -> None:
    """No rung of the ladder shows more of anything than the one before it."""
    for above, below in itertools.pairwise(LADDER):
        for field in below.__struct_fields__:
            assert getattr(below, field) <= getattr(above, field), field


def test_link_is_ours_or_nothing(results: dict[str, Result]) -> None:
    """Only an http address becomes the link to the full report."""
    assert "[Full report](<https://ci.example/7>)" in render(
        results["pass"], link="https://ci.example/7"
    )
    for bad in ("javascript:alert(1)", "https://a.example/ x>", "https://a.example/\n# x"):
        assert "Full report" not in render(results["pass"], link=bad)


def test_hostile_text_is_only_text(results: dict[str, Result]) -> None:
    """A collection of known attacks in every field at once comes out as text."""
    check_harmless(render(results["hostile"]))


pieces = st.sampled_from(
    [
        *("```", "`````", "</details>", "<details>", "<script>", "<img src=x>", "<!--", "-->"),
        *("@name", "#12", "/merge", "\n", "\n\n", "|", "\\", "https://a.example", "![x](y)"),
        *("[a](b)", "<https://a.example>", "- ", "1. ", "> ", "# ", "---", "~~", "\x1b[0m"),
        *("\u202e", "\ud800", "\t", " ", "&lt;", "www.a.example", "a@b.example", "    code"),
    ]
)
texts = st.lists(pieces | st.characters(), max_size=10).map("".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, min_size=1, max_size=8), st.sampled_from([BUDGET, 3000, 900]))
def test_arbitrary_text_is_only_text(
    hostile: Callable[[tuple[str, ...]], Result], found: list[str], budget: int
) -> None:
    """Whatever traffic holds, nothing but text, tables, fences and our own elements comes of it."""
    check_harmless(render(hostile(tuple(found)), budget))


def large(result: Result) -> Result:
    """The same with 300 more causes whose bodies are long."""
    body = "\n".join(f'  "field {number}": "{"x" * 50}",' for number in range(80))
    causes = tuple(
        Cause(
            id=f"C{number}",
            title=f"response.body.$.f{number}: value changed",
            change="body",
            routes=("GET /orders/{id}",),
            place=f"response.body.$.f{number}",
            exchanges=("3f2a9c1b7e-1",),
            examples=(
                Difference(
                    change="body", place="response.body", expected=body, actual=body + "\n}"
                ),
            ),
        )
        for number in range(1, 301)
    )
    return replace(result, causes=causes)
