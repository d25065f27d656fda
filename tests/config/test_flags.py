"""The surroundings of a verb."""

from __future__ import annotations

from collections.abc import Callable

from ci_gate.config.flags import Surroundings


def test_without_configuration(around: Callable[..., Surroundings]) -> None:
    """Everything has its default, and places are plain names."""
    here = around()
    assert here.settings.service.command == ()
    assert here.config_name == ""
    assert here.place("service", "port") == "service.port"
    assert here.line("service", "port") == 0


def test_with_configuration(around: Callable[..., Surroundings]) -> None:
    """Places have file and line."""
    here = around("version: 1\nservice: {port: 1}")
    assert here.config_name == "ci-gate.yml"
    assert here.place("service", "port") == "ci-gate.yml:2: service.port"
    assert here.line("service", "port") == 2
