"""HTTP messages from what other tools keep of them: a method, a URL, fields, a body. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

import msgspec

from ci_gate.codecs.http1.authority import PORTS, parse_authority, split_target
from ci_gate.codecs.http1.coding import coding_of, decode
from ci_gate.codecs.http1.malformed import Malformed
from ci_gate.model.message import (
    Body,
    Headers,
    HttpRequest,
    HttpResponse,
    Piece,
    Pieces,
)

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,1000}")
_UNSENDABLE = re.compile(rb"[\x00\r\n]")
_OUTSIDE = re.compile(rb"[\x00-\x20\x7f-\xff]")
VERSIONS = frozenset(("1.0", "1.1"))


class Bad(Exception):
    """What was written is no HTTP message; its text says why."""


class Address(msgspec.Struct, frozen=True):
    """Where a request went, and what it asked for there."""

    scheme: str
    host: str
    """"" = the URL names none."""
    port: int
    """0 = not named, the scheme's own."""
    target: bytes
    """Path and query, as written."""


def address(url: str, host: str = "") -> Address:
    """A URL, or a path with the Host field's value beside it. Raises Bad."""
    data = url.strip().encode("utf-8", "surrogatepass")
    scheme, authority, target = split_target(data)
    if not scheme and data[:2] == b"//":
        scheme, authority, target = split_target(b"http:" + data)
    if not authority:
        authority = host.strip().encode("utf-8", "surrogatepass")
    if scheme not in ("", "http", "https", "ws", "wss"):
        raise Bad(f"{scheme}:// is not HTTP")
    scheme = {"": "http", "ws": "http", "wss": "https"}.get(scheme, scheme)
    target = _sendable(target.partition(b"#")[0] or b"/")
    if target[:1] not in (b"/", b"*"):
        raise Bad(f"{url[:100]!r} is neither a URL nor a path")
    if not authority:
        return Address(scheme, "", 0, target)
    try:
        found = parse_authority(authority, scheme)
    except Malformed:
        # "localhost:4143:8080": a proxy's port, then the service's.
        first, _, last = authority.rpartition(b":")
        try:
            found = parse_authority(first.partition(b":")[0] + b":" + last, scheme)
        except Malformed as error:
            raise Bad(str(error)) from error
    port = 0 if found.port == PORTS[scheme] else found.port
    return Address(scheme, found.host.lower(), port, target)


def _sendable(target: bytes) -> bytes:
    """What cannot stand in a request line is percent-encoded, as clients do."""
    return _OUTSIDE.sub(lambda found: quote(found[0]).encode(), target)


def method(text: object) -> str:
    """A method. Raises Bad."""
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        raise Bad(f"{str(text)[:60]!r} is no method")
    return text


def status(value: object) -> int:
    """A status of a final response. Raises Bad."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 4:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 100 <= value <= 999:
        raise Bad(f"{str(value)[:60]!r} is no status")
    return value


def fields(pairs: Iterable[tuple[str, str]]) -> Headers:
    """Header fields in their order, without HTTP/2's pseudo-headers. Raises Bad."""
    found: list[tuple[bytes, bytes]] = []
    for name, value in pairs:
        if name.startswith(":"):
            continue
        key = name.strip().encode("utf-8", "surrogatepass")
        data = value.strip(" \t").encode("utf-8", "surrogatepass")
        if not _FIELD.fullmatch(key) or _UNSENDABLE.search(data):
            raise Bad(f"the header {name[:60]!r} cannot be sent")
        found.append((key, data))
    return tuple(found)


def value_of(headers: Headers, name: bytes) -> bytes:
    """The first field of this name (lower case), or b""."""
    return next((value for key, value in headers if key.lower() == name), b"")


def with_host(headers: Headers, found: Address) -> Headers:
    """`headers` with a Host, which HTTP/2 has as a pseudo-header and some tools leave out."""
    if not found.host or any(name.lower() == b"host" for name, _ in headers):
        return headers
    host = f"[{found.host}]" if ":" in found.host else found.host
    port = f":{found.port}" if found.port else ""
    return ((b"Host", f"{host}{port}".encode()), *headers)


class Decoded(msgspec.Struct, frozen=True):
    """A body without its content coding."""

    body: Body
    coding: str
    headers: Headers
    lost: str = ""


def undone(headers: Headers, body: bytes, *, coded: bool) -> Decoded:
    """The body of a message, content-decoded. `coded`: it is as it was sent; else the tool has
    decoded it and left the fields as they were."""
    named = b",".join(value for name, value in headers if name.lower() == b"content-encoding")
    named = named.strip().lower()
    if not body or named in (b"", b"identity"):
        return Decoded(body, "", headers)
    coding = coding_of(named)
    if coded:
        plain = decode(body, coding) if coding else None
        return Decoded(body, "", headers) if plain is None else Decoded(plain, coding, headers)
    if coding:
        return Decoded(body, coding, headers)
    kept = tuple(one for one in headers if one[0].lower() != b"content-encoding")
    shown = named.decode("latin-1")[:40]
    return Decoded(body, "", kept, f"the coding {shown!r}: the body is kept decoded, without it")


def request(
    verb: str, found: Address, headers: Headers, body: bytes, *, coded: bool, version: str = "1.1"
) -> tuple[HttpRequest, str]:
    """A request, and what was lost ("" = nothing)."""
    plain = undone(with_host(headers, found), body, coded=coded)
    message = HttpRequest(
        method=verb,
        target=found.target,
        headers=plain.headers,
        body=plain.body,
        coding=plain.coding,
        version=version if version in VERSIONS else "1.1",
    )
    return message, plain.lost


def response(
    code: int, reason: str, headers: Headers, body: bytes, *, coded: bool, version: str = "1.1"
) -> tuple[HttpResponse, str]:
    """A response, and what was lost ("" = nothing)."""
    plain = undone(headers, body, coded=coded)
    message = HttpResponse(
        status=code,
        reason=_UNSENDABLE.sub(b" ", reason.encode("utf-8", "surrogatepass")),
        headers=plain.headers,
        body=_stream(plain),
        coding=plain.coding,
        version=version if version in VERSIONS else "1.1",
    )
    return message, plain.lost


def _stream(plain: Decoded) -> Body:
    """The body; that of an event stream stays in pieces, as a recording has it."""
    media = value_of(plain.headers, b"content-type").strip().lower()
    if not media.startswith(b"text/event-stream") or not isinstance(plain.body, bytes):
        return plain.body
    return Pieces((Piece(0.0, plain.body),)) if plain.body else plain.body


def version_of(text: object) -> tuple[str, str]:
    """ "HTTP/2.0", "h2", "1.1" as the version we speak, and what was lost by it."""
    name = str(text or "").strip().lower().removeprefix("http/")
    if name in ("", "1.1", "1.0", "unknown"):
        return name if name in VERSIONS else "1.1", ""
    if name in ("2", "2.0", "h2", "http/2", "h2c"):
        return "1.1", "HTTP/2: carried as HTTP/1.1"
    if name in ("3", "3.0", "h3"):
        return "1.1", "HTTP/3: carried as HTTP/1.1"
    return "1.1", ""


def number(value: object) -> float:
    """A number of milliseconds, within a year; 0 for what is none."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.0
    return float(min(max(value, 0), 3.2e10)) if value == value else 0.0  # NaN is no number
