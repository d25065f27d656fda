"""`${…}`: what each becomes, what is refused, and that no variable's value is told."""

from __future__ import annotations

import pytest

from ci_gate.config.references import check_references, escape_foreign, expand
from ci_gate.errors import UsageError

ADDRESSES = {
    "payments": "http://127.0.0.1:41234",
    "orders-db": "127.0.0.1:5432",
    "six": "[::1]:53",
    "service": "http://127.0.0.1:8080",
    "api.shop.example": "https://127.0.0.1:9",
}
ENV = {"TOKEN": "hunter2", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${payments.url}/v1", "http://127.0.0.1:41234/v1"),
        ("${payments.address}", "127.0.0.1:41234"),
        ("${payments.host} ${payments.port}", "127.0.0.1 41234"),
        ("postgresql://app@${orders-db.address}/app", "postgresql://app@127.0.0.1:5432/app"),
        ("${six.address} ${six.host}", "[::1]:53 ::1"),
        ("${service.port}", "8080"),
        ("${api.shop.example.port}", "9"),
        ("Bearer ${env.TOKEN}", "Bearer hunter2"),
        ("${env.TOKEN:-x}", "hunter2"),
        ("${env.NONE:-a:-b}", "a:-b"),
        ("${env.NONE:-}", ""),
        ("${env.EMPTY}", ""),
        ("${env.EMPTY:-d}", "d"),
        ("$${env.TOKEN} $HOME $$", "${env.TOKEN} $HOME $$"),
        ("plain", "plain"),
    ],
)
def test_expand(text: str, expected: str) -> None:
    """Every form of reference."""
    assert expand(text, ADDRESSES, ENV) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "${paymets.url}",
            "unknown reference ${paymets.url}; allowed: payments.url, orders-db.url",
        ),
        ("${payments.ulr}", "did you mean payments.url?"),
        ("${orders-db.url}", "unknown reference ${orders-db.url}"),
        ("${HOME}", "unknown reference ${HOME}"),
        ("${}", "unknown reference ${}"),
        ("${env.NONE}", "the variable NONE is not set; set NONE, or give a default"),
        ("${env.A B}", "is not ${env.NAME}"),
        ("${payments.url", "${ without }"),
    ],
)
def test_what_cannot_be_expanded(text: str, complaint: str) -> None:
    """Unknown names and unset variables are named, with what is allowed and where it stands."""
    with pytest.raises(UsageError) as caught:
        expand(text, ADDRESSES, ENV, "ci-gate.yml:3: service.env.X")
    assert str(caught.value).startswith("ci-gate.yml:3: service.env.X: ")
    assert complaint in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_check_says_before_what_expand_would_say_later() -> None:
    """Names that will have an address pass; others are refused while nothing runs yet."""
    check_references("${payments.url} ${env.TOKEN}", ["payments"], ENV)
    with pytest.raises(UsageError, match="unknown reference"):
        check_references("${shipping.url}", ["payments"], ENV)
    with pytest.raises(UsageError, match="NONE is not set"):
        check_references("${env.NONE}", [], ENV)


def test_a_shell_line_keeps_what_is_the_shells() -> None:
    """In a shell line ${HOME} and ${A:-${B}} are left alone; ours are not."""
    line = "run ${HOME} ${A:-${B}} ${X%.*} --port ${service.port}"
    assert expand(line, ADDRESSES, ENV, shell=True) == line.replace("${service.port}", "8080")
    with pytest.raises(UsageError, match="unknown reference"):
        expand("${nobody.url}", ADDRESSES, ENV, shell=True)


@pytest.mark.parametrize("text", ["${HOME}", "$${x}", "${a", "${", "a ${X:-${Y}} b", "$$$"])
def test_what_is_foreign_survives(text: str) -> None:
    """Escaped and expanded, a text without our references is as it was."""
    assert expand(escape_foreign(text), ADDRESSES, ENV) == text


def test_ours_are_expanded_in_a_command_too() -> None:
    """Escaping leaves our own references to be expanded."""
    assert expand(escape_foreign("${service.port} ${PORT}"), ADDRESSES, ENV) == "8080 ${PORT}"
