"""Tagged netstrings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_gate.store.formats.tnetstrings import Torn, elements


def dumped(value: Any) -> bytes:
    """A value as a tagged netstring, by the description of the format."""
    if value is None:
        payload, kind = b"", b"~"
    elif isinstance(value, bool):
        payload, kind = (b"true" if value else b"false"), b"!"
    elif isinstance(value, int):
        payload, kind = str(value).encode(), b"#"
    elif isinstance(value, float):
        payload, kind = repr(value).encode(), b"^"
    elif isinstance(value, bytes):
        payload, kind = value, b","
    elif isinstance(value, str):
        payload, kind = value.encode(), b";"
    elif isinstance(value, list):
        payload, kind = b"".join(map(dumped, value)), b"]"
    else:
        payload = b"".join(dumped(key) + dumped(item) for key, item in value.items())
        kind = b"}"
    return str(len(payload)).encode() + b":" + payload + kind


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    """In pieces."""
    return (data[at : at + size] for at in range(0, len(data), size))


plain = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.binary(max_size=20)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)  # fmt: skip
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4)
)


@settings(max_examples=40)
@given(st.lists(values, max_size=4), st.integers(1, 50))
def test_round_trip(everything: list[Any], size: int) -> None:
    """However a file is cut into pieces."""
    data = b"".join(map(dumped, everything))
    assert [value for _, value in elements(chunks(data, size))] == everything


@pytest.mark.parametrize(
    "data",
    [b"x", b"5:ab", b"2:abX", b"-1:~", b"99999999999999:x", b"3:9:a]", b"4:1:a,}", b"1:x#",
     b"1:", b"400:" + b"9" * 400 + b"#", b"".join([b"%d:" % (3 * n) for n in range(200, 0, -1)])],
)  # fmt: skip
def test_torn(data: bytes) -> None:
    """Every other file is refused with the byte where it broke."""
    with pytest.raises(Torn):
        list(elements(iter([data])))
