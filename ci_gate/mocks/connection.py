"""One connection of the service to a mock: asked, matched, answered in the order of the requests."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ci_gate.codecs.base import (
    Action,
    Begun,
    Bytes,
    Close,
    Ended,
    Listener,
    More,
    Published,
    Recalling,
    Role,
    Side,
    StartTLS,
    Undecodable,
    Whole,
)
from ci_gate.codecs.http1.digest import BodyDigest
from ci_gate.codecs.http1.head import head_end, is_stream
from ci_gate.correlation.trace import trace_ids
from ci_gate.mocks.bound import Answer
from ci_gate.mocks.hosts import host_of, host_port, named, refusal
from ci_gate.mocks.matcher import MISS
from ci_gate.mocks.mock import Known, LiveCall, Mock
from ci_gate.model.exchange import GAVE_UP
from ci_gate.model.message import HttpRequest, HttpResponse, Message, Pieces, Raw, Stored
from ci_gate.net.connection import Connection
from ci_gate.net.tls import begins_tls

if TYPE_CHECKING:
    from ci_gate.mocks.server import MockServer

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
TELEMETRY_ANSWER = HttpResponse(200, b"OK", ((b"Content-Type", b"application/json"),), b"{}")
LOOK = 0.001
"""Seconds between looks at whether an answer is still to be kept."""
QUEUE_LIMIT = 256
"""Answers that may wait on one connection; whoever asks for more is not read for a while."""


class MockConnection(Connection):
    """A connection of the service to a mock, or to the proxy before a host is known."""

    __slots__ = (
        "_alone",
        "_asked",
        "_busy",
        "_conversation",
        "_mock",
        "_queue",
        "_recalling",
        "_server",
        "_timer",
        "_tunnel",
        "_upload",
        "_upload_began",
        "number",
    )

    def __init__(self, server: MockServer, mock: Mock | None) -> None:
        super().__init__()
        self.paused_by = self  # who does not read answers need not ask for more
        self._server = server
        self._mock = mock
        self.number = server.opened = server.opened + 1
        self._tunnel: tuple[str, int] | None = None
        """Host and port of a CONNECT whose first bytes have not come yet."""
        self._upload: BodyDigest | None = None
        self._upload_began = 0
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        """An answer is being waited for or streamed; the next ones queue."""
        self._queue: deque[tuple[Answer, int]] = deque()
        """Answers to be said, and when (monotonic nanoseconds; 0 = at once)."""
        self._alone = b""
        """What was heard last, when it gave one action and no more."""
        self._asked: deque[Whole] = deque()
        """What a conversation went on to ask when it was answered."""
        if mock is None:
            self._conversation = server.http.converse(Role.MOCK)
        else:
            self._conversation = mock.codec.converse(Role.MOCK, mock.session)
        known = self._conversation
        self._recalling = known if isinstance(known, Recalling) else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop's callback."""
        super().connection_made(transport)
        self._server.connections.add(self)
        if self._mock is not None and self._mock.codec.name == "raw":
            self._refuse_raw(self._mock)

    def _refuse_raw(self, mock: Mock) -> None:
        """Bytes that nobody understands cannot be answered: fail closed, and say so."""
        at = time.monotonic_ns()
        self._server.missed(mock, Raw(), self._server.correlation.groups(at), at)
        self.close()

    def lost(self) -> None:
        """The service closed it."""
        self.paused_by = None
        self._server.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        self._queue.clear()

    def tls_failed(self, reason: str) -> None:
        """Most often the service does not trust our certificate."""
        self._note(f"TLS with the service failed ({reason}): see docs/clients.md")

    def failed(self, error: Exception) -> None:
        """A bug of ours, or input that we are not up to, costs one connection."""
        self._note(f"a connection failed ({type(error).__name__}: {error})")

    def _note(self, text: str) -> None:
        """Telemetry is left out, whatever it speaks."""
        mock = self._mock
        if mock is None or not mock.telemetry:
            self._server.note("the proxy" if mock is None else mock.name, text)

    def heard(self, data: bytes) -> None:
        """Plaintext from the service."""
        mock = self._mock
        if mock is not None:
            known = mock.known.get(data)
            if known is not None and self._is_known(known):
                self._answer_known(mock, data, known)
                return
        if self._tunnel is not None and data:
            host, port = self._tunnel
            self._tunnel = None
            if self._open_tunnel(host, port, data):
                return
        rest = b""
        if self._mock is None and data.startswith(b"CONNECT "):
            end = head_end(data)
            if 0 < end < len(data):  # what follows is for the tunnel
                data, rest = data[:end], data[end:]
        fresh = self._conversation.reusable
        actions = self._conversation.feed(Side.CLIENT, data, time.monotonic_ns())
        self._alone = data if fresh and len(actions) == 1 else b""
        for action in actions:
            if type(action) is Whole:
                self._ask(action.message, action.started)
            else:
                self._do(action)
        self._go_on()
        if rest:
            self.heard(rest)

    def _go_on(self) -> None:
        """Answer what was asked after an answer; a pipeline may be any number of statements."""
        while self._asked and not self._busy:
            asked = self._asked.popleft()
            self._ask(asked.message, time.monotonic_ns())

    def _do(self, action: Action) -> None:
        if isinstance(action, Bytes):
            self.send(action.data)
        elif isinstance(action, Close):
            self.close()
        elif isinstance(action, Whole):
            self._asked.append(action)
        elif isinstance(action, StartTLS):
            self._speak_tls(action)
        elif isinstance(action, Begun):
            assert isinstance(action.message, HttpRequest)
            self._upload, self._upload_began = BodyDigest(action.message), action.started
        elif isinstance(action, More) and self._upload is not None:
            self._upload.add(action.data)
        elif isinstance(action, Ended) and self._upload is not None:
            upload, self._upload = self._upload, None
            if action.complete:
                self._ask(upload.whole(action.trailers), self._upload_began)
        elif isinstance(action, Undecodable):
            if action.left and self._mock is not None:
                self._server.left(self._mock, action.reason)
            else:
                self._note(action.reason)
        elif isinstance(action, Published):
            self._server.publish(self._mock, action)

    def tell(self, mock: Mock | None, told: Published) -> None:
        """Something was published on a connection to `mock`."""
        conversation = self._conversation
        if mock is self._mock and isinstance(conversation, Listener):
            for action in conversation.tell(told.topic, told.data):
                self._do(action)

    def _speak_tls(self, action: StartTLS) -> None:
        assert self._mock is not None, "the proxy's conversations do not ask for it"
        context = self._server.listener_tls(self._mock.codec.alpn)
        self.start_tls(context, server_side=True)
        if action.heard:
            self.data_received(action.heard)

    def _ask(self, request: Message, at: int) -> None:
        if self._mock is None:
            self._ask_proxy(request, at)
        else:
            self._answer(self._mock, request, at)

    def _answer(self, mock: Mock, request: Message, at: int) -> None:
        if mock.telemetry:
            self._say(TELEMETRY_ANSWER)
            return
        alone, self._alone = self._alone, b""
        request = self._server.recorded(mock.codec, request)
        bucket = mock.matcher.exact(mock.codec.full(request))
        answer = self._server.answer(mock, request, bucket, at, self)
        if self._sayable(answer):
            self._say_now(mock, alone, Known(request, bucket), answer)
        else:
            self._put(answer, self._due(answer, at))

    def _say_now(self, mock: Mock, alone: bytes, asked: Known, answer: Answer) -> None:
        """Say it; `alone`, if any, asked this and no more: remembered where it will mean the same."""
        assert answer.message is not None
        said = self._conversation.say(Side.SERVER, answer.message, answer.prepared)
        for action in said:
            self._do(action)
        if not alone or len(said) != 1 or not self._conversation.reusable:
            return
        if self._recalling is not None:
            data = said[0].data if isinstance(said[0], Bytes) else b""
            premise = self._recalling.premise(alone, answer.message, data)
            asked = Known(asked.request, asked.bucket, premise)
        if self._recalling is None or asked.premise is not None:
            mock.remember(alone, asked)

    def _is_known(self, known: Known) -> bool:
        recalling, free = self._recalling, not self._busy and self._conversation.reusable
        return free and (recalling is None or recalling.holds(known.premise))

    def _answer_known(self, mock: Mock, data: bytes, known: Known) -> None:
        """Bytes that were one whole request before, and mean the same now, need not be read."""
        at = time.monotonic_ns()
        request = self._recalling.asked(known.request) if self._recalling else known.request
        answer = self._server.answer(mock, request, known.bucket, at, self)
        said, sayable = answer.prepared, self._sayable(answer)
        if sayable and self._recalling is not None and answer.message is not None:
            said = self._recalling.again(known.premise, answer.message)
        if sayable and said:
            self.send(said)
            return
        self._conversation.feed(Side.CLIENT, data, at)  # it must know what will be answered
        if sayable:
            self._say_now(mock, data, known, answer)
        else:
            self._put(answer, self._due(answer, at))

    def _sayable(self, answer: Answer) -> bool:
        """True when it can be said now, in one piece."""
        return (
            answer.prepared is not None
            and answer.kept is None
            and not self._busy
            and not self._full
            and not answer.wait
            and not self._server.recorded_latency
        )

    def _due(self, answer: Answer, at: int) -> int:
        wait = answer.took if self._server.recorded_latency else answer.wait
        return at + int(wait * 1e6) if wait else 0

    # Answers leave in the order of the requests.

    def _say(self, message: Message) -> None:
        self._put(Answer(message, None, 0.0), 0)

    def _put(self, answer: Answer, due: int) -> None:
        self._queue.append((answer, due))
        if len(self._queue) > QUEUE_LIMIT:
            self.pause()
        if not self._busy:
            self._next()

    def _next(self) -> None:
        """Say the answers whose turn it is, as far as the client takes them."""
        queue = self._queue
        waited = len(queue) > QUEUE_LIMIT
        while queue and not self._busy and not self._full:
            answer, due = queue.popleft()
            self._in_turn(answer, due)
        if waited and len(queue) <= QUEUE_LIMIT and not self.full:
            self.resume()

    def resume_writing(self) -> None:
        """The loop's callback: our send buffer has room again."""
        super().resume_writing()
        self._next()
        self._go_on()

    def _in_turn(self, answer: Answer, due: int) -> None:
        self._busy, now = True, time.monotonic_ns()
        if due <= now and (answer.kept is None or answer.kept(now)):
            self._begin(answer)
            return
        left = max((due - now) / 1e9, LOOK)
        self._timer = asyncio.get_running_loop().call_later(left, self._in_time, answer, due)

    def _in_time(self, answer: Answer, due: int) -> None:
        self._timer = None
        self._in_turn(answer, due)
        self._next()
        self._go_on()

    def _begin(self, answer: Answer) -> None:
        """Say an answer; `_busy` stays on while its body is streamed, and for good after an answer
        that never ends."""
        message = answer.message
        if message is None:
            if answer.error != GAVE_UP:
                self.close()
            return
        for action in self._conversation.say(Side.SERVER, message, answer.prepared):
            self._do(action)
        body = message.body
        if isinstance(body, Stored):
            self.stream(self._framed(self._server.chunks(body)), lambda: self._complete(message))
        elif isinstance(body, Pieces):
            pieces = (piece.data for piece in body.items)
            done = self._complete if body.complete else self._broke_off
            self.stream(self._framed(pieces), lambda: done(message))
        else:
            self._busy = False

    def _framed(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            said = self._conversation.say_more(Side.SERVER, chunk)
            yield from (action.data for action in said if isinstance(action, Bytes))

    def _complete(self, message: Message) -> None:
        trailers = message.trailers if isinstance(message, HttpResponse) else ()
        for action in self._conversation.say_end(Side.SERVER, trailers):
            self._do(action)
        self._busy = False
        self._next()

    def _broke_off(self, message: Message) -> None:
        """The recorded answer had no end: a stream stays open and silent, any other was cut off."""
        if not (isinstance(message, HttpResponse) and is_stream(message.headers)):
            self.close()

    # The forward proxy: a host comes with every request (absolute-form) or once (CONNECT).

    def _ask_proxy(self, request: Message, at: int) -> None:
        assert isinstance(request, HttpRequest)
        if request.method == "CONNECT":
            host, port = host_port(request.target.decode("latin-1"), 443)
            known = self._server.find("https", host, port) or self._server.find("http", host, port)
            if known is None or self._busy:
                self._refuse(host, port, None, at)
                return
            self._tunnel = (host, port)
            self.send(ESTABLISHED)
            self._conversation = self._server.http.converse(Role.MOCK)
            return
        host, port = host_port(host_of(request), 80)
        mock = self._server.find("http", host, port) if host else None
        if mock is not None:
            self._answer(mock, request, at)
        elif host:
            self._refuse(host, port, request, at)
        else:
            self._say(refusal("this is a proxy: send it absolute-form requests or CONNECT"))

    def _open_tunnel(self, host: str, port: int, data: bytes) -> bool:
        """The first bytes in a CONNECT tunnel. True when they were TLS and have been taken."""
        server = self._server
        tls = begins_tls(data)
        self._mock = server.find("https" if tls else "http", host, port)
        if self._mock is None:
            at = time.monotonic_ns()
            groups = server.correlation.groups(at)
            server.log(LiveCall(named(host, port), None, None, MISS, groups, at, new_host=True))
            self.close()
            return True
        self._conversation = self._mock.codec.converse(Role.MOCK)
        if tls:
            self.start_tls(server.certificates.server_context(host), server_side=True)
            self.data_received(data)
        return tls

    def _refuse(self, host: str, port: int, request: HttpRequest | None, at: int) -> None:
        server = self._server
        traces = trace_ids(request.headers) if request is not None else frozenset[bytes]()
        groups = server.correlation.groups(at, traces)
        server.log(LiveCall(named(host, port), request, None, MISS, groups, at, new_host=True))
        self._say(refusal(f"{named(host, port)} is not in the snapshot"))
