"""Identity: the tokens of a recording, signed anew with keys of this run and moved to its time.

A snapshot holds no signature that verifies: what signed a token stays outside, and stand-ins take
its place. So each run has keys of its own. A mocked key set (JWKS) tells the service their public
halves, a shared secret reaches it through its environment, and every recorded token is signed with
them when it is sent. One recorded token is one live token for the whole run, and back.

What did not verify when it was recorded must not verify now, or nobody would notice a service that
no longer looks: such tokens keep a signature that is none, and their times move like all others, so
that the signature is all that is wrong with them. What was out of date stays out of date.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TypeVar

import msgspec

from ci_gate.correlation.evidence import PartsOf, broken_tokens, is_refused
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import HttpRequest, HttpResponse, Message
from ci_gate.model.snapshot import Snapshot
from ci_gate.values.addresses import Addresses
from ci_gate.values.jwks import Jwk, fits, is_shared, key_set, sign_shared, with_keys
from ci_gate.values.signing import PrivateKey, half_hash, public_like, sign
from ci_gate.values.tokens import (
    Token,
    decoded,
    encoded,
    has_claim,
    moved,
    phase,
    read_token,
    replaced,
    tokens_in,
    with_claim,
    with_tokens,
)
from ci_gate.values.webhooks import JWT_FORMS, Signing, is_signed, key_of, seal

M = TypeVar("M", bound=Message)
_NOWHERE = Addresses({})


class RunSecret(msgspec.Struct, frozen=True):
    """A secret that the service gets in this run, and what it signs."""

    signing: Signing
    text: str

    @property
    def key(self) -> bytes:
        """What signs."""
        return key_of(self.signing.form, self.text)


class RunKey(msgspec.Struct, frozen=True):
    """A recorded public key and the private one that stands for its owner's in this run."""

    recorded: Jwk
    private: PrivateKey


class _Tokens(msgspec.Struct, frozen=True):
    """What a token endpoint answers (OpenID Connect Core section 3.1.3.3)."""

    access_token: str
    id_token: str


class Times(msgspec.Struct, frozen=True):
    """The service's time in a run: `by(at)` is how many seconds later it is than the recording's
    for something recorded `at` milliseconds after its start. `steady`: always the same."""

    by: Callable[[float], int] = lambda _: 0
    steady: bool = True


class Identity:
    """The tokens and signatures of one run. Call `begin` before anything is sent.

    `kept`: lower-case names of headers that are not ours to sign: the configuration sets them.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        parts_of: PartsOf,
        keys: Sequence[RunKey] = (),
        secrets: Sequence[RunSecret] = (),
        kept: Collection[bytes] = (),
    ) -> None:
        self._keys = tuple(keys)
        self.secrets = {one.signing.secret: one.text for one in secrets}
        """What `${secret.NAME}` of service.env stands for, by name."""
        tokens = [one.key for one in secrets if one.signing.form in JWT_FORMS]
        self._secret = tokens[0] if tokens else None
        """Signs HS256 and its like; None: nobody has told it to the service."""
        self._sealing = [one for one in secrets if not set(one.signing.headers) & set(kept)]
        self._times = Times()
        self._addresses = _NOWHERE
        self._start = started_at(snapshot)
        self._tokens = recorded_tokens(snapshot)
        """Text as recorded -> token."""
        self._made = {
            text
            for one in snapshot.inbound
            if one.response is not None
            for text in tokens_in(one.response)
        }
        """What the service's own answers hold."""
        self._broken = broken_tokens(snapshot, self._tokens, self._start, parts_of)
        self._beside: dict[str, str] = {}
        """Identity token -> the live access token that came with it."""
        self._live: dict[tuple[str, str], str] = {}
        self._recorded: dict[str, str] = {}

    def begin(self, times: Times, addresses: Addresses = _NOWHERE) -> None:
        """The service's time is known, and every live address: claims name them (`iss`). Called
        again when it turns out to be another: tokens are made anew."""
        self._live.clear()
        self._times = times
        self._addresses = addresses

    @property
    def steady(self) -> bool:
        """True when a token does not depend on when it is sent."""
        return self._times.steady

    def carries(self, request: Message) -> bool:
        """True when a recorded request holds a token, or a signature."""
        if any(text in self._tokens for text in tokens_in(request)):
            return True
        headers = request.headers if isinstance(request, HttpRequest) else ()
        return any(is_signed(one.signing, headers) for one in self._sealing)

    def request(self, exchange: Exchange, message: Message) -> Message:
        """The request of an inbound exchange, `message` but for that as it will be sent, with this
        run's tokens and signatures."""
        message = self.live(message, exchange.at)
        if not isinstance(message, HttpRequest) or not isinstance(message.body, bytes):
            return message
        headers = message.headers
        for one in self._sealing if not message.coding else ():
            if is_signed(one.signing, headers):
                spoilt = is_refused(exchange, one.signing.headers)
                by = self._times.by(exchange.at)
                headers = seal(one.signing, one.key, headers, message.body, by, spoilt=spoilt)
        if headers is message.headers:
            return message
        return msgspec.structs.replace(message, headers=headers)

    def live(self, message: M, at: float) -> M:
        """A recorded message with this run's tokens; `at`: when it was recorded, milliseconds."""
        return with_tokens(message, lambda text: self._live_token(text, at))

    def answered(self, exchange: Exchange) -> Exchange:
        """A recorded call with the answer that its mock gives: this run's tokens in it, and a key
        set tells the keys of this run."""
        response = exchange.response
        if response is None:
            return exchange
        self._pair(response, exchange.at)
        new = self._with_keys(response) or self.live(response, exchange.at)
        return exchange if new is response else msgspec.structs.replace(exchange, response=new)

    def _pair(self, response: Message, at: float) -> None:
        """An identity token is bound to the access token beside it (`at_hash`)."""
        if not isinstance(response, HttpResponse) or not isinstance(response.body, bytes):
            return
        if b'"id_token"' not in response.body:
            return
        with contextlib.suppress(msgspec.DecodeError, ValueError, RecursionError):
            told = msgspec.json.decode(response.body, type=_Tokens)
            if has_claim(self._tokens.get(told.id_token), "at_hash"):
                self._beside[told.id_token] = self._live_token(told.access_token, at)

    def _with_keys(self, response: Message) -> Message | None:
        """None: it is no key set."""
        if not isinstance(response, HttpResponse) or not isinstance(response.body, bytes):
            return None
        keys = key_set(response.body)
        if not keys:
            return None
        body = with_keys(response.body, tuple(self._public(one) for one in keys))
        return msgspec.structs.replace(response, body=body)

    def recorded(self, message: M) -> M:
        """A live message with the recorded tokens instead of those of this run."""
        if not self._recorded:
            return message
        return with_tokens(message, lambda text: self._recorded.get(text, text))

    @property
    def held(self) -> frozenset[str]:
        """The recorded tokens that were sent in this run and can only come back as themselves: none
        of those that the service makes."""
        return frozenset(self._recorded.values()) - self._made

    @property
    def issued(self) -> bool:
        """True when a token of this run is about."""
        return bool(self._recorded)

    def live_in(self, data: bytes, at: float) -> bytes:
        """What `live` does to a message, for bytes of one."""
        return replaced(data, lambda text: self._live_token(text, at))

    def recorded_in(self, data: bytes) -> bytes:
        """What `recorded` does to a message, for bytes of one."""
        return replaced(data, lambda text: self._recorded.get(text, text))

    def vary(self, text: str) -> str:
        """Take a recorded token with other claims (values that travel) for one of the recording;
        returns it as it is: it is signed when it is sent."""
        token = read_token(text)
        if token is not None and text not in self._tokens:
            self._tokens[text] = token
            known = [one for one in self._broken if one.endswith(f".{token.signature}")]
            if known:
                self._broken.add(text)
        return text

    def _public(self, jwk: Jwk) -> Jwk:
        for key in self._keys:
            if same_key(key.recorded, jwk):
                return public_like(jwk, key.private)
        return jwk

    def _live_token(self, text: str, at: float) -> str:
        token = self._tokens.get(text)
        if token is None:
            return text
        when = "" if self.steady else phase(token, self._start + at / 1000)
        live = self._live.get((text, when))
        if live is None:
            live = self._live[text, when] = self._signed(token, text, self._times.by(at))
            self._recorded[live] = text
        return live

    def _signed(self, token: Token, text: str, by: int) -> str:
        token = moved(token, by)
        claims = self._addresses.to_live(token.claims)
        token = msgspec.structs.replace(token, claims=claims)
        if token.alg.lower() == "none":
            return f"{token.signed}."
        access = self._beside.get(text)
        if access is not None:
            token = with_claim(token, "at_hash", half_hash(token.alg, access))
        # A bad signature is made with the right key over something else.
        spoilt = b" " if text in self._broken else b""
        signature = self._signature(token, token.signed.encode() + spoilt)
        if signature is None:
            # The stand-in, written as base64url is: strict libraries look at its last letter.
            signature = decoded(token.signature) or b""
        return f"{token.signed}.{encoded(signature)}"

    def _signature(self, token: Token, data: bytes) -> bytes | None:
        """None: this run has no key that the service would try."""
        if is_shared(token.alg):
            return None if self._secret is None else sign_shared(token.alg, self._secret, data)
        for key in self._keys:
            if signs(key.recorded, token):
                return sign(token.alg, key.private, data)
        return None


def signs(jwk: Jwk, token: Token) -> bool:
    """True when a public key is the one by which a token is to be verified."""
    return fits(jwk, token.alg) and token.kid in ("", jwk.get("kid", ""))


def same_key(one: Jwk, other: Jwk) -> bool:
    """True for one key, told in two answers."""
    return all(one.get(name) == other.get(name) for name in ("kid", "kty", "crv", "n", "x"))


def started_at(snapshot: Snapshot) -> float:
    """The recording's start in seconds since 1970; 0 when the snapshot does not say."""
    try:
        moment = datetime.datetime.fromisoformat(snapshot.origin.recorded_at)
    except ValueError:
        return 0.0
    zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=datetime.UTC)
    return zoned.timestamp()


def recorded_tokens(snapshot: Snapshot) -> dict[str, Token]:
    """The tokens that clients and dependencies have sent, by their text."""
    found: dict[str, Token] = {}
    for message in _sent(snapshot):
        for text in tokens_in(message):
            if text not in found and (token := read_token(text)) is not None:
                found[text] = token
    return found


def _sent(snapshot: Snapshot) -> Iterable[Message]:
    yield from (one.request for one in snapshot.inbound)
    yield from (one.response for one in snapshot.outbound if one.response is not None)


def needed_keys(snapshot: Snapshot, tokens: Iterable[Token]) -> tuple[Jwk, ...]:
    """The recorded public keys by which a recorded token is to be verified, once each."""
    wanted = list(tokens)
    found: list[Jwk] = []
    for exchange in snapshot.outbound:
        for jwk in _told(exchange):
            if any(signs(jwk, one) for one in wanted) and not any(
                same_key(jwk, one) for one in found
            ):
                found.append(jwk)
    return tuple(found)


def _told(exchange: Exchange) -> tuple[Jwk, ...]:
    response = exchange.response
    return key_set(response.body) if isinstance(response, HttpResponse) else ()
