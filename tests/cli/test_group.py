"""The group and its commands: loaded on demand, each with help and examples that parse."""

from __future__ import annotations

import importlib
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from ci_gate.cli.group import COMMANDS, GateCommand
from ci_gate.cli.main import cli

CLI = Path(__file__).resolve().parents[2] / "ci_gate" / "cli"
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "cli"


def load(name: str) -> GateCommand:
    """A command by name."""
    command = importlib.import_module(f"ci_gate.cli.{name}").command
    assert isinstance(command, GateCommand)
    return command


def test_the_table_and_the_files_agree() -> None:
    """Every command has a file of its name, a file with a command is in the table, and the one
    line of the table is the first line of its help."""
    files = {path.stem for path in CLI.glob("*.py") if "@click.command(" in path.read_text()}
    assert set(COMMANDS) == files
    for name, line in COMMANDS.items():
        assert (load(name).help or "").splitlines()[0] == line
        assert load(name).name == name


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name: str, call: Callable[..., Any], golden: Callable[[str, str], None]) -> None:
    """Each command's help, as people read it."""
    called = call(name, "--help")
    assert called.code == 0
    assert "Examples:" in called.out
    golden(f"cli/help-{name}.txt", called.out)
    assert call(name, "-h").out == called.out


def test_help_has_its_short_name_whoever_asks_first() -> None:
    """click keeps the option that the first context got."""
    command = GateCommand("x")
    option = command.get_help_option(click.Context(command))
    assert option is not None
    assert option.opts == ["-h", "--help"]


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_can_be_typed(name: str) -> None:
    """Every example is a command line that our own parser takes."""
    text = load(name).examples.replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert words[:2] == ["ci-gate", name]
        with click.Context(cli, info_name="ci-gate") as parent:
            load(name).make_context(name, words[2:], parent=parent)


def test_every_option_has_help() -> None:
    """No option is left unexplained."""
    for name in COMMANDS:
        for parameter in load(name).params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts}"
