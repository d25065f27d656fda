"""Telling names inside text: the value behind each form of writing, and how it is quoted there."""

from __future__ import annotations

import json

import pytest

from ci_gate.model.message import Part
from ci_gate.values.redaction.detectors import find
from ci_gate.values.redaction.namedtext import named, named_in_line
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns


@pytest.mark.parametrize(
    ("text", "new", "expected"),
    [
        ('{"password" : "a\\nb1"}', 'x"y', '{"password" : "x\\"y"}'),
        ("/x?token=a%20b1&n=1", "x y&", "/x?token=x%20y%26&n=1"),
        ("<token>ab1</token>", "x<y", "<token>x&lt;y</token>"),
        ('<a token="ab1">', "x&y", '<a token="x&amp;y">'),
        ('"{\\"token\\": \\"ab1\\"}"', "xy", '"{\\"token\\": \\"xy\\"}"'),
    ],
)
def test_new_values_are_quoted(text: str, new: str, expected: str) -> None:
    """A value is replaced in the quoting that stands there."""
    data = text.encode()
    (found,) = find(data)
    assert data[: found.start] + found.quote(new).encode() + data[found.end :] == expected.encode()


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b'"password":', 11),
        (b'"password": tru', 11),
        (b'"password": "open', 11),
        (b"?token=", 7),
        (b"<token>", 7),
        (b"<token x", 7),
        (b'token="', 7),
    ],
)
def test_cut_off(data: bytes, end: int) -> None:
    """Where the data ends before a value there is none."""
    assert named(data, 0, end) is None


def test_lines() -> None:
    """A name without a value, or that is not telling, gives nothing in a line either."""
    assert named_in_line(b"password=", 0, 9) is None
    assert named_in_line(b"colour=red1", 0, 7) is None
    found = named_in_line(b"password: ab1, x", 0, 9)
    assert found is not None
    assert (found.start, found.end, found.value) == (10, 13, "ab1")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        *(("phone", 4915112345600), ("pin", 471100), ("password", 47110815)),
        *(("ssn", 412551234), ("cvv", 123), ("latitude", 52.5201)),
    ],
)
def test_a_json_number_stays_one(name: str, first: float) -> None:
    """Within a text, too: what stands for it begins with no zero."""
    redactor = Redactor(StandIns(b"k" * 32))
    for number in range(30):
        told = f'told {{"{name}": {first + number}}}'.encode()
        new = redactor.part(Part("body", told, "text"))[0].value
        assert isinstance(new, str | bytes)
        assert new != told
        assert isinstance(json.loads(new[5:])[name], int | float)
