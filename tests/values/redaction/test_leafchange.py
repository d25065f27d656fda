"""One value of a part: its name and its look decide together."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from ci_gate.model.message import Part
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns, is_stand_in

MAKER = StandIns(b"k" * 32)


def body(document: object) -> object:
    """A JSON document redacted; once more, under another key, changes nothing."""
    part = Part("body", json.dumps(document).encode(), "json")
    new, _ = Redactor(MAKER).part(part, "response")
    assert Redactor(StandIns(b"o" * 32)).part(new, "response") == (new, ())
    assert isinstance(new.value, bytes)
    return json.loads(new.value)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("first_name", "Ana María", "name"),
        ("street", "Hauptstr. 5b", "address"),
        ("dob", "1984-02-03", "birth-date"),
        ("lat", 52.520008, "coordinate"),
        ("phone", "030 901820", "phone"),
        ("phone", 4915112345678, "secret"),
        ("password", 471147114711, "secret"),
        ("cpf", "52998224725", "secret"),
        ("ssn", "412-55-1234", "secret"),
        ("stripe_token", "tok9a8s7d6f5g4h3j2k1l0", "secret"),
        ("iban", "DE89 3704 0044 0532 0130 00", "iban"),
        ("peer", "93.184.216.34", "ipv4"),
    ],
)
def test_replaced(name: str, value: object, kind: str) -> None:
    """A value is replaced by one of its own type that is recognised."""
    document = body({name: value, "other": "stays"})
    assert isinstance(document, dict)
    assert document["other"] == "stays"
    assert document[name] != value
    assert type(document[name]) is type(value)
    assert is_stand_in(str(document[name])) == kind


def test_a_number_of_31_bits_stays_one() -> None:
    """A column of four bytes has to hold what stands for its value; done twice changes nothing."""
    given = {"ssn": 412551234, "mobile": 2025550123, "new_password": 12345678, "passcode": 4711}
    document = body(given)
    assert isinstance(document, dict)
    for name, value in given.items():
        assert document[name] != value
        assert 2_147_000_000 <= document[name] < 2**31


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first_name", "order 66"),
        ("address", "127.0.0.1:80"),
        ("lat", 52),
        ("phone", "call me"),
        ("phone", 4915112.25),
        ("version", "1.2.3.4"),
        ("next_page_token", "tok9a8s7d6f5g4h3j2k1l0"),
        ("name", "Green tea"),
        ("tax_id", "12345"),
        ("dob", None),
        ("born", True),
        ("tokens", 15230),
        ("password", 12),
        ("password", True),
    ],
)
def test_stays(name: str, value: object) -> None:
    """A telling name alone is not enough, and a version is no address."""
    assert body({name: value}) == {name: value}


def test_inside_of_base64() -> None:
    """JSON in base64, plain or gzipped, is redacted inside and stays what it is."""
    inner = json.dumps([{"email": "jane@mail.example", "n": 1}]).encode()
    packed = base64.b64encode(gzip.compress(inner)).decode()
    document = body({"plain": base64.b64encode(inner).decode(), "packed": packed})
    assert isinstance(document, dict)
    plain = json.loads(base64.b64decode(document["plain"]))
    assert json.loads(gzip.decompress(base64.b64decode(document["packed"]))) == plain
    assert is_stand_in(plain[0]["email"]) == "email"
    bomb = base64.b64encode(gzip.compress(b" " * (2 << 20) + inner)).decode()
    assert body({"bomb": bomb}) == {"bomb": bomb}


def test_first_and_last_name_make_the_whole() -> None:
    """A service that puts names together puts stand-ins together."""
    document = body({"first_name": "Ana", "last_name": "Ruiz", "full_name": "Ana Ruiz"})
    assert isinstance(document, dict)
    assert document["full_name"] == f"{document['first_name']} {document['last_name']}"
