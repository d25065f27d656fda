"""A message as it may be written: our own addresses as names, secrets as stand-ins."""

from __future__ import annotations

import hmac

import msgspec

from ci_gate.codecs.addressed import with_names
from ci_gate.codecs.base import Codec
from ci_gate.codecs.fitting import fitted, withheld
from ci_gate.codecs.http1.coding import still_coded
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import (
    HttpRequest,
    HttpResponse,
    Message,
    Opaque,
    Part,
    PgResult,
    PgStatement,
    RedisCommand,
    RedisReply,
    in_any_block,
)
from ci_gate.values.addresses import Addresses
from ci_gate.values.places import fold
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.tokens import with_claims, with_tokens

_REPEATED = PgStatement | PgResult | RedisCommand | RedisReply
KNOWN = 8192
"""Messages that are known to be clean."""
KNOWN_BYTES = 2048
"""Longest body of one of them."""


class Cleaner:
    """Cleans the messages of one recording. Equal values get equal stand-ins throughout."""

    def __init__(self, redactor: Redactor, addresses: Addresses, key: bytes) -> None:
        self.redactor = redactor
        self._addresses = addresses
        self._key = key
        """Hashes what cannot be looked into."""
        self._clean: dict[tuple[str, Message], Message] = {}
        """Statements, commands and their answers that hold no secret -> with our addresses as
        names. Databases are told the same, and say the same, again and again."""
        self._learned = redactor.learned

    def clean(self, codec: Codec, message: Message, side: str) -> tuple[Message, tuple[str, ...]]:
        """The clean message and the places that hold stand-ins; `side`: "request" or "response"."""
        if not isinstance(message, _REPEATED) or not isinstance(message.body, bytes):
            return self._cleaned(codec, message, side)
        if self._learned != self.redactor.learned or len(self._clean) >= KNOWN:
            self._clean.clear()
            self._learned = self.redactor.learned
        heard = (side, in_any_block(message))
        known = self._clean.get(heard)
        if known is not None:
            return _of_block(known, message), ()
        clean, places = self._cleaned(codec, message, side)
        if not places and len(message.body) <= KNOWN_BYTES:
            self._clean[heard] = in_any_block(clean)
        return clean, places

    def _cleaned(
        self, codec: Codec, message: Message, side: str
    ) -> tuple[Message, tuple[str, ...]]:
        try:
            return self._with_stand_ins(codec, message, side)
        except ValueError:
            # Nothing of it is written rather than what may hold a secret.
            self.redactor.unfit[
                f"{side}: it could not be made anew without its secrets: withheld"
            ] += 1
            return withheld(message), ()

    def _with_stand_ins(
        self, codec: Codec, message: Message, side: str
    ) -> tuple[Message, tuple[str, ...]]:
        message = with_names(codec, self._without_coded(message), self._addresses)
        message = with_tokens(message, self._token_with_names)
        changed: dict[str, Part] = {}
        places: list[str] = []
        for part in codec.places(message):
            clean, redacted = self.redactor.part(part, side)
            if redacted:
                changed[part.place], unfit = fitted(message, part, clean)
                self.redactor.unfit.update(
                    f"{side}.{fold(place)}: its type holds no stand-in: kept as NULL"
                    for place in unfit
                )
                places.extend(f"{side}.{place}" for place in redacted)
        if changed:
            message = codec.with_places(message, changed)
        return message, tuple(places)

    def _token_with_names(self, text: str) -> str:
        """A provider calls itself, in its tokens, what it was called by."""
        return with_claims(text, self._addresses.to_names)

    def _without_coded(self, message: Message) -> Message:
        """A body in a coding that could not be undone cannot be redacted: size and hash are kept."""
        if not isinstance(message, HttpRequest | HttpResponse) or not still_coded(message):
            return message
        body = message.body
        if not isinstance(body, bytes) or not body:
            return message
        digest = hmac.digest(self._key, body, "sha256").hex()
        return msgspec.structs.replace(message, body=Opaque(len(body), digest))


def _of_block(clean: Message, heard: Message) -> Message:
    """A clean message in the transaction in which it was heard."""
    if not isinstance(heard, PgStatement) or not heard.block:
        return clean
    return msgspec.structs.replace(clean, block=heard.block)


def again(redactor: Redactor, key: bytes, exchange: Exchange, codec: Codec) -> Exchange:
    """A kept exchange without the secrets that later ones have given away: a key that a page
    shows, and that clients then send in a header. Bodies in files stay as they are."""
    if not redactor.remembers:
        return exchange
    cleaner = Cleaner(redactor, Addresses({}), key)
    request, asked = cleaner.clean(codec, exchange.request, "request")
    found = dict.fromkeys((*exchange.redacted, *asked))
    response = exchange.response
    if response is not None:
        response, answered = cleaner.clean(codec, response, "response")
        found |= dict.fromkeys(answered)
    route = codec.route(request) if asked else exchange.route
    return msgspec.structs.replace(
        exchange, route=route, request=request, response=response, redacted=tuple(found)
    )
