"""`ci-gate diff`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.gate.clone import Clone

Call = Callable[..., Any]


@pytest.fixture
def clone(call: Call) -> Clone:
    """A repository in the working directory, whose last commit adds a rule."""
    made = Clone(Path.cwd())
    made.write("ci-gate.yml", "version: 1\nservice: {name: shop}\n")
    made.commit()
    rule = 'rules:\n  - {at: "response.body.$.x", allow: any, reason: "@octocat"}\n'
    made.write("ci-gate.yml", "version: 1\nservice: {name: shop}\n" + rule)
    made.commit()
    return made


def test_three_forms(call: Call, clone: Clone) -> None:
    """For people, for a comment, for programs."""
    text = call("diff", "HEAD~1..HEAD")
    assert text.code == 0
    assert "1 rule; 1 of them loosens the gate" in text.out
    markdown = call("diff", "HEAD~1..HEAD", "--markdown")
    assert markdown.out.startswith("#### ✏️ This change edits what it is judged by")
    document = json.loads(call("diff", "HEAD~1..HEAD", "--json").out)
    assert [one["looser"] for one in document["items"]] == [True]


def test_nothing_edited(call: Call, clone: Clone) -> None:
    """Is said, in either form."""
    assert "nothing" in call("diff", "HEAD..HEAD").out
    assert "nothing" in call("diff", "HEAD..HEAD", "--markdown").out


def test_what_is_not_in_the_clone(call: Call, clone: Clone) -> None:
    """Exit 2 with the remedy."""
    called = call("diff", "origin/main..HEAD")
    assert called.code == 2
    assert "not in this clone; fetch it first" in called.err
