"""Codecs by name."""

from __future__ import annotations

import pytest

from ci_gate.codecs.registry import PROTOCOLS, codec
from ci_gate.errors import UsageError


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_has_its_codec(name: str) -> None:
    """The name leads to a codec that bears it, always the same one."""
    assert codec(name).name == name
    assert codec(name) is codec(name)


def test_an_unknown_protocol_is_a_usage_error() -> None:
    """The error names the protocol and those that there are."""
    with pytest.raises(
        UsageError,
        match=r"protocol 'gopher' is not known; protocols are: http, raw, redis, postgres",
    ):
        codec("gopher")
