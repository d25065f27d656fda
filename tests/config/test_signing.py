"""Secrets of a run in the configuration: what they sign, and what is refused with its remedy."""

from __future__ import annotations

import pytest

from ci_gate.config.file import load
from ci_gate.config.signing import secrets_in, signings
from ci_gate.errors import UsageError
from ci_gate.values.webhooks import Signing


def read(text: str) -> tuple[Signing, ...]:
    """What a configuration says is signed."""
    return signings(load("version: 1\n" + text).settings)


def test_a_secret_is_named_after_what_it_signs() -> None:
    """Nothing else has to be said; several variables may hold one secret."""
    found = read(
        "service:\n"
        "  env: {A: '${secret.jwt}', B: 'x-${secret.github}', C: '${secret.jwt}', D: '${env.X}'}\n"
    )
    assert found == (Signing(secret="jwt", form="jwt"), Signing(secret="github", form="github"))


def test_a_secret_of_another_name_is_listed() -> None:
    """With its form, and with its header where the form has none."""
    found = read(
        "service: {env: {A: '${secret.session}', B: '${secret.pay}'}}\n"
        "replay:\n"
        "  sign:\n"
        "    - {secret: session, form: jwt}\n"
        "    - {secret: pay, form: hex, header: X-Pay-Signature}\n"
    )
    assert found == (
        Signing(secret="session", form="jwt"),
        Signing(secret="pay", form="hex", header="X-Pay-Signature"),
    )
    assert found[1].headers == (b"x-pay-signature",)


def test_names_in_a_text() -> None:
    """Literal braces are none of ours."""
    assert secrets_in("${secret.a}-${secret.b} $${secret.c} ${env.X}") == ("a", "b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "service: {env: {A: '${secret.sessoin}'}}",
            "ci-gate.yml:2: service.env.A: nothing says what ${secret.sessoin} signs; name it after "
            "its form (jwt, jwt-base64, github, shopify, slack, standard, stripe), or list it in "
            "replay.sign",
        ),
        (
            "service: {env: {A: '${secret.hex}'}}",
            "ci-gate.yml:2: service.env.A: the form hex has no header of its own: list it in "
            "replay.sign, such as {secret: hex, form: hex, header: X-Signature}",
        ),
        (
            "service: {env: {A: '${secret.a b}'}}",
            "ci-gate.yml:2: service.env.A: ${secret.a b}: letters, digits, - and _",
        ),
        (
            "service: {env: {A: '${secret.jwt}'}}\nreplay: {sign: [{secret: jtw}]}",
            "ci-gate.yml:3: replay.sign[1].secret: nothing gives it to the service; write "
            "${secret.jtw} in service.env; did you mean jwt?\n"
            "ci-gate.yml:3: replay.sign[1]: unknown form 'jtw'; known: jwt, jwt-base64, github, "
            "shopify, slack, standard, stripe, hex, base64; did you mean jwt?",
        ),
        (
            "service: {env: {A: '${secret.a}'}}\nreplay: {sign: [{secret: a, form: githb}]}",
            "ci-gate.yml:3: replay.sign[1].form: unknown form 'githb'; known: jwt, jwt-base64, "
            "github, shopify, slack, standard, stripe, hex, base64; did you mean github?",
        ),
        (
            "service: {env: {A: '${secret.a}'}}\nreplay: {sign: [{secret: a, form: hex}]}",
            "ci-gate.yml:3: replay.sign[1]: the form hex has no header of its own; say which: "
            "header: X-Signature",
        ),
        (
            "service: {env: {A: '${secret.a}'}}\n"
            "replay: {sign: [{secret: a, form: slack, header: X-Slack}]}",
            "ci-gate.yml:3: replay.sign[1].header: the form slack has its own; take it out",
        ),
        (
            "service: {env: {A: '${secret.a}'}}\n"
            "replay: {sign: [{secret: a, form: hex, header: 'X Pay'}]}",
            "ci-gate.yml:3: replay.sign[1].header: not a name for a header",
        ),
        (
            "service: {env: {A: '${secret.jwt}', B: '${secret.b}'}}\n"
            "replay: {sign: [{secret: jwt}, {secret: b, form: jwt-base64}]}",
            "ci-gate.yml:3: replay.sign[2]: one secret signs tokens, not several",
        ),
        (
            "service: {env: {A: '${secret.jwt}', B: '${secret.jwt-base64}'}}",
            "ci-gate.yml:2: service.env.B: one secret signs tokens, not several",
        ),
        ("replay: {sign: [{form: jwt}]}", "ci-gate.yml:2: replay.sign[1]: secret is missing"),
    ],
)
def test_refusals(text: str, expected: str) -> None:
    """Every fault with its place and what to do about it."""
    with pytest.raises(UsageError) as caught:
        read(text)
    assert str(caught.value) == expected
