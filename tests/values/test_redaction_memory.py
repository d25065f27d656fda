"""Redaction across parts: what is remembered, one stand-in a value, and twice is once."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.message import Headers, Part
from ci_gate.values.places import walk
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns, basic_pair

STAND_INS = StandIns(b"k" * 32)
SECRET = "a1B2c3D4e5F6"
EMAIL = "jane@mail.example"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


def new(kind: str, text: str) -> str:
    """The stand-in of a value."""
    return STAND_INS.stand_in(kind, text)


def headers(*fields: tuple[str, str]) -> Part:
    """A part of headers."""
    encoded: Headers = tuple((name.encode(), value.encode()) for name, value in fields)
    return Part("headers", encoded, "headers")


def test_secrets_are_remembered() -> None:
    """A token from a login answer is known in a header of the application's own, and in a path."""
    redactor = Redactor(STAND_INS)
    redactor.part(Part("body", json.dumps({"token": SECRET}).encode(), "json"))
    clean, places = redactor.part(headers(("X-Shop-Session", "v1 " + SECRET)))
    assert dict(walk(clean)) == {"headers.x-shop-session": "v1 " + new("s", SECRET)}
    assert places == ("headers.x-shop-session",)
    assert redactor.part(Part("path", f"/s/{SECRET}".encode(), "path"))[1] == ("path[1]",)
    body = json.dumps({"deep": [{"x": "is " + SECRET}]}).encode()
    assert redactor.part(Part("body", body, "json"))[1] == ("body.$.deep[0].x",)
    assert redactor.text("got " + SECRET) == "got ‹secret›"


def test_secrets_are_known_within_their_own_part() -> None:
    """What one field gives away is replaced in the fields before it as well."""
    clean, _ = Redactor(STAND_INS).part(
        headers(("X-Shop", SECRET), ("Authorization", "Bearer " + SECRET))
    )
    assert SECRET not in str(clean.value)


@pytest.mark.parametrize("value", ["short1", "accepted", "two words 99"])
def test_ordinary_words_are_not_remembered(value: str) -> None:
    """Short texts, plain words and phrases stay elsewhere, even if they once stood as a secret."""
    redactor = Redactor(STAND_INS)
    redactor.part(Part("body", json.dumps({"token": value}).encode(), "json"))
    part = Part("body", json.dumps({"status": value}).encode(), "json")
    assert redactor.part(part) == (part, ())


def test_cookie_settings_are_not_remembered() -> None:
    """A cookie that only looks like a setting is replaced where it stands and nowhere else."""
    redactor = Redactor(STAND_INS)
    redactor.part(headers(("Cookie", "consent=all-accepted-v2")))
    part = Part("body", b'{"consent":"all-accepted-v2"}', "json")
    assert redactor.part(part) == (part, ())


def test_same_value_everywhere() -> None:
    """One value has one stand-in in a header, a URL, a form, JSON and basic credentials."""
    redactor = Redactor(STAND_INS)
    expected = new("secret", SECRET).encode()
    basic = base64.b64encode(f"u:{SECRET}".encode()).decode()
    assert expected in redactor.part(Part("query", f"token={SECRET}".encode(), "query"))[0].value  # type: ignore[operator]
    assert (
        expected
        in redactor.part(Part("body", f'{{"password":"{SECRET}"}}'.encode(), "json"))[0].value
    )  # type: ignore[operator]
    assert (
        expected
        in redactor.part(Part("body", f"https://u:{SECRET}@x.example".encode(), "text"))[0].value
    )  # type: ignore[operator]
    clean, _ = redactor.part(headers(("Authorization", "Basic " + basic)))
    pair = basic_pair(str(dict(walk(clean))["headers.authorization"])[6:])
    assert pair is not None
    assert pair[1].encode() == expected


def test_counts() -> None:
    """What was replaced is counted by kind, stand-ins not a second time."""
    redactor = Redactor(STAND_INS)
    part = Part(
        "body",
        json.dumps({"a": EMAIL, "b": EMAIL, "password": "x9y8", "jwt": JWT}).encode(),
        "json",
    )
    clean, _ = redactor.part(part)
    assert redactor.counts == {"email": 2, "secret": 1, "jwt": 1}
    assert redactor.part(clean) == (clean, ())
    assert sum(redactor.counts.values()) == 4


VALUES = st.sampled_from(
    [
        EMAIL,
        SECRET,
        JWT,
        "4012888888881881",
        "x y",
        "Bearer " + SECRET,
        "p@ss w0rd",
        "17",
        "https://u:p9@h.example/?token=zz9",
    ]
) | st.text(max_size=20)
NAMES = st.sampled_from(
    ["password", "token", "email", "card_number", "cvv", "x", "authorization", "sig"]
)


@given(st.dictionaries(NAMES, VALUES | st.integers() | st.lists(VALUES, max_size=2), max_size=6))
def test_redacting_json_twice_changes_nothing(document: dict[str, object]) -> None:
    """A second pass, also under another key, finds only stand-ins; the JSON stays JSON."""
    part = Part("body", json.dumps(document).encode(), "json")
    once, _ = Redactor(STAND_INS).part(part)
    assert Redactor(StandIns(b"another")).part(once) == (once, ())
    assert isinstance(once.value, bytes)
    assert list(json.loads(once.value)) == list(document)


@given(
    st.lists(st.tuples(NAMES, VALUES), max_size=6),
    st.sampled_from(["form", "query", "text", "xml"]),
)
def test_redacting_others_twice_changes_nothing(fields: list[tuple[str, str]], media: str) -> None:
    """The same for forms, queries and texts."""
    if media in ("form", "query"):
        data = "&".join(f"{name}={value}" for name, value in fields).encode("utf-8", "replace")
    else:
        data = " ".join(f"<{name}>{value}</{name}>" for name, value in fields).encode()
    once, _ = Redactor(STAND_INS).part(Part("body", data, media))
    assert Redactor(StandIns(b"another")).part(once) == (once, ())


@given(
    st.binary(max_size=100),
    st.sampled_from(["json", "form", "query", "path", "multipart", "text", "xml", "binary"]),
)
def test_any_bytes(data: bytes, media: str) -> None:
    """Whatever the bytes and whatever they claim to be, redaction gives a part of the same name."""
    clean, _ = Redactor(STAND_INS).part(Part("body", data, media, "B"))
    assert clean.place == "body"
