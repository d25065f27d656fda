"""Masks for reports."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.difference import Difference
from ci_gate.values.redaction.masks import masked, masked_again, masked_data
from ci_gate.values.redaction.standins import StandIns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail jane@mail.example now", "mail ‹email› now"),
        ('{"password": "hunter2"}', '{"password": "‹secret›"}'),
        ("password=hunter2", "password=‹secret›"),
        ("Bearer a1B2c3D4e5", "Bearer ‹secret›"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.x1", "‹jwt›"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyL…", "‹jwt›…"),
        ("4012 8888 8888 1881", "‹card›"),
        ("-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----", "‹private key›"),
        ("nothing here, 17.5", "nothing here, 17.5"),
        ("\ud800 jane@mail.example", "\ud800 ‹email›"),
    ],
)
def test_masked(text: str, expected: str) -> None:
    """What looks secret is hidden behind its kind, whole and cut off alike."""
    assert masked(text) == expected


def test_stand_ins_stay() -> None:
    """Stand-ins are no secrets and help a reader to find the place."""
    maker = StandIns(b"k")
    for text in (
        maker.stand_in("email", "jane@mail.example"),
        "Bearer " + maker.stand_in("secret", "a1B2c3D4e5"),
    ):
        assert masked(text) == text


@given(st.text())
def test_masking_twice_changes_nothing(text: str) -> None:
    """A masked text is its own mask."""
    assert masked(masked(text)) == masked(text)


def test_a_whole_report_once_more() -> None:
    """Cards and keys go wherever they came in; owners and addresses of connections stay."""
    text = "owner jane@mail.example, past the mocks: 93.184.216.34:443, card 4012888888881881"
    assert masked_again(text) == text.replace("4012888888881881", "‹card›")
    assert masked_again("response.body.$.token: number became string") == (
        "response.body.$.token: number became string"
    )


def test_data_is_masked_text_by_text() -> None:
    """Every text of what is rendered is searched, numbers and clean data stay as they are."""
    secret = "AKIA" + "Q3EGRWYZ5TQ4PLKM"
    clean = Difference(change="value", place="response.body.$.a", detail="Ada at ada@corp.org")
    assert masked_data(clean) is clean
    told = msgspec.structs.replace(clean, actual=secret, expected=f"{secret} {secret}")
    assert masked_data(told) == msgspec.structs.replace(
        clean, actual="‹key›", expected="‹key› ‹key›"
    )
