"""Messages: one whole thing one side of a connection says. Frozen data, no behaviour."""

from __future__ import annotations

import msgspec

Headers = tuple[tuple[bytes, bytes], ...]
"""Header or trailer fields in wire order, names as they were spelled."""


class Stored(msgspec.Struct, frozen=True, tag="stored"):
    """A body that lies in a file of the snapshot (`bodies/<sha256>`) or of a recording in progress."""

    sha256: str
    size: int


class Opaque(msgspec.Struct, frozen=True, tag="opaque"):
    """Bytes that could not be decoded and so were not kept: their number and a keyed hash."""

    size: int
    digest: str


class Piece(msgspec.Struct, frozen=True):
    """One part of a stream; `at` is milliseconds since the message's first byte."""

    at: float
    data: bytes


class Pieces(msgspec.Struct, frozen=True, tag="pieces"):
    """A body that stays in parts: an event stream, or what was still open when recording stopped."""

    items: tuple[Piece, ...]
    complete: bool = True
    """False: recording stopped, or a side went away, before the sender ended the message."""


Body = bytes | Stored | Opaque | Pieces


class HttpRequest(msgspec.Struct, frozen=True, tag="http.request"):
    """An HTTP/1.x request. `body` is content-decoded when `coding` names a coding."""

    method: str
    target: bytes
    """As on the request line of the origin server: `/path?query`, or `*`."""
    headers: Headers = ()
    body: Body = b""
    trailers: Headers = ()
    coding: str = ""
    """The Content-Encoding that was decoded ("gzip", "br", "zstd", "deflate"); "" = body is as sent."""
    version: str = "1.1"


class HttpResponse(msgspec.Struct, frozen=True, tag="http.response"):
    """An HTTP/1.x final response; 1xx responses are not kept. `body` as in `HttpRequest`."""

    status: int
    reason: bytes = b""
    headers: Headers = ()
    body: Body = b""
    trailers: Headers = ()
    coding: str = ""
    version: str = "1.1"


class Raw(msgspec.Struct, frozen=True, tag="raw"):
    """Everything one side said on a connection that no codec understands."""

    body: Body = b""


class RedisCommand(msgspec.Struct, frozen=True, tag="redis.command"):
    """A Redis command, or a transaction: all of it from MULTI to EXEC as one message."""

    body: Body = b""
    """RESP arrays of bulk strings, one a command, each command's name in capitals."""
    database: int = 0
    """As SELECT chose it."""
    queued: bool = False
    """It was to be queued in a transaction, and refused; what is queued is a part of the whole."""


class RedisReply(msgspec.Struct, frozen=True, tag="redis.reply"):
    """What answered a command: one RESP value, or the messages of a subscription."""

    body: Body = b""
    """RESP, in the version that the client had asked for."""
    paired: bool = False
    """An array of names and values in turn (RESP2's reply to HGETALL)."""


class PgStatement(msgspec.Struct, frozen=True, tag="postgres.statement"):
    """One step that a PostgreSQL client asks an answer to."""

    sql: str
    params: tuple[str | bytes | None, ...] = ()
    """As text, as bytes where the binary form of a type is not known, None = NULL."""
    step: str = "query"
    """"query" (simple), "execute", "describe" (a prepared statement) or "portal" (describe one);
    "parse" where nothing else was asked and "copy" before any data, both only when refused."""
    transaction: bool = False
    """It was asked inside of a transaction block."""
    body: Body = b""
    """What COPY FROM STDIN sent."""
    block: int = 0
    """Which transaction block of its connection, or of its window in a snapshot, it was asked in: a
    number that those of one block have in common; 0 = none, or not known."""


class PgResult(msgspec.Struct, frozen=True, tag="postgres.result"):
    """What answered a statement: the backend messages of its outcomes, with row descriptions where
    they are known, without those of the protocol's steps (ParseComplete, ReadyForQuery…)."""

    body: Body = b""
    at: str = ""
    """The step that failed where that is an earlier one than was asked: "parse" or "bind"."""


Message = HttpRequest | HttpResponse | Raw | RedisCommand | RedisReply | PgStatement | PgResult


class Part(msgspec.Struct, frozen=True):
    """A named part of a message, as comparing, redaction, rules and selection see it.

    `place` is the first step of a place inside the message: `method`, `path`, `query`, `headers`,
    `body`, `trailers`, `status`. `media` says how to go further inside (see `values.places`):
    "" (one opaque value), "path", "query", "headers", "json", "form", "multipart", "xml",
    "text", "binary".
    """

    place: str
    value: int | str | Body | Headers
    media: str = ""
    parameter: str = ""
    """What the media needs to be read: the boundary of a multipart body, the charset of a text."""


class Key(msgspec.Struct, frozen=True):
    """What makes two requests to one dependency the same.

    `coarse` is hashable and groups candidates (HTTP: method and path shape). `full` is hashable
    and equal exactly when every compared place is byte-equal; it is the fast path, used when
    nothing is masked.
    """

    coarse: tuple[str, ...]
    full: tuple[object, ...]
    fields: tuple[object, ...] = ()
    """What is compared of the headers, for keys in canonical form (HTTP: `codecs.http1.keys`)."""


def in_any_block(message: Message) -> Message:
    """The same, whichever transaction block it was asked in: databases are told the same again and
    again, and what is kept of one message serves all."""
    if not isinstance(message, PgStatement) or not message.block:
        return message
    return msgspec.structs.replace(message, block=0)
