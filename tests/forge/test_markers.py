"""The hidden lines of a comment."""

from __future__ import annotations

from typing import Literal

import cmarkgfm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.forge.markers import Marked, State, digest, marked, read
from ci_gate.report.markdown_text import code, fence, html, inline

STATE = State(run="12", attempt="2", sha="abc1234", at="2026-11-20T10:00:00Z", digest="d" * 64)


@pytest.mark.parametrize("style", ["html", "links"])
@given(key=st.text(min_size=1, max_size=60), text=st.text(max_size=200))
def test_what_is_written_is_read(style: Literal["html", "links"], key: str, text: str) -> None:
    """Any key and any text come through, in both spellings, also with other line endings."""
    key = key.encode("utf-8", "replace").decode()
    body = marked(text, key, STATE, style)
    assert read(body) == Marked(key=key, state=STATE)
    if "\r" not in text:
        assert read(body.replace("\n", "\r\n")) == Marked(key=key, state=STATE)


@pytest.mark.parametrize("style", ["html", "links"])
def test_markers_are_not_shown(style: Literal["html", "links"]) -> None:
    """A reader sees the text and nothing else, whatever the key holds."""
    body = marked("**seen**", "a --> <b> `c` --", STATE, style)
    assert cmarkgfm.github_flavored_markdown_to_html(body).count("seen") == 1
    shown = cmarkgfm.github_flavored_markdown_to_html(body)
    assert shown.replace("<!-- raw HTML omitted -->", "").strip() == "<p><strong>seen</strong></p>"


@pytest.mark.parametrize("style", ["html", "links"])
def test_a_marker_counts_only_at_the_top(style: Literal["html", "links"]) -> None:
    """Text that quotes a marker, as people and responses may, is no comment of ours."""
    body = marked("x", "orders", STATE, style)
    assert read("> " + body) is None
    assert read("Look:\n\n" + body) is None
    assert read("```\n" + body + "\n```") is None
    assert read("") is None


@given(st.text())
def test_reading_never_fails(body: str) -> None:
    """Whatever a comment holds, reading it raises nothing."""
    read(body)
    read("<!-- ci-gate:comment v1 key=x -->\n" + body)


def test_what_is_quoted_holds_no_marker() -> None:
    """No way of quoting traffic lets a marker through."""
    for style in ("html", "links"):
        hostile = marked("x", "orders", STATE, style)  # type: ignore[arg-type]  # both are styles
        for quoted in (inline(hostile), code(hostile), html(hostile), fence(hostile.split("\n"))):
            assert "ci-gate:" not in quoted


@pytest.mark.parametrize(
    ("one", "other", "newer"),
    [
        (State(run="9", attempt="1"), State(run="10", attempt="1"), False),
        (State(run="10", attempt="1"), State(run="9", attempt="9"), True),
        (State(run="9", attempt="2"), State(run="9", attempt="1"), True),
        (State(run="9", attempt="1"), State(run="9", attempt="1"), False),
        (State(run="x", attempt="1", at="2026-02"), State(run="y", attempt="1", at="2026-01"), True),
        (State(at="2026-01"), State(at="2026-02"), False),
        (State(), State(at="2026-02"), False),
        (State(run="9" * 5000, attempt="1"), State(run="9", attempt="1"), True),
    ],
)  # fmt: skip
def test_which_run_is_newer(one: State, other: State, newer: bool) -> None:
    """Run and attempt decide where both have them as numbers, else the time."""
    assert one.newer_than(other) is newer


def test_digests_differ() -> None:
    """The digest tells texts apart and takes any text."""
    assert digest("a") != digest("b")
    assert len(digest("\ud800")) == 64
