"""Where real recordings of other tools lie, and how a reader of ours is run on made-up ones."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest

from ci_gate.store.formats.found import Found, Item, ReadOptions
from ci_gate.store.formats.source import Source
from ci_gate.store.formats.table import FORMATS, named, recognised

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "data" / "recordings"
T = TypeVar("T")


def sample(name: str) -> Path:
    """A real recording; the test is skipped where it is not there."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"no sample recordings here ({name})")
    return path


def read(path: Path, form: str = "", **options: object) -> list[Item]:
    """All that the reader of a format (recognised without `form`) finds."""
    source = Source(str(path))
    known = named(form) if form else recognised(source)
    return list(known.read(source, ReadOptions(**options)))  # type: ignore[arg-type]  # a test's own


def those(items: list[Item], kind: type[T]) -> list[T]:
    """The items of one kind."""
    return [one for one in items if isinstance(one, kind)]


def found(path: Path, form: str = "", **options: object) -> list[Found]:
    """The exchanges alone."""
    return those(read(path, form, **options), Found)


def recognisers(path: Path) -> list[str]:
    """Every format that takes this for its own."""
    source = Source(str(path))
    return [one.name for one in FORMATS if one.recognises(source)]
