"""Messages as bytes, with the framing this connection needs.

Fields go out as they were recorded, except those that describe the connection rather than the
message: Content-Length and Transfer-Encoding follow the framing actually used (in the recorded
place and spelling where there was one), Keep-Alive and Proxy-Connection are left out, and of
Connection only the options that are neither "close" nor "keep-alive" stay.
"""

from __future__ import annotations

import msgspec

from ci_gate.codecs.http1.coding import encode
from ci_gate.codecs.http1.framing import is_bodiless
from ci_gate.model.message import Headers, HttpRequest, HttpResponse, Stored

_FRAMING_FIELDS = frozenset((b"content-length", b"transfer-encoding"))
_CONNECTION_FIELDS = frozenset((b"keep-alive", b"proxy-connection"))

_REASONS = {
    431: b"Request Header Fields Too Large",
    501: b"Not Implemented",
    505: b"HTTP Version Not Supported",
}

Said = HttpRequest | HttpResponse


def prepare(message: Said) -> bytes:
    """The whole message for the common state: HTTP/1.1, kept alive, its request not a HEAD.

    The body is coded again when it was content-decoded. A response that was ended by closing gets
    a Content-Length. Raises TypeError for a body that is not bytes: those are streamed.
    """
    return whole(message, connection=b"", head_only=False, chunks=True)


def whole(message: Said, *, connection: bytes, head_only: bool, chunks: bool) -> bytes:
    """The whole message. `connection`: option to name in Connection, b"" = none; `head_only`: it
    answers HEAD; `chunks`: its hearer understands chunked."""
    body = message.body
    if not isinstance(body, bytes):
        raise TypeError("only a body of bytes is serialised whole")
    if isinstance(message, HttpResponse) and (head_only or is_bodiless(message.status)):
        return as_recorded(message, connection)
    if body and message.coding:
        body = encode(body, message.coding)
    if chunks and is_chunked(message):
        head = head_bytes(message, None, connection)
        return head + (chunk(body) if body else b"") + last_chunk(message.trailers)
    if not body and isinstance(message, HttpRequest) and not _has_length(message.headers):
        return as_recorded(message, connection)
    return head_bytes(message, len(body), connection) + body


def head_bytes(message: Said, length: int | None, connection: bytes = b"") -> bytes:
    """The head with Content-Length `length`, or chunked when that is None."""
    if length is None:
        return _head(message, (b"Transfer-Encoding", b"chunked"), connection)
    return _head(message, (b"Content-Length", b"%d" % length), connection)


def as_recorded(message: Said, connection: bytes = b"") -> bytes:
    """The head of a message that has no body, its framing fields as they were recorded."""
    return _head(message, None, connection)


def until_close(message: Said) -> bytes:
    """The head of a response that ends with the connection: for HTTP/1.0, which has no chunks."""
    return _head(message, (b"", b""), b"close")


def chunk(data: bytes) -> bytes:
    """One chunk; `data` must not be empty, for that would be the last one."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: Headers = ()) -> bytes:
    """The end of a chunked body."""
    if not trailers:
        return b"0\r\n\r\n"
    return b"0\r\n" + b"".join(b"%b: %b\r\n" % field for field in trailers) + b"\r\n"


def refusal(status: int, reason: str) -> bytes:
    """The answer to what cannot be read, after which the connection is closed."""
    body = msgspec.json.encode({"error": "ci-gate: not HTTP/1.1", "reason": reason}) + b"\n"
    answer = HttpResponse(
        status,
        _REASONS.get(status, b"Bad Request"),
        ((b"Content-Type", b"application/json"),),
        body,
    )
    return whole(answer, connection=b"close", head_only=False, chunks=False)


def is_chunked(message: Said) -> bool:
    """Whether the message was recorded chunked, or has trailers, which need chunks."""
    return bool(message.trailers) or any(
        name.lower() == b"transfer-encoding" and b"chunked" in value.lower()
        for name, value in message.headers
    )


def streamed_length(message: Said) -> int | None:
    """Content-Length of a message whose body will be streamed; None: chunked."""
    body = message.body
    if isinstance(body, bytes):
        return None if message.coding or is_chunked(message) else len(body)
    if isinstance(body, Stored) and not message.coding and not is_chunked(message):
        return body.size
    return None


def _has_length(headers: Headers) -> bool:
    return any(name.lower() in _FRAMING_FIELDS for name, _ in headers)


def _head(message: Said, framing: tuple[bytes, bytes] | None, connection: bytes) -> bytes:
    """`framing`: the field that frames the body; (b"", b"") none; None: whatever was recorded."""
    lines = [_start_line(message)]
    ours = framing[0].lower() if framing else b""
    options = [connection] if connection else []
    for name, recorded in message.headers:
        lower = name.lower()
        value: bytes | None = recorded
        if lower in _FRAMING_FIELDS and framing is not None:
            value, framing = (framing[1], (b"", b"")) if ours and lower == ours else (None, framing)
            ours = framing[0].lower()
        elif lower == b"connection":
            value = b", ".join(_lasting_options(recorded, message) + options) or None
            options = []
        elif lower in _CONNECTION_FIELDS:
            value = None
        if value is not None:
            lines.append(b"%b: %b" % (name, value))
    if ours and framing:
        lines.append(b"%b: %b" % framing)
    if options:
        lines.append(b"Connection: " + connection)
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _start_line(message: Said) -> bytes:
    if isinstance(message, HttpRequest):
        version = message.version.encode("ascii")
        return b"%b %b HTTP/%b" % (message.method.encode("ascii"), message.target, version)
    return b"HTTP/1.1 %d %b" % (message.status, message.reason)


def _lasting_options(value: bytes, message: Said) -> list[bytes]:
    """Connection options that say something of the message: "Upgrade", "TE". An HTTP/1.0 request
    keeps its keep-alive, without which the server closes."""
    passing = {b"close", b"keep-alive", b""}
    if isinstance(message, HttpRequest) and message.version == "1.0":
        passing.discard(b"keep-alive")
    options = [option.strip(b" \t") for option in value.split(b",")]
    return [option for option in options if option.lower() not in passing]
