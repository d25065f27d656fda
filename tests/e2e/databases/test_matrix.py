"""The tables of docs/databases.md: made from transcripts, and whole."""

from __future__ import annotations

import pytest

from tests.e2e.databases import matrix

EMPTY = "before\n<!-- drivers: redis -->\n<!-- end: redis -->\nafter\n"


@pytest.mark.parametrize("protocol", ["postgres", "redis"])
def test_the_document(protocol: str) -> None:
    """Its table is what the program writes, and has a column with proofs for every driver."""
    text = matrix.DOCUMENT.read_text(encoding="utf-8")
    columns = matrix.table(protocol, text)
    assert tuple(columns) == matrix.DRIVERS[protocol]
    assert [driver for driver, proven in columns.items() if not proven] == []
    assert matrix.rendered(protocol, columns) in text


def test_features() -> None:
    """A feature holds when the lines before it are equal in both, each time it is named."""
    before = "1\nok commands\n2\nok scripts\n3\nok commands\nok WATCH\n"
    after = "1\nok commands\n5\nok scripts\n4\nok commands\n"
    assert matrix.features("redis", before, after) == {
        "commands": False,
        "scripts": False,
        "WATCH": False,
    }
    assert matrix.features("redis", before, before) == dict.fromkeys(
        ("commands", "scripts", "WATCH"), True
    )


def test_an_unknown_feature() -> None:
    """It is refused: a misspelt one would be missing in the table."""
    with pytest.raises(ValueError, match="'Watch' is no feature"):
        matrix.features("redis", "ok Watch\n", "")


def test_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written in its place, read again, replaced, and nothing else changes."""
    monkeypatch.setitem(matrix.DRIVERS, "redis", ("one", "two"))
    text = matrix.with_driver("redis", "two", frozenset(("WATCH", "RESP3")), EMPTY)
    text = matrix.with_driver("redis", "one", frozenset(("WATCH",)), text)
    assert text == (
        "before\n<!-- drivers: redis -->\n"
        "|  | one | two |\n| --- | --- | --- |\n"
        "| WATCH | yes | yes |\n| RESP3 |  | yes |\n"
        "<!-- end: redis -->\nafter\n"
    )
    assert matrix.table("redis", text) == {"one": {"WATCH"}, "two": {"WATCH", "RESP3"}}
    text = matrix.with_driver("redis", "two", frozenset(("WATCH",)), text)
    assert "RESP3" not in text
    with pytest.raises(KeyError):
        matrix.with_driver("redis", "three", frozenset(), text)
    with pytest.raises(ValueError, match="between its markers"):
        matrix.table("postgres", text)
