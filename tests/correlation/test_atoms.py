"""Values inside texts."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.correlation.atoms import (
    WRAPPINGS,
    alike,
    changed_values,
    means_something,
    read,
    replace,
    spots_in,
    values_of,
)
from ci_gate.model.binding import Spot

A, B = "1f0c2a34-0000-4000-8000-0123456789ab", "2f0c2a34-0000-4000-8000-0123456789ab"


def jwt(subject: str) -> str:
    """A token with a claim in it."""
    payload = base64.urlsafe_b64encode(json.dumps({"sub": subject}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJl"


def once(value: str) -> str:
    """As base64."""
    return base64.b64encode(json.dumps({"id": value}).encode()).decode()


@given(st.text("aB1-/ ", max_size=30), st.text("aB1-", min_size=1, max_size=4))
def test_one_value_is_replaced_as_many_are(text: str, value: str) -> None:
    """One at a time or together with one that is not there, the same places change."""
    assert replace(text, (), {value: "N"}) == replace(text, (), {value: "N", "\x00": "M"})


@pytest.mark.parametrize(
    ("value", "means"),
    [
        (A, True),
        ("8f3a01c2", True),
        ("ord_8f3a01c2", True),
        ("17000000", True),
        ("gT4-_k9ZbQ1xWm2L", True),
        ("QWxhZGRpbkxhbXBPZlNlc2FtZQ", True),
        ("2026-05-01T10:00:00Z", True),
        ("user-0123456789ab@redacted.example", True),
        ("17", False),
        ("170000", False),
        ("application", False),
        ("application/json", False),
        ("text/html;charset=utf-8", False),
        ("internationalisation", False),
        ("Mozilla/5.0", False),
        ("2026-05-01", False),
        ("a b 8f3a01c2", False),
        ("", False),
    ],
)
def test_the_entropy_rule(value: str, means: bool) -> None:
    """Ids and tokens mean something; words, small numbers and dates are met by chance."""
    assert means_something(value) is means


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        (A, ()),
        (f"Bearer {A}", ()),
        (f"/orders/{A}/items", ()),
        (f'<input name="csrf" value="{A}">', ()),
        (f"Bearer {jwt(A)}", ("jwt",)),
        (f"Basic {once(A)}", ("base64",)),
        (f"next=http%3A%2F%2Fx%2Forders%2F{A}", ("percent",)),
        (f'{{"inner": "{once(jwt(A))}"}}', ("base64", "jwt")),
    ],
)
def test_wherever_it_stands(text: str, inside: tuple[str, ...]) -> None:
    """A value is found in words, URLs, markup, JWTs, base64 and escapes, read from a live text and
    replaced there."""
    [(value, spot)] = spots_in("x", "p", text, lambda one: one == A)
    assert (value, spot.inside) == (A, inside)
    assert A in set(values_of(text))
    live = replace(text, inside, {A: B})
    assert live != text
    assert read(live, spot) == B
    assert replace(live, inside, {B: A}) == text
    assert changed_values(text, live, {A}, strict=True) == {A: B}
    assert changed_values(text, live, {B}, strict=True) is None


def test_a_jwt_is_signed_again() -> None:
    """Who changes a payload is told, to sign it."""
    text = replace(f"Bearer {jwt(A)}", ("jwt",), {A: B}, lambda token: token + "-signed")
    assert text == f"Bearer {jwt(B)}-signed"


def test_the_largest_part_is_bound() -> None:
    """Parts of a value that was found are left out."""
    token = f"ses_{A}.8f3a01c28f3a"
    found = spots_in("x", "p", f"a {token} b", lambda one: True)
    assert [value for value, _ in found] == [token]


def test_a_token_travels_whole() -> None:
    """What is inside a value that is sent back is its own: nothing is put into a token that another
    token had in the same second."""
    token = jwt(A)
    found = spots_in("x", "p", f"Bearer {token}", lambda _: True, anchored=False)
    assert [(value, spot.inside) for value, spot in found] == [(token, ())]
    inner = spots_in("x", "p", f"Bearer {token}", lambda one: one == A, anchored=False)
    assert [(value, spot.inside) for value, spot in inner] == [(A, ("jwt",))]


@pytest.mark.parametrize("around", ["Bearer {}", "a {} b", 'x="{}"', "{}", "{}\n"])
@pytest.mark.parametrize("padding", ["", "=", "=="])
def test_the_padding_of_a_token_is_the_tokens(around: str, padding: str) -> None:
    """A token in base64 is the same in an answer's field and in a header."""
    token = f"aGVsbG8gd29ybGQhIT+/{padding}"
    text = around.format(token)
    found = spots_in("x", "p", text, lambda one: one == token, anchored=False)
    assert [value for value, _ in found] == [token]
    assert replace(text, (), {token: "another="}) == around.format("another=")


def test_names_of_fields_have_no_padding() -> None:
    """What stands before the value of a field is its name."""
    assert f"token8f3a={A}" not in set(values_of(f"token8f3a={A}"))
    assert set(values_of(f"token8f3a={A}")) == {"token8f3a", A}


def test_reading_what_is_not_there() -> None:
    """A page without the place has no value there."""
    spot = Spot(exchange="x", at="p", before='value="', after='"')
    assert read('<input value="abc">', spot) == "abc"
    assert read("<p>sorry</p>", spot) is None
    assert read('<input value="', spot) is None
    assert read("anything", Spot(exchange="x", at="p", inside=("jwt",))) is None
    assert read("anything", Spot(exchange="x", at="p", inside=("zip",))) is None
    assert replace("anything", ("zip",), {"anything": "x"}) == "anything"


def test_only_whole_values_are_replaced() -> None:
    """A value inside a longer one is another value."""
    assert replace("abc123456 abc1234567", (), {"abc123456": "x"}) == "x abc1234567"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (A, B, True),
        (A, "8f3a01c2", False),
        ("8f3a01c2", "77b0e4d9", True),
        ("8f3a01c2", "77b0e4d97", False),
        ("17000000", "99", True),
        ("17000000", "8f3a01c2", False),
        ("2026-05-01T10:00:00Z", "2027-05-01T10:00:00Z", True),
        ("2026-05-01T10:00:00Z", "soon", False),
        ("a b", "c d", False),
        (f"$2b$12${'a' * 53}", f"$2b$04${'b.' * 26}c", True),
        (f"$2b$12${'a' * 53}", f"pbkdf2:sha256:10$salt${'a' * 64}", True),
        (f"$2b$12${'a' * 53}", "walnut crackers", False),
    ],
)
def test_alike(one: str, other: str, same: bool) -> None:
    """The same kind of thing: a UUID for a UUID, a token for a token of its length."""
    assert alike(one, other) is same


def test_other_words_may_differ_when_learning() -> None:
    """Not strictly: what else differs between two texts does not matter."""
    old, new = f"/a/{A}?t=1", f"/a/{B}?t=2"
    assert changed_values(old, new, {A}, strict=False) == {A: B}
    assert changed_values(old, new, {A}, strict=True) is None
    assert changed_values(f"{A} {A}", f"{B} {A}", {A}, strict=True) is None
    assert changed_values("a b", "a", {A}, strict=True) is None


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    """No text makes looking into it fail, and every spot reads back its value."""
    for value, spot in spots_in("x", "p", text, lambda one: True):
        assert value in (read(text, spot) or "")
    for take_off, put_on in WRAPPINGS.values():
        inner = take_off(text)
        assert inner is None or put_on(inner, text) == text
