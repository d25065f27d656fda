"""The table of formats that are written."""

from __future__ import annotations

import pytest

from ci_gate.errors import UsageError
from ci_gate.store.formats.writers import WRITERS, writer


def test_by_name() -> None:
    """Each by its name; another is refused with the names there are."""
    for one in WRITERS:
        assert writer(one.name) is one
    assert writer("rrpair") is writer("proxymock")
    with pytest.raises(UsageError, match="formats are: har, wiremock"):
        writer("x")
