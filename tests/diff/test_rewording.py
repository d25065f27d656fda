"""Texts under two keys: what stands for what, and what else differs."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.diff.rewording import pairs
from ci_gate.values.redaction.standins import StandIns

OLD, NEW = StandIns(b"o" * 32), StandIns(b"n" * 32)


def both(kind: str, text: str) -> tuple[str, str]:
    """The stand-ins of a value under both keys."""
    return OLD.stand_in(kind, text), NEW.stand_in(kind, text)


MAIL, PHONE = both("email", "jane@mail.example"), both("phone", "+49 30 901820-11")
SSN, KEY = both("ssn", "536-22-1234"), both("secret", "hunter2hunter2")


def packed(mail: str) -> str:
    """JSON in base64, gzipped."""
    return base64.b64encode(gzip.compress(json.dumps({"a": [mail, 1]}).encode(), mtime=0)).decode()


@pytest.mark.parametrize(
    ("form", "count"),
    [
        ("{0}", 1),
        ("mail {0}, call {1}. SSN: {2}!", 3),
        ("postgresql://app:{3}@db.internal/app", 1),
        ("call {1} or {1}", 2),
        ("nothing here", 0),
    ],
)
def test_what_stands_for_what(form: str, count: int) -> None:
    """Stand-ins of one word, of several, and behind signs; equal texts have none."""
    values = (MAIL, PHONE, SSN, KEY)
    old, new = (form.format(*(one[at] for one in values)) for at in (0, 1))
    found = pairs(old, new)
    assert found is not None
    assert len(found) == count
    for stand_in, other in found:
        old = old.replace(stand_in, other)
    assert old == new


def test_inside_of_base64() -> None:
    """JSON in base64, packed or not, alone or in a text."""
    for text in ("{0}", "token {0} ends"):
        old, new = (text.format(packed(one)) for one in MAIL)
        assert pairs(old, new) == [MAIL]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"mail {MAIL[0]}", f"Mail {MAIL[1]}"),
        (f"mail {MAIL[0]}", f"mail {MAIL[1]} twice"),
        (f"mail {MAIL[0]}", "mail jane@mail.example"),
        (MAIL[0], KEY[1]),
        ("one", "two"),
        (packed(MAIL[0]), packed("jane@mail.example")),
        ("x" * 70_000, "y" * 70_000),
    ],
)
def test_what_differs_in_anything_else(old: str, new: str) -> None:
    """Another word, another kind, and what is no stand-in."""
    assert pairs(old, new) is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_texts(old: str, new: str) -> None:
    """Nothing that traffic holds makes it fail, and what it finds explains all of the difference."""
    assert (pairs(old, new) == []) == (old == new)
