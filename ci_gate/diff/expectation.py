"""Quick equality of a live response with the recorded one: the hot path of replaying.

True means that `messages.compare` would find nothing; False means only that it has to look.
"""

from __future__ import annotations

from ci_gate.diff.headers import signature
from ci_gate.model.message import Body, HttpResponse, Message, Pieces, Raw


def joined(body: Body) -> Body:
    """A body without the boundaries of its parts; a stream that broke off stays in parts, because
    that it broke off is part of what was said."""
    if type(body) is Pieces and body.complete:
        return b"".join([piece.data for piece in body.items])
    return body


class Expectation:
    """What was recorded, ready to be compared with any number of live responses.

    `stand_ins` are the recorded stand-ins in this response (see `equality.stand_ins_of`). When
    `matches` says True they came back word for word, which the caller tells the run's
    `Equality` with `verbatim(expectation.stand_ins)`; False from there means: `compare`.
    """

    __slots__ = (
        "_body",
        "_headers",
        "_signature",
        "_status",
        "_stream",
        "_trailers",
        "response",
        "stand_ins",
    )

    def __init__(
        self, response: HttpResponse | Raw, stand_ins: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.response = response
        self.stand_ins = stand_ins
        self._body = joined(response.body)
        self._stream = type(response.body) is Pieces
        if isinstance(response, HttpResponse):
            self._status = response.status
            self._headers = response.headers
            self._signature = signature(response.headers)
            self._trailers = signature(response.trailers)
        else:
            self._status = -1
            self._headers = ()
            self._signature = self._trailers = ()

    def matches(self, response: Message) -> bool:
        """True when status, compared headers, body bytes and trailers are those recorded."""
        if type(response) is HttpResponse:
            if response.status != self._status:
                return False
            headers = response.headers
            if headers != self._headers:
                live = signature(headers)
                if live is not self._signature and live != self._signature:
                    return False
            trailers = response.trailers
            if (trailers or self._trailers) and signature(trailers) != self._trailers:
                return False
        elif type(response) is not Raw or self._status != -1:
            return False
        body = response.body
        if self._stream or type(body) is Pieces:
            body = joined(body)
        return body == self._body
