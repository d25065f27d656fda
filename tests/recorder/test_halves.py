"""Messages in parts: which half is made for what. How they are used: test_exchanges.py."""

from __future__ import annotations

import pytest

from ci_gate.codecs.base import Begun, Ended, More, Side
from ci_gate.model.message import HttpResponse, Opaque, Pieces, Raw, Stored
from ci_gate.recorder.halves import Half, begin


class Sink:
    """Counts."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> None:
        """Count it."""
        self.size += len(data)

    def finish(self) -> tuple[Stored | Opaque, str]:
        """Its size."""
        return Opaque(self.size, "hash"), ""

    def abort(self) -> None:
        """Count nothing."""
        self.size = -1


def half(message: HttpResponse | Raw, stream: bool) -> tuple[Half, list[str]]:
    """A half, and the codings that sinks were asked for ("opaque" for bytes nobody understands)."""
    asked: list[str] = []

    def sink(coding: str) -> Sink:
        asked.append(coding)
        return Sink()

    begun = Begun(Side.SERVER, 0, message, 0, stream)
    return begin(begun, sink, lambda: sink("opaque")), asked


def more(data: bytes, at: int = 0) -> More:
    """A part."""
    return More(Side.SERVER, 0, data, at)


END = Ended(Side.SERVER, 0, ((b"X", b"1"),), 9, True)


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        (None, ""),
        (b"identity", ""),
        (b" GZIP ", "gzip"),
        (b"what", "what"),
        (b"gzip, br", "gzip, br"),
    ],
)
def test_a_large_body_is_asked_for_by_its_coding(value: bytes | None, coding: str) -> None:
    """A coding that nobody knows keeps its name, so that it is not taken for none."""
    headers = ((b"Content-Encoding", value),) if value else ()
    made, asked = half(HttpResponse(200, headers=headers), stream=False)
    assert asked == [coding]
    assert (made.stored, made.raw) == (True, False)
    made.add(more(b"123"))
    whole = made.whole(END)
    assert whole.body == Opaque(3, "hash")
    assert isinstance(whole, HttpResponse)
    assert whole.trailers == END.trailers


def test_raw_bytes() -> None:
    """What no codec understands is counted."""
    made, asked = half(Raw(), stream=True)
    assert asked == ["opaque"]
    assert (made.stored, made.raw) == (False, True)
    made.add(more(b"12"))
    assert made.whole(None) == Raw(Opaque(2, "hash"))


def test_a_stream() -> None:
    """Times count from the message's first byte, in milliseconds."""
    made, _ = half(HttpResponse(200), stream=True)
    assert not made.stored
    made.add(more(b"a\n", 1_000_000))
    made.add(more(b"b\n", 2_500_000))
    body = made.whole(END).body
    assert isinstance(body, Pieces)
    assert [(one.at, one.data) for one in body.items] == [(1.0, b"a\n"), (2.5, b"b\n")]
    assert body.complete
    made.abort()


def test_an_empty_stream_that_broke_off() -> None:
    """Nothing was heard, and that is known."""
    made, _ = half(HttpResponse(200), stream=True)
    assert made.whole(None).body == Pieces((), complete=False)
