"""Arrays as text and back."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.codecs.postgres.arrays import decode_array, encode_array
from ci_gate.codecs.postgres.frames import value
from ci_gate.codecs.postgres.types import to_binary, to_text


@given(st.lists(st.none() | st.text(max_size=6), max_size=5))
def test_arrays_of_any_text(items: list[str | None]) -> None:
    """Quotes, commas, braces, NULL and the word NULL are all told apart."""
    values = [None if one is None else one.replace("\0", "").encode() for one in items]
    head = struct.pack("!iiIii", 1, int(None in values), 25, len(values), 1)
    data = head + b"".join(map(value, values)) if values else struct.pack("!iiI", 0, 0, 25)
    text = to_text(1009, data)
    assert text is not None
    assert to_binary(1009, text) == data


def text(oid: int, data: bytes) -> str:
    """An element that is its text."""
    assert oid == 25
    return data.decode()


def test_dimensions() -> None:
    """A matrix; arrays whose bounds are not from 1 on are left alone."""
    cells = b"".join(value(one) for one in (b"a", b"b c", None, b"NULL"))
    data = struct.pack("!iiIiiii", 2, 1, 25, 2, 1, 2, 1) + cells
    assert decode_array(25, data, text) == '{{a,"b c"},{NULL,"NULL"}}'
    assert encode_array(25, '{{a,"b c"},{NULL,"NULL"}}', lambda _, one: one.encode()) == data
    odd = struct.pack("!iiIii", 1, 0, 25, 1, 0) + value(b"a")
    assert decode_array(25, odd, text) is None


@pytest.mark.parametrize("broken", ["", "{", "a", "{{a},{b,c}}"])
def test_what_is_no_array(broken: str) -> None:
    """Text that no server writes."""
    with pytest.raises(ValueError, match="is no array"):
        encode_array(25, broken, lambda _, one: one.encode())
