"""What was signed well while recording: tokens by the keys that dependencies tell, and what our own
secrets sign. Pure. Facts are kept, neither keys nor secrets.

A token is verified when the exchange that it came in is complete: by then the service has asked for
the key, if it had to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ci_gate.codecs.base import Codec
from ci_gate.model.message import HttpRequest, HttpResponse, Message
from ci_gate.values.jwks import Jwk, fits, is_shared, key_set, verifies_shared
from ci_gate.values.places import walk
from ci_gate.values.tokens import decoded, found_in, read_token, tokens_in
from ci_gate.values.webhooks import JWT_FORMS, Signing, is_sealed, is_signed, key_of

MOST_KEYS = 256
"""Public keys that are kept; the oldest goes first."""
MOST_TOKENS = 4096
"""Tokens of which is kept whether they were good."""
_REFUSALS = frozenset({400, 401, 403, 422})
"""Answers after which it has to be known that a signature was good."""


class Signatures:
    """The signatures of one recording. `secrets` are (what it signs, its text) of those that the
    service has from our environment."""

    def __init__(self, secrets: Iterable[tuple[Signing, str]] = ()) -> None:
        self._secrets = [(one, key_of(one.form, text)) for one, text in secrets]
        self._shared = [key for one, key in self._secrets if one.form in JWT_FORMS]
        self._keys: dict[str, Jwk] = {}
        self._good: dict[str, bool] = {}

    def facts(
        self, codec: Codec, request: Message, response: Message | None, *, inbound: bool
    ) -> dict[str, bool]:
        """Place -> whether what is signed there was good, for `Exchange.signed`: what was not, and
        what was though the answer refused it. As heard, before anything is redacted."""
        if not inbound:
            if response is None:
                return {}
            self._learn(response)
            return self._bad(codec, response, "response")
        if self._refused(response):
            return {**self._of_tokens(codec, request, "request"), **self._of_headers(request)}
        seals = {place: good for place, good in self._of_headers(request).items() if not good}
        return {**self._bad(codec, request, "request"), **seals}

    def _refused(self, response: Message | None) -> bool:
        return isinstance(response, HttpResponse) and response.status in _REFUSALS

    def _learn(self, response: Message) -> None:
        for jwk in key_set(response.body) if isinstance(response, HttpResponse) else ():
            name = repr(sorted(jwk.items(), key=str))
            if name not in self._keys:
                if len(self._keys) >= MOST_KEYS:
                    del self._keys[next(iter(self._keys))]
                self._keys[name] = jwk
                # What no key could verify may be verified now.
                self._good.clear()

    def _bad(self, codec: Codec, message: Message, side: str) -> dict[str, bool]:
        found = self._of_tokens(codec, message, side)
        return {place: good for place, good in found.items() if not good}

    def _of_tokens(self, codec: Codec, message: Message, side: str) -> dict[str, bool]:
        if not (self._shared or self._keys):
            return {}  # there is nothing to tell by
        known = {text: self._is_good(text) for text in tokens_in(message)}
        if all(good is None for good in known.values()):
            return {}
        return dict(_placed(codec, message, side, known))

    def _is_good(self, text: str) -> bool | None:
        """None: there is no key to tell by."""
        if text not in self._good:
            good = self._verified(text)
            if good is None:
                return None
            if len(self._good) >= MOST_TOKENS:
                self._good.clear()
            self._good[text] = good
        return self._good[text]

    def _verified(self, text: str) -> bool | None:
        token = read_token(text)
        if token is None:
            return None
        data, signature = text.rpartition(".")[0].encode(), decoded(token.signature) or b""
        if is_shared(token.alg):
            return _any(verifies_shared(token.alg, key, data, signature) for key in self._shared)
        keys = [
            jwk
            for jwk in self._keys.values()
            if fits(jwk, token.alg) and token.kid in ("", jwk.get("kid", ""))
        ]
        if not keys:
            return None
        from ci_gate.values.signing import verifies  # with its cryptography: 7 MB

        return _any(verifies(token.alg, jwk, data, signature) for jwk in keys)

    def _of_headers(self, request: Message) -> dict[str, bool]:
        found: dict[str, bool] = {}
        if not isinstance(request, HttpRequest) or not isinstance(request.body, bytes):
            return found
        for signing, key in self._secrets:
            if not request.coding and is_signed(signing, request.headers):
                good = is_sealed(signing, key, request.headers, request.body)
                names = {name.lower() for name, _ in request.headers} & set(signing.headers)
                found |= {f"request.headers.{name.decode()}": good for name in sorted(names)}
        return found


def _any(results: Iterable[bool]) -> bool | None:
    """True when one is; None when there is none at all."""
    known = list(results)
    return any(known) if known else None


def _placed(
    codec: Codec, message: Message, side: str, known: dict[str, bool | None]
) -> Iterator[tuple[str, bool]]:
    """(place, whether it is good) of these tokens."""
    for part in codec.places(message):
        for place, value in walk(part):
            goods: Sequence[bool | None] = [known.get(text) for text in found_in(str(value))]
            told = [one for one in goods if one is not None]
            if told:
                yield f"{side}.{place}", all(told)
