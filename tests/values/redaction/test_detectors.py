"""Detectors: each with what it must find and what it must leave alone."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.redaction.detectors import find, suspects, suspicious

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0B\n-----END PRIVATE KEY-----"
BASIC = base64.b64encode(b"admin:hunter2").decode()

FOUND = [
    # bearer tokens and basic credentials in text
    ("curl -H 'Bearer abc123def456'", "secret", "abc123def456"),
    ("bearer  averyveryverylongtokenofwords", "secret", "averyveryverylongtokenofwords"),
    (f"Basic {BASIC} ok", "basic-auth", BASIC),
    # JWTs and JSON in base64
    (f"token is {JWT}, thanks", "jwt", JWT),
    (f"Bearer {JWT}", "secret", JWT),
    ("eyJlbWFpbCI6ICJhQGIuZGUifQ==", "base64-json", "eyJlbWFpbCI6ICJhQGIuZGUifQ=="),
    (
        "eyJhbGciOiJSU0EifQ.OKOawDo13gRp2o.48V1_ALb6US04U3b.5eym8TW_c8SuK0lt.XFBoMYUZodetZdvT",
        "secret",
        "eyJhbGciOiJSU0EifQ.OKOawDo13gRp2o.48V1_ALb6US04U3b.5eym8TW_c8SuK0lt.XFBoMYUZodetZdvT",
    ),
    # private keys
    (f"key:\n{PEM}\nend", "private-key", PEM),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz", "private-key", None),
    # well-known keys
    ("id=" + "AKIA" + "IOSFODNN7EXAMPL2.", "key", "AKIAIOSFODNN7EXAMPL2"),
    ("ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a", "key", None),
    ("github_pat_" + "11ABCDEFG0123456789_abcdefghijkl", "key", None),
    ("glpat-" + "aB3_aB3-aB3_aB3_aB3_", "key", None),
    ("xoxb-" + "123456789012-abcdefghijklmnop", "key", None),
    ("sk_live_" + "a1B2c3D4e5F6g7H8", "key", None),
    ("rk_live_" + "a1B2c3D4e5F6g7H8", "key", None),
    ("sk_test_" + "a1B2c3D4e5F6g7H8", "key", None),
    ("AIza" + "SyA1234567890abcdefghijklmnopqrstuv", "key", None),
    ("SG." + "aB3aB3aB3aB3aB3aB3aB3a" + "." + "x1" * 21 + "y", "key", None),
    ("SK" + "0123456789abcdef" * 2, "key", None),
    ("npm_" + "a1B2" * 9, "key", None),
    ("pypi-" + "AgEIcHlwaS5vcmcC" + "a1B2" * 10, "key", None),
    ("sk-proj-" + "a1B2c3D4e5F6g7H8i9J0", "key", None),
    ("sk-ant-api03-" + "a1B2c3D4e5F6g7H8i9J0", "key", None),
    ("hf_" + "a1B2c3D4e5" * 3 + "abcd", "key", None),
    ("https://hooks.slack.com/services/T0000/B0000/a1B2c3D4e5F6g7H8i9J0", "key", None),
    # e-mail addresses
    ("mail jane.doe+x@mail.example.org.", "email", "jane.doe+x@mail.example.org"),
    ("email=jane%40mail.example", "email", "jane@mail.example"),
    ("q=email%3Djane%40mail.example", "email", "jane@mail.example"),
    ("<jörg@müller.example>", "email", "jörg@müller.example"),
    ("mailto:jane@mail.example?subject=x", "email", "jane@mail.example"),
    # card numbers
    ("card 4012888888881881 ok", "card", "4012888888881881"),
    ("4012 8888 8888 1881", "card", "4012 8888 8888 1881"),
    ("no. 4012-8888-8888-1881.", "card", "4012-8888-8888-1881"),
    ("3714 496353 98431", "card", "3714 496353 98431"),
    ('{"n":4012888888881881}', "card", "4012888888881881"),
    ("4012888888881881 12", "card", "4012888888881881"),
    ("5678 4012 8888 8888 1881", "card", "4012 8888 8888 1881"),
    # user and password in a URL
    ("amqp://:s3cret@mq.example/", "secret", "s3cret"),
    # telling names inside text
    ('data: {"password": "hunter2"}', "secret", "hunter2"),
    ('{"accessToken":"a\\u0041b"}', "secret", "aAb"),
    ('"{\\"client_secret\\":\\"zzz9\\"}"', "secret", "zzz9"),
    ('{"cvv": 123}', "cvv", "123"),
    ("/cb?access_token=a%2Fb&x=1", "secret", "a/b"),
    ("see &amp;api_key=xyz12", "secret", "xyz12"),
    ("/x?X-Amz-Signature=fe5f80f77d5f", "secret", "fe5f80f77d5f"),
    ("<password>s3 &amp; c</password>", "secret", "s3 & c"),
    ('<ns:Token type="x">abc1</ns:Token>', "secret", "abc1"),
    ("<secret><![CDATA[ab<c]]></secret>", "secret", "ab<c"),
    ('<login password="abc1"/>', "secret", "abc1"),
]

LEFT_ALONE = [
    "",
    "the bearer of bad news",
    "Bearer authentication",
    "basic authentication is needed",
    "Basic dXNlcg==",
    "eyJ short",
    "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
    "AKIAIOSFODNN7EXAMPL2x",
    "XAKIAIOSFODNN7EXAMPL2",
    "AKIAIOSFODNN7",
    "sk-fading-circle-spinner-container",
    "task-0123456789012345678901234567890",
    "npm_config_registry",
    "SKU-0123456789abcdef0123456789abcdef",
    "logo@2x.png and logo@3x.webp",
    "git@github.com:org/repo.git",
    "react@18.2.0-rc.next",
    "getty@tty1.service",
    "user@localhost",
    "@types/node",
    "4012888888881882",
    "1234567890123452",
    "0.4012888888881881",
    "a4012888888881881",
    "40128888888818810",
    "4012888888881881.5",
    "id 12-4012888888881881",
    "1788177600123",
    "2026-08-31T12:00:00.123456Z",
    "0b9a5f3e-7b1c-4c1e-9c9a-3a1f5b6d7e8f",
    "http://host.example:8080/path@x",
    "https://jane@host.example/",
    "12:30:45",
    '{"password": ""}',
    '{"password": null}',
    '{"password": "********"}',
    '{"password": {"min": 8}}',
    '{"password_hint": "my dog"}',
    '{"tokens": 812}',
    '{"token": 812}',
    '{"cvv": 12.5}',
    "?tokenizer=bpe&page=2",
    "<passwords>x1</passwords>",
    "<password/><b>x1</b>",
    "<password></password>",
    "password policy: long",
]


@pytest.mark.parametrize(("text", "kind", "value"), FOUND)
def test_found(text: str, kind: str, value: str | None) -> None:
    """Each secret is found once, as the value it means, and the first pass suspects it too."""
    found = list(find(text.encode()))
    assert [(one.kind, one.value) for one in found] == [(kind, found[0].value)]
    assert value is None or found[0].value == value
    assert suspicious(text.encode())


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_left_alone(text: str) -> None:
    """What only resembles a secret is not one."""
    assert [one for one in find(text.encode()) if one.kind != "base64-json"] == []


def test_user_and_password_of_a_url() -> None:
    """Both halves are values of their own, decoded."""
    found = list(find(b"postgres://app:p%40ss@db.example/x"))
    assert [one.value for one in found] == ["app", "p@ss"]
    assert [one.quote("a@b") for one in found] == ["a%40b", "a%40b"]


def test_offsets_are_those_of_the_secret() -> None:
    """What is between start and end is the secret as it is written, nothing more."""
    data = 'Ärger: {"token":"a\\nb9"} <password> x9 </password> jane@mail.example'.encode()
    assert [data[one.start : one.end] for one in find(data)] == [
        b"a\\nb9",
        b"x9",
        b"jane@mail.example",
    ]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("login password=hunter2, ok", "hunter2"),
        ("Authorization: Bearer xyz-9", "xyz-9"),
        ("token: 'abc def'", "abc def"),
        ('secret = "abc def"', "abc def"),
        ("api_key=abc", "abc"),
    ],
)
def test_lines(line: str, value: str) -> None:
    """In lines for people a telling name with = or : is enough; in data it is not."""
    assert [one.value for one in find(line.encode(), line=True)] == [value]
    assert list(find(line.encode())) == []


@pytest.mark.parametrize("text", ["jane\\u0040mail.example", "\\u0034012888888881881"])
def test_escaped_letters_are_suspects(text: str) -> None:
    """JSON may escape any letter, so a needless escape is reason enough to read the text."""
    assert suspects(text.encode())


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Any bytes are searched, and what is found lies inside them, in order."""
    position = 0
    for one in find(data, line=True):
        assert position <= one.start < one.end <= len(data)
        position = one.end


@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    '"password":',
                    '"',
                    "\\",
                    "<token>",
                    "<secret x",
                    "?token=",
                    "eyJ",
                    "Bearer ",
                    "@",
                ),
                *(
                    "a@b.de",
                    "4012888888881881",
                    "://",
                    ":",
                    "-----BEGIN PRIVATE KEY-----",
                    " ",
                    "x1",
                ),
                *("basic ", "%40", "AKIA", "'", "=", "]]>", "<![CDATA[", "ü", "123"),
            ]
        ),
        max_size=15,
    )
)
def test_fragments_of_secrets(fragments: list[str]) -> None:
    """Cut and mixed up, the pieces that detectors look for still break none of them."""
    data = "".join(fragments).encode()
    for one in find(data, line=True):
        assert one.start < one.end
        assert one.quote(one.value)


def test_hostile_data_takes_linear_time() -> None:
    """A megabyte made to look like secrets everywhere is searched to its end."""
    for piece in (
        b"a.b@",
        b"4 ",
        b"eyJ",
        b'"password":',
        b"<token ",
        b"://a:",
        b"-----BEGIN PRIVATE KEY-----",
    ):
        assert list(find(piece * (400_000 // len(piece)))) is not None
