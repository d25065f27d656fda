"""What is a person's, found by its own form in text."""

from __future__ import annotations

import pytest

from ci_gate.values.redaction.detectors import find
from ci_gate.values.redaction.standins import StandIns

FOUND = [
    ("iban", "pay to DE89370400440532013000 now", "DE89370400440532013000"),
    ("iban", "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 32"),
    ("ipv4", "from 93.184.216.34:443", "93.184.216.34"),
    ("ipv6", "[2a00:1450:4001:81b::200e]", "2a00:1450:4001:81b::200e"),
    ("mac", "at 3C:22:FB:9A:01:7E", "3C:22:FB:9A:01:7E"),
    ("national-id", "NIR 1 84 12 76 451 089 46", "1 84 12 76 451 089 46"),
    ("national-id", "184127645108946", "184127645108946"),
    ("national-id", "12345678-Z", "12345678-Z"),
    ("national-id", "cpf 529.982.247-25", "529.982.247-25"),
    ("national-id", "11.222.333/0001-81", "11.222.333/0001-81"),
    ("national-id", "2341 2341 2346", "2341 2341 2346"),
    ("national-id", "86 095 742 719", "86 095 742 719"),
    ("national-id", "PESEL: 44051401359.", "44051401359"),
    ("national-id", "BSN 111222333 of", "111222333"),
    ("ssn", "412-55-1234", "412-55-1234"),
    ("nino", "AB 12 34 56 C", "AB 12 34 56 C"),
    ("phone", "call +49 30 901820", "+49 30 901820"),
    ("phone", "(415) 555-2671", "(415) 555-2671"),
    ("phone", "415-555-2671", "415-555-2671"),
    ("phone", "01 42 68 53 00", "01 42 68 53 00"),
    ("phone", "020 7946 0958", "020 7946 0958"),
    ("phone", "Tel.: 030/901820", "030/901820"),
]


@pytest.mark.parametrize(("kind", "text", "value"), FOUND)
def test_found(kind: str, text: str, value: str) -> None:
    """Exactly the number is found, and its kind."""
    assert [(one.kind, one.value) for one in find(text.encode())] == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        *("10.0.0.1", "127.0.0.1:8080", "Chrome/120.0.0.1", "version 1.2.3.4", "v1.2.3.4"),
        *("10:20:30", "2026-11-21T06:13:24+01:00", "2026:11:21", "1.2.3.4.5", "8.8.8.8"),
        *("44051401359", "111222333", "52998224725", "1700000000000", "0000000042", "234123412346"),
        *("12345678A", "DE88370400440532013000", "000-55-1234", "1-412-55-1234-9", "412-55-12345"),
        *("3C:22:FB:9A:01:7E:55:AA", "00:00:00:00:00:00", "+0200", "1e+10000000", "x+1234567890"),
        *("0.12345678901234567", "123e4567-e89b-12d3-a456-426614174000", "AB123456C"),
        *("86 095 742 718", "020-7946-09", "ISO 27001 2013", "PESEL: 44051401358"),
    ],
)
def test_left_alone(text: str) -> None:
    """Versions, times, ids and numbers with a wrong check are nobody's."""
    assert list(find(text.encode())) == []


@pytest.mark.parametrize("kind", ["iban", "ipv4", "ipv6", "mac", "phone"])
def test_stand_ins_are_found_again(kind: str) -> None:
    """Within a text the stand-in is found as the value was: a live value is compared with it."""
    for one, text, value in FOUND:
        if one == kind and "Tel." not in text:
            new = StandIns(b"k" * 32).stand_in(kind, value)
            again = [(f.kind, f.value) for f in find(text.replace(value, new).encode())]
            assert again == [(kind, new)]
