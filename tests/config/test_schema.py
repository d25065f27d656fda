"""The schema itself."""

from __future__ import annotations

import msgspec

from ci_gate.config import schema


def test_every_section_is_frozen_and_knows_its_keys() -> None:
    """No section can be changed after reading, and none takes a key it does not know."""
    sections = [
        value
        for value in vars(schema).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == schema.__name__
    ]
    assert len(sections) > 10
    for section in sections:
        assert section.__struct_config__.frozen
        assert section.__struct_config__.forbid_unknown_fields


def test_the_smallest_configuration() -> None:
    """Everything but the version has a default."""
    assert msgspec.convert({"version": 1}, schema.Configuration).replay.settle == "500ms"
