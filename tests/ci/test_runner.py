"""The runner of these tests reads outputs and the log as GitHub's does."""

from __future__ import annotations

import pytest

from tests.ci.runner import ANNOTATION_LIMIT, ANNOTATIONS_PER_KIND, Refused, read_log, read_outputs


def test_outputs() -> None:
    """Plain lines, and texts between delimiters, with whatever they contain."""
    text = "a=1\nb<<END\nx=y\n\n<<\nEND\nempty=\nlast=a=b<<c\nwin<<E\r\nx\r\ny\r\nE\r\n"
    assert read_outputs(text) == {
        "a": "1",
        "b": "x=y\n\n<<",
        "empty": "",
        "last": "a=b<<c",
        "win": "x\r\ny",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a<<END\nx\n", "delimiter not found"),
        ("a<<END\nx\nEN", "missing new line"),
        ("no form\n", "Invalid format"),
        ("=x\n", "Name must not be empty"),
        ("a<<\nx\n\n", "must not be empty"),
    ],
)
def test_outputs_that_fail_the_step(text: str, problem: str) -> None:
    """What the runner cannot read fails the step instead of losing an output."""
    with pytest.raises(Refused, match=problem):
        read_outputs(text)


def test_annotations() -> None:
    """Commands at the start of a line, with their properties; the old form anywhere in a line."""
    annotations, commands = read_log(
        "::error file=a%2Cb,title=x::one%0Atwo\n  ::notice::indented\n"
        "said ::error::no\nsee ##[warning]old\n::add-mask::secret\n"
    )
    assert [(one.kind, one.message) for one in annotations] == [
        ("error", "one\ntwo"),
        ("notice", "indented"),
        ("warning", "old"),
    ]
    assert annotations[0].properties == {"file": "a,b", "title": "x"}
    assert commands == [("add-mask", "secret")]


def test_annotations_are_limited() -> None:
    """Ten of each kind are kept, each cut to 4,096 characters."""
    log = "".join(f"::error::{'x' * 5000}{n}\n::warning::w\n" for n in range(30))
    annotations, _ = read_log(log)
    assert len(annotations) == 2 * ANNOTATIONS_PER_KIND
    assert {len(one.message) for one in annotations if one.kind == "error"} == {ANNOTATION_LIMIT}


def test_stopped_commands() -> None:
    """Between stop-commands and its word nothing is a command."""
    annotations, _ = read_log("::stop-commands::w0rd\n::error::a\n::w0rd::\n::error::b\n")
    assert [one.message for one in annotations] == ["b"]
