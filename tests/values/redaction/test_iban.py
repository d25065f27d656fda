"""IBANs: which are, and what stands for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.redaction.iban import iban_stand_in, is_iban, is_iban_stand_in

REAL = [
    "DE89370400440532013000",
    "GB82WEST12345698765432",
    "NO9386011117947",
    "FR14 2004 1010 0505 0001 3M02 606",
    "MT84MALT011000012345MTLCAST001S",
]


@pytest.mark.parametrize("text", REAL)
def test_real_ones(text: str) -> None:
    """Numbers of the registry count, plain or in groups."""
    assert is_iban(text)
    assert not is_iban_stand_in(text)


@pytest.mark.parametrize(
    "text", ["DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000", "DE", ""]
)
def test_others(text: str) -> None:
    """A wrong check, length or country does not."""
    assert not is_iban(text)


@given(st.sampled_from(REAL), st.binary(min_size=32, max_size=32))
def test_stand_ins(text: str, seed: bytes) -> None:
    """A stand-in is valid, has the country, the length and the groups, and is recognised."""
    new = iban_stand_in(text, seed)
    assert is_iban(new)
    assert is_iban_stand_in(new)
    assert new[:2] == text[:2]
    assert [at for at, sign in enumerate(new) if sign == " "] == [
        at for at, sign in enumerate(text) if sign == " "
    ]
