"""A configuration with everything in it, and the surroundings to resolve it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ci_gate.config.file import load
from ci_gate.config.flags import Surroundings

EVERYTHING = Path(__file__).parent / "everything.yml"
"""The block of the design, word for word."""

Around = Callable[..., Surroundings]


@pytest.fixture
def everything() -> str:
    """The text of a configuration that uses every part of the format."""
    return EVERYTHING.read_text(encoding="utf-8")


@pytest.fixture
def around() -> Around:
    """`around(text, env, folder)`: surroundings with that configuration; "" = none."""

    def make(
        text: str = "", env: Mapping[str, str] | None = None, folder: str = "."
    ) -> Surroundings:
        config = load(text) if text else None
        return Surroundings(config=config, folder=folder, folder_name="shop", env=env or {})

    return make
