"""National ids: documented examples pass their check, and one digit changed does not."""

from __future__ import annotations

import pytest

from ci_gate.values.redaction.nationalids import CHECKS, is_national_id, is_nino, is_ssn

REAL = [
    ("steuer-id", "86095742719"),
    ("steuer-id", "65929970489"),
    ("nir", "255081416802538"),
    ("nir", "184127645108946"),
    ("dni", "12345678Z"),
    ("dni", "X1234567L"),
    ("aadhaar", "234123412346"),
    ("cpf", "52998224725"),
    ("cnpj", "11222333000181"),
    ("bsn", "111222333"),
    ("bsn", "123456782"),
    ("pesel", "44051401359"),
]


@pytest.mark.parametrize(("kind", "number"), REAL)
def test_real_ones(kind: str, number: str) -> None:
    """The example passes its own check, and none of it remains when a digit changes."""
    check = CHECKS[kind]
    assert check(number)
    for at, sign in enumerate(number):
        if sign.isdigit():
            # A neighbour, so that the change is of one digit whatever the check weighs.
            other = str((int(sign) + 1) % 10)
            assert not check(number[:at] + other + number[at + 1 :]), at


@pytest.mark.parametrize(
    "text", ["529.982.247-25", "11.222.333/0001-81", "2341 2341 2346", "1 84 12 76 451 089 46"]
)
def test_groups(text: str) -> None:
    """Numbers count however their country groups them."""
    assert is_national_id(text)


@pytest.mark.parametrize("number", ["00000000000", "11111111111", "", "x", "99999999999999"])
def test_none(number: str) -> None:
    """What nobody was given is none."""
    assert not is_national_id(number)


def test_without_check() -> None:
    """SSN and NINO are told by what is issued only."""
    assert is_ssn("412551234")
    assert not any(map(is_ssn, ("000551234", "666551234", "912551234", "412001234", "412550000")))
    assert is_nino("AB123456C")
    assert not any(map(is_nino, ("QQ123456C", "BG123456A", "AB123456E", "AB12345C")))
