"""Webhooks in their senders' forms, by what the senders' documentation and libraries make of them."""

from __future__ import annotations

import base64
import hmac

import pytest

from ci_gate.values.redaction.names import SIGNATURES as REDACTED
from ci_gate.values.webhooks import (
    FORMS,
    SIGNATURES,
    Signing,
    is_sealed,
    is_signed,
    key_of,
    new_secret,
    seal,
)

BODY = b'{"action": "opened"}'
STAMP = b"1700000000"


def mac(key: bytes, data: bytes, algorithm: str = "sha256") -> bytes:
    """An HMAC."""
    return hmac.new(key, data, algorithm).digest()


def b64(data: bytes) -> bytes:
    """Base64 as it is."""
    return base64.b64encode(data)


OLD, OLD_HEX = b64(b"x" * 32), b"ab" * 32
KEY = b"key"
CASES = [
    # GitHub's own example of how to test a verification.
    (
        "github",
        "",
        b"It's a Secret to Everybody",
        b"Hello, World!",
        ((b"X-Hub-Signature-256", b"sha256=" + OLD_HEX),),
        (
            (
                b"X-Hub-Signature-256",
                b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            ),
        ),
    ),
    (
        "github",
        "",
        KEY,
        BODY,
        ((b"X-Hub-Signature", b"sha1=" + b"ab" * 20),),
        ((b"X-Hub-Signature", b"sha1=" + mac(KEY, BODY, "sha1").hex().encode()),),
    ),
    # Slack's own example, whose secret and time are in its documentation.
    (
        "slack",
        "",
        b"8f742231b10e8888abcd99yyyzzz85a5",
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
        b"G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook"
        b"-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F3977"
        b"00885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a1"
        b"4d10d2c447fce8b6703c",
        ((b"X-Slack-Request-Timestamp", b"1531420618"), (b"X-Slack-Signature", b"v0=" + OLD_HEX)),
        (
            (b"X-Slack-Request-Timestamp", b"1531420618"),
            (
                b"X-Slack-Signature",
                b"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ),
        ),
    ),
    (
        "stripe",
        "",
        KEY,
        BODY,
        ((b"Stripe-Signature", b"t=" + STAMP + b",v1=" + OLD_HEX + b",v0=" + OLD_HEX),),
        (
            (
                b"Stripe-Signature",
                b"t=" + STAMP + b",v1=" + mac(KEY, STAMP + b"." + BODY).hex().encode(),
            ),
        ),
    ),
    (
        "shopify",
        "",
        KEY,
        BODY,
        ((b"X-Shopify-Hmac-Sha256", OLD),),
        ((b"X-Shopify-Hmac-Sha256", b64(mac(KEY, BODY))),),
    ),
    # The example of standardwebhooks.com.
    (
        "standard",
        "",
        base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        b'{"test": 2432232314}',
        (
            (b"webhook-id", b"msg_p5jXN8AQM9LWM0D4loKWxJek"),
            (b"webhook-timestamp", b"1614265330"),
            (b"webhook-signature", b"v1," + OLD),
        ),
        (
            (b"webhook-id", b"msg_p5jXN8AQM9LWM0D4loKWxJek"),
            (b"webhook-timestamp", b"1614265330"),
            (b"webhook-signature", b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ),
    ),
    (
        "hex",
        "X-Pay-Signature",
        KEY,
        BODY,
        ((b"X-Pay-Signature", b"sha512=" + b"ab" * 64),),
        ((b"X-Pay-Signature", b"sha512=" + mac(KEY, BODY, "sha512").hex().encode()),),
    ),
    ("hex", "X-Pay", KEY, BODY, ((b"X-Pay", b"?"),), ((b"X-Pay", mac(KEY, BODY).hex().encode()),)),
    (
        "base64",
        "X-Pay",
        KEY,
        BODY,
        ((b"X-Pay", b"v1=" + b64(b"x" * 20)),),
        ((b"X-Pay", b"v1=" + b64(mac(KEY, BODY, "sha1"))),),
    ),
    ("base64", "X-Pay", KEY, BODY, ((b"X-Pay", b"?"),), ((b"X-Pay", b64(mac(KEY, BODY))),)),
]


@pytest.mark.parametrize(("form", "header", "key", "body", "recorded", "expected"), CASES)
def test_each_form(
    form: str,
    header: str,
    key: bytes,
    body: bytes,
    recorded: tuple[tuple[bytes, bytes], ...],
    expected: tuple[tuple[bytes, bytes], ...],
) -> None:
    """The signature that the sender would make, and nothing else changed; it verifies, a bad one of
    the same form does not."""
    signing = Signing(secret="s", form=form, header=header)
    assert is_signed(signing, recorded)
    assert seal(signing, key, recorded, body) == expected
    assert is_sealed(signing, key, expected, body)
    assert not is_sealed(signing, b"other", expected, body)
    spoilt = seal(signing, key, recorded, body, spoilt=True)
    assert not is_sealed(signing, key, spoilt, body)
    assert [len(value) for _, value in spoilt] == [len(value) for _, value in expected]


def test_what_is_not_signed_stays() -> None:
    """A request without such a header, and a secret that signs tokens."""
    headers = ((b"Host", b"x"),)
    for form in ("github", "jwt"):
        signing = Signing(secret="s", form=form)
        assert not is_signed(signing, headers)
        assert seal(signing, KEY, headers, BODY) is headers
        assert not is_sealed(signing, KEY, headers, BODY)


@pytest.mark.parametrize(
    ("form", "headers", "moved"),
    [
        (
            "slack",
            ((b"X-Slack-Request-Timestamp", STAMP), (b"X-Slack-Signature", b"v0=1")),
            (b"X-Slack-Request-Timestamp", b"1700000060"),
        ),
        (
            "standard",
            ((b"svix-id", b"m"), (b"svix-timestamp", STAMP), (b"svix-signature", b"v1,1")),
            (b"svix-timestamp", b"1700000060"),
        ),
    ],
)
def test_times_move_and_are_signed(
    form: str, headers: tuple[tuple[bytes, bytes], ...], moved: tuple[bytes, bytes]
) -> None:
    """The time of a signature is part of what is signed."""
    signing = Signing(secret="s", form=form)
    later = seal(signing, KEY, headers, BODY, 60)
    assert moved in later
    assert is_sealed(signing, KEY, later, BODY)


def test_the_time_of_stripe_moves() -> None:
    """It stands in the header of the signature."""
    signing = Signing(secret="s", form="stripe")
    later = seal(signing, KEY, ((b"stripe-signature", b"t=" + STAMP + b",v1=1"),), BODY, 60)
    assert later[0][1].startswith(b"t=1700000060,v1=")
    assert is_sealed(signing, KEY, later, BODY)


def test_a_sender_that_signs_with_two_secrets() -> None:
    """One of several signatures is enough, as while a secret is exchanged."""
    signing = Signing(secret="s", form="stripe")
    good = mac(KEY, STAMP + b"." + BODY).hex().encode()
    value = b"t=" + STAMP + b",v1=" + OLD_HEX + b",v1=" + good
    assert is_sealed(signing, KEY, ((b"Stripe-Signature", value),), BODY)


@pytest.mark.parametrize("form", FORMS)
def test_secrets_are_as_long_as_they_have_to_be(form: str) -> None:
    """Of printable letters that no shell and no file minds, and with a key for every algorithm."""
    text = new_secret(form, bytes(range(64)))
    assert text.isascii()
    assert text.isprintable()
    assert len(key_of(form, text)) >= (24 if form == "standard" else 64)


def test_keys_of_secrets() -> None:
    """A text is its own key, but where the form is base64; what is none is its own key, too."""
    assert key_of("jwt", "abc") == b"abc"
    assert key_of("jwt-base64", base64.b64encode(b"key").decode()) == b"key"
    assert key_of("standard", "whsec_" + base64.b64encode(b"key").decode().rstrip("=")) == b"key"
    assert key_of("jwt-base64", "*") == b"*"


def test_what_is_signed_here_is_redacted_there() -> None:
    """A header with a signature is one whose signature is replaced when it is recorded."""
    assert {name.decode() for name in SIGNATURES} == REDACTED
