"""A job's page and outputs, read as GitHub's runner reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.gate.pipeline.jobfiles import PAGE_LIMIT, append_summary, write_outputs


def parsed(text: str) -> dict[str, str]:
    """Outputs by the runner's algorithm (EnvFileKeyValuePairs): `name=value` or a heredoc whose
    delimiter stands alone on a line."""
    found: dict[str, str] = {}
    lines = text.split("\n")
    at = 0
    while at < len(lines) - 1:
        name, mark, end = lines[at].partition("<<")
        assert mark, lines[at]
        assert "=" not in name, lines[at]
        close = lines.index(end, at + 1)
        found[name] = "\n".join(lines[at + 1 : close])
        at = close + 1
    return found


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))


@given(st.dictionaries(st.sampled_from(["verdict", "url"]), TEXTS))
def test_outputs(tmp_path_factory: pytest.TempPathFactory, outputs: dict[str, str]) -> None:
    """Any value comes out as it went in, and sets nothing else."""
    path = tmp_path_factory.mktemp("out") / "outputs"
    assert write_outputs({"GITHUB_OUTPUT": str(path)}, outputs)
    assert parsed(path.read_bytes().decode()) == outputs


def test_a_value_cannot_set_another(tmp_path: Path) -> None:
    """Delimiters cannot be guessed: every one is new."""
    path = tmp_path / "outputs"
    env = {"GITHUB_OUTPUT": str(path)}
    hostile = "x\nEOF\nverdict=pass\nverdict<<EOF\npass\nEOF"
    write_outputs(env, {"a": hostile})
    write_outputs(env, {"b": hostile})
    assert parsed(path.read_text()) == {"a": hostile, "b": hostile}
    marks = [
        line.partition("<<")[2] for line in path.read_text().split("\n") if "<<ci-gate" in line
    ]
    assert len(set(marks)) == 2


def test_where_there_is_no_such_file(tmp_path: Path) -> None:
    """Elsewhere, and where it cannot be written, nothing happens and it is said."""
    assert not write_outputs({}, {"a": "b"})
    assert not append_summary({}, "x")
    nowhere = str(tmp_path / "none" / "file")
    assert not write_outputs({"GITHUB_OUTPUT": nowhere}, {"a": "b"})
    assert not append_summary({"GITHUB_STEP_SUMMARY": nowhere}, "x")


def test_the_page_stays_below_its_limit(tmp_path: Path) -> None:
    """What is there stays there; what would make it too large is not added."""
    path = tmp_path / "summary"
    env = {"GITHUB_STEP_SUMMARY": str(path)}
    assert append_summary(env, "one \ud800")
    assert append_summary(env, "two")
    assert path.read_text() == "one \\ud800\ntwo\n"
    assert not append_summary(env, "x" * PAGE_LIMIT)
    assert path.read_text() == "one \\ud800\ntwo\n"
