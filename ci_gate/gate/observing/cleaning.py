"""Live traffic and output made fit to be written: secrets as stand-ins or masks, `replay.set` hidden.

Stand-ins of a run are those of the recording where its key is at hand, so that a live answer that
is accepted later changes as little as possible; a fork's pull request has no key and gets other
ones.
"""

from __future__ import annotations

import os
import secrets

import msgspec

from ci_gate.codecs.addressed import with_names
from ci_gate.codecs.base import Codec
from ci_gate.config.options import ReplayVerbOptions, RunOptions
from ci_gate.errors import GateError
from ci_gate.gate.serving.hiding import Hidden
from ci_gate.model.exchange import Exchange
from ci_gate.model.message import Message, Opaque, Stored
from ci_gate.recorder.clean import Cleaner
from ci_gate.store.statefolder import KEY_BYTES, KEY_FILE, open_redaction_key
from ci_gate.values.addresses import Addresses
from ci_gate.values.redaction.redactor import Redactor
from ci_gate.values.redaction.standins import StandIns


class Cleaning:
    """Cleans what one run writes."""

    def __init__(self, options: RunOptions | ReplayVerbOptions) -> None:
        self.hidden = Hidden(options.replay.secrets)
        key = _key(options.redaction_key, options.state_folder)
        self._redactor = Redactor(StandIns(key), options.redaction)
        self._cleaner = Cleaner(self._redactor, Addresses({}), key)

    @property
    def timed(self) -> frozenset[str]:
        """Stand-ins, so far, of tokens that carry the time they were made at."""
        return frozenset(self._redactor.timed)

    def line(self, text: str) -> str:
        """A line of the service's output."""
        return self._redactor.text(self.hidden.text(text))

    def message(self, codec: Codec, message: Message, side: str, names: Addresses) -> Message:
        """A live message as it may be stored: our addresses as names, secrets as stand-ins."""
        named = self.hidden.message(with_names(codec, message, names))
        return self._cleaner.clean(codec, named, side)[0]

    def change(self, codec: Codec, exchange: Exchange, response: Message) -> Exchange:
        """`exchange` with the live `response`, our addresses in it as names already."""
        if isinstance(response.body, Stored):
            # What is larger than a message was hashed as it came, and lies nowhere.
            body = Opaque(response.body.size, response.body.sha256)
            response = msgspec.structs.replace(response, body=body)
        clean, places = self._cleaner.clean(codec, self.hidden.message(response), "response")
        asked = tuple(place for place in exchange.redacted if place.startswith("request."))
        return msgspec.structs.replace(exchange, response=clean, redacted=asked + places)

    def call(self, codec: Codec, exchange: Exchange) -> Exchange:
        """A live call as it may be stored, our addresses in its request as names already."""
        request = exchange.request
        if isinstance(request.body, Stored):
            body = Opaque(request.body.size, request.body.sha256)
            request = msgspec.structs.replace(request, body=body)
        clean, places = self._cleaner.clean(codec, self.hidden.message(request), "request")
        return msgspec.structs.replace(exchange, request=clean, redacted=places)


def _key(given: str, state_folder: str) -> bytes:
    """The recording's key if it is here; none is made, and no run fails for want of one."""
    if given:
        return bytes.fromhex(given)
    if state_folder and os.path.lexists(os.path.join(state_folder, KEY_FILE)):
        try:
            return open_redaction_key(state_folder)[0]
        except GateError:
            pass
    return secrets.token_bytes(KEY_BYTES)
