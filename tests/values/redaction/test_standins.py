"""Stand-ins: keyed, equal for equal values, of the same shape, recognisable without the key."""

from __future__ import annotations

import base64
import json
import random
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.kinds import is_kind
from ci_gate.values.redaction import checkmark
from ci_gate.values.redaction.cards import brand, card_digits, is_card
from ci_gate.values.redaction.shapes import key_prefix, shape_of
from ci_gate.values.redaction.standins import StandIns, basic_pair, is_stand_in

MAKER = StandIns(b"k" * 32)
OTHER = StandIns(b"o" * 32)


def encoded(document: object) -> str:
    """A JSON document as a part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def decoded(part: str) -> dict[str, object]:
    """The document in a part of a JWT."""
    document = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert isinstance(document, dict)
    return document


JWT = (
    encoded({"alg": "HS256", "typ": "JWT"})
    + "."
    + encoded(
        {
            "sub": "user-123",
            "email": "jane@mail.example",
            "exp": 17,
            "scope": "read",
            "given_name": "Jane",
            "api_key": "k-000111222333",
        }
    )
    + ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
)
PEM = (
    "-----BEGIN RSA PRIVATE KEY-----\n"
    + "\n".join(["MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfnMIIEpAIBAAKCAQEA0Z3VS5JJcds3xfnx"] * 3)
    + "\nQ0==\n-----END RSA PRIVATE KEY-----\n"
)
VALUES = [
    ("email", "jane@mail.example"),
    ("card", "4012888888881881"),
    ("card", "4012 8888 8888 1881"),
    ("card", "3714-496353-98431"),
    ("card", "30569309025904"),
    ("card", "6304000000000000"),
    ("card", "6200000000000005"),
    ("jwt", JWT),
    ("private-key", PEM),
    ("private-key", PEM.replace("\n", "\\n")),
    ("key", "sk_live_" + "a1B2c3D4e5F6g7H8i9J0k1L2"),
    ("key", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("key", "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"),
    ("key", "xoxb-" + "123456789012-abcdefghijklmnop"),
    ("secret", "hunter2"),
    ("secret", "correct horse battery staple"),
    ("secret", "pässwörd"),
    ("secret", "密码密码"),
    ("secret", "p@$$w0rd!"),
    ("secret", "1234"),
    ("secret", "0123456789012345678901"),
    ("secret", "deadbeef" * 4),
    ("secret", "DEADBEEF" * 4),
    ("secret", "0b9a5f3e-7b1c-4c1e-9c9a-3a1f5b6d7e8f"),
    ("secret", "Zm9vYmFyYmF6cXV4MTIzNA=="),
    ("secret", "onlylowercaseletters"),
    ("secret", "ONLYUPPERCASELETTERS"),
    ("secret", "x=="),
    ("basic-auth", base64.b64encode(b"admin:hunter2").decode()),
    ("basic-auth", base64.b64encode(b"sk_test_token:").decode()),
]


@pytest.mark.parametrize(("kind", "text"), VALUES)
def test_recognised_and_left_alone(kind: str, text: str) -> None:
    """A value is no stand-in, its stand-in is one, and a stand-in has no stand-in of its own."""
    new = MAKER.stand_in(kind, text)
    assert is_stand_in(text) == ""
    assert new != text
    assert is_stand_in(new) == kind or text.startswith("6304")
    assert MAKER.stand_in(kind, new) == new
    assert OTHER.stand_in("secret", new) == new


@pytest.mark.parametrize(("kind", "text"), VALUES)
def test_deterministic_and_keyed(kind: str, text: str) -> None:
    """The same key gives the same stand-in in every process, another key another one."""
    assert StandIns(b"k" * 32).stand_in(kind, text) == MAKER.stand_in(kind, text)
    assert OTHER.stand_in(kind, text) != MAKER.stand_in(kind, text)


@pytest.mark.parametrize(("kind", "text"), VALUES)
def test_kind_does_not_matter_to_what_shows_itself(kind: str, text: str) -> None:
    """A value that shows what it is has one stand-in, whatever the place called it."""
    if shape_of(text):
        assert MAKER.stand_in("secret", text) == MAKER.stand_in(kind, text)


@given(st.text(min_size=1), st.binary(min_size=1, max_size=40))
def test_any_secret(text: str, key: bytes) -> None:
    """Any text with a letter or digit gets a recognisable stand-in without spaces, in ASCII."""
    new = StandIns(key).stand_in("secret", text)
    if not any(letter.isalnum() for letter in text):
        assert new == text
    elif text != new:
        assert is_stand_in(new)
        assert new.isascii()
        assert StandIns(key).stand_in("secret", new) == new


@given(st.text(alphabet=string.ascii_letters + string.digits + "-_.", min_size=16, max_size=200))
def test_length_is_kept(text: str) -> None:
    """From 16 letters and digits a stand-in is exactly as long, its separators where they were."""
    new = MAKER.stand_in("secret", text)
    if len(checkmark.core(text)) >= 16 and not shape_of(text):
        assert len(new) == len(text)
        assert [sign if sign in "-_." else "" for sign in new] == [
            sign if sign in "-_." else "" for sign in text
        ]


def test_different_values_differ() -> None:
    """Ten thousand values have ten thousand stand-ins."""
    assert len({MAKER.stand_in("secret", f"value-{number}") for number in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    ("kind", "text", "shape"),
    [
        ("email", "jane@mail.example", r"user-[0-9a-f]{12}@redacted\.example"),
        ("key", "sk_live_" + "a1B2c3D4e5F6g7H8i9J0k1L2", r"sk_live_[A-Za-z0-9]{24}"),
        ("key", "AKIA" + "IOSFODNN7EXAMPLE", r"AKIA[A-Z0-9]{16}"),
        ("key", "glpat-" + "aB3_aB3_aB3_aB3_aB3_", r"glpat-[A-Za-z0-9_-]{20}"),
        ("secret", "deadbeef" * 4, r"[0-9a-f]{32}"),
        ("secret", "DEADBEEF" * 4, r"[0-9A-F]{32}"),
        ("secret", "123456", r"\d{16}"),
        (
            "secret",
            "0b9a5f3e-7b1c-4c1e-9c9a-3a1f5b6d7e8f",
            r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}",
        ),
        ("secret", "Zm9vYmFyYmF6cXV4MTIzNA==", r"[A-Za-z0-9]{22}=="),
        ("cvv", "123", r"111"),
    ],
)
def test_shape_is_kept(kind: str, text: str, shape: str) -> None:
    """Prefix, alphabet, separators and length class survive, so that format checks still pass."""
    new = MAKER.stand_in(kind, text)
    assert re.fullmatch(shape, new)
    assert key_prefix(new) == key_prefix(text)


def test_uuid_keeps_version_and_variant() -> None:
    """A stand-in for a version 4 UUID is one."""
    new = MAKER.stand_in("secret", "0b9a5f3e-7b1c-4c1e-9c9a-3a1f5b6d7e8f")
    assert is_kind(new, "uuid")
    assert (new[14], new[19]) == ("4", "9")


@pytest.mark.parametrize("text", [text for kind, text in VALUES if kind == "card"])
def test_cards_keep_issuer_length_and_grouping(text: str) -> None:
    """A card's stand-in is a valid number of the same issuer, length and grouping."""
    if not is_card(text):
        return
    new = MAKER.stand_in("card", text)
    assert is_card(new)
    assert brand(card_digits(new)) == brand(card_digits(text))
    assert re.sub(r"\d", "0", new) == re.sub(r"\d", "0", text)


@pytest.mark.parametrize(
    "number", ["4242424242424242", "4111111111111111", "378282246310005", "5555555555554444"]
)
def test_test_cards_are_no_stand_ins(number: str) -> None:
    """The well-known test numbers themselves are ordinary values to us."""
    assert is_stand_in(number) == ""


def test_jwt_stays_readable() -> None:
    """Header, numbers, whom and what a token is for stay; what is personal, looks secret or is
    named so gets the stand-in that it has anywhere."""
    header, payload, signature = MAKER.stand_in("jwt", JWT).split(".")
    claims = decoded(payload)
    assert header == JWT.split(".")[0]
    assert claims["exp"] == 17
    assert claims["scope"] == "read"
    assert claims["email"] == MAKER.stand_in("email", "jane@mail.example")
    assert claims["sub"] == "user-123"
    assert claims["given_name"] == MAKER.stand_in("name", "Jane")
    assert claims["api_key"] == MAKER.stand_in("secret", "k-000111222333")
    assert len(signature) == 43


def test_unsigned_jwt() -> None:
    """A token without a signature is still recognised once it is replaced."""
    new = MAKER.stand_in("jwt", JWT.rpartition(".")[0] + ".")
    assert is_stand_in(new) == "jwt"


def test_jwt_that_was_cut_off() -> None:
    """What has lost its signature is replaced, its header kept, and known again."""
    cut = JWT.rpartition(".")[0]
    new = MAKER.stand_in("jwt", cut)
    assert new.startswith(cut.partition(".")[0] + ".")
    assert "jane" not in str(base64.b64decode(new.partition(".")[2] + "===", altchars=b"-_"))
    assert is_stand_in(new)
    assert MAKER.stand_in("jwt", new) == new


def test_jwt_with_unreadable_claims() -> None:
    """What only looks like a token is replaced as an opaque secret, header kept."""
    text = "eyJhbGciOiJIUzI1NiJ9.eyJhb.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
    new = MAKER.stand_in("jwt", text)
    assert new.startswith("eyJhbGciOiJIUzI1NiJ9.")
    assert is_stand_in(new)


def test_basic_credentials_are_atomic() -> None:
    """User and password inside basic credentials have the stand-ins they have elsewhere."""
    new = MAKER.stand_in("basic-auth", base64.b64encode(b"admin:hunter2").decode())
    assert basic_pair(new) == (
        MAKER.stand_in("secret", "admin"),
        MAKER.stand_in("secret", "hunter2"),
    )
    assert is_stand_in("Basic " + new) == "basic-auth"


def test_private_keys_keep_their_lines() -> None:
    """The frame and the length of every line of a PEM key stay."""
    new = MAKER.stand_in("private-key", PEM)
    assert [len(line) for line in new.splitlines()] == [len(line) for line in PEM.splitlines()]
    assert new.splitlines()[0] == PEM.splitlines()[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "a simple sentence with many words",
        "2026-08-31T12:00:00Z",
        "0b9a5f3e-7b1c-4c1e-9c9a-3a1f5b6d7e8f",
        "jane@redacted.example",
        "user-zz@redacted.example",
        "Bearer abcdefghijkl",
        "x" * 70_000,
        "grüße an alle welt",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        base64.b64encode(b"admin:hunter2").decode(),
    ],
)
def test_ordinary_values_are_no_stand_ins(text: str) -> None:
    """Nothing that we did not write counts as a stand-in."""
    assert is_stand_in(text) == ""


@pytest.mark.parametrize(
    "alphabet",
    [
        "0123456789",
        "0123456789abcdef",
        string.ascii_lowercase,
        string.ascii_letters + string.digits,
    ],
)
def test_chance_does_not_make_stand_ins(alphabet: str) -> None:
    """None of 50,000 random values of 12 to 24 signs passes: the rate is about one in ten million."""
    pick = random.Random(alphabet)
    values = ("".join(pick.choices(alphabet, k=pick.randint(12, 24))) for _ in range(50_000))
    assert [value for value in values if is_stand_in(value)] == []


@given(st.text(min_size=12))
def test_any_text_is_looked_at(text: str) -> None:
    """Asking about any text gives an answer."""
    assert is_stand_in(text) == ""


@pytest.mark.parametrize("text", ["\\x00", "\\x0123456789", "\\x" + "ab" * 40])
def test_bytes_stay_bytes(text: str) -> None:
    """A database reads the stand-in of a column of bytes, and it is recognised."""
    new = StandIns(b"key").stand_in("secret", text)
    assert new != text
    bytes.fromhex(new.removeprefix("\\x"))
    assert is_stand_in(new) == "secret"
    assert StandIns(b"other").stand_in("secret", new) == new
