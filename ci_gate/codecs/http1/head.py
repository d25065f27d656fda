"""Heads: bytes up to the empty line, parsed once per distinct head.

Most services send few distinct heads, so the parsed form is kept by the raw bytes: a head seen
before costs one dictionary look-up. The parser is ours because a recorder must accept what real
peers send (non-ASCII paths, values that are not UTF-8, bare line feeds, no Host) and must refuse
what makes two recipients disagree (RFC 9112 sections 2.2, 5 and 6.3).
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from ci_gate.codecs.http1.authority import split_target
from ci_gate.codecs.http1.coding import coding_of
from ci_gate.codecs.http1.framing import (
    UNTIL_CLOSE,
    is_bodiless,
    request_length,
    response_length,
)
from ci_gate.codecs.http1.malformed import Malformed
from ci_gate.model.message import Headers, HttpRequest, HttpResponse

HEAD_LIMIT = 64 * 1024
"""Bytes of a head, and of a trailer section."""
FIELDS_LIMIT = 256

MEMO_ENTRIES = 32768
MEMO_BYTES = 4096
"""Longest head that is remembered."""
MEMO_TOTAL = 8 << 20
"""Bytes of heads that are remembered at a time; what was parsed from them takes about as much."""
"""Heads beyond this size are parsed each time, so that the memo stays below some 30 MB."""

STREAMS = (b"text/event-stream", b"multipart/x-mixed-replace")
"""Media types of responses that have no natural end."""

_NAME = re.compile(rb"[!-9;-~]+")
_METHOD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,40}")
_START = re.compile(_METHOD.pattern + rb"(?: |\Z)")
_TARGET = re.compile(rb"[^\x00-\x20\x7f]+")
_VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
_STATUS = re.compile(rb"HTTP/([0-9])\.([0-9]) ([1-9][0-9][0-9])(?: (.*))?", re.DOTALL)


class RequestHead(msgspec.Struct, frozen=True):
    """A request up to its body."""

    message: HttpRequest
    """With an empty body. Its target is in origin-form; an absolute-form target's authority has
    become the Host field (RFC 9112 section 3.2.2)."""
    length: int
    """Bytes of the body, or CHUNKED."""
    close: bool
    """The connection ends after the answer."""
    common: bool
    """HTTP/1.1, kept alive, neither HEAD nor CONNECT: prepared bytes are the answer."""
    expects: bool
    """It waits for 100 (Continue) before it sends its body."""
    coding: str


class ResponseHead(msgspec.Struct, frozen=True):
    """A response up to its body."""

    message: HttpResponse
    length: int
    """Bytes of the body if it has one (see `framing.has_no_body`), CHUNKED or UNTIL_CLOSE."""
    close: bool
    stream: bool
    coding: str


class _Facts(msgspec.Struct):
    """What framing needs of the fields, values lower case, repeated ones joined by commas."""

    transfer_encoding: bytes = b""
    content_length: bytes = b""
    connection: bytes = b""
    content_encoding: bytes = b""
    content_type: bytes = b""
    expect: bytes = b""


_FACTS = {
    b"transfer-encoding": "transfer_encoding",
    b"content-length": "content_length",
    b"connection": "connection",
    b"content-encoding": "content_encoding",
    b"content-type": "content_type",
    b"expect": "expect",
}

_NAME_BYTES = 64
NAMES_ENTRIES = 4096
_names: dict[bytes, str] = {}
"""Field names seen before, valid ones only, and the fact they hold ("" = none)."""


Head = TypeVar("Head", RequestHead, ResponseHead)


class Memo(dict[bytes, Head]):
    """Heads seen before, by their bytes: most services see few different ones, again and again.
    Emptied when it is full, which a service that never repeats itself hardly notices."""

    __slots__ = ("size",)

    def __init__(self) -> None:
        super().__init__()
        self.size = 0

    def keep(self, raw: bytes, head: Head) -> None:
        """Remember what was parsed from `raw`."""
        if len(raw) > MEMO_BYTES:
            return
        if len(self) >= MEMO_ENTRIES or self.size > MEMO_TOTAL:
            self.forget()
        self.size += len(raw)
        self[raw] = head

    def forget(self) -> None:
        """Give the memory back."""
        self.clear()
        self.size = 0


REQUESTS: Memo[RequestHead] = Memo()
RESPONSES: Memo[ResponseHead] = Memo()


def head_end(data: bytes, start: int = 0, searched: int = 0) -> int:
    """Index after the empty line that ends the head which begins at `start`; -1: not here yet.

    A bare line feed ends a line too (RFC 9112 section 2.2). `searched` is where an earlier, vain
    search of the same bytes may be taken up.
    """
    begin = max(start, searched - 3)
    crlf = data.find(b"\n\r\n", begin)
    bare = data.find(b"\n\n", begin, crlf + 1 if crlf >= 0 else len(data))
    if bare >= 0:
        return bare + 2
    return crlf + 3 if crlf >= 0 else -1


def check_start(start: bytes) -> None:
    """Refuse bytes that cannot become a request, before the rest is waited for. Raises Malformed."""
    if not _START.match(start):
        what = "TLS" if start[:1] == b"\x16" else repr(start[:16])
        raise Malformed(400, f"{what} where a request was to begin")


def request_head(raw: bytes) -> RequestHead:
    """Parse a request's head, its empty line included. Raises Malformed."""
    head = REQUESTS.get(raw)
    if head is None:
        head, _, _ = raw_request(raw)
        REQUESTS.keep(raw, head)
    return head


def response_head(raw: bytes) -> ResponseHead:
    """Parse a response's head, its empty line included. Raises Malformed."""
    head = RESPONSES.get(raw)
    if head is None:
        head = _parse_response(raw)
        RESPONSES.keep(raw, head)
    return head


def raw_request(raw: bytes) -> tuple[RequestHead, bytes, Headers]:
    """A request's head, and its target and fields as they were sent. Raises Malformed."""
    lines = _lines(raw)
    words = lines[0].split(b" ")
    if len(words) != 3 or not _METHOD.fullmatch(words[0]) or not _TARGET.fullmatch(words[1]):
        raise Malformed(400, f"{_shown(lines[0])} is not a request line")
    version = _version(_VERSION.fullmatch(words[2]), lines[0])
    sent = fields(lines[1:], folds=False)
    facts = _facts(sent)
    length, close = request_length(version, facts.transfer_encoding, facts.content_length)
    method = words[0].decode("ascii")
    tunnel = method == "CONNECT"
    target, headers = (words[1], sent) if tunnel else _origin(words[1], sent)
    close = close or _closes(version, facts.connection)
    head = RequestHead(
        message=HttpRequest(method=method, target=target, headers=headers, version=version),
        length=0 if tunnel else length,
        close=close,
        common=version == "1.1" and not close and method not in ("HEAD", "CONNECT"),
        expects=version == "1.1" and facts.expect == b"100-continue",
        coding=coding_of(facts.content_encoding),
    )
    return head, words[1], sent


def _parse_response(raw: bytes) -> ResponseHead:
    lines = _lines(raw)
    match = _STATUS.fullmatch(lines[0])
    version = _version(match, lines[0])
    assert match is not None
    headers = fields(lines[1:], folds=True)
    facts = _facts(headers)
    status = int(match[3])
    if is_bodiless(status):
        length, close = 0, False
    else:
        length, close = response_length(version, facts.transfer_encoding, facts.content_length)
    return ResponseHead(
        message=HttpResponse(
            status=status, reason=match[4] or b"", headers=headers, version=version
        ),
        length=length,
        close=_closes(version, facts.connection) or (close and length != UNTIL_CLOSE),
        stream=facts.content_type.partition(b";")[0].rstrip() in STREAMS,
        coding=coding_of(facts.content_encoding),
    )


def _lines(raw: bytes) -> list[bytes]:
    """A head's lines without the last, empty one; refuses NUL and CR inside a line."""
    text = raw.replace(b"\r\n", b"\n")
    if b"\r" in text or b"\0" in text:
        raise Malformed(400, "a head holds a bare CR or a NUL")
    lines = text.split(b"\n")[:-2]
    if len(lines) > FIELDS_LIMIT + 1:
        raise Malformed(431, f"more than {FIELDS_LIMIT} fields")
    return lines


def fields(lines: list[bytes], *, folds: bool) -> Headers:
    """Field lines in wire order. `folds`: a folded line becomes a space (RFC 9112 section 5.2
    lets a response's recipient do that and a request's refuse it). Raises Malformed."""
    found: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if colon and (name in _names or _is_name(name)):
            found.append((name, value.strip(b" \t")))
        elif folds and found and line[:1] in (b" ", b"\t"):
            name, value = found[-1]
            found[-1] = (name, (value + b" " + line.strip(b" \t")).strip(b" "))
        else:
            raise Malformed(400, f"{_shown(line)} is not a field line")
    return tuple(found)


def _is_name(name: bytes) -> bool:
    """Whether a field may be called that; remembered, with the fact the field holds."""
    if not _NAME.fullmatch(name):
        return False
    if len(name) <= _NAME_BYTES:
        if len(_names) >= NAMES_ENTRIES:
            _names.clear()
        _names[name] = _FACTS.get(name.lower(), "")
    return True


def _facts(headers: Headers) -> _Facts:
    facts = _Facts()
    for name, value in headers:
        attribute = _names.get(name)
        if attribute is None:
            attribute = _FACTS.get(name.lower(), "")
        if attribute:
            before = getattr(facts, attribute)
            value = value.lower() or b" "  # an empty field is there, and wrong
            setattr(facts, attribute, before + b"," + value if before else value)
    return facts


def _version(match: re.Match[bytes] | None, line: bytes) -> str:
    if match is None:
        raise Malformed(400, f"{_shown(line)} is not how an HTTP/1.x message begins")
    if match[1] != b"1":
        raise Malformed(505, f"HTTP/{match[1].decode()} without negotiation")
    return "1.0" if match[2] == b"0" else "1.1"


def _origin(target: bytes, headers: Headers) -> tuple[bytes, Headers]:
    """Target in origin-form, and the fields with the authority it named as Host."""
    scheme, authority, origin = split_target(target)
    if not scheme:
        return target, headers
    host = (b"Host", authority.rpartition(b"@")[2])
    return origin, (host, *(field for field in headers if field[0].lower() != b"host"))


def _closes(version: str, connection: bytes) -> bool:
    if not connection:
        return version == "1.0"
    tokens = [token.strip(b" \t") for token in connection.split(b",")]
    return b"close" in tokens or (version == "1.0" and b"keep-alive" not in tokens)


def _shown(line: bytes) -> str:
    return repr(line[:60])[1:]


def is_stream(headers: Headers) -> bool:
    """True for the head of an answer that comes as it happens."""
    return any(
        name.lower() == b"content-type" and value.lower().startswith(STREAMS)
        for name, value in headers
    )
