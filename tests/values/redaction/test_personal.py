"""Fields that hold what is a person's: by name and by look."""

from __future__ import annotations

import pytest

from ci_gate.values.redaction.personal import is_of_kind, personal_name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("firstName", "name"),
        ("last_name", "name"),
        ("date-of-birth", "birth-date"),
        ("lat", "coordinate"),
        ("phoneNumber", "phone"),
        ("CPF", "national-id"),
        ("stripe_token", "high-entropy"),
        ("googleMapsApiKey", "high-entropy"),
        ("newPin", "pin"),
        ("pinCode", ""),
        ("pins", ""),
        ("spin", ""),
        ("name", ""),
        ("monkey", ""),
        ("next_page_token", ""),
        ("idempotencyKey", ""),
        ("", ""),
        ("x" * 50, ""),
    ],
)
def test_names(name: str, kind: str) -> None:
    """A name tells in any spelling; what only looks like one does not."""
    assert personal_name(name) == kind


@pytest.mark.parametrize(
    ("kind", "yes", "no"),
    [
        ("name", "Ana María O'Neil-Ruiz", "order 66"),
        ("name", "李小龙", "x"),
        ("address", "4, rue Cler", "127.0.0.1:80"),
        ("address", "Hauptstr. 5", "http://x.test/a b"),
        ("birth-date", "1984-02-03", "1984"),
        ("birth-date", "3.2.1984", "tomorrow"),
        ("birth-date", "1984-02-03T00:00:00Z", "03:02"),
        ("coordinate", "52.5200", "52"),
        ("coordinate", "52.52, 13.40", "v1.2.3"),
        ("phone", "030 901820", "call me"),
        ("national-id", "52998224725", "52998224726"),
        ("ssn", "412-55-1234", "000-55-1234"),
        ("nino", "AB123456C", "AB12345C"),
        ("pin", "4711", "17"),
        ("pin", "08154711", "A104"),
        ("pin", "471108", "123456789"),
        ("high-entropy", "tok9a8s7d6f5g4h3j2k1l0", "a-name-with-many-words-in-it"),
        ("high-entropy", "9f8e7d6c5b4a39281706f5", "123e4567-e89b-12d3-a456-426614174000"),
    ],
)
def test_values(kind: str, yes: str, no: str) -> None:
    """A value counts only when it looks like what the name says."""
    assert is_of_kind(yes, kind)
    assert not is_of_kind(no, kind)
    assert not is_of_kind("null", kind)
    assert not is_of_kind("a1" * 3000, kind)
