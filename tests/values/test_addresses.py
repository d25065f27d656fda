"""Own addresses as names and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.addresses import Addresses

NAMES = Addresses(
    {
        "service": ("127.0.0.1:4143", "localhost:4143", "[::1]:4143"),
        "payments": ("api.payments.example",),
        "orders-db": ("10.0.0.7:5432", "db.internal:5432"),
        "nothing": (),
    }
)

CASES = [
    (b"http://127.0.0.1:4143/x", b"http://{service}/x"),
    (b'{"next":"http:\\/\\/127.0.0.1:4143\\/x"}', b'{"next":"http:\\/\\/{service}\\/x"}'),
    (b"postgres://app@10.0.0.7:5432/app", b"postgres://app@{orders-db}/app"),
    (b"cb=http%3A%2F%2F127.0.0.1%3A4143%2Fcb", b"cb=http%3A%2F%2F%7Bservice%7D%2Fcb"),
    (b"cb=http%3a%2f%2f127.0.0.1%3a4143%2fcb", b"cb=http%3a%2f%2f%7bservice%7d%2fcb"),
    (b"u=https%3A%2F%2Fapi.payments.example%2Fx", b"u=https%3A%2F%2F%7Bpayments%7D%2Fx"),
    (b"https://api.payments.example. And more", b"https://{payments}. And more"),
    (b"Host: api.payments.example", b"Host: {payments}"),
    (b"{service} and {{payments}}", b"{{service}} and {{{payments}}}"),
    (b"%7Bservice%7D", b"%7B%7Bservice%7D%7D"),
    (b"{{127.0.0.1:4143", b"{{{service}"),
    (b"127.0.0.1:4143}}", b"{service}}}"),
    (b"127.0.0.1:4143127.0.0.1:4143", b"127.0.0.1:4143127.0.0.1:4143"),
]
UNTOUCHED = [
    b"127.0.0.1:41430",
    b"127.0.0.1:414",
    b"x127.0.0.1:4143",
    b"1127.0.0.1:4143",
    b"api.payments.example.com",
    b"my.api.payments.example",
    b"my-api.payments.example",
    b"api.payments.example-x",
    b"api.payments.example:8443",
    b"api.payments.example%3A8443",
    b"{127.0.0.1:4143}",
    b"{other}",
    b"{service",
    b"service}",
]


@pytest.mark.parametrize(("live", "named"), CASES)
def test_names_for_addresses_and_back(live: bytes, named: bytes) -> None:
    """An address becomes its name in the way it was written, and comes back byte for byte."""
    assert NAMES.to_names(live) == named
    assert NAMES.to_live(named) == live


@pytest.mark.parametrize("data", UNTOUCHED)
def test_what_is_not_our_address(data: bytes) -> None:
    """Longer hosts and ports, other ports and other braces are not ours."""
    assert NAMES.to_names(data) == data
    assert NAMES.to_live(data) == data


@pytest.mark.parametrize("spelling", [b"localhost:4143", b"[::1]:4143", b"127.0.0.1:4143"])
def test_every_spelling_becomes_the_name(spelling: bytes) -> None:
    """All spellings are one name, and live data gets the first of them."""
    assert NAMES.to_names(b"//" + spelling + b"/") == b"//{service}/"
    assert NAMES.to_live(b"//{service}/") == b"//127.0.0.1:4143/"


def test_percent_encoded_ipv6() -> None:
    """An address with several escapes is one address."""
    assert NAMES.to_names(b"u=%5B%3A%3A1%5D%3A4143") == b"u=%7Bservice%7D"


def test_ports_may_change() -> None:
    """What one boot recorded another boot plays with its own ports."""
    later = Addresses({"service": ("127.0.0.1:9999",)})
    assert later.to_live(NAMES.to_names(b"http://127.0.0.1:4143/x")) == b"http://127.0.0.1:9999/x"


def test_no_names() -> None:
    """Without addresses nothing is escaped either."""
    assert Addresses({}).to_names(b"{service}") == b"{service}"
    assert Addresses({"service": ()}).to_live(b"{service}") == b"{service}"


TOKENS = st.lists(
    st.sampled_from(
        [
            *(b"{", b"}", b"{{", b"%7B", b"%7D", b"%7b", b"%7d", b"service", b"payments"),
            *(b"127.0.0.1:4143", b"127.0.0.1%3A4143", b"127.0.0.1%3a4143", b"api.payments.example"),
            *(b"%2F", b"/", b".", b"0", b" ", b":80", b"x", b"{service}", b"%7Bpayments%7D"),
        ]
    ),
    max_size=12,
)
FIRST_SPELLINGS = Addresses({"service": ("127.0.0.1:4143",), "payments": ("api.payments.example",)})


@given(TOKENS)
def test_round_trip(tokens: list[bytes]) -> None:
    """Whatever stands around addresses, braces and names, data comes back as it was."""
    data = b"".join(tokens)
    assert FIRST_SPELLINGS.to_live(FIRST_SPELLINGS.to_names(data)) == data


@given(st.binary())
def test_any_bytes_round_trip(data: bytes) -> None:
    """Bytes of any kind come back as they were."""
    assert FIRST_SPELLINGS.to_live(FIRST_SPELLINGS.to_names(data)) == data
