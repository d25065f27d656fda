"""Where a request wants to go, and the bytes to send there: what a forward proxy must read.

Only heads are rewritten, bodies pass as they are. A listener that stands for one dependency has a
base; the forward proxy has none and takes the target from each absolute-form request line.
"""

from __future__ import annotations

import msgspec

from ci_gate.codecs.http1.authority import Authority, parse_authority, split_target
from ci_gate.codecs.http1.body import Reader, body_reader
from ci_gate.codecs.http1.framing import CHUNKED
from ci_gate.codecs.http1.head import HEAD_LIMIT, check_start, head_end, raw_request
from ci_gate.codecs.http1.malformed import Malformed
from ci_gate.codecs.http1.serialise import refusal
from ci_gate.model.message import Headers

__all__ = ["Authority", "Go", "HeadRewriter", "Refuse", "Send", "Step", "Tunnel"]


class Go(msgspec.Struct, frozen=True):
    """What is sent from here on is for this upstream."""

    scheme: str
    host: str
    port: int


class Send(msgspec.Struct, frozen=True):
    """Bytes for the upstream."""

    data: bytes


class Tunnel(msgspec.Struct, frozen=True):
    """CONNECT: connect there, say 200, and pass everything on; `rest` came with the head."""

    host: str
    port: int
    rest: bytes


class Refuse(msgspec.Struct, frozen=True):
    """This cannot be forwarded: answer with `data` and close."""

    data: bytes
    reason: str


Step = Go | Send | Tunnel | Refuse

_REMOVED = frozenset((b"proxy-connection", b"proxy-authorization"))


class HeadRewriter:
    """One client connection to a proxy listener. `base`: the one upstream it stands for.

    `feed` gives the steps its bytes ask for. A Go comes before the first request and whenever the
    upstream changes; the request line is sent in origin-form, Host names the upstream, fields that
    concern the proxy are removed. After `switch` everything passes as it is; after a Tunnel or a
    Refuse nothing more is read.
    """

    def __init__(self, base: Authority | None) -> None:
        self._base = base
        self._upstream: Authority | None = None
        self._pending = b""
        self._body: Reader | None = None
        self._raw = False
        self._over = False

    def feed(self, data: bytes) -> list[Step]:
        """Never raises for what a client sent: what cannot be read is a Refuse."""
        steps: list[Step] = []
        if self._over:
            return steps
        searched = len(self._pending)
        data = self._pending + data
        self._pending = b""
        position = 0
        try:
            while position < len(data) and not self._over:
                if self._raw:
                    steps.append(Send(data[position:]))
                    break
                if self._body is not None:
                    position = self._pass_body(data, position, steps)
                else:
                    position = self._read_head(data, position, searched, steps)
                    searched = 0
        except Malformed as error:
            self._over = True
            steps.append(Refuse(refusal(error.status, str(error)), str(error)))
        return steps

    def switch(self) -> None:
        """The upstream has agreed to an upgrade (101): what follows is not HTTP. An upgrade that
        was only asked for changes nothing; some clients ask with every first request."""
        self._raw = True

    def _pass_body(self, data: bytes, position: int, steps: list[Step]) -> int:
        assert self._body is not None
        end = self._body.read(data, position, [])
        steps.append(Send(data[position:end]))
        if self._body.done:
            self._body = None
        return end

    def _read_head(self, data: bytes, position: int, searched: int, steps: list[Step]) -> int:
        while data[position : position + 1] in (b"\r", b"\n"):
            position += 1
            if position == len(data):
                return position
        end = head_end(data, position, searched)
        if (end if end >= 0 else len(data)) - position > HEAD_LIMIT:
            raise Malformed(431, f"a head of more than {HEAD_LIMIT} bytes")
        if end < 0:
            self._pending = data[position:]
            check_start(self._pending[:64])
            return len(data)
        head, target, headers = raw_request(data[position:end])
        if head.message.method == "CONNECT":
            return self._open_tunnel(target, data[end:], steps)
        upstream, origin = self._upstream_of(target)
        if upstream != self._upstream:
            self._upstream = upstream
            steps.append(Go(upstream.scheme, upstream.host, upstream.port))
        method = head.message.method.encode("ascii")
        line = b"%b %b HTTP/%b" % (method, origin, head.message.version.encode("ascii"))
        steps.append(Send(_rewritten(line, headers, upstream, chunked=head.length == CHUNKED)))
        self._body = body_reader(head.length) if head.length else None
        return end

    def _open_tunnel(self, target: bytes, rest: bytes, steps: list[Step]) -> int:
        if self._base is not None:
            raise Malformed(400, "CONNECT on an address that stands for one dependency")
        authority = parse_authority(target, "https")
        self._over = True
        steps.append(Tunnel(authority.host, authority.port, rest))
        return 0

    def _upstream_of(self, target: bytes) -> tuple[Authority, bytes]:
        scheme, authority, origin = split_target(target)
        if self._base is not None:
            return self._base, origin
        if not scheme:
            raise Malformed(400, "this is a proxy: the request line must name a whole URL")
        if scheme not in ("http", "https"):
            raise Malformed(400, f"the scheme {scheme} is not known")
        return parse_authority(authority, scheme), origin


def _rewritten(line: bytes, headers: Headers, upstream: Authority, *, chunked: bool) -> bytes:
    lines = [line]
    named = False
    for name, value in headers:
        lower = name.lower()
        if lower == b"host":
            if not named:
                lines.append(b"%b: %b" % (name, upstream.field))
            named = True
        elif lower not in _REMOVED and not (chunked and lower == b"content-length"):
            # chunked and a length: only one may be passed on (RFC 9112 section 6.3)
            lines.append(b"%b: %b" % (name, value))
    if not named:
        lines.insert(1, b"Host: " + upstream.field)
    return b"\r\n".join(lines) + b"\r\n\r\n"
