"""What is kept of answers: as much as comparing needs, and no more than memory allows."""

from __future__ import annotations

import hashlib

import pytest

from ci_gate.codecs.base import Begun, Side
from ci_gate.codecs.http1.coding import encode
from ci_gate.model.message import HttpResponse, Message, Opaque, Piece, Pieces, Stored
from ci_gate.replayer import samples
from ci_gate.replayer.samples import DIFFERENT, EQUAL, FAILED, PENDING, Samples, Streamed


class Never:
    """Expects something else."""

    def matches(self, response: Message) -> bool:
        """No."""
        return False


class Always:
    """Expects anything."""

    def matches(self, response: Message) -> bool:
        """Yes."""
        return True


def streamed(message: HttpResponse, stream: bool) -> Streamed:
    """An answer that begins."""
    return Streamed(Begun(Side.SERVER, 0, message, 1_000_000, stream))


def test_states_and_counts() -> None:
    """Each position has its state, its latency and what is needed of its answer."""
    made = Samples(4)
    made.answer(0, HttpResponse(200), Always(), 5)
    made.answer(1, HttpResponse(500), Never(), 7)
    made.fail(2, "gone")
    assert list(made.states) == [EQUAL, DIFFERENT, FAILED, PENDING]
    assert list(made.latencies) == [5, 7, 0, 0]
    assert (made.done, made.answered, made.failed) == (3, 2, 1)
    assert made.responses == {1: HttpResponse(500)}
    assert made.failures == {2: "gone"}


def test_answers_that_differ_are_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many bytes an answer is known by size and hash."""
    monkeypatch.setattr(samples, "KEEP", 10)
    made = Samples(2)
    for at in range(2):
        made.answer(at, HttpResponse(200, body=b"12345678"), Never(), 1)
    assert made.responses[0].body == b"12345678"
    assert made.responses[1].body == Opaque(8, hashlib.sha256(b"12345678").hexdigest())


def test_a_stream_is_kept_with_its_times() -> None:
    """Milliseconds from the answer's first byte."""
    answer = streamed(HttpResponse(200), stream=True)
    answer.add(b"ab", 3_000_000)
    answer.add(b"c", 4_500_000)
    assert answer.size == 3
    whole = answer.whole(((b"X", b"1"),), complete=False)
    assert whole.body == Pieces((Piece(2.0, b"ab"), Piece(3.5, b"c")), complete=False)
    assert isinstance(whole, HttpResponse)
    assert whole.trailers == ((b"X", b"1"),)


def test_a_coded_stream_is_decoded() -> None:
    """As the recorded one was."""
    data = encode(b"data: 1\n\n" * 50, "gzip")
    answer = streamed(HttpResponse(200, headers=((b"Content-Encoding", b"gzip"),)), stream=True)
    answer.add(data[:20], 2_000_000)
    answer.add(data[20:], 3_000_000)
    whole = answer.whole((), complete=True)
    assert isinstance(whole, HttpResponse)
    assert isinstance(whole.body, Pieces)
    assert b"".join(one.data for one in whole.body.items) == b"data: 1\n\n" * 50
    assert whole.coding == "gzip"
    assert answer.size == 450


def test_a_large_answer_is_known_by_its_decoded_hash() -> None:
    """As the recorded one is."""
    data = encode(b"x" * 100_000, "br")
    answer = streamed(HttpResponse(200, headers=((b"Content-Encoding", b"br"),)), stream=False)
    answer.add(data, 2_000_000)
    assert answer.size == len(data)
    whole = answer.whole((), complete=True)
    assert whole.body == Stored(hashlib.sha256(b"x" * 100_000).hexdigest(), 100_000)
