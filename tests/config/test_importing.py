"""Options of `ci-gate import`."""

from __future__ import annotations

import pytest

from ci_gate.config.file import load
from ci_gate.config.flags import Surroundings
from ci_gate.config.importing import ImportFlags, import_options
from ci_gate.errors import UsageError

FILE = """
version: 1
snapshot: snapshots/shop
service: {name: shop}
dependencies:
  payments: {upstream: "https://pay.example"}
"""


def test_options() -> None:
    """From the file where no flag says it; the one HTTP dependency answers calls without a host."""
    around = Surroundings(config=load(FILE, "ci-gate.yml"), folder_name="x", env={})
    options = import_options(ImportFlags(path="in.har", add=True), around)
    assert (options.out, options.service) == ("snapshots/shop", "shop")
    assert (options.dependency, options.existing) == ("payments", "add")
    with pytest.raises(UsageError, match="exclude each other"):
        import_options(ImportFlags(path="x", add=True, replace=True), around)
