"""Inputs of `ci-gate action`."""

from __future__ import annotations

import pytest

from ci_gate.errors import UsageError
from ci_gate.gate.pipeline.inputs import NAMES, Inputs, read_inputs


def test_nothing_given() -> None:
    """Every input has a default, and an empty one was not given."""
    assert read_inputs({}) == Inputs()
    assert read_inputs({f"INPUT_{name.upper()}": "" for name in NAMES}) == Inputs()


def test_all_given() -> None:
    """As GitHub spells them, hyphens included."""
    env = {
        "INPUT_CONFIG": "a.yml", "INPUT_SNAPSHOT": "s", "INPUT_MODE": "report", "INPUT_KEY": "eu/1",
        "INPUT_COMMENT": "always", "INPUT_TOKEN": "t0ken", "INPUT_CHECK-RUN": "true",
        "INPUT_WORKING_DIRECTORY": "svc", "INPUT_OUT": "o", "INPUT_BASE": "origin/main",
        "INPUT_BASELINE": "old", "INPUT_SHARD": "2/3", "INPUT_ARGS": "x", "INPUT_ENTRYPOINT": "y",
    }  # fmt: skip
    assert read_inputs(env) == Inputs(
        config="a.yml", snapshot="s", mode="report", key="eu/1", comment="always", token="t0ken",
        check_run=True, working_directory="svc", out="o", base="origin/main", baseline="old",
        shard="2/3",
    )  # fmt: skip


def test_a_job_is_a_shard_or_merges() -> None:
    """Not both at once."""
    assert read_inputs({"INPUT_MERGE": "runs"}) == Inputs(merge="runs")
    with pytest.raises(UsageError, match="shard and merge exclude each other"):
        read_inputs({"INPUT_MERGE": "runs", "INPUT_SHARD": "1/2"})


def test_our_own_names_win() -> None:
    """With CI_GATE_INPUT_*, INPUT_* belong to somebody else's action."""
    env = {"CI_GATE_INPUT_MODE": "report", "INPUT_FOO": "bar", "INPUT_MODE": "gate"}
    assert read_inputs(env).mode == "report"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SNAPSHT", "x", "input snapsht: there is no such input; there are config, snapshot"),
        ("MODE", "gates", "input mode: 'gates' is not one of gate, report; did you mean gate?"),
        ("COMMENT", "on", "is not one of changes, always, never"),
        ("CHECK_RUN", "yes", "is not one of true, false"),
        ("KEY", "a\nb", "input key: one line"),
        ("KEY", "<x>", "input key: letters, digits"),
        ("CONFIG", "-c", "begins with -"),
        ("BASE", "--all", "begins with -"),
        ("OUT", "x" * 5000, "input out: one line of at most"),
    ],
)
def test_what_cannot_be(name: str, value: str, said: str) -> None:
    """The input is named, and what it may be."""
    with pytest.raises(UsageError) as caught:
        read_inputs({f"INPUT_{name}": value})
    assert said in str(caught.value)


def test_all_faults_at_once_and_no_token() -> None:
    """One run shows everything that is to be mended; a token is never quoted."""
    with pytest.raises(UsageError) as caught:
        read_inputs({"INPUT_MODE": "x", "INPUT_COMMENT": "y", "INPUT_TOKEN": "sec\x01ret"})
    assert len(str(caught.value).split("\n")) == 3
    assert "ret" not in str(caught.value).partition("input token")[2]
