"""Addresses of machines: whose may be a person's, and what stands for them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_gate.values.redaction.network import (
    is_mac,
    is_network_stand_in,
    is_public_ip,
    network_stand_in,
)


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "192.0.2.1", "8.8.8.8", "::1", "fe80::1", "x"]
)
def test_nobodys(text: str) -> None:
    """Private, local and documented addresses, and the resolvers of all, stay."""
    assert not is_public_ip(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("93.184.216.34", "ipv4"),
        ("2a00:1450:4001:81b::200e", "ipv6"),
        ("3C:22:FB:9A:01:7E", "mac"),
        ("3c-22-fb-9a-01-7e", "mac"),
    ],
)
@given(st.binary(min_size=32, max_size=32))
def test_stand_ins(text: str, kind: str, seed: bytes) -> None:
    """A stand-in is an address of the same form, recognised by its range."""
    new = network_stand_in(text, seed)
    assert is_network_stand_in(text) == ""
    assert is_network_stand_in(new) == kind
    if kind == "mac":
        assert is_mac(new)
        assert new.isupper() == text.isupper()
    else:
        assert str(ipaddress.ip_address(new)) == new
        assert not is_public_ip(new)


@pytest.mark.parametrize("text", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:fb"])
def test_no_adapter(text: str) -> None:
    """Zeros, broadcast and groups are no adapter's address."""
    assert not is_mac(text)
