"""What an export writes, and what it cannot."""

from __future__ import annotations

from tests.store.formats.exchanges import outgoing, unholdable


def test_live_and_whole() -> None:
    """Names are addresses again, bodies are bytes, in recorded order."""
    sent = list(outgoing().exchanges())
    assert [one.exchange.id for one in sent] == [
        "aa01-1", "bb01-1", "bb01-2", "bb02-1", "aa02-1", "aa03-1",
    ]  # fmt: skip
    assert sent[0].answered == b'{"id": 7, "url": "http://localhost:8080/"}'
    assert sent[0].url == "http://localhost:8080/orders/7?q=%20x&q=y"
    assert sent[1].url == "https://pay.example/charge"
    assert sent[1].at.isoformat() == "2026-01-02T03:04:05.251000+00:00"


def test_what_is_lost_is_counted() -> None:
    """Other protocols, streams' times, bodies that were not kept."""
    out = outgoing(unholdable())
    bodies = {one.exchange.id: one.answered for one in out.exchanges()}
    assert (bodies["aa04-1"], bodies["aa05-1"], bodies["aa06-1"]) == (b"a\nb\n", b"", b"large")
    assert dict(out.lost) == {
        "exchanges over redis": 1,
        "the times of the pieces of a stream": 1,
        "bodies of which only size and hash were kept": 1,
    }
