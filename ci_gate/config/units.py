"""Durations, ports and addresses as people write them. Each raises ValueError with a remedy."""

from __future__ import annotations

import datetime
import re
from urllib.parse import urlsplit

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(ms|s|m|h)\Z")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})\Z|\[[0-9A-Fa-f:.]{2,45}\]\Z")

LOOPBACK = "127.0.0.1"


def date(text: str) -> str:
    """`text` when it is a day as ISO 8601 writes it; raises ValueError."""
    try:
        good = datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"{text} is no date: write it as 2027-06-30")
    return text


def duration(text: str) -> float:
    """Seconds of "500ms", "30s", "2m", "1.5h"."""
    found = _DURATION.match(text)
    if not found:
        raise ValueError(f'"{text[:40]}" is not a duration; write 500ms, 30s or 2m')
    return float(found[1]) * _SECONDS[found[2]]


def port(number: int, *, free: bool = False) -> int:
    """`number` if it is a TCP port; with `free`, 0 (any free one) too."""
    if not (0 if free else 1) <= number <= 65535:
        raise ValueError(f"{number} is not a port; write a number from 1 to 65535")
    return number


def endpoint(text: str, default_host: str = "") -> tuple[str, int]:
    """(host, port) of "localhost:5432", "[::1]:80"; with a default host, also of "5432"."""
    host, colon, digits = text.rpartition(":")
    if not colon and default_host:
        host = default_host
    if not digits.isascii() or not digits.isdigit() or len(digits) > 5 or not _HOST.match(host):
        wanted = "PORT or HOST:PORT" if default_host else "HOST:PORT"
        raise ValueError(f'"{text[:80]}" is not {wanted}, such as localhost:5432')
    return host.strip("[]"), port(int(digits))


def origin(text: str) -> str:
    """An http(s) URL of a server, without path: "https://api.payments.example:8443"."""
    example = "such as https://api.payments.example"
    try:
        parts = urlsplit(text)
        number = parts.port
    except ValueError as error:
        raise ValueError(f'"{text[:80]}" is not a URL, {example}') from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f'"{text[:80]}" is not an http or https URL, {example}')
    if parts.username or parts.password:
        raise ValueError("a URL here holds no user name and no password")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f'"{text[:80]}" has a path; give the server only, {example}')
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if not _HOST.match(host) or number == 0:
        raise ValueError(f'"{text[:80]}" is not a URL, {example}')
    return f"{parts.scheme}://{host}" + (f":{number}" if number is not None else "")


def server_port(url: str) -> int:
    """The port a URL speaks of, given or by scheme."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)
