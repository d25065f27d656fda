"""One side of a connection, heard: bytes in; whole, begun, continued and ended messages out.

What a side says is a row of messages, each a head and a body. Small ones are assembled and come
as one `Whole`; large ones and streams come in parts. `RequestReader` and `ResponseReader` differ
in how a head is parsed, in where a body ends and in how messages are counted; neither knows which
role we play.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ci_gate.codecs.base import LARGE, Action, Begun, Ended, More, Side, Whole
from ci_gate.codecs.http1.body import Reader, UntilClose, body_reader, one_chunk
from ci_gate.codecs.http1.coding import decode
from ci_gate.codecs.http1.framing import CHUNKED, UNTIL_CLOSE
from ci_gate.codecs.http1.head import (
    HEAD_LIMIT,
    REQUESTS,
    RequestHead,
    ResponseHead,
    check_start,
    head_end,
    request_head,
    response_head,
)
from ci_gate.codecs.http1.malformed import Malformed
from ci_gate.model.message import Headers, HttpRequest, HttpResponse

_CLIENT = Side.CLIENT
_SERVER = Side.SERVER

_RESPONSE_START = b"HTTP/1."
_SPACE = 0x20


class Incoming:
    """What request and response readers share: finding heads, and assembling bodies."""

    __slots__ = (
        "_begun",
        "_body",
        "_kept",
        "_last",
        "_pending",
        "_started",
        "at_rest",
        "number",
        "over",
        "side",
    )

    def __init__(self, side: Side) -> None:
        self.side = side
        self.number = 0
        """Of the message that is being read, or comes next."""
        self.at_rest = True
        """Between two messages, nothing pending."""
        self.over = False
        """The connection is no longer HTTP: nothing more is read."""
        self._pending = b""
        self._body: Reader | None = None
        self._kept = bytearray()
        self._begun = False
        self._last = False
        self._started = 0

    @property
    def in_body(self) -> bool:
        """In the middle of a message whose head is known."""
        return self._body is not None

    def feed(self, data: bytes, at: int, actions: list[Action]) -> None:
        """Read `data`, append what came of it to `actions`. Raises Malformed."""
        if self.at_rest:
            self._started = at
        elif self._pending:
            data = self._pending + data
        searched = len(self._pending)
        self._pending = b""
        position = 0
        size = len(data)
        while position < size and not self.over:
            if self._body is None:
                position = self._read_head(data, position, searched, at, actions)
                searched = 0
            else:
                parts: list[bytes] = []
                position = self._body.read(data, position, parts)
                self._take(b"".join(parts), at, actions)
                if self._body.done:
                    self._finish(at, actions)
        self.at_rest = self._body is None and not self._pending

    def close(self, at: int, actions: list[Action]) -> None:
        """The side closed: end what ends with it, or what it left in the middle. Raises Malformed
        when that was a head."""
        if self._body is None:
            if self._pending:
                raise Malformed(400, "closed in the middle of a head")
            return
        if isinstance(self._body, UntilClose):
            self._finish(at, actions)
        else:
            if not self._begun:
                self._begin(at, actions, stream=True)
            self.abandon(at, actions)
        self.at_rest = True

    def abandon(self, at: int, actions: list[Action]) -> None:
        """End a begun message that will not be completed."""
        if self._begun:
            actions.append(Ended(self.side, self.number, (), at, complete=False))
            self._begun = False
        self._body = None

    def _read_head(
        self, data: bytes, position: int, searched: int, at: int, actions: list[Action]
    ) -> int:
        while data[position : position + 1] in (b"\r", b"\n"):  # RFC 9112 section 2.2
            position += 1
            if position == len(data):
                return position
        end = head_end(data, position, searched)
        if (end if end >= 0 else len(data)) - position > HEAD_LIMIT:
            raise Malformed(431, f"a head of more than {HEAD_LIMIT} bytes")
        if end < 0:
            self._pending = data[position:]
            self._check_start(self._pending[:64])
            return len(data)
        length = self._open(data[position:end], at, actions)
        if length != 0:
            self._body = body_reader(length)
            if length > LARGE or self._is_stream():
                self._begin(at, actions, stream=self._is_stream())
        return end

    def _take(self, data: bytes, at: int, actions: list[Action]) -> None:
        if not data:
            return
        if self._begun:
            actions.append(More(self.side, self.number, data, at))
            return
        self._kept += data
        if len(self._kept) > LARGE:
            self._begin(at, actions, stream=False)

    def _begin(self, at: int, actions: list[Action], *, stream: bool) -> None:
        self._begun = True
        head = self._build(b"", ())
        actions.append(Begun(self.side, self.number, head, self._started, stream=stream))
        if self._kept:
            actions.append(More(self.side, self.number, bytes(self._kept), at))
            self._kept = bytearray()

    def _finish(self, at: int, actions: list[Action]) -> None:
        assert self._body is not None
        trailers = self._body.trailers
        self._body = None
        if self._begun:
            self._begun = False
            actions.append(Ended(self.side, self.number, trailers, at, complete=True))
            self._count(at)
        else:
            body = bytes(self._kept)
            self._kept = bytearray()
            self._emit(body, trailers, at, actions)

    def _emit(self, body: bytes, trailers: Headers, at: int, actions: list[Action]) -> None:
        message = self._build(body, trailers)
        actions.append(Whole(self.side, self.number, message, self._started, at))
        self._count(at)

    def _count(self, at: int) -> None:
        self.number += 1
        self._started = at
        self.over = self.over or self._last

    def _check_start(self, start: bytes) -> None:
        raise NotImplementedError

    def _open(self, raw: bytes, at: int, actions: list[Action]) -> int:
        """Take a head; emit the message if that was all of it; the length of its body."""
        raise NotImplementedError

    def _is_stream(self) -> bool:
        raise NotImplementedError

    def _build(self, body: bytes, trailers: Headers) -> HttpRequest | HttpResponse:
        """The message whose head was opened, with this body."""
        raise NotImplementedError


class RequestReader(Incoming):
    """The client's side. `heard` is called with each head, in order, before its message comes."""

    __slots__ = ("_head", "_heard", "_obeys", "expecting")

    def __init__(self, heard: Callable[[RequestHead], object], *, obeys: bool = False) -> None:
        super().__init__(_CLIENT)
        self._heard = heard
        self._obeys = obeys
        """As the server we stop after a request that ends the connection (RFC 9112 section 9.6)."""
        self._head: RequestHead | None = None
        self.expecting = False
        """The client waits for 100 (Continue); whoever sends it sets this to False."""

    def whole(self, data: bytes, at: int) -> Whole | None:
        """The message when `data` is exactly one small one and nothing is pending. The fast path:
        None means nothing was done, and `feed` must be asked. Raises Malformed."""
        if not self.at_rest or self.over:
            return None
        head = REQUESTS.get(data)
        if head is not None and not head.length:
            message = head.message
        else:
            end = head_end(data)
            if end < 0 or data[0] <= _SPACE:
                return None
            head = request_head(data[:end])
            if head.length != len(data) - end or head.length > LARGE:
                return None
            message = _request(head, data[end:], ())
        self._heard(head)
        if self._obeys and head.close:
            self.over = True
        number = self.number
        self.number = number + 1
        return Whole(_CLIENT, number, message, at, at)

    def _count(self, at: int) -> None:
        super()._count(at)
        self.expecting = False

    def _check_start(self, start: bytes) -> None:
        check_start(start)

    def _open(self, raw: bytes, at: int, actions: list[Action]) -> int:
        head = request_head(raw)
        self._head = head
        self._heard(head)
        self._last = self._obeys and head.close
        if head.length:
            self.expecting = head.expects
        else:
            self._emit(b"", (), at, actions)
        return head.length

    def _is_stream(self) -> bool:
        return False

    def _build(self, body: bytes, trailers: Headers) -> HttpRequest:
        assert self._head is not None
        return _request(self._head, body, trailers)


class ResponseReader(Incoming):
    """The server's side. `methods` are those of the requests not yet answered, oldest first."""

    __slots__ = ("_head", "_methods", "closing", "upgraded")

    def __init__(self, methods: deque[str]) -> None:
        super().__init__(_SERVER)
        self._methods = methods
        self._head: ResponseHead | None = None
        self.closing = False
        """The connection cannot carry another exchange."""
        self.upgraded = ""
        """What both sides agreed to speak instead of HTTP from here on, for people."""

    def whole(self, data: bytes, at: int) -> Whole | None:
        """As `RequestReader.whole`."""
        if not self.at_rest or self.over or not self._methods:
            return None
        end = head_end(data)
        if end < 0 or data[0] <= _SPACE:
            return None
        head = response_head(data[:end])
        method = self._methods[0]
        length = 0 if method == "HEAD" else head.length
        if method == "CONNECT" or (head.stream and length) or head.message.status < 200:
            return None
        body = one_chunk(data, end) if length == CHUNKED else data[end:]
        if body is None or length not in (CHUNKED, len(body)) or len(body) > LARGE:
            return None
        self._methods.popleft()
        if head.close:
            self.closing = True
        number = self.number
        self.number = number + 1
        message = _response(head, body, ()) if body else head.message
        return Whole(_SERVER, number, message, at, at)

    def close(self, at: int, actions: list[Action]) -> None:
        """As `Incoming.close`."""
        self.closing = True
        super().close(at, actions)

    def _check_start(self, start: bytes) -> None:
        if not start.startswith(_RESPONSE_START[: len(start)]):
            raise Malformed(502, f"{start[:16]!r} where a response was to begin")

    def _open(self, raw: bytes, at: int, actions: list[Action]) -> int:
        head = response_head(raw)
        status = head.message.status
        if status < 200 and status != 101:
            self._started = at
            return 0
        if not self._methods:
            return self._unasked(status)
        method = self._methods.popleft()
        self._head = head
        self.closing = self.closing or head.close
        if status == 101 or (method == "CONNECT" and status < 300):
            self._emit(b"", (), at, actions)
            self.over = True
            self.upgraded = _upgrade(head.message)
            return 0
        length = 0 if method == "HEAD" else head.length
        if not length:
            self._emit(b"", (), at, actions)
        elif length == UNTIL_CLOSE:
            self.closing = True
        return length

    def _unasked(self, status: int) -> int:
        """A server may say 408 on its way out of an idle connection (RFC 9110 section 15.5.9)."""
        if status != 408:
            raise Malformed(502, f"a response ({status}) to no request")
        self.over = self.closing = True
        return 0

    def _is_stream(self) -> bool:
        assert self._head is not None
        return self._head.stream

    def _build(self, body: bytes, trailers: Headers) -> HttpResponse:
        assert self._head is not None
        return _response(self._head, body, trailers)


def _request(head: RequestHead, body: bytes, trailers: Headers) -> HttpRequest:
    """The message of a head with this body, content-decoded if it can be."""
    message = head.message
    if not body and not trailers:
        return message
    coding = ""
    if head.coding and body:
        decoded = decode(body, head.coding)
        if decoded is not None:
            body, coding = decoded, head.coding
    return HttpRequest(
        message.method, message.target, message.headers, body, trailers, coding, message.version
    )


def _response(head: ResponseHead, body: bytes, trailers: Headers) -> HttpResponse:
    message = head.message
    if not body and not trailers:
        return message
    coding = ""
    if head.coding and body:
        decoded = decode(body, head.coding)
        if decoded is not None:
            body, coding = decoded, head.coding
    return HttpResponse(
        message.status, message.reason, message.headers, body, trailers, coding, message.version
    )


def _upgrade(message: HttpResponse) -> str:
    if message.status != 101:
        return "a tunnel was opened with CONNECT"
    names = [value for name, value in message.headers if name.lower() == b"upgrade"]
    return "upgraded to " + (
        b", ".join(names).decode("ascii", "replace")[:40] or "another protocol"
    )
