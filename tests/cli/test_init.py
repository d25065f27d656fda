"""`ci-gate init`: flags, what it prints, what it writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ci_gate.config.file import load


def test_write_then_check(call: Callable[..., Any]) -> None:
    """The file that is written is good; a second time it is left alone."""
    called = call("init", "--port", "8080", "--", "python", "-m", "shop")
    assert called.code == 0
    assert called.out == (
        "wrote ci-gate.yml\nwrote .gitattributes\nnext: `ci-gate check`, then `ci-gate record`\n"
    )
    assert call("check").code == 0
    called = call("init")
    assert called.code == 2
    assert "--force" in called.err


def test_print_writes_nothing(call: Callable[..., Any]) -> None:
    """--print shows the text, --json the proposal."""
    called = call("init", "--print", "--dependency", "pay=https://a.example", "--name", "cart")
    settings = load(called.out).settings
    assert (settings.service.name, list(settings.dependencies)) == ("cart", ["pay"])
    assert list(Path().iterdir()) == []
    assert "port it listens on was not found" in called.err
    assert json.loads(call("init", "--print", "--json").out)["config"] == "ci-gate.yml"


def test_another_folder_and_file(call: Callable[..., Any]) -> None:
    """--dir looks elsewhere, -c writes elsewhere."""
    Path("sub").mkdir()
    Path("sub/Procfile").write_text("web: ./go")
    assert call("init", "--dir", "sub", "--quiet").code == 0
    assert load(Path("sub/ci-gate.yml").read_text()).settings.service.command == "./go"
    call("init", "--dir", "sub", "-c", "other.yml")
    assert Path("other.yml").exists()


def test_ci_flags(call: Callable[..., Any]) -> None:
    """--ci writes the workflow, too; its flags mean nothing alone."""
    Path(".git").mkdir()
    flags = ("--ci", "github", "--owner", "@acme", "--uses", "acme/ci-gate@v1")
    called = call("init", "--port", "8080", *flags, "--", "./shop")
    assert called.code == 0
    assert "wrote .github/workflows/ci-gate.yml\nwrote .github/CODEOWNERS\n" in called.out
    assert call("init", "--owner", "@acme").code == 2
    assert call("init", *flags).code == 2
