"""Addresses of machines that may be a person's: public IPv4 and IPv6, hardware addresses.

Private, local, reserved and documentation addresses say nothing of anybody and stay, as do the
resolvers that everybody asks.
"""

from __future__ import annotations

import ipaddress
import re

_RESOLVERS = frozenset("1.1.1.1 1.0.0.1 8.8.8.8 8.8.4.4 9.9.9.9".split())
_FUTURE = re.compile(r"2(?:4\d|5[0-4])(?:\.\d{1,3}){3}")
_DOCUMENTED = re.compile(r"2001:db8(?::[1-9a-f][0-9a-f]{3}){6}")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4})")
_OURS = "02edac"
"""Locally administered (IEEE 802), so no maker's."""


def is_public_ip(text: str) -> bool:
    """True for an address of the public Internet, of either version."""
    try:
        return ipaddress.ip_address(text).is_global and text not in _RESOLVERS
    except ValueError:
        return False


def is_mac(text: str) -> bool:
    """True for an adapter's own address: not all zeros, no group address (IEEE 802)."""
    if _MAC.fullmatch(text) is None:
        return False
    return int(text[:2], 16) % 2 == 0 and len(set(_hex(text))) > 2


def network_stand_in(text: str, seed: bytes) -> str:
    """An address of the same form, of 32 bytes of seed: IPv4 of 240.0.0.0/4 (RFC 1112 section 4),
    IPv6 of 2001:db8::/32 (RFC 3849), a locally administered hardware address."""
    if _MAC.fullmatch(text):
        digits = _OURS + seed.hex()[:6]
        digits = digits.upper() if text != text.lower() else digits
        return text[2].join(digits[at : at + 2] for at in range(0, 12, 2))
    if "." in text:
        return ".".join(map(str, (240 + seed[0] % 15, *seed[1:4])))
    # Groups without leading zeros: then there is one way only to write the address.
    groups = [f"{1 + seed[2 * at] % 15:x}{seed[2 * at : 2 * at + 2].hex()[1:]}" for at in range(6)]
    return "2001:db8:" + ":".join(groups)


def is_network_stand_in(text: str) -> str:
    """Its kind ("ipv4", "ipv6", "mac"), "" for anything else."""
    if _FUTURE.fullmatch(text):
        return "ipv4" if _is_address(text) else ""
    if _DOCUMENTED.fullmatch(text):
        return "ipv6"
    return "mac" if len(text) == 17 and _is_our_mac(text) else ""


def _is_our_mac(text: str) -> bool:
    return _MAC.fullmatch(text) is not None and _hex(text).startswith(_OURS)


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _hex(text: str) -> str:
    return text.replace(":", "").replace("-", "").lower()
