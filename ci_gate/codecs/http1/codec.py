"""The HTTP/1.x codec: conversations, and pure functions over requests and responses."""

from __future__ import annotations

import msgspec

from ci_gate.codecs.base import Conversation, Role
from ci_gate.codecs.http1 import keys, places, serialise
from ci_gate.codecs.http1.conversation import Mocking, Recording, Replaying
from ci_gate.model.exchange import Exchange, Facts
from ci_gate.model.message import HttpRequest, HttpResponse, Key, Message, Part


class Http1:
    """HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112). See `codecs.base.Codec` for what each does."""

    name = "http"
    alpn: tuple[str, ...] = ("http/1.1",)

    def converse(self, role: Role, session: dict[str, str] | None = None) -> Conversation:
        """A conversation for one new connection; HTTP/1.x has no handshake, so no session."""
        if role is Role.MOCK:
            return Mocking()
        if role is Role.REPLAY:
            return Replaying()
        return Recording()

    def refusal(self, reason: str) -> bytes:
        """502 without a word: whoever asks gets it, and the reason is in our notes."""
        return b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    def full(self, request: Message) -> tuple[object, ...]:
        """See `keys.full`."""
        assert isinstance(request, HttpRequest)
        return keys.full(request)

    def key(self, request: Message) -> Key:
        """See `keys.key`."""
        return keys.key(_request(request))

    def local(self, request: Message, shared: dict[str, object]) -> Message | None:
        """Nothing: every HTTP request means something to the dependency."""
        return None

    def about_session(self, request: Message) -> bool:
        """Nothing is."""
        return False

    def miss(self, request: Message, reason: str) -> Message:
        """501 and a short JSON body: the call and why nothing was served."""
        text = {
            "error": "ci-gate: no recorded exchange",
            "call": keys.label(_request(request)),
            "reason": reason,
        }
        return HttpResponse(
            status=501,
            reason=b"Not Implemented",
            headers=((b"Content-Type", b"application/json"),),
            body=msgspec.json.encode(text) + b"\n",
        )

    def fit(self, recorded: Message, request: Message) -> Message:
        """As recorded: what HEAD and HTTP/1.0 change, `say` changes."""
        return recorded

    def places(self, message: Message) -> tuple[Part, ...]:
        """See `places.places`."""
        return places.places(_http(message))

    def with_places(self, message: Message, parts: dict[str, Part]) -> Message:
        """See `places.with_places`."""
        return places.with_places(_http(message), parts)

    def route(self, request: Message) -> str:
        """ "GET /orders/{id}"; for the config's own routes see `routes.match_route`."""
        return keys.route(_request(request))

    def label(self, request: Message) -> str:
        """ "POST /charges?dry=1"."""
        return keys.label(_request(request))

    def facts(self, exchange: Exchange) -> Facts:
        """See `keys.facts`."""
        return keys.facts(exchange)

    def prepare(self, message: Message) -> bytes:
        """See `serialise.prepare`."""
        return serialise.prepare(_http(message))


def _request(message: Message) -> HttpRequest:
    assert isinstance(message, HttpRequest)
    return message


def _http(message: Message) -> HttpRequest | HttpResponse:
    assert isinstance(message, HttpRequest | HttpResponse)
    return message
