"""Markdown escaping, judged by GitHub's own parser."""

from __future__ import annotations

import re

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as parser

from ci_gate.report.markdown_text import (
    BREAK,
    cell_code,
    code,
    fence,
    html,
    html_code,
    inline,
    unmarked,
)
from ci_gate.report.text import one_line, visible

PIECES = [
    *"`~*_[](){}<>!|\\#&@/:.-+=$^\"' \n\r\t",
    "```",
    "](http://a.example)",
    "<img src=x>",
    "<!--",
    "-->",
    "</details>",
    "https://a.example",
    "www.a.example",
    "a@b.example",
    "@name",
    "#12",
    "GH-9",
    "/merge",
    "&lt;",
    "deadbeef01",
    "ci-gate:",
    "1.",
    "- [ ] x",
    "|---|",
    "\\|",
    "\x1b[1m",
    "\u202e",
    "\ud800",
    "word",
    "日本",
]
hostile = st.lists(st.sampled_from(PIECES) | st.characters(), max_size=12).map("".join)
REFERENCE = re.compile(r"[@#]\w|https?://|www\.\w|\w@\w|GH-\d")


def rendered(markdown: str) -> parser.HtmlElement:
    """What GitHub's parser makes of it, with every extension and raw HTML allowed."""
    made = cmarkgfm.markdown_to_html_with_extensions(
        markdown,
        options=Options.CMARK_OPT_UNSAFE,
        extensions=["table", "autolink", "strikethrough", "tasklist"],
    )
    return parser.fragment_fromstring(made, create_parent="div")


def tags(element: parser.HtmlElement) -> set[str]:
    """Names of all elements inside; comments count as "!"."""
    return {one.tag if isinstance(one.tag, str) else "!" for one in element.iterdescendants()}


@given(hostile)
def test_inline_says_what_the_text_says(text: str) -> None:
    """In a paragraph the text comes back word for word and nothing else comes of it."""
    element = rendered(f"x {inline(text)} x")
    assert tags(element) == {"p"}
    shown = element.text_content().strip().replace(BREAK, "")
    assert shown == f"x {unmarked(one_line(text))} x"


@given(hostile)
def test_inline_refers_to_nothing(text: str) -> None:
    """No mention, reference or address is left for a forge to act on."""
    assert not REFERENCE.search(rendered(f"x {inline(text)}").text_content())


@given(hostile)
def test_inline_starts_nothing(text: str) -> None:
    """At the start of a list item the text starts no heading, list, quote, fence or table."""
    assert tags(rendered(f"- {inline(text)}\n- x")) <= {"ul", "li"}


@given(hostile)
def test_code_span_holds_the_text(text: str) -> None:
    """A code span shows the text exactly, whatever backticks it holds."""
    span = code(text)
    element = rendered(f"x {span} x")
    shown = unmarked(one_line(text, 200))
    if not shown:
        assert span == ""
        return
    assert tags(element) == {"p", "code"}
    expected = shown if shown.strip() else shown.replace(" ", "\\x20")
    assert element.findtext("p/code") == expected


@given(hostile, hostile)
def test_table_cells_hold_their_text(text: str, other: str) -> None:
    """Neither a code cell nor a prose cell breaks out of its cell."""
    head = "| a | b | c |\n|---|---|---|\n"
    element = rendered(f"{head}| {cell_code(text, 500)} | {inline(other)} | END |")
    cells = element.xpath(".//td")
    assert len(cells) == 3
    assert cells[2].text == "END"
    assert tags(element) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert cells[1].text_content().replace(BREAK, "").strip() == unmarked(one_line(other)).strip()
    shown = one_line(text).replace("\\|", "\\\\x7c")
    if shown.strip():
        assert cells[0].text_content() == unmarked(shown)


@given(st.lists(hostile, max_size=4))
def test_nothing_closes_a_fence(lines: list[str]) -> None:
    """What comes after a fence is outside of it, and its lines are the lines."""
    element = rendered(fence(lines, "diff") + "\n\nafter")
    assert tags(element) == {"pre", "code", "p"}
    assert element.findtext("p") == "after"
    shown = [unmarked(visible(line).replace("\n", "\\n")) for line in lines]
    shown = [f"· {line}" if line.lstrip().startswith("/") else line for line in shown]
    assert element.findtext("pre/code") == "".join(f"{line}\n" for line in shown)


@given(hostile)
def test_nothing_in_a_fence_is_a_command_of_the_forge(text: str) -> None:
    """No line begins with a slash, which GitLab would execute even inside a fence."""
    assert not any(line.lstrip().startswith("/") for line in fence([text]).split("\n"))


@given(hostile)
def test_html_is_text(text: str) -> None:
    """Inside our own summary element the text stays text."""
    element = rendered(
        f"<details><summary>{html(text)} {html_code(text)}</summary>\n\nx\n\n</details>"
    )
    assert tags(element) <= {"details", "summary", "code", "p"}
    assert not REFERENCE.search(element.find("details/summary").text or "")


@given(hostile)
def test_no_marker_gets_through(text: str) -> None:
    """Our own hidden markers cannot be forged, in prose, in code or in a fence."""
    for made in (inline(text), code(text), cell_code(text), fence([text]), html(text)):
        assert "<!--" not in made
        assert "-->" not in made
        assert "ci-gate:comment" not in made
        assert "ci-gate:state" not in made


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("latency.p95 > 50: observed 61.0", "latency.p95 &gt; 50: observed 61.0"),
        ("1. x", f"1{BREAK}. x"),
        ("- x", "\\- x"),
        ("@octocat", f"@{BREAK}octocat"),
        ("/merge", "\\/merge"),
        ("2026-10-31 and 11.2", "2026-10-31 and 11.2"),
    ],
)
def test_prose_stays_readable(text: str, markdown: str) -> None:
    """What needs no escape gets none, since people also read the file itself."""
    assert inline(text) == markdown


def test_spaces_alone_can_be_seen() -> None:
    """A value of two spaces does not look like an empty one."""
    assert code("  ") == "`\\x20\\x20`"
