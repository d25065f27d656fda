"""A result on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ci_gate.cli.results import show_result


def test_rendering_or_document(
    result: Callable[[str], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same verdict and code either way."""
    assert show_result(result("fail"), as_json=True, no_color=True) == 1
    assert json.loads(capsys.readouterr().out)["format"] == 1
    assert show_result(result("fail"), as_json=False, no_color=True) == 1
    assert "EVALS" in capsys.readouterr().out
