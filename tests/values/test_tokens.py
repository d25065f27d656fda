"""JSON Web Tokens: read, found in messages, moved in time."""

from __future__ import annotations

import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.model.message import HttpRequest, HttpResponse, Message
from ci_gate.values.tokens import (
    decoded,
    encoded,
    found_in,
    has_claim,
    moved,
    phase,
    read_token,
    tokens_in,
    with_claim,
    with_tokens,
)

SECRET = "a secret that is long enough for HS256"
TOKEN = jwt.encode({"sub": "ada", "iat": 100, "exp": 700}, SECRET, "HS256", {"kid": "k1"})


def claims(text: str) -> dict[str, object]:
    """What a token says, by somebody else's reading."""
    found: dict[str, object] = jwt.decode(text, options={"verify_signature": False})
    return found


def test_a_token_is_read_and_put_together_again() -> None:
    """Algorithm and key are told, and the text is what was read."""
    token = read_token(TOKEN)
    assert token is not None
    assert (token.alg, token.kid, token.text) == ("HS256", "k1", TOKEN)
    assert json.loads(token.claims)["sub"] == "ada"


@pytest.mark.parametrize(
    "text",
    [
        *("", "a.b", "a.b.c.d", "e30.e30.x", "eyJhIjoxfQ.e30.x", "not base64.e30.x"),
        f"{encoded(b'[1]')}.e30.x",
        f"{encoded(b'[' * 5000)}.e30.x",
        "x" * 70_000,
    ],
)
def test_what_is_no_token_is_none(text: str) -> None:
    """Wrong parts, no algorithm, no JSON, too deep, too long."""
    assert read_token(text) is None


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    """Whatever a peer calls a token is one or is none."""
    token = read_token(text)
    assert token is None or token.text == text


@given(st.binary())
def test_base64url_goes_there_and_back(data: bytes) -> None:
    """What is encoded is decoded."""
    assert decoded(encoded(data)) == data


MESSAGES: list[Message] = [
    HttpRequest("GET", b"/me", ((b"Authorization", b"Bearer " + TOKEN.encode()),)),
    HttpRequest("GET", b"/me", ((b"Cookie", b"a=b; access=" + TOKEN.encode()),)),
    HttpRequest("GET", b"/me?id_token=" + TOKEN.encode() + b"&x=1"),
    HttpRequest("POST", b"/", (), b"grant=x&assertion=" + TOKEN.encode()),
    HttpResponse(200, b"OK", (), json.dumps({"id_token": TOKEN}).encode()),
]


@pytest.mark.parametrize("message", MESSAGES)
def test_tokens_are_found_and_replaced_wherever_they_stand(message: Message) -> None:
    """In headers, cookies, queries, forms and JSON; all around stays."""
    assert list(tokens_in(message)) == [TOKEN]
    new = with_tokens(message, lambda text: text[::-1])
    assert with_tokens(message, lambda text: text) is message
    assert list(tokens_in(new)) == []
    assert repr(new) == repr(message).replace(TOKEN, TOKEN[::-1])


def test_tokens_are_found_in_a_text() -> None:
    """Several in one text, in order."""
    assert list(found_in(f"first {TOKEN}, then {TOKEN}")) == [TOKEN, TOKEN]


def test_times_move_and_nothing_else_does() -> None:
    """iat, nbf, exp and auth_time move as written; other numbers, and texts, do not."""
    text = jwt.encode(
        {
            "iat": 100,
            "nbf": 100.5,
            "exp": 700,
            "auth_time": 50,
            "age": 41,
            "inner": {"iat": 9},
            "jti": "100",
        },
        SECRET,
    )
    token = read_token(text)
    assert token is not None
    later = moved(token, 1000)
    assert json.loads(later.claims) == {
        "iat": 1100,
        "nbf": 1100.5,
        "exp": 1700,
        "auth_time": 1050,
        "age": 41,
        "inner": {"iat": 9},
        "jti": "100",
    }
    assert (later.header, later.signature) == (token.header, token.signature)
    assert moved(token, 0) is token


@pytest.mark.parametrize("odd", ['"soon"', "true", "null", "-5", "1e9", "17000000000000"])
def test_times_that_are_none_stay(odd: str) -> None:
    """A text, a truth value, nothing, a number before 1970, milliseconds: not ours to move."""
    token = read_token(TOKEN)
    assert token is not None
    claims_ = b'{"exp": ' + odd.encode() + b"}"
    odd_one = read_token(f"{token.header}.{encoded(claims_)}.x")
    assert odd_one is not None
    assert moved(odd_one, 60).claims == claims_


@pytest.mark.parametrize(
    ("held", "at", "expected"),
    [
        ({"exp": 200}, 199.9, "valid"),
        ({"exp": 200}, 200.0, "expired"),
        ({"nbf": 200}, 100.0, "early"),
        ({"iat": 200}, 100.0, "early"),
        ({"iat": 200}, 199.5, "valid"),
        ({}, 5.0, "valid"),
        ({"exp": "never"}, 5.0, "valid"),
        ({"exp": True}, 5.0, "valid"),
    ],
)
def test_phases_of_a_token(held: dict[str, object], at: float, expected: str) -> None:
    """Out of date from exp on, early before nbf and iat; what is no number says nothing."""
    token = read_token(TOKEN)
    assert token is not None
    held_by = read_token(f"{token.header}.{encoded(json.dumps(held).encode())}.x")
    assert held_by is not None
    assert phase(held_by, at) == expected


def test_one_claim_is_replaced() -> None:
    """A claim that is a text, found by its name at the top."""
    token = read_token(TOKEN)
    assert token is not None
    assert has_claim(token, "sub")
    assert not has_claim(token, "exp")
    assert not has_claim(None, "sub")
    new = with_claim(token, "sub", "bert").text
    assert claims(new) == {"sub": "bert", "iat": 100, "exp": 700}
